"""The size of a brush on a slider: equal steps are equal ratios."""

from __future__ import annotations

import math

from inpaint_studio.tools.base import BrushSettings

#: Steps of the size slider over the whole logarithmic range.
SIZE_STEPS = 300
_RATIO = math.log(BrushSettings.LARGEST / BrushSettings.SMALLEST)


def size_at(step: int) -> float:
    """The brush size at a position of the slider."""
    size = BrushSettings.SMALLEST * math.exp(_RATIO * step / SIZE_STEPS)
    return min(round(size, 1 if size < 10 else 0), BrushSettings.LARGEST)


def step_at(size: float) -> int:
    """The slider's position for a brush size."""
    return round(SIZE_STEPS * math.log(size / BrushSettings.SMALLEST) / _RATIO)
