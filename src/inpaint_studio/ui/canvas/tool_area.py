"""The area with what the tool at hand shows over it: the brush's circle, or the outline of a selection."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QWidget

from inpaint_studio.pixels.rect import Rect
from inpaint_studio.tools.base import Contour, Ghost, Pointer, PointerEvent
from inpaint_studio.ui.canvas.area import CanvasArea
from inpaint_studio.ui.canvas.contour import device_bounds, draw_contour
from inpaint_studio.ui.canvas.drawing import Frame, draw_brush, draw_ghost

#: Circles of a smaller radius in device pixels can't be seen well: a cross shows the place instead.
_SMALLEST_CIRCLE = 3.0


class ToolArea(CanvasArea):
    """Draws for `pointer`, the tool; `_hover` is where the mouse is in the viewport."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pointer: Pointer | None = None
        self._hover: QPointF | None = None
        self._brush: float | None = None
        self._contour: Contour | None = None
        self._ghost: Ghost | None = None

    def set_brush_size(self, diameter: float | None) -> None:
        """Show a circle of `diameter` photo pixels at the pointer; None for a cross."""
        self._mark_brush()
        self._brush = diameter
        self._mark_brush()
        self._update_cursor()

    def _brush_radius(self) -> float:
        """In device pixels; 0 when no circle is shown."""
        radius = 0.0 if self._brush is None else self._brush / 2 * self._view.zoom
        return radius if radius >= _SMALLEST_CIRCLE and not self._busy_otherwise() else 0.0

    def _busy_otherwise(self) -> bool:
        """Whether the pointer moves or zooms the view now."""
        return False

    def _update_cursor(self) -> None:
        """Show what a press would do."""

    def _mark_brush(self) -> None:
        radius = self._brush_radius()
        if self._hover is None or radius == 0:
            return
        x, y, reach = self._hover.x() * self._ratio, self._hover.y() * self._ratio, radius + 2
        self._mark_device(
            Rect(math.floor(x - reach), math.floor(y - reach), math.ceil(x + reach), math.ceil(y + reach))
        )

    def _mark_fixed(self) -> None:
        self._mark_brush()

    def _draw_over(self, frame: Frame) -> None:
        radius = self._brush_radius()
        if self._ghost is not None and self._scene is not None:
            painter, (x, y) = frame.painter, self._view.middle
            painter.save()
            painter.translate(x, y)
            painter.rotate(self._view.angle)
            painter.translate(-x, -y)
            draw_ghost(frame, self._view.upright, self._ghost, self._scene.to_display)
            painter.restore()
        if self._hover is not None and radius > 0:
            draw_brush(frame, (self._hover.x() * self._ratio, self._hover.y() * self._ratio), radius, self._line)
        if self._contour is not None:
            draw_contour(frame.painter, self._contour, self._view, self._ratio)

    def _follow_ghost(self, event: PointerEvent | None) -> None:
        """Show what a press there would lay; None when the pointer is elsewhere or something is pressed."""
        before = self._ghost
        self._ghost = None if event is None or self.pointer is None else self.pointer.ghost(event)
        for ghost in (before, self._ghost):
            if ghost is not None:
                self._mark(ghost.rect)

    def _follow_tool(self) -> None:
        """Show the tool's outline as it is now."""
        before, self._contour = self._contour, None if self.pointer is None else self.pointer.outline
        if before != self._contour:
            for contour in (before, self._contour):
                if contour is not None:
                    self._mark_device(device_bounds(contour, self._view, self._ratio))
