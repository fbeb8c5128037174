"""Commands about the history: named snapshots, and the memory it may use."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QInputDialog, QLineEdit, QSpinBox

from inpaint_studio.settings import Settings, changed, load_settings, save_settings
from inpaint_studio.ui import ask
from inpaint_studio.ui.theme import named

if TYPE_CHECKING:
    from inpaint_studio.ui.window import MainWindow

_LONGEST_NAME = 80
_LEAST_MIB, _MOST_MIB = 64, 65536


class HistoryCommands(QObject):
    """`handlers` names one for each of its commands."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What to call for each command."""
        return {
            "action.snapshot": lambda: self._window.spawn(self._snapshot()),
            "action.history_memory": lambda: self._window.spawn(self._memory()),
        }

    async def _snapshot(self) -> None:
        tab = self._window.tab
        if tab is None:
            return
        dialog = QInputDialog(self._window)
        named(dialog, "dialog.snapshot", accessible=self.tr("Snapshot"))
        dialog.setWindowTitle(self.tr("Snapshot"))
        dialog.setLabelText(self.tr("A name for the photo as it is now:"))
        dialog.setTextValue(self.tr("Snapshot {0}").format(tab.snapshots + 1))
        field = dialog.findChild(QLineEdit)
        if isinstance(field, QLineEdit):
            field.setMaxLength(_LONGEST_NAME)
            named(field, "snapshot.name", self.tr("Name of the snapshot"))
        accepted = await ask.finished(dialog)
        name = dialog.textValue().strip()
        if accepted and name and not tab.closing:
            tab.add_mark(name)

    async def _memory(self) -> None:
        """Counts at once for every open document, and for good."""
        settings = load_settings()
        dialog = QInputDialog(self._window)
        named(dialog, "dialog.history_memory", accessible=self.tr("History Memory"))
        dialog.setWindowTitle(self.tr("History Memory"))
        dialog.setInputMode(QInputDialog.InputMode.IntInput)
        dialog.setLabelText(
            self.tr("Memory that undo may use for each document, in MiB. Older steps wait on the disk.")
        )
        dialog.setIntRange(_LEAST_MIB, _MOST_MIB)
        dialog.setIntStep(256)
        dialog.setIntValue(min(max(settings.history_mib, _LEAST_MIB), _MOST_MIB))
        field = dialog.findChild(QSpinBox)
        if isinstance(field, QSpinBox):
            named(field, "history_memory.mib", self.tr("Memory for undo in MiB"))
        if await ask.finished(dialog):
            self._use(changed(load_settings(), "history_mib", str(dialog.intValue())))

    def _use(self, settings: Settings) -> None:
        save_settings(settings)
        for tab in self._window.all_tabs:
            tab.studio.history.limit_to(settings.history_mib << 20)
