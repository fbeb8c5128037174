"""The list itself: keys, drag and drop."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, Qt, Signal
from PySide6.QtGui import QDropEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from inpaint_studio.ui.layers_dock.delegate import LayerDelegate
from inpaint_studio.ui.layers_dock.model import PHOTO, ROW, Row
from inpaint_studio.ui.theme import keep_keys


class LayersView(QListView):
    """Space shows and hides, F2 renames, Del deletes, Alt+Up and Alt+Down reorder."""

    eyeClicked = Signal(str)  # noqa: N815  Qt's way of naming signals
    #: A layer's id and the index it shall get, 0 = bottom.
    dropped = Signal(str, int)
    deleteAsked = Signal()  # noqa: N815
    #: +1 up, -1 down.
    moveAsked = Signal(int)  # noqa: N815

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        trigger = QAbstractItemView.EditTrigger
        self.setEditTriggers(trigger.DoubleClicked | trigger.EditKeyPressed)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDropIndicatorShown(True)
        self.setDragDropOverwriteMode(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        delegate = LayerDelegate(self)
        delegate.eyeClicked.connect(self.eyeClicked)
        self.setItemDelegate(delegate)

    def event(self, event: QEvent) -> bool:
        # while a name is edited, Enter and Esc belong to it
        editing = self.state() == QAbstractItemView.State.EditingState
        keys = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape) if editing else ()
        return keep_keys(event, *keys) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        alt = event.modifiers() & Qt.KeyboardModifier.AltModifier
        row = self._row(self.currentIndex())
        if event.key() == Qt.Key.Key_Space and row is not None and row.id != PHOTO:
            self.eyeClicked.emit(row.id)
        elif event.key() in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace}:
            self.deleteAsked.emit()
        elif alt and event.key() in {Qt.Key.Key_Up, Qt.Key.Key_Down}:
            self.moveAsked.emit(1 if event.key() == Qt.Key.Key_Up else -1)
        else:
            super().keyPressEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802  Qt's name
        row = self._row(self.currentIndex())
        if event.source() is self and row is not None and row.id != PHOTO:
            # the document moves the layer, and the rows follow it
            self.dropped.emit(row.id, self._target(event))
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
        self.stopAutoScroll()
        self.setState(QAbstractItemView.State.NoState)
        self.viewport().update()

    def _target(self, event: QDropEvent) -> int:
        """The index in the document, 0 = bottom, that the layer gets which is dropped here."""
        point = event.position().toPoint()
        over = self.indexAt(point)
        layers = self.model().rowCount() - 1
        # the gap above row n is gap n; below the photo there is none
        gap = layers
        if over.isValid():
            gap = min(over.row() + (point.y() > self.visualRect(over).center().y()), layers)
        source = self.currentIndex().row()
        row = gap - (gap > source)
        return layers - 1 - row

    def _row(self, index: QModelIndex) -> Row | None:
        row = index.data(ROW)
        return row if isinstance(row, Row) else None
