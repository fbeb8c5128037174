"""A mask of another size put onto a photo: scaled to fit, or as it is in the middle."""

from __future__ import annotations

import cv2
import numpy as np

from inpaint_studio.pixels.masks import Coverage
from inpaint_studio.pixels.rect import Rect

#: Pixels by which proportions that were rounded may be off.
_ROUNDED = 2


def fitted(coverage: Coverage, width: int, height: int) -> Coverage:
    """`coverage` as large as it fits into `height` × `width`, in its own proportions and in the middle.

    Made smaller each pixel is the mean of those that it stands for, made larger it is interpolated: soft stays soft.
    """
    own_height, own_width = coverage.shape
    scale = min(width / own_width, height / own_height)
    size = max(1, round(own_width * scale)), max(1, round(own_height * scale))
    if abs(size[0] - width) <= _ROUNDED and abs(size[1] - height) <= _ROUNDED:
        size = width, height
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return centred(np.asarray(cv2.resize(coverage, size, interpolation=how), np.uint8), width, height)


def centred(coverage: Coverage, width: int, height: int) -> Coverage:
    """`coverage` pixel for pixel in the middle of `height` × `width`; what does not fit is cut off."""
    own_height, own_width = coverage.shape
    canvas = Rect.of_size(width, height)
    area = Rect.of_size(own_width, own_height).moved((width - own_width) // 2, (height - own_height) // 2)
    if area == canvas:
        return coverage
    result = np.zeros((height, width), np.uint8)
    inside = area.clipped(canvas)
    result[inside.slices] = coverage[inside.within(area).slices]
    return result
