"""The panel with the button that fills."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from inpaint_studio.studio.candidates import MOST, rivals
from inpaint_studio.ui.fill_panel.form import RecipeForm
from inpaint_studio.ui.theme import named

if TYPE_CHECKING:
    from inpaint_studio.document.recipe import Recipe


class FillPanel(QWidget):
    """A recipe and the Fill button; `form` is the recipe's controls."""

    fillRequested = Signal()  # noqa: N815  Qt's way of naming signals
    #: The recipe changed: the outline of the effective mask, for one, looks different.
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "fill.panel", accessible=self.tr("Fill"))
        self.form = RecipeForm()
        self.form.changed.connect(self.changed)
        self._button = QPushButton(self.tr("Fill"))
        named(self._button, "fill.button", self.tr("Fill what the mask covers"), shortcut=self.tr("Enter"))
        self._button.setAccessibleName(self.tr("Fill"))
        self._button.setProperty("primary", "true")
        self._button.setMinimumHeight(36)
        self._button.clicked.connect(self.fillRequested)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setSizeAdjustPolicy(QScrollArea.SizeAdjustPolicy.AdjustToContents)
        area.setWidget(self.form)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(10)
        self._count = QSpinBox()
        named(
            self._count,
            "fill.candidates",
            self.tr("How many results to make, by different seeds; you choose one of them"),
            accessible=self.tr("Candidates"),
        )
        self._count.setRange(1, MOST)
        self._race = QCheckBox(self.tr("Race of engines"))
        named(
            self._race,
            "fill.race",
            self.tr("Make the candidates by all engines for objects in turn, not by seeds alone"),
        )
        self._race.setEnabled(False)
        self._count.valueChanged.connect(lambda count: self._race.setEnabled(count > 1))
        several = QHBoxLayout()
        label = QLabel(self.tr("&Candidates"))
        label.setBuddy(self._count)
        several.addWidget(label)
        several.addWidget(self._count, 1)
        several.addSpacing(6)
        several.addWidget(self._race)
        column.addWidget(area, 1)
        column.addLayout(several)
        column.addWidget(self._button)

    def recipe(self) -> Recipe:
        return self.form.recipe()

    def count(self) -> int:
        """How many results are wanted."""
        return self._count.value()

    def race(self) -> list[str]:
        """The engines that race with the chosen one; none unless that is wanted."""
        engine = self.recipe().engine
        wanted = self._race.isEnabled() and self._race.isChecked()
        return rivals(engine, self.form.engines) if wanted else []

    def set_recipe(self, recipe: Recipe) -> None:
        self.form.set_recipe(recipe)

    def set_running(self, running: bool) -> None:
        """While a fill runs no other can be asked for."""
        self._button.setEnabled(not running)
        self._button.setText(self.tr("Filling…") if running else self.tr("Fill"))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Enter in any of the controls fills."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self._button.isEnabled():
            self.fillRequested.emit()
        else:
            super().keyPressEvent(event)
