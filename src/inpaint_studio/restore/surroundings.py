"""What lies around a mark: on plain ground a speck is dust, among leaves or letters it may be anything; and a stain is darker
or lighter than all around it, where a shirt or a gateway is one tone among others.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.pixels.masks import Hole
from inpaint_studio.pixels.rect import Rect

#: The ring around a mark that is looked at: beyond its soft rim, and near enough to be what it lies on. Pixels.
_RIM, REACH = 3, 10


def ground(gray: NDArray[np.float32], own: Hole) -> tuple[float, float]:
    """How the tones (`gray`, H×W in 0..1) in the ring around a mark (`own`, H×W) spread, and how far the mark is from them.

    The standard deviation of the ring, and the difference of the two means; 0 and 0 without a ring.
    """
    mask = own.astype(np.uint8)
    ring = cv2.dilate(mask, _disc(REACH)) > cv2.dilate(mask, _disc(_RIM))
    if not ring.any():
        return 0.0, 0.0
    return float(gray[ring].std()), abs(float(gray[own].mean()) - float(gray[ring].mean()))


def around(rect: Rect, extent: Rect) -> Rect:
    """What has to be read of the photo to know the surroundings of a mark in `rect`."""
    return rect.grown(REACH).clipped(extent)


def _disc(radius: int) -> NDArray[np.uint8]:
    side = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)
