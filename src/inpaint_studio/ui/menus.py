"""The menu bar: menus from the table of commands, and the files that were open lately."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from inpaint_studio.ui.actions import COMMANDS, FIRST_OF_A_GROUP

if TYPE_CHECKING:
    from inpaint_studio.ui.window import MainWindow

_SUBMENUS = {command.name: command.menu.partition("/")[2] for command in COMMANDS}
#: Files that the menu lists.
_MOST = 10


class Menus(QObject):
    """Builds the menu bar of the window."""

    #: A file of the list was chosen: its path.
    openRequested = Signal(object)  # noqa: N815  Qt's way to name signals

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.recent = QMenu(self.tr("Open &Recent"), window)
        self.recent.setObjectName("menu.recent")
        self.recent.setToolTipsVisible(True)
        self.recent.setEnabled(False)

    def build(self) -> None:
        """A menu for each that the commands name, in their order."""
        titles = {
            "File": self.tr("&File"),
            "Edit": self.tr("&Edit"),
            "Mask": self.tr("&Mask"),
            "Fill": self.tr("F&ill"),
            "Restore": self.tr("&Restore"),
            "Layer": self.tr("&Layer"),
            "Tools": self.tr("&Tools"),
            "Brush": self.tr("&Brush"),
            "View": self.tr("&View"),
            "Help": self.tr("&Help"),
        }
        names: dict[str, list[str]] = {title: [] for title in titles}
        for command in COMMANDS:
            names[command.menu.partition("/")[0]].append(command.name)
        for title, shown in titles.items():
            menu = self._window.menuBar().addMenu(shown)
            menu.addActions(self.grouped(names[title]))

    def grouped(self, names: Sequence[str]) -> list[QAction]:
        """The actions of these commands for a menu: with a line above each group, and submenus in the place of theirs."""
        found: list[QAction] = []
        within: dict[str, list[QAction]] = {"": found}
        menus: dict[str, QMenu] = {}
        for name in names:
            submenu = _SUBMENUS[name]
            if submenu not in within:
                if found and name in FIRST_OF_A_GROUP:
                    found.append(self._line())
                within[submenu] = []
                menus[submenu] = QMenu(self.tr(submenu), self._window)
                found.append(menus[submenu].menuAction())
            into = within[submenu]
            if into and name in FIRST_OF_A_GROUP:
                into.append(self._line())
            into.append(self._window.actions_by_name[name])
            if name == "action.open":
                into.append(self.recent.menuAction())
            if name == "action.paste_mask":
                into.append(self._window.mask_transfer.menu.menuAction())
        for submenu, menu in menus.items():
            menu.addActions(within[submenu])
        return found

    def _line(self) -> QAction:
        line = QAction(self._window)
        line.setSeparator(True)
        return line

    def set_recent(self, paths: Sequence[Path]) -> None:
        """List what was open lately, newest first."""
        self.recent.clear()
        for path in paths[:_MOST]:
            action = self.recent.addAction(path.name.replace("&", "&&"))
            action.setToolTip(str(path))
            action.triggered.connect(lambda _checked=False, path=path: self.openRequested.emit(path))
        self.recent.setEnabled(bool(paths))
