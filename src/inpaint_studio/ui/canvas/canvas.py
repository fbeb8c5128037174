"""The canvas: `area` with pointer and keys."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum, auto

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from inpaint_studio.pixels.rect import Rect
from inpaint_studio.tools.base import Pointer, PointerEvent
from inpaint_studio.ui.canvas.area import CanvasArea
from inpaint_studio.ui.canvas.drawing import Frame, draw_brush
from inpaint_studio.ui.canvas.pointing import pointer_event, to_photo

#: Circles of a smaller radius in device pixels can't be seen well: a cross shows the place instead.
_SMALLEST_CIRCLE = 3.0
#: Wheel angle (eighths of a degree) that doubles the zoom: four notches of a usual mouse.
_ANGLE_TO_DOUBLE = 480
#: Device pixels that one notch moves the view.
_NOTCH, _PIXELS_A_NOTCH = 120, 96
_TABLET = {QEvent.Type.TabletPress, QEvent.Type.TabletMove, QEvent.Type.TabletRelease}


class _Drag(Enum):
    NONE = auto()
    STROKE = auto()
    PAN = auto()


class Canvas(CanvasArea):
    """Shows a document and hands what the pointer does on it to `pointer`.

    `strokeFinished` carries an edit that is already applied: it has to be remembered, not done. Keys that no action of
    the window takes first: Space pans while held, Z zooms by clicks while held (Alt: out), `\\` shows the original while
    held, O toggles the masks, Ctrl+0, Ctrl+1, Ctrl++ and Ctrl+− zoom, Esc takes a running stroke back.
    """

    cursorMoved = Signal(float, float)  # noqa: N815  Qt's way to name signals
    strokeFinished = Signal(object)  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("canvas")
        self.setAccessibleName(self.tr("Canvas"))
        self.pointer: Pointer | None = None
        self._drag = _Drag.NONE
        self._queue: list[PointerEvent] = []
        self._pan_from = QPointF()
        self._hover: QPointF | None = None
        self._brush: float | None = None
        self._held: set[Qt.Key] = set()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.viewport().setTabletTracking(True)
        self._update_cursor()

    # ---- the brush's circle

    def set_brush_size(self, diameter: float | None) -> None:
        """Show a circle of `diameter` photo pixels at the pointer; None for an arrow."""
        self._mark_brush()
        self._brush = diameter
        self._mark_brush()
        self._update_cursor()

    def _brush_radius(self) -> float:
        """In device pixels; 0 when no circle is shown."""
        radius = 0.0 if self._brush is None else self._brush / 2 * self._view.zoom
        return radius if radius >= _SMALLEST_CIRCLE and not self._held and self._drag is not _Drag.PAN else 0.0

    def _mark_brush(self) -> None:
        radius = self._brush_radius()
        if self._hover is None or radius == 0:
            return
        x, y, reach = self._hover.x() * self._ratio, self._hover.y() * self._ratio, radius + 2
        self._mark_device(
            Rect(math.floor(x - reach), math.floor(y - reach), math.ceil(x + reach), math.ceil(y + reach))
        )

    def _draw_over(self, frame: Frame) -> None:
        radius = self._brush_radius()
        if self._hover is not None and radius > 0:
            draw_brush(frame, (self._hover.x() * self._ratio, self._hover.y() * self._ratio), radius)

    def _update_cursor(self) -> None:
        shape = Qt.CursorShape.ArrowCursor
        if self._drag is _Drag.PAN:
            shape = Qt.CursorShape.ClosedHandCursor
        elif Qt.Key.Key_Space in self._held:
            shape = Qt.CursorShape.OpenHandCursor
        elif self._held or (self._brush is not None and self._brush_radius() == 0):
            shape = Qt.CursorShape.CrossCursor
        elif self._brush is not None:
            shape = Qt.CursorShape.BlankCursor
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

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """Tablets, pinches, and the pointer leaving."""
        if event.type() in _TABLET and isinstance(event, QTabletEvent):
            handle = {QEvent.Type.TabletPress: self._press, QEvent.Type.TabletMove: self._move}
            handle.get(event.type(), self._release)(event)
            # accepted, or Qt sends a mouse event for the same movement
            event.accept()
            return True
        if isinstance(event, QNativeGestureEvent) and event.gestureType() is Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_to(self._view.zoom * (1 + event.value()), event.position())
            return True
        if event.type() == QEvent.Type.Leave:
            self._mark_brush()
            self._hover = None
        return super().viewportEvent(event)

    def _press(self, event: QMouseEvent | QTabletEvent) -> None:
        if self._drag is not _Drag.NONE:
            return
        left = event.button() is Qt.MouseButton.LeftButton
        if event.button() is Qt.MouseButton.MiddleButton or (left and Qt.Key.Key_Space in self._held):
            self._mark_brush()
            self._drag, self._pan_from = _Drag.PAN, event.position()
        elif left and Qt.Key.Key_Z in self._held:
            out = event.modifiers() & Qt.KeyboardModifier.AltModifier
            (self.zoom_out if out else self.zoom_in)(event.position())
        elif left and self.pointer is not None and self.document is not None:
            self._drag = _Drag.STROKE
            self.pointer.press(pointer_event(event, self._view, self._ratio))
        else:
            event.ignore()
        self._update_cursor()

    def _move(self, event: QMouseEvent | QTabletEvent) -> None:
        self._mark_brush()
        self._hover = event.position()
        self._mark_brush()
        if self._drag is _Drag.PAN:
            way = (self._pan_from - event.position()) * self._ratio
            # what is less than a device pixel waits for the next move
            self._pan_from = (
                event.position() + QPointF(way.x() - round(way.x()), way.y() - round(way.y())) / self._ratio
            )
            self.pan(way.x(), way.y())
        elif self._drag is _Drag.STROKE:
            self._queue.append(pointer_event(event, self._view, self._ratio))
            self._schedule_frame()
        self.cursorMoved.emit(*to_photo(event.position(), self._view, self._ratio))

    def _release(self, event: QMouseEvent | QTabletEvent) -> None:
        if self._drag is _Drag.PAN:
            self._drag = _Drag.NONE
        elif self._drag is _Drag.STROKE and event.button() is Qt.MouseButton.LeftButton:
            self._gather()
            self._drag = _Drag.NONE
            if self.pointer is not None:
                edit = self.pointer.release(pointer_event(event, self._view, self._ratio))
                if edit is not None:
                    self.strokeFinished.emit(edit)
        self._update_cursor()

    def _gather(self) -> None:
        """Draw all positions that came since the last frame."""
        if self._queue and self.pointer is not None:
            queue, self._queue = self._queue, []
            self.pointer.move(queue)

    @property
    def stroke_running(self) -> bool:
        return self._drag is _Drag.STROKE

    def cancel_stroke(self) -> bool:
        """Take a running stroke back, before an undo for example; False when there was none."""
        if self._drag is not _Drag.STROKE:
            return False
        self._drag = _Drag.NONE
        self._queue.clear()
        if self.pointer is not None:
            self.pointer.cancel()
        return True

    # ---- wheel and keys

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802  Qt's name
        """Ctrl zooms at the pointer, otherwise the view moves."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            factor = 2 ** (event.angleDelta().y() / _ANGLE_TO_DOUBLE)
            self.zoom_to(self._view.zoom * factor, event.position())
        else:
            way = QPointF(event.pixelDelta()) * self._ratio
            if way.isNull():
                way = QPointF(event.angleDelta()) * (_PIXELS_A_NOTCH / _NOTCH * self._ratio)
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and way.x() == 0:
                way = QPointF(way.y(), 0)
            self.pan(-way.x(), -way.y())
        event.accept()

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
        elif key != Qt.Key.Key_Escape or not self.cancel_stroke():
            event.ignore()

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
