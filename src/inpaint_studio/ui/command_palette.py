"""Every command by name: type a few letters, press Enter."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QAction, QColor, QKeyEvent, QKeySequence, QPainter, QPalette
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from inpaint_studio.ui.actions import COMMANDS
from inpaint_studio.ui.theme import named

_ACTION = Qt.ItemDataRole.UserRole
_KEYS = Qt.ItemDataRole.UserRole + 1
_ROW, _ICON, _MARGIN = 26, 16, 8
_MENUS = {command.name: command.menu.replace("/", " ▸ ") for command in COMMANDS}


class CommandPalette(QDialog):
    """Show it with `open()`. Only commands that can be done now are listed; Esc closes it."""

    def __init__(self, actions: Iterable[QAction], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Commands"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        named(self, "dialog.palette", accessible=self.windowTitle())
        self.resize(520, 420)
        self._actions = [action for action in actions if action.isEnabled()]
        self._text = named(QLineEdit(), "palette.text", self.tr("What do you want to do?"))
        self._text.setPlaceholderText(self.tr("What do you want to do?"))
        self._list = named(QListWidget(), "palette.list", self.tr("Commands"))
        self._list.setItemDelegate(_Row(self._list))
        self._list.setIconSize(QSize(_ICON, _ICON))
        self._list.setUniformItemSizes(True)
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
        """List what holds all words of `text`, in its name or its menu's; what begins with it comes first, then names.

        Without words all are listed, menu by menu.
        """
        words = text.lower().split()
        found = [
            action
            for action in self._actions
            if all(word in f"{_name(action)} {_menu(action)}".lower() for word in words)
        ]
        if words:
            found.sort(key=lambda action: _rank(_name(action).lower(), words, text.lower().strip()))
        self._list.clear()
        for action in found:
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            item = QListWidgetItem(action.icon(), f"{_menu(action)} ▸ {_name(action)}", self._list)
            item.setData(_ACTION, action)
            item.setData(_KEYS, keys)
        self._list.setCurrentRow(0)

    def _run(self, item: QListWidgetItem | None) -> None:
        if item is None:
            return
        action = item.data(_ACTION)
        self.accept()
        action.trigger()


class _Row(QStyledItemDelegate):
    """The command to the left, its key to the right; all rows of one height, with or without an icon."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802
        return QSize(super().sizeHint(option, index).width(), _ROW)

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:  # noqa: N802
        super().initStyleOption(option, index)
        # those without an icon begin where the others' texts do
        option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration
        option.decorationSize = QSize(_ICON, _ICON)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        keys = index.data(_KEYS)
        if keys:
            quiet: QColor = option.palette.color(QPalette.ColorRole.PlaceholderText)
            painter.save()
            painter.setPen(quiet)
            place = option.rect.adjusted(0, 0, -_MARGIN, 0)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, keys)
            painter.restore()


def _rank(name: str, words: list[str], text: str) -> tuple[bool, bool, str]:
    return not name.startswith(text), not all(word in name for word in words), name


def _menu(action: QAction) -> str:
    return _MENUS.get(action.objectName(), "")


def _name(action: QAction) -> str:
    return action.text().replace("&", "").rstrip("…")
