"""The line that a tool shows while it selects: light dashes on a dark line with dark rims, so that it is seen on any photo."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from inpaint_studio.pixels.rect import Rect
from inpaint_studio.tools.base import Contour
from inpaint_studio.ui.canvas.view import View

_DARK, _LIGHT, _RIM = QColor(0, 0, 0), QColor(255, 255, 255), QColor(0, 0, 0, 190)
#: Lengths of a light dash and of the gap after it, in line widths.
_DASHES = [6.0, 3.0]
#: The width of the line with its rims, in line widths.
_RIMS = 3
#: Half the side of the first point's square, in pixels of the screen.
_GRIP = 3.0


def device_bounds(contour: Contour, view: View, ratio: float) -> Rect:
    """The device pixels that drawing may touch."""
    if not contour.points:
        return Rect(0, 0, 0, 0)
    xs, ys = zip(*contour.points, strict=True)
    left, top = view.upright.to_viewport(min(xs), min(ys))
    right, bottom = view.upright.to_viewport(max(xs), max(ys))
    return view.around_upright(left, top, right, bottom).grown(math.ceil((_GRIP + _RIMS) * ratio) + 1)


def draw_contour(painter: QPainter, contour: Contour, view: View, ratio: float) -> None:
    """Draw it in device pixels; `ratio` of them are as wide as a pixel of the screen to the eye."""
    places = [QPointF(*view.to_viewport(*point)) for point in contour.points]
    if not places:
        return
    line = QPolygonF([*places, places[0]] if contour.closed else places)
    width = max(1, round(ratio))
    painter.save()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(_RIM, _RIMS * width))
    # with anti-aliasing whole numbers are corners of pixels, without it their middles
    painter.drawPolyline(line.translated(0.5, 0.5))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    dashes = QPen(_LIGHT, width)
    dashes.setDashPattern(_DASHES)
    for pen in (QPen(_DARK, width), dashes):
        painter.setPen(pen)
        painter.drawPolyline(line)
    if contour.grip:
        side = 2 * round(_GRIP * ratio)
        painter.setPen(QPen(_DARK, width))
        painter.setBrush(_LIGHT)
        painter.drawRect(QRectF(round(places[0].x()) - side / 2, round(places[0].y()) - side / 2, side, side))
    painter.restore()
