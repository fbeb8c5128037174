"""A small copy of a part of a photo, and the way between both."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.pixels.display_samples import plain_transform
from inpaint_studio.pixels.format import PixelFormat, Samples
from inpaint_studio.pixels.rect import Rect

#: uint8 H×W×3 of a rectangle, as a screen shows it.
ReadRgb = Callable[[Rect], NDArray[np.uint8]]

#: Rows of the photo that are read at once, so that a large photo is never in memory twice.
_ROWS = 1024


def rgb_reader(read: Callable[[Rect], Samples], pixel_format: PixelFormat) -> ReadRgb:
    """Reads any photo as 8-bit RGB; alpha is left out."""
    transform = plain_transform(pixel_format.colour)
    colours = pixel_format.colour.channels
    return lambda rect: transform(np.ascontiguousarray(read(rect)[..., :colours]))


@dataclass(frozen=True, slots=True)
class Proxy:
    """`image` (uint8 h×w×3) shows `rect` of the photo; `scale` pixels of the photo are one of it, 1 or more."""

    rect: Rect
    scale: float
    image: NDArray[np.uint8]

    @classmethod
    def of(cls, read: ReadRgb, rect: Rect, most_pixels: int) -> Proxy:
        """A copy of `rect` with about `most_pixels` at most."""
        scale = max(1.0, math.sqrt(rect.area / most_pixels))
        if scale == 1:
            return cls(rect, 1.0, read(rect))
        width, height = max(1, round(rect.width / scale)), max(1, round(rect.height / scale))
        image = np.empty((height, width, 3), np.uint8)
        rows = max(1, int(_ROWS / scale))
        for top in range(0, height, rows):
            bottom = min(top + rows, height)
            # whole pixels of the photo: half a pixel more or less is nothing to a copy this small
            strip = Rect(
                rect.left,
                rect.top + top * rect.height // height,
                rect.right,
                rect.top + bottom * rect.height // height,
            )
            image[top:bottom] = cv2.resize(read(strip), (width, bottom - top), interpolation=cv2.INTER_AREA)
        return cls(rect, scale, image)

    def inward(self, x: float, y: float) -> tuple[float, float]:
        """Coordinates in the copy of a place in the photo."""
        height, width = self.image.shape[:2]
        return (x - self.rect.left) * width / self.rect.width, (y - self.rect.top) * height / self.rect.height

    def enlarged(self, values: NDArray[np.float32], part: Rect) -> NDArray[np.float32]:
        """`values` (the shape of `image`) for the pixels of `part` of the photo, in straight lines from pixel to pixel."""
        height, width = self.image.shape[:2]
        x_step, y_step = width / self.rect.width, height / self.rect.height
        left, top = self.inward(part.left + 0.5, part.top + 0.5)
        back = np.array([[x_step, 0, left - 0.5], [0, y_step, top - 0.5]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        size = (part.width, part.height)
        return np.asarray(cv2.warpAffine(values, back, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)
