"""Rectangle, ellipse and freehand lasso: a drag draws an outline, its end selects what is inside."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from inpaint_studio.document.document import Document
from inpaint_studio.pixels import shapes
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.shapes import Point, Spans
from inpaint_studio.tools.base import Contour, Modifier, PointerEvent, Tool
from inpaint_studio.tools.combining import SelectingTool, combine_by
from inpaint_studio.tools.selection import Combine, Selection

#: Corners of an ellipse's outline: at any size that fits on a screen it looks round.
_CORNERS = 240


class Shape(Protocol):
    """The shape of a drag while it grows."""

    def add(self, events: Sequence[PointerEvent]) -> None: ...

    @property
    def points(self) -> Sequence[Point]: ...

    def spans(self, extent: Rect) -> Spans: ...


@dataclass(slots=True)
class _Drag:
    document: Document
    how: Combine
    shape: Shape


class ShapeTool(SelectingTool):
    """Selects the shape that `start` makes of the press and the moves that follow."""

    def __init__(self, title: str, start: Callable[[PointerEvent], Shape], *, closed: bool = True) -> None:
        """closed: the outline is shown closed while it is drawn."""
        self._title = title
        self._start = start
        self._closed = closed
        self._drag: _Drag | None = None

    @property
    def active(self) -> bool:
        return self._drag is not None

    @property
    def outline(self) -> Contour | None:
        return None if self._drag is None else Contour(tuple(self._drag.shape.points), self._closed)

    def press(self, document: Document, _layer_id: str, event: PointerEvent) -> None:
        """Begin a shape."""
        self._drag = _Drag(document, self.combine(event.modifiers), self._start(event))

    def move(self, events: Sequence[PointerEvent]) -> None:
        """Draw on."""
        if self._drag is not None:
            self._drag.shape.add(events)

    def release(self, event: PointerEvent) -> Selection | None:
        """Select what is inside."""
        drag, self._drag = self._drag, None
        if drag is None:
            return None
        drag.shape.add([event])
        extent = drag.document.canvas
        return Selection(shapes.region(drag.shape.spans(extent), extent), drag.how, self._title)

    def cancel(self) -> None:
        """Forget the shape."""
        self._drag = None


class _Box:
    """Two opposite corners; with Shift as far apart across as down.

    Shift that is held at the press for intersecting counts again once it was let go.
    """

    def __init__(self, event: PointerEvent, draw: Callable[[Point, Point, Rect], Spans]) -> None:
        self._first = self._second = (event.x, event.y)
        self._draw = draw
        self._spent = combine_by(event.modifiers) is Combine.INTERSECT

    def add(self, events: Sequence[PointerEvent]) -> None:
        for event in events:
            shift = bool(event.modifiers & Modifier.SHIFT)
            self._spent = self._spent and shift
            self._second = self._squared(event) if shift and not self._spent else (event.x, event.y)

    def _squared(self, event: PointerEvent) -> Point:
        x, y = self._first
        side = max(abs(event.x - x), abs(event.y - y))
        return x + math.copysign(side, event.x - x), y + math.copysign(side, event.y - y)

    @property
    def points(self) -> Sequence[Point]:
        (x, y), (x2, y2) = self._first, self._second
        return (x, y), (x2, y), (x2, y2), (x, y2)

    def spans(self, extent: Rect) -> Spans:
        return self._draw(self._first, self._second, extent)


class _Oval(_Box):
    @property
    def points(self) -> Sequence[Point]:
        (x, y), (x2, y2) = self._first, self._second
        turns = (2 * math.pi * corner / _CORNERS for corner in range(_CORNERS))
        return [
            ((x + x2) / 2 + (x2 - x) / 2 * math.cos(turn), (y + y2) / 2 + (y2 - y) / 2 * math.sin(turn))
            for turn in turns
        ]


class _Line:
    """Every place that the pointer passed."""

    def __init__(self, event: PointerEvent) -> None:
        self.points = [(event.x, event.y)]

    def add(self, events: Sequence[PointerEvent]) -> None:
        self.points += [(event.x, event.y) for event in events]

    def spans(self, extent: Rect) -> Spans:
        return shapes.polygon(self.points, extent)


def rectangle_tool() -> Tool:
    """Selects rectangles."""
    return ShapeTool("Rectangle", lambda event: _Box(event, shapes.rectangle))


def ellipse_tool() -> Tool:
    """Selects ellipses."""
    return ShapeTool("Ellipse", lambda event: _Oval(event, shapes.ellipse))


def lasso_tool() -> Tool:
    """Selects what a line goes round."""
    return ShapeTool("Lasso", _Line, closed=False)
