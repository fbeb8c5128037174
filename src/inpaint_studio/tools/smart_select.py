"""Smart select as a tool: a box round an object or a scribble on it; what the object is, is found out afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from inpaint_studio.document.document import Document
from inpaint_studio.pixels.shapes import Point
from inpaint_studio.pixels.smart_select import Prompt
from inpaint_studio.tools.base import Contour, PointerEvent, Tool
from inpaint_studio.tools.selection import LateSelection
from inpaint_studio.tools.shapes import combine_by

#: A box with a side shorter than this, in pixels of the screen, is no box but a click.
_CLICK = 4.0


class Pointing(StrEnum):
    """How the object is shown."""

    BOX = "box"
    SCRIBBLE = "scribble"


@dataclass(frozen=True, slots=True)
class SmartSelectSettings:
    """by: how the object is shown. width: of a scribble, in pixels of the screen."""

    by: Pointing = Pointing.BOX
    width: float = 12.0

    def __post_init__(self) -> None:
        if not 1 <= self.width <= 200:
            raise ValueError(f"a scribble of {self.width} pixels")


class SmartSelectTool(Tool):
    """A drag is a box, or with `Pointing.SCRIBBLE` a line on the object; a click is a scribble in any case."""

    def __init__(self, settings: SmartSelectSettings | None = None) -> None:
        self.settings = settings or SmartSelectSettings()
        self._settings = self.settings
        self._points: list[Point] = []
        self._pressed: PointerEvent | None = None

    @property
    def active(self) -> bool:
        return self._pressed is not None

    @property
    def outline(self) -> Contour | None:
        if self._pressed is None:
            return None
        if self._settings.by is Pointing.SCRIBBLE:
            return Contour(tuple(self._points), closed=False)
        (x, y), (x2, y2) = self._points[0], self._points[-1]
        return Contour(((x, y), (x2, y), (x2, y2), (x, y2)), closed=True)

    def press(self, _document: Document, _layer_id: str, event: PointerEvent) -> None:
        """Begin a box or a scribble."""
        self._pressed, self._settings = event, self.settings
        self._points = [(event.x, event.y)]

    def move(self, events: Sequence[PointerEvent]) -> None:
        """Draw on."""
        if self._pressed is not None:
            self._points += [(event.x, event.y) for event in events]

    def release(self, event: PointerEvent) -> LateSelection | None:
        """Say what was shown."""
        pressed, self._pressed = self._pressed, None
        if pressed is None:
            return None
        points = [*self._points, (event.x, event.y)]
        (x, y), (x2, y2) = points[0], points[-1]
        boxed = self._settings.by is Pointing.BOX and min(abs(x2 - x), abs(y2 - y)) >= _CLICK * event.pixel
        if boxed:
            prompt = Prompt(box=(min(x, x2), min(y, y2), max(x, x2), max(y, y2)))
        else:
            prompt = Prompt(lines=(tuple(points),), width=self._settings.width * event.pixel)
        return LateSelection(prompt, combine_by(pressed.modifiers), "Smart select")

    def cancel(self) -> None:
        """Forget what was drawn."""
        self._pressed = None
