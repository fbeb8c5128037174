"""The canvas: pointer and keys."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum, auto

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QTabletEvent,
)
from PySide6.QtWidgets import QWidget

from inpaint_studio.document.edits import Edit
from inpaint_studio.tools.base import PointerEvent
from inpaint_studio.ui.canvas.comparing import near_split
from inpaint_studio.ui.canvas.hand_area import HandArea
from inpaint_studio.ui.canvas.pointing import pointer_event, to_photo
from inpaint_studio.ui.canvas.turning import turning_cursor

#: What ends or takes back a line that goes on between clicks; while there is one, no shortcut takes them.
_LINE_KEYS = {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Backspace}
_TABLET = {QEvent.Type.TabletPress, QEvent.Type.TabletMove, QEvent.Type.TabletRelease}


class _Drag(Enum):
    NONE = auto()
    STROKE = auto()
    PAN = auto()
    BRUSH = auto()
    MENU = auto()
    SPLIT = auto()
    TURN = auto()


class Canvas(HandArea):
    """Shows a document and hands what the pointer does on it to `pointer`.

    `strokeFinished` carries an edit that is already applied: it has to be remembered, not done. Keys that no action of
    the window takes first: Space pans while held, Z zooms by clicks while held (Alt: out), `\\` shows the original while
    held, O toggles the masks, Ctrl+0, Ctrl+1, Ctrl++ and Ctrl+− zoom. R has drags turn the view, until it is pressed again,
    or for one drag while it is held; Shift keeps to steps. Esc takes a running stroke back, otherwise it brings the view
    upright. While a tool goes on between clicks, Enter and a double click finish its work, and Backspace takes the last
    click back.
    """

    cursorMoved = Signal(float, float)  # noqa: N815  Qt's way to name signals
    strokeFinished = Signal(object)  # noqa: N815
    #: The pen is up: a stroke has ended, after `strokeFinished`, or was taken back.
    strokeEnded = Signal()  # noqa: N815
    #: Alt+right button: how far the pointer has gone since, to the right in photo pixels and down in screen pixels.
    brushDragged = Signal(float, float)  # noqa: N815
    brushDragBegan = Signal()  # noqa: N815
    #: A click with the right button: where on the screen.
    menuRequested = Signal(QPoint)  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("canvas")
        self.setAccessibleName(self.tr("Canvas"))
        self._drag = _Drag.NONE
        self._queue: list[PointerEvent] = []
        self._press_at = QPointF()
        self._held: set[Qt.Key] = set()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.viewport().setTabletTracking(True)
        self._update_cursor()

    @property
    def pointed_at(self) -> tuple[int, int] | None:
        """The photo's pixel under the mouse; None when it is elsewhere."""
        if self._hover is None:
            return None
        x, y = to_photo(self._hover, self._view, self._ratio)
        return math.floor(x), math.floor(y)

    def _busy_otherwise(self) -> bool:
        return bool(self._held) or self._turning or self._drag is _Drag.PAN

    def _update_cursor(self) -> None:
        shape = Qt.CursorShape.ArrowCursor
        if self._turning and not self._held and self._drag is not _Drag.PAN:
            self.viewport().setCursor(turning_cursor(self._ratio))
            return
        if self._drag is _Drag.PAN:
            shape = Qt.CursorShape.ClosedHandCursor
        elif Qt.Key.Key_Space in self._held or self._panning:
            shape = Qt.CursorShape.OpenHandCursor
        elif self._brush_radius() > 0:
            shape = Qt.CursorShape.BlankCursor
        elif self._held or self.pointer is not None:
            shape = Qt.CursorShape.CrossCursor
        if self.viewport().cursor().shape() != shape:
            self.viewport().setCursor(shape)

    # ---- pointer

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """Begin a stroke, a pan, or zoom, by button and held key."""
        self._press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """Go on with what was begun."""
        self._move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """End what this button began."""
        self._release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """Finish what goes on between clicks; otherwise a press like any other."""
        if event.button() is Qt.MouseButton.LeftButton and self._between_clicks():
            self._finish()
        else:
            self._press(event)

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """Tablets, pinches, and the pointer leaving."""
        if event.type() in _TABLET and isinstance(event, QTabletEvent):
            handle = {QEvent.Type.TabletPress: self._press, QEvent.Type.TabletMove: self._move}
            handle.get(event.type(), self._release)(event)
            # accepted, or Qt sends a mouse event for the same movement
            event.accept()
            return True
        if isinstance(event, QNativeGestureEvent) and event.gestureType() is Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_on(1 + event.value(), event.position())
            return True
        if event.type() == QEvent.Type.Leave:
            self._mark_brush()
            self._hover = None
            self._follow_ghost(None)
        return super().viewportEvent(event)

    def _press(self, event: QMouseEvent | QTabletEvent) -> None:
        if self._drag is not _Drag.NONE:
            return
        left = event.button() is Qt.MouseButton.LeftButton
        hand = self._panning and not self._turning and Qt.Key.Key_Z not in self._held
        pans = Qt.Key.Key_Space in self._held or hand
        if event.button() is Qt.MouseButton.MiddleButton or (left and pans):
            self._mark_brush()
            self._drag = _Drag.PAN
            self._begin_pan(event.position())
        elif left and self._turning and not self._held:
            self._drag = _Drag.TURN
            self._begin_turn(event.position())
        elif left and near_split(self._view, self.split, event.position().x() * self._ratio, self._ratio):
            self._drag = _Drag.SPLIT
        elif left and Qt.Key.Key_Z in self._held:
            out = event.modifiers() & Qt.KeyboardModifier.AltModifier
            (self.zoom_out if out else self.zoom_in)(event.position())
        elif left and self.pointer is not None and self.document is not None:
            self._drag = _Drag.STROKE
            self._follow_ghost(None)
            self.pointer.press(pointer_event(event, self._view, self._ratio))
            self._follow_tool()
        elif event.button() is Qt.MouseButton.RightButton and self.document is not None:
            self._press_right(event)
        else:
            event.ignore()
        self._update_cursor()

    def _press_right(self, event: QMouseEvent | QTabletEvent) -> None:
        """Alt changes the brush by the way the pointer goes; otherwise a click asks for the pop-up."""
        self._press_at = event.position()
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self._drag = _Drag.BRUSH
            self.brushDragBegan.emit()
        else:
            self._drag = _Drag.MENU

    def _move(self, event: QMouseEvent | QTabletEvent) -> None:
        if self._drag is _Drag.BRUSH:
            # the circle stays where it was, and shows what becomes of it
            way = event.position() - self._press_at
            self.brushDragged.emit(way.x() * self._ratio / self._view.zoom, way.y())
            return
        if self._drag is _Drag.SPLIT:
            self.set_split(event.position().x() * self._ratio / self._view.width)
            return
        if self._drag is _Drag.TURN:
            self._turn_after(event.position(), snap=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
            return
        self._mark_brush()
        self._hover = event.position()
        self._mark_brush()
        idle = self._drag is _Drag.NONE and not self._held and not self._turning and self.document is not None
        self._follow_ghost(pointer_event(event, self._view, self._ratio) if idle else None)
        if self._drag is _Drag.PAN:
            self._pan_after(event.position())
        elif self._drag is _Drag.STROKE:
            self._queue.append(pointer_event(event, self._view, self._ratio))
            self._schedule_frame()
        elif self._between_clicks() and self.pointer is not None:
            self.pointer.hover(pointer_event(event, self._view, self._ratio))
            self._follow_tool()
        self.cursorMoved.emit(*to_photo(event.position(), self._view, self._ratio))

    def _release(self, event: QMouseEvent | QTabletEvent) -> None:
        if self._drag in (_Drag.PAN, _Drag.BRUSH, _Drag.SPLIT, _Drag.TURN):
            self._drag = _Drag.NONE
        elif self._drag is _Drag.MENU:
            self._drag = _Drag.NONE
            self.menuRequested.emit(event.globalPosition().toPoint())
        elif self._drag is _Drag.STROKE and event.button() is Qt.MouseButton.LeftButton:
            self._gather()
            self._drag = _Drag.NONE
            if self.pointer is not None:
                self._take(self.pointer.release(pointer_event(event, self._view, self._ratio)))
            self.strokeEnded.emit()
        self._update_cursor()

    def _take(self, edit: Edit | None) -> None:
        self._follow_tool()
        if edit is not None:
            self.strokeFinished.emit(edit)

    def _between_clicks(self) -> bool:
        """Whether the tool goes on with no button held."""
        return self._drag is not _Drag.STROKE and self.pointer is not None and self.pointer.active

    def _finish(self) -> None:
        if self.pointer is not None:
            self._take(self.pointer.finish())

    def _gather(self) -> None:
        """Draw all positions that came since the last frame."""
        if self._queue and self.pointer is not None:
            queue, self._queue = self._queue, []
            self.pointer.move(queue)
            self._follow_tool()

    @property
    def stroke_running(self) -> bool:
        return self._drag is _Drag.STROKE

    def cancel_stroke(self) -> bool:
        """Take a running stroke back, before an undo for example; False when there was none."""
        if self._drag is not _Drag.STROKE and not self._between_clicks():
            return False
        running = self.stroke_running
        if running:
            self._drag = _Drag.NONE
        self._queue.clear()
        if self.pointer is not None:
            self.pointer.cancel()
        self._follow_tool()
        if running:
            self.strokeEnded.emit()
        return True

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  Qt's name
        """Another document comes to the front: what the tool goes on with stays behind."""
        if not event.spontaneous() and self._between_clicks():
            self.cancel_stroke()
        super().hideEvent(event)

    # ---- keys

    def event(self, event: QEvent) -> bool:
        """Keys that mean something to a tool at work are no shortcuts."""
        asked = event.type() == QEvent.Type.ShortcutOverride
        if asked and isinstance(event, QKeyEvent) and event.key() in _LINE_KEYS and self._between_clicks():
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """The keys that the class names."""
        key = Qt.Key(event.key())
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and key in self._zoom_keys():
            self._zoom_keys()[key]()
        elif key in (Qt.Key.Key_Space, Qt.Key.Key_Z, Qt.Key.Key_Backslash):
            if not event.isAutoRepeat():
                self._hold(key)
        elif key == Qt.Key.Key_O and not event.modifiers():
            self.set_overlay_shown(not self.overlay_shown)
        elif key in _LINE_KEYS and self._between_clicks():
            self._end_line(key)
        elif key == Qt.Key.Key_R and not event.modifiers():
            if not event.isAutoRepeat():
                self.set_turning(not self._turning)
        elif key != Qt.Key.Key_Escape or not (self.cancel_stroke() or self.stop_turning()):
            event.ignore()

    def _end_line(self, key: Qt.Key) -> None:
        if key != Qt.Key.Key_Backspace:
            self._finish()
        elif self.pointer is not None:
            self.pointer.take_back()
            self._follow_tool()

    def _zoom_keys(self) -> dict[Qt.Key, Callable[[], None]]:
        return {
            Qt.Key.Key_0: self.zoom_fit,
            Qt.Key.Key_1: self.zoom_100,
            Qt.Key.Key_Plus: self.zoom_in,
            Qt.Key.Key_Equal: self.zoom_in,
            Qt.Key.Key_Minus: self.zoom_out,
        }

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """End what lasts while a key is held."""
        key = Qt.Key(event.key())
        if key in self._held and not event.isAutoRepeat():
            self._let_go(key)
        elif key == Qt.Key.Key_R and self._turned_by_hand and not event.isAutoRepeat():
            # it was held for a drag
            self.set_turning(False)
        else:
            event.ignore()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802  Qt's name
        """Keys let go elsewhere would stay held for ever."""
        for key in tuple(self._held):
            self._let_go(key)
        super().focusOutEvent(event)

    def _hold(self, key: Qt.Key) -> None:
        self._mark_brush()
        self._held.add(key)
        if key == Qt.Key.Key_Backslash:
            self.set_before_shown(True)
        self._update_cursor()

    def _let_go(self, key: Qt.Key) -> None:
        self._held.discard(key)
        if key == Qt.Key.Key_Backslash:
            self.set_before_shown(False)
        self._mark_brush()
        self._update_cursor()
