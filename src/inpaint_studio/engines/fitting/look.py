"""Something to see within a blink, before the synthesis has anything."""

from __future__ import annotations

import cv2
import numpy as np

from inpaint_studio.engines.fitting.prefill import prefilled
from inpaint_studio.engines.patches.level import Flags, Float, Pause, emptied
from inpaint_studio.pixels.rect import Rect

#: It is made in so many pixels a side, of squares known in at least that share.
_LOOK, _SURE = 128, 0.05


def first_look(image: Float, hole: Flags, avoid: Flags, pause: Pause) -> Float:
    """`image` (float32 H×W×C) with the hole filled by the blurred colours around it."""
    height, width = hole.shape
    box = Rect.around(hole)
    box = box.grown(max(8, max(box.width, box.height) // 8)).clipped(Rect.of_size(width, height))
    step = max(1, -(-max(box.width, box.height) // _LOOK))
    size = max(1, box.width // step), max(1, box.height // step)
    known = (~(hole | avoid))[box.slices].astype(np.float32)
    share = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    colours = cv2.resize(image[box.slices] * known[..., None], size, interpolation=cv2.INTER_AREA)
    small = colours.reshape(*share.shape, -1) / np.maximum(share, 1e-6)[..., None]
    # by channel: OpenCV's border takes no more than four
    planes = [prefilled(plane[..., None], share < _SURE) for plane in np.moveaxis(small.astype(np.float32), 2, 0)]
    large = np.dstack([cv2.resize(plane, (box.width, box.height)) for plane in planes])
    picture = emptied(image, hole, pause)
    own = hole[box.slices]
    picture[box.slices][own] = np.clip(large[own], 0, 1)
    return picture
