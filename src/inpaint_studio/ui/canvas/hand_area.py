"""The area's view moved and turned by hand: the hand tool's and the middle button's drags, the wheel, and R."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QWidget

from inpaint_studio.ui.canvas.tool_area import ToolArea
from inpaint_studio.ui.canvas.turning import Turn

#: Wheel angle (eighths of a degree) that doubles the zoom: four notches of a usual mouse.
_ANGLE_TO_DOUBLE = 480
#: Device pixels that one notch moves the view.
_NOTCH, _PIXELS_A_NOTCH = 120, 96


class HandArea(ToolArea):
    """Subclasses say which drags pan and which turn."""

    #: Whether drags turn the view from now on.
    turningChanged = Signal(bool)  # noqa: N815  Qt's way to name signals

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._panning = False
        self._pan_from = QPointF()
        #: What a pan has not moved yet because it is less than a pixel.
        self._pan_rest = (0.0, 0.0)
        self._turning = False
        #: The last drag that turned the view since drags do.
        self._turn: Turn | None = None

    def set_panning(self, on: bool) -> None:
        """Whether the left button moves the view, as with the hand in hand."""
        self._mark_brush()
        self._panning = on
        self._update_cursor()

    def _begin_pan(self, place: QPointF) -> None:
        self._pan_from, self._pan_rest = place, (0.0, 0.0)

    def _pan_after(self, place: QPointF) -> None:
        """Move the view with the pointer."""
        way = (self._pan_from - place) * self._ratio
        self._pan_from = place
        x, y = self._view.turned_back(way.x(), way.y())
        x, y = x + self._pan_rest[0], y + self._pan_rest[1]
        # what is less than a device pixel waits for the next move
        self._pan_rest = (x - round(x), y - round(y))
        self._shift(round(x), round(y))

    @property
    def turning(self) -> bool:
        """Whether drags turn the view."""
        return self._turning

    def set_turning(self, on: bool) -> None:
        """Whether the left button turns the view about its middle."""
        if on == self._turning:
            return
        self._mark_brush()
        self._turning, self._turn = on, None
        self._follow_ghost(None)
        self._update_cursor()
        self.turningChanged.emit(on)

    def stop_turning(self) -> bool:
        """Bring the view upright, and have drags do what the tool does; False when all that was so already."""
        if not self._turning and self._view.angle == 0:
            return False
        self.set_turning(False)
        self.turn_to(0)
        return True

    @property
    def _turned_by_hand(self) -> bool:
        """Whether a drag turned the view since drags do."""
        return self._turn is not None

    def _begin_turn(self, place: QPointF) -> None:
        self._turn = Turn(self._view, self._in_device(place))

    def _turn_after(self, place: QPointF, *, snap: bool) -> None:
        """Turn the view with the pointer; `snap` keeps to steps."""
        if self._turn is not None:
            self.turn_to(self._turn.angle(self._in_device(place), snap=snap))

    def _in_device(self, place: QPointF) -> tuple[float, float]:
        return place.x() * self._ratio, place.y() * self._ratio

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802  Qt's name
        """Ctrl zooms at the pointer, otherwise the view moves."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_on(2 ** (event.angleDelta().y() / _ANGLE_TO_DOUBLE), event.position())
        else:
            way = QPointF(event.pixelDelta()) * self._ratio
            if way.isNull():
                way = QPointF(event.angleDelta()) * (_PIXELS_A_NOTCH / _NOTCH * self._ratio)
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and way.x() == 0:
                way = QPointF(way.y(), 0)
            self.pan(-way.x(), -way.y())
        event.accept()
