"""Turning the view by a drag: the angle, and the pointer that says so."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QCursor, QPainter, QPainterPath, QPen, QPixmap

from inpaint_studio.ui.canvas.view import View

#: Degrees that Shift keeps to.
_STEP = 15.0
#: The pointer's side in pixels of the screen, and its arc in degrees.
_SIDE, _FROM, _SPAN = 28, 60.0, 285.0
#: The length of the arrow's two lines.
_HEAD = 5.0


@dataclass(frozen=True, slots=True)
class Turn:
    """A drag that began at `start` (device pixels) of `view`."""

    view: View
    start: tuple[float, float]

    def angle(self, at: tuple[float, float], *, snap: bool) -> float:
        """The view's angle when the pointer is at `at`: it turns with the pointer about the middle."""
        angle = self.view.angle + math.degrees(self._from_middle(at) - self._from_middle(self.start))
        return round(angle / _STEP) * _STEP if snap else angle

    def _from_middle(self, place: tuple[float, float]) -> float:
        x, y = self.view.middle
        return math.atan2(place[1] - y, place[0] - x)


@lru_cache(maxsize=4)
def turning_cursor(ratio: float) -> QCursor:
    """A round arrow, dark with a light rim, so that it is seen on any photo."""
    pixmap = QPixmap(round(_SIDE * ratio), round(_SIDE * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    middle, radius = _SIDE / 2, _SIDE / 2 - 5
    arc = QPainterPath()
    around = QRectF(middle - radius, middle - radius, 2 * radius, 2 * radius)
    arc.arcMoveTo(around, _FROM)
    arc.arcTo(around, _FROM, _SPAN)
    end = arc.currentPosition()
    heading = math.radians(-(_FROM + _SPAN) - 90)
    for side in (-2.4, 2.4):
        arc.moveTo(end)
        arc.lineTo(end + QPointF(math.cos(heading + side), math.sin(heading + side)) * _HEAD)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for colour, width in ((QColor(255, 255, 255), 4.5), (QColor(0, 0, 0), 2.0)):
        painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        painter.drawPath(arc)
    painter.end()
    return QCursor(pixmap, round(middle), round(middle))
