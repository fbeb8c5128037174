"""How a photo is looked at: its colours as RGB 0..1 whatever its depth, and at which scales."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.pixels.format import Colour, PixelFormat, Samples, to_float
from inpaint_studio.pixels.rect import Rect

Rgb = NDArray[np.float32]
#: Reads H×W×C samples of a rectangle of the photo.
Read = Callable[[Rect], Samples]

#: A photo whose tones take up less than this much of the scale is stretched: a dark 16-bit scan, a faded print.
_NARROW = 0.55
#: Scans finer than this are shrunk, so that dust has the sizes the network was trained on.
_FINEST_DPI = 1200.0
#: Samples taken across the photo to know its tones.
_PROBES = 48


@dataclass(frozen=True, slots=True)
class Look:
    """low, high: the tones (0..1) that become 0 and 1. scale: the finer of the two scales at which damage is sought."""

    format: PixelFormat
    low: float = 0.0
    high: float = 1.0
    scale: float = 1.0

    def rgb(self, samples: Samples) -> Rgb:
        """`samples` (H×W×C) as float32 H×W×3 in 0..1; transparency is ignored, CMYK is inks."""
        rgb = _rgb(samples, self.format)
        if (self.low, self.high) != (0.0, 1.0):
            rgb = (rgb - np.float32(self.low)) * np.float32(1 / (self.high - self.low))
        return np.clip(rgb, 0, 1)


def look_at(read: Read, extent: Rect, pixel_format: PixelFormat, dpi: float | None) -> Look:
    """Find out how a photo is to be looked at, from a few hundred small squares of it and its resolution."""
    values = np.concatenate([_rgb(read(square), pixel_format).ravel() for square in _squares(extent)])
    values = values[np.isfinite(values)]
    low, high = (float(v) for v in np.percentile(values, [0.2, 99.8])) if values.size else (0.0, 1.0)
    within = low >= 0 and high <= 1
    if within and (high - low >= _NARROW or high - low < 1 / 64):
        low, high = 0.0, 1.0
    elif within:  # leave some room: dust is often lighter or darker than all of the photo
        room = 0.25 * (high - low)
        low, high = max(0.0, low - room), min(1.0, high + room)
    if high <= low:
        low, high = 0.0, 1.0
    scale = 1.0 if not dpi or dpi <= _FINEST_DPI else max(0.5, _FINEST_DPI / dpi)
    return Look(pixel_format, low, high, scale)


def two_toned(read: Read, extent: Rect, pixel_format: PixelFormat) -> bool:
    """Whether the photo holds black and white only, as a 1-bit scan does."""
    first = _rgb(read(next(iter(_squares(extent)))), pixel_format)
    return bool(np.isin(first, (0.0, 1.0)).all()) and all(
        bool(np.isin(_rgb(read(square), pixel_format), (0.0, 1.0)).all()) for square in _squares(extent)
    )


def _squares(extent: Rect) -> list[Rect]:
    side = 24
    across = max(1, min(_PROBES, extent.width // side))
    down = max(1, min(_PROBES, extent.height // side))
    xs = np.linspace(extent.left, max(extent.left, extent.right - side), across).astype(int)
    ys = np.linspace(extent.top, max(extent.top, extent.bottom - side), down).astype(int)
    if across * down > 400:  # a diagonal weave instead of all of them
        return [_square(int(x), int(ys[(3 * i + j) % down]), side, extent) for i, x in enumerate(xs) for j in range(8)]
    return [_square(int(x), int(y), side, extent) for y in ys for x in xs]


def _square(x: int, y: int, side: int, extent: Rect) -> Rect:
    return Rect(x, y, x + side, y + side).clipped(extent)


def _rgb(samples: Samples, pixel_format: PixelFormat) -> Rgb:
    colour = to_float(samples[..., : pixel_format.colour.channels])
    if pixel_format.colour is Colour.GRAY:
        return np.repeat(colour, 3, 2)
    if pixel_format.colour is Colour.CMYK:
        return np.asarray((1 - colour[..., :3]) * (1 - colour[..., 3:4]), np.float32)
    return colour


def shrunk(rgb: Rgb, scale: float) -> Rgb:
    """`rgb` at `scale` <= 1, averaged."""
    if scale >= 1:
        return rgb
    size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.float32)


def shrunk_whole(read: Read, extent: Rect, look: Look, largest: int) -> Rgb:
    """The whole photo averaged down to sides of at most about `largest`, read in bands so that it takes little memory."""
    factor = max(1, -(-max(extent.width, extent.height) // largest))
    width, rows = max(1, extent.width // factor), []
    for top in range(extent.top, extent.bottom - factor + 1, 64 * factor):
        band = Rect(extent.left, top, extent.right, min(top + 64 * factor, extent.bottom))
        height = max(1, band.height // factor)
        rows.append(cv2.resize(look.rgb(read(band)), (width, height), interpolation=cv2.INTER_AREA))
    return np.asarray(np.concatenate(rows), np.float32) if rows else look.rgb(read(extent))
