"""Takes the tremor out of a hand's line: the line follows the pointer as if drawn on a short elastic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from inpaint_studio.tools.base import PointerEvent

#: Seconds in which the line makes up two thirds of its lag at full strength.
_LONGEST = 0.15
#: Seconds between two events: what a device without a clock is taken for, and the most that counts.
_USUAL, _MOST = 0.008, 0.05


class Steady:
    """An exponential filter over time; strength 0..1, 0 leaves every event as it is. Pressure is smoothed alike."""

    def __init__(self, strength: float, first: PointerEvent) -> None:
        self._lag = strength * _LONGEST
        self._last = first
        self._time = first.time

    def steadied(self, events: Sequence[PointerEvent]) -> Sequence[PointerEvent]:
        """`events` on the smooth line."""
        return events if self._lag == 0 else [self._follow(event) for event in events]

    def _follow(self, event: PointerEvent) -> PointerEvent:
        passed = event.time - self._time
        self._time = event.time
        share = 1 - math.exp(-(min(passed, _MOST) if passed > 0 else _USUAL) / self._lag)
        last = self._last
        self._last = replace(
            event,
            x=last.x + (event.x - last.x) * share,
            y=last.y + (event.y - last.y) * share,
            pressure=last.pressure + (event.pressure - last.pressure) * share,
        )
        return self._last
