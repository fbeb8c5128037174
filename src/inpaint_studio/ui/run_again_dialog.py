"""A fill made again with its recipe, changed or not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from inpaint_studio.ui.fill_panel import RecipeForm
from inpaint_studio.ui.theme import hint, named

if TYPE_CHECKING:
    from inpaint_studio.document.recipe import Recipe


class RunAgainDialog(QDialog):
    """Show it with `open()`; once it is accepted `recipe` says what to run."""

    def __init__(self, recipe: Recipe, parent: QWidget) -> None:
        super().__init__(parent)
        from inpaint_studio.engines import planner

        self.setWindowTitle(self.tr("Run the fill again"))
        named(self, "dialog.run_again", accessible=self.windowTitle())
        self._form = RecipeForm()
        self._form.set_engines(planner.all_specs())
        # with the same seed the same fill would come, after the same wait
        self._form.set_recipe(replace(recipe, seed=recipe.seed + 1))
        about = hint(
            "run_again.about",
            self.tr(
                "The mask of this fill is filled anew. Another seed gives a variation, the same seed the same fill."
            ),
        )
        about.setMinimumWidth(320)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        run = buttons.addButton(self.tr("Run again"), QDialogButtonBox.ButtonRole.AcceptRole)
        named(run, "run_again.run", self.tr("Run again"), shortcut=self.tr("Enter"))
        run.setDefault(True)
        named(
            buttons.button(QDialogButtonBox.StandardButton.Cancel),
            "run_again.cancel",
            self.tr("Cancel"),
            shortcut=self.tr("Esc"),
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addWidget(about)
        column.addWidget(self._form)
        column.addStretch(1)
        column.addWidget(buttons)

    def recipe(self) -> Recipe:
        return self._form.recipe()
