"""The magnetic lasso: like the polygon lasso, but between its corners the line clings to the edges that it passes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from inpaint_studio.document.document import Document
from inpaint_studio.pixels import shapes
from inpaint_studio.pixels.live_wire import LiveWire
from inpaint_studio.pixels.proxy import ReadRgb, rgb_reader
from inpaint_studio.pixels.shapes import Point
from inpaint_studio.tools.base import Contour, PointerEvent
from inpaint_studio.tools.closing import NEAR, Closed, closes
from inpaint_studio.tools.combining import SelectingTool
from inpaint_studio.tools.selection import Combine, Selection


@dataclass(slots=True)
class _Line:
    document: Document
    read: ReadRgb
    how: Combine
    start: Point
    wire: LiveWire
    #: The ways between the corners, each without its beginning.
    parts: list[list[Point]] = field(default_factory=list)
    #: The way to the pointer.
    end: list[Point] = field(default_factory=list)
    closing: bool = False

    @property
    def last(self) -> Point:
        return self.parts[-1][-1] if self.parts else self.start

    @property
    def points(self) -> list[Point]:
        return [self.start, *(point for part in self.parts for point in part)]


class MagneticTool(SelectingTool):
    """Stays active between clicks. Dragging sets corners by itself where the line gets long."""

    def __init__(self) -> None:
        self._line: _Line | None = None
        self._closed = Closed()

    @property
    def active(self) -> bool:
        return self._line is not None

    @property
    def outline(self) -> Contour | None:
        line = self._line
        return None if line is None else Contour((*line.points, *line.end), closed=line.closing, grip=True)

    def press(self, document: Document, _layer_id: str, event: PointerEvent) -> None:
        """A corner more, or the end at the first one."""
        line = self._line
        if line is None or line.document is not document:
            if not self._closed.just_before(event):
                self._begin(document, event)
            return
        line.closing = bool(line.parts) and closes(line.points, event)
        if line.closing:
            line.end = []
        else:
            self._follow(line, event)
            self._set_corner(line, event)

    def move(self, events: Sequence[PointerEvent]) -> None:
        """While the button is held the line follows, as without it."""
        line = self._line
        if line is not None and not line.closing:
            self._follow(line, events[-1])

    def hover(self, event: PointerEvent) -> None:
        """Show the way that a click would take."""
        if self._line is not None:
            self._follow(self._line, event)

    def release(self, event: PointerEvent) -> Selection | None:
        """What was dragged gets a corner here."""
        line = self._line
        if line is None:
            return None
        if line.closing:
            self._closed.note(event)
            return self.finish()
        if math.dist(line.last, (event.x, event.y)) > NEAR * event.pixel:
            self._follow(line, event)
            self._set_corner(line, event)
        return None

    def finish(self) -> Selection | None:
        """Close the line with a straight one; nothing is inside of fewer than three places."""
        line, self._line = self._line, None
        if line is None:
            return None
        extent = line.document.canvas
        return Selection(shapes.region(shapes.polygon(line.points, extent), extent), line.how, "Magnetic lasso")

    def take_back(self) -> None:
        """The last corner goes; with the only one the line."""
        line = self._line
        if line is None:
            return
        if not line.parts:
            self._line = None
            return
        line.parts.pop()
        line.end = []
        line.wire = LiveWire(line.read, line.document.canvas, line.last, self._pixel)

    def cancel(self) -> None:
        """Forget the line."""
        self._line = None

    def _begin(self, document: Document, event: PointerEvent) -> None:
        start = _onto(document, event)
        composite = document.composite()
        read = rgb_reader(composite.read, document.format)
        self._pixel = event.pixel
        wire = LiveWire(read, document.canvas, start, event.pixel)
        self._line = _Line(document, read, self.combine(event.modifiers), start, wire)

    def _follow(self, line: _Line, event: PointerEvent) -> None:
        to = _onto(line.document, event)
        if not line.wire.reaches(to) and line.end:
            # out of the window: what was found so far stays
            line.parts.append(line.end)
            self._pixel = event.pixel
            line.wire = LiveWire(line.read, line.document.canvas, line.last, event.pixel)
        line.end = line.wire.path(to)

    def _set_corner(self, line: _Line, event: PointerEvent) -> None:
        if line.end and line.end[-1] != line.last:
            line.parts.append(line.end)
        line.end = []
        self._pixel = event.pixel
        line.wire = LiveWire(line.read, line.document.canvas, line.last, event.pixel)


def _onto(document: Document, event: PointerEvent) -> Point:
    """The place in the photo nearest to the pointer."""
    canvas = document.canvas
    return min(max(event.x, canvas.left), canvas.right), min(max(event.y, canvas.top), canvas.bottom)
