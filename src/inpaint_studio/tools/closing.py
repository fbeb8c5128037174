"""How a line that is set corner by corner is closed: by a press near its start, of which a double click is one."""

from __future__ import annotations

import math
from collections.abc import Sequence

from inpaint_studio.pixels.shapes import Point
from inpaint_studio.tools.base import PointerEvent

#: A press this near the first corner, in pixels of the screen, closes.
NEAR = 7
#: Seconds after closing by a click in which another click is the second half of a double click.
_DOUBLE_CLICK = 0.4


def closes(points: Sequence[Point], event: PointerEvent) -> bool:
    """Whether a press here closes the line through `points`; nothing is inside of fewer than three."""
    return len(points) > 2 and math.dist(points[0], (event.x, event.y)) <= NEAR * event.pixel


class Closed:
    """Remembers when a click closed a line, so that the double click it belongs to begins no new one."""

    def __init__(self) -> None:
        self._at = -math.inf

    def note(self, event: PointerEvent) -> None:
        self._at = event.time

    def just_before(self, event: PointerEvent) -> bool:
        return 0 <= event.time - self._at < _DOUBLE_CLICK
