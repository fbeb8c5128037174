"""The polygon lasso: every click is a corner, until the line is closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inpaint_studio.document.document import Document
from inpaint_studio.pixels import shapes
from inpaint_studio.pixels.shapes import Point
from inpaint_studio.tools.base import Contour, PointerEvent
from inpaint_studio.tools.closing import Closed, closes
from inpaint_studio.tools.combining import SelectingTool
from inpaint_studio.tools.selection import Combine, Selection


@dataclass(slots=True)
class _Line:
    document: Document
    how: Combine
    corners: list[Point]
    #: Where the pointer is, while no button is held.
    end: Point | None = None
    closing: bool = False


class PolygonTool(SelectingTool):
    """Stays active between clicks. A press on the first corner closes the line and selects what it goes round."""

    def __init__(self) -> None:
        self._line: _Line | None = None
        self._closed = Closed()

    @property
    def active(self) -> bool:
        return self._line is not None

    @property
    def outline(self) -> Contour | None:
        line = self._line
        if line is None:
            return None
        end = () if line.end is None else (line.end,)
        return Contour((*line.corners, *end), closed=line.closing, grip=True)

    def press(self, document: Document, _layer_id: str, event: PointerEvent) -> None:
        """A corner more, or the end at the first one."""
        line = self._line
        if line is None or line.document is not document:
            if not self._closed.just_before(event):
                self._line = _Line(document, self.combine(event.modifiers), [(event.x, event.y)])
            return
        line.end = None
        line.closing = closes(line.corners, event)
        if not line.closing:
            line.corners.append((event.x, event.y))

    def move(self, events: Sequence[PointerEvent]) -> None:
        """While the button is held, the new corner follows."""
        if self._line is not None and not self._line.closing:
            self._line.corners[-1] = (events[-1].x, events[-1].y)

    def release(self, event: PointerEvent) -> Selection | None:
        """The corner stays here."""
        if self._line is None:
            return None
        if self._line.closing:
            self._closed.note(event)
            return self.finish()
        self.move([event])
        return None

    def hover(self, event: PointerEvent) -> None:
        """Show the side that a click would make."""
        line = self._line
        if line is not None:
            line.end = line.corners[0] if closes(line.corners, event) else (event.x, event.y)

    def finish(self) -> Selection | None:
        """Close the line; with fewer than three corners there is nothing inside it."""
        line, self._line = self._line, None
        if line is None:
            return None
        extent = line.document.canvas
        return Selection(shapes.region(shapes.polygon(line.corners, extent), extent), line.how, "Polygon")

    def take_back(self) -> None:
        """The last corner goes; with the only one the line."""
        if self._line is not None:
            self._line.corners.pop()
            if not self._line.corners:
                self._line = None

    def cancel(self) -> None:
        """Forget the line."""
        self._line = None
