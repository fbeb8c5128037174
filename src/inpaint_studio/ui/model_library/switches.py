"""The settings that belong to models: whether the program asks before it downloads, whether a model checks its fills."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from inpaint_studio.settings import changed, load_settings, save_settings
from inpaint_studio.ui.errand import in_thread
from inpaint_studio.ui.theme import named

if TYPE_CHECKING:
    from inpaint_studio.ui.model_library.listing import Listing


class Switches(QWidget):
    """A box for each. `run` does a coroutine and tells what it refuses."""

    def __init__(self, run: Callable[[Coroutine[Any, Any, object]], None]) -> None:
        super().__init__()
        self._run = run
        self._offline = self._box(
            "offline",
            self.tr("Offline: ask before anything is downloaded"),
            self.tr("Off: pressing Download is enough. Nothing is ever fetched without a press of a button."),
        )
        self._safety = self._box(
            "safety_checker",
            self.tr("Use a model's own safety checker"),
            self.tr("It looks at each fill, where a model brings one. What it blocks is said, and nothing is changed."),
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self._offline)
        column.addWidget(self._safety)

    def show_settings(self, listing: Listing) -> None:
        """Show what is set now."""
        self._offline.setChecked(listing.offline)
        self._safety.setChecked(listing.safety_checker)

    def _box(self, setting: str, text: str, about: str) -> QCheckBox:
        box = named(QCheckBox(text), f"models.{setting}", about)
        box.setAccessibleName(text)
        # as it is by default, until the settings are read
        box.setChecked(True)
        box.clicked.connect(lambda on: self._run(_keep(setting, "yes" if on else "no")))
        return box


async def _keep(setting: str, value: str) -> None:
    await in_thread(lambda: save_settings(changed(load_settings(), setting, value)))
