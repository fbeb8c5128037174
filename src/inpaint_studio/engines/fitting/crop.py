"""How much of the photo an engine gets to see."""

from __future__ import annotations

from inpaint_studio.engines.contract import EngineSpec
from inpaint_studio.pixels.rect import Rect


def crop_around(box: Rect, part_side: int, spec: EngineSpec, context: float | None, canvas: Rect) -> Rect:
    """The crop for the holes in `box`: it grown on every side by `context` times `part_side`, inside `canvas`.

    part_side: the longest side of the largest hole in the box, in pixels. context: in hole sizes, None for the engine's
    own. Never less than the engine's least context, and less than asked for where the crop would exceed the engine's
    size: a large photo costs what its hole costs. For a network with a native size at least that much, and at most twice
    as long as wide: they know nothing of narrow strips.
    """
    wanted = round((spec.context if context is None else context) * part_side)
    room = (spec.size.most - max(box.width, box.height)) // 2
    around = box.grown(max(spec.context_least, min(wanted, room))).clipped(canvas)
    if spec.size.native:
        longest = max(around.width, around.height)
        least = min(spec.size.most, max(spec.size.native, longest // 2))
        left, right = _widened(around.left, around.right, least, canvas.left, canvas.right)
        top, bottom = _widened(around.top, around.bottom, least, canvas.top, canvas.bottom)
        around = Rect(left, top, right, bottom)
    return around


def _widened(start: int, stop: int, least: int, lower: int, upper: int) -> tuple[int, int]:
    """`start`..`stop` made at least `least` long about its middle, moved and cut to lie in `lower`..`upper`."""
    missing = max(0, least - (stop - start))
    start, stop = start - missing // 2, stop + missing - missing // 2
    shift = max(0, lower - start) - max(0, stop - upper)
    return max(lower, start + shift), min(upper, stop + shift)
