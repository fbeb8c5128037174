"""What lies around a mark: on plain ground a speck is dust, among leaves or letters it may be anything."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.pixels.masks import Hole
from inpaint_studio.pixels.rect import Rect

#: The ring around a mark that is looked at: beyond its soft rim, and near enough to be what it lies on. Pixels.
_RIM, REACH = 3, 10
#: So many pixels of a ring are enough to leave out what else is marked there.
_ENOUGH = 20
#: A large mark is judged by what lies within so many pixels of its first one.
_WIDEST = 512


def ground(gray: NDArray[np.float32], own: Hole, marked: Hole) -> tuple[float, float]:
    """How the tones (`gray`, H×W in 0..1) in the ring around a mark (`own`, H×W) spread, and how far the mark is from them.

    marked: H×W, all that is marked there: where enough is left of the ring, that is no part of it. The standard deviation of
    the ring, and the difference of the two means; 0 and 0 without a ring.
    """
    mask = own.astype(np.uint8)
    ring = cv2.dilate(mask, _disc(REACH)) > cv2.dilate(mask, _disc(_RIM))
    free = ring & (cv2.dilate(marked.astype(np.uint8), _disc(1)) == 0)
    tones = gray[free if np.count_nonzero(free) >= _ENOUGH else ring]
    if not tones.size:
        return 0.0, 0.0
    return float(tones.std()), abs(float(gray[own].mean()) - float(tones.mean()))


def around(rect: Rect, seed: tuple[int, int], extent: Rect) -> Rect:
    """What has to be read of the photo to know the surroundings of a mark in `rect`, whose first pixel is `seed` (x, y)."""
    x, y = seed
    near = Rect(x - _WIDEST, y - _WIDEST, x + _WIDEST + 1, y + _WIDEST + 1)
    return rect.grown(REACH).clipped(near).clipped(extent)


def _disc(radius: int) -> NDArray[np.uint8]:
    side = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)
