"""Every command by name: type a few letters, press Enter."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from inpaint_studio.ui.theme import named

_ACTION = Qt.ItemDataRole.UserRole


class CommandPalette(QDialog):
    """Show it with `open()`. Only commands that can be done now are listed; Esc closes it."""

    def __init__(self, actions: Iterable[QAction], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Commands"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        named(self, "dialog.palette", accessible=self.windowTitle())
        self.resize(440, 360)
        self._actions = [action for action in actions if action.isEnabled()]
        self._text = named(QLineEdit(), "palette.text", self.tr("What do you want to do?"))
        self._text.setPlaceholderText(self.tr("What do you want to do?"))
        self._list = named(QListWidget(), "palette.list", self.tr("Commands"))
        self._list.itemActivated.connect(self._run)
        self._list.itemClicked.connect(self._run)
        self._text.textChanged.connect(self._filter)
        self._text.returnPressed.connect(lambda: self._run(self._list.currentItem()))
        # the arrow keys walk through the list while the text keeps the focus
        self._text.installEventFilter(self)
        column = QVBoxLayout(self)
        column.addWidget(self._text)
        column.addWidget(self._list, 1)
        self._filter("")
        self._text.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """Hand Up and Down to the list."""
        if watched is self._text and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
            if step is not None and self._list.count():
                self._list.setCurrentRow((self._list.currentRow() + step) % self._list.count())
                return True
        return super().eventFilter(watched, event)

    def _filter(self, text: str) -> None:
        """List what holds all words of `text`; what begins with it comes first."""
        words = text.lower().split()
        found = [action for action in self._actions if all(word in _name(action).lower() for word in words)]
        found.sort(key=lambda action: (not _name(action).lower().startswith(text.lower().strip()), _name(action)))
        self._list.clear()
        for action in found:
            keys = action.shortcut().toString()
            item = QListWidgetItem(action.icon(), f"{_name(action)}    {keys}".rstrip(), self._list)
            item.setData(_ACTION, action)
        self._list.setCurrentRow(0)

    def _run(self, item: QListWidgetItem | None) -> None:
        if item is None:
            return
        action = item.data(_ACTION)
        self.accept()
        action.trigger()


def _name(action: QAction) -> str:
    return action.text().replace("&", "").rstrip("…")
