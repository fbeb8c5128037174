"""From a photo's samples to 0xffRRGGBB pixels for the screen."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.pixels.format import Colour, PixelFormat, Samples

#: Takes colour samples without alpha, H×W×C of the photo's type, to uint8 H×W×3 for the screen.
ToDisplay = Callable[[Samples], NDArray[np.uint8]]
#: uint32 H×W, 0xffRRGGBB.
Pixels = NDArray[np.uint32]

#: What shows through transparent pixels: squares of this many pixels in these two greys.
_SQUARE = 8
_LIGHT, _DARK = 204, 153
_PATTERN = np.where((np.indices((2 * _SQUARE, 2 * _SQUARE)) // _SQUARE).sum(0) % 2, _DARK, _LIGHT).astype(np.uint8)


def eight_bit(samples: Samples) -> NDArray[np.uint8]:
    """Samples of any type as uint8 of the same shape, rounded to nearest; float is clipped to 0..1."""
    if samples.dtype == np.uint8:
        return samples
    if samples.dtype == np.uint16:
        # n / 257 to nearest in 32-bit whole numbers
        return np.asarray((samples.astype(np.uint32) * 255 + 32895) >> 16, np.uint8)
    return np.asarray(np.rint(np.clip(np.nan_to_num(samples, nan=0.0), 0, 1) * 255), np.uint8)


def plain_transform(colour: Colour) -> ToDisplay:
    """Shows samples as if they were the screen's own, for photos without a colour profile."""

    def transform(samples: Samples) -> NDArray[np.uint8]:
        small = eight_bit(samples)
        if colour is Colour.GRAY:
            return np.repeat(small, 3, axis=2)
        if colour is Colour.CMYK:
            # 255 is no ink in none of the four, as photo files hold them once decoded
            ink = small.astype(np.uint16)
            return np.asarray((255 - ink[..., :3]) * (255 - ink[..., 3:]) // 255, np.uint8)
        return small

    return transform


def screen_pixels(samples: Samples, pixel_format: PixelFormat, to_display: ToDisplay, left: int, top: int) -> Pixels:
    """Opaque pixels that show `samples` (H×W×C); transparent ones lie on a checkerboard that begins at (left, top)."""
    colours = pixel_format.colour.channels
    rgb = to_display(np.ascontiguousarray(samples[..., :colours]) if pixel_format.alpha else samples)
    if pixel_format.alpha:
        rgb = _on_checkerboard(rgb, eight_bit(samples[..., colours:]), left, top)
    packed = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGRA)
    return np.asarray(packed).view(np.uint32)[..., 0]


def _on_checkerboard(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8], left: int, top: int) -> NDArray[np.uint8]:
    rows = (np.arange(alpha.shape[0]) + top) % (2 * _SQUARE)
    columns = (np.arange(alpha.shape[1]) + left) % (2 * _SQUARE)
    below = _PATTERN[rows][:, columns][..., None].astype(np.uint16)
    weight = alpha.astype(np.uint16)
    return np.asarray((rgb * weight + below * (255 - weight) + 127) // 255, np.uint8)
