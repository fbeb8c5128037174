"""How much of the photo an engine gets to see."""

from __future__ import annotations

from inpaint_studio.engines.contract import EngineSpec
from inpaint_studio.pixels.rect import Rect


def crop_around(box: Rect, part_side: int, spec: EngineSpec, context: float | None, canvas: Rect) -> Rect:
    """The crop for the holes in `box`: it grown on every side by `context` times `part_side`, inside `canvas`.

    part_side: the longest side of the largest hole in the box, in pixels. context: in hole sizes, None for the engine's
    own. Never less than the engine's least context, and less than asked for where the crop would exceed the engine's
    size: a large photo costs what its hole costs.
    """
    wanted = round((spec.context if context is None else context) * part_side)
    room = (spec.size.most - max(box.width, box.height)) // 2
    return box.grown(max(spec.context_least, min(wanted, room))).clipped(canvas)
