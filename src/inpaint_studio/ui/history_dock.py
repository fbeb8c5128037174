"""Every step of a document, done and undone; a click goes there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QDockWidget, QListView, QWidget

from inpaint_studio.ui.theme import DARK, keep_keys, named

if TYPE_CHECKING:
    from inpaint_studio.document.history import History

_Index = QModelIndex | QPersistentModelIndex


class HistoryModel(QAbstractListModel):
    """Row n is the document after n steps; row 0 as it was before the first one that is remembered."""

    def __init__(self, start: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._start = start
        self._height = parent.fontMetrics().height() + 8
        self._labels: tuple[str, ...] | None = None
        self.position = 0

    def set_steps(self, labels: tuple[str, ...] | None, position: int) -> None:
        """None: no document is open. Only rows that differ are told to the view."""
        if labels is None or self._labels is None:
            self.beginResetModel()
            self._labels, self.position = labels, position
            self.endResetModel()
            return
        same = _common(self._labels, labels)
        if same < len(self._labels):
            self.beginRemoveRows(QModelIndex(), same + 1, len(self._labels))
            self._labels = labels[:same]
            self.endRemoveRows()
        if same < len(labels):
            self.beginInsertRows(QModelIndex(), same + 1, len(labels))
            self._labels = labels
            self.endInsertRows()
        low, high = sorted((self.position, position))
        self.position = position
        self.dataChanged.emit(self.index(min(low, len(labels))), self.index(min(high, len(labels))))

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008, N802  Qt's signature
        return 0 if parent.isValid() or self._labels is None else len(self._labels) + 1

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = index.row()
        if self._labels is None or not 0 <= row <= len(self._labels):
            return None
        label = self._labels[row - 1] if row else self._start
        if role == Qt.ItemDataRole.DisplayRole:
            return label
        if role == Qt.ItemDataRole.AccessibleTextRole:
            state = self.tr("current") if row == self.position else self.tr("undone") if row > self.position else ""
            return f"{label}, {state}" if state else label
        if role == Qt.ItemDataRole.ForegroundRole and row > self.position:
            return QColor(DARK.faint)
        if role == Qt.ItemDataRole.FontRole and row == self.position:
            font = QFont()
            font.setBold(True)
            return font
        if role == Qt.ItemDataRole.SizeHintRole:
            # as wide as the list, whatever the text: it is elided
            return QSize(1, self._height)
        return None


class HistoryDock(QDockWidget):
    """The history as a list."""

    #: The number of steps that shall be done.
    goTo = Signal(int)  # noqa: N815  Qt's way of naming signals

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("History"))
        named(self, "dock.history", accessible=self.tr("History"))
        self._list = _List(self)
        named(self._list, "history.list", accessible=self.tr("Steps, oldest first"))
        self._model = HistoryModel(self.tr("Opened"), self)
        self._list.setModel(self._model)
        self._list.clicked.connect(lambda index: self.goTo.emit(index.row()))
        self._list.chosen.connect(self.goTo)
        self.setWidget(self._list)

    def refresh(self, history: History | None) -> None:
        """Show `history` as it is now; None: no document is open."""
        if history is None:
            self._model.set_steps(None, 0)
            return
        self._model.set_steps(history.labels, history.position)
        current = self._model.index(history.position)
        self._list.setCurrentIndex(current)
        self._list.scrollTo(current)


class _List(QListView):
    chosen = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)

    def event(self, event: QEvent) -> bool:
        return keep_keys(event, Qt.Key.Key_Return, Qt.Key.Key_Enter) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.currentIndex().isValid():
            self.chosen.emit(self.currentIndex().row())
        else:
            super().keyPressEvent(event)


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many labels both begin with."""
    for index, (mine, theirs) in enumerate(zip(one, other, strict=False)):
        if mine != theirs:
            return index
    return min(len(one), len(other))
