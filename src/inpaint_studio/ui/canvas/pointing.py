"""Qt's mouse and tablet events as pointer events of the tools."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent, QPointingDevice, QTabletEvent

from inpaint_studio.tools.base import Modifier, PointerEvent
from inpaint_studio.ui.canvas.view import View

_KEYS = (
    (Qt.KeyboardModifier.ShiftModifier, Modifier.SHIFT),
    (Qt.KeyboardModifier.ControlModifier, Modifier.CONTROL),
    (Qt.KeyboardModifier.AltModifier, Modifier.ALT),
)


def pointer_event(event: QMouseEvent | QTabletEvent, view: View, ratio: float) -> PointerEvent:
    """`event` in photo coordinates, with the fractions that `position()` has; `ratio` is the device pixel ratio."""
    x, y = to_photo(event.position(), view, ratio)
    modifiers = Modifier.NONE
    for key, modifier in _KEYS:
        if event.modifiers() & key:
            modifiers |= modifier
    pressure = 1.0
    if isinstance(event, QTabletEvent):
        pressure = event.pressure()
        if event.pointerType() is QPointingDevice.PointerType.Eraser:
            modifiers |= Modifier.ERASER
    return PointerEvent(x, y, pressure, modifiers, event.timestamp() / 1000, ratio / view.zoom)


def to_photo(position: QPointF, view: View, ratio: float) -> tuple[float, float]:
    """Photo coordinates of a place in the viewport widget."""
    return view.to_photo(position.x() * ratio, position.y() * ratio)
