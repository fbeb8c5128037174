"""Samples from one pixel format to another that a file family can hold."""

from __future__ import annotations

import numpy as np

from inpaint_studio.pixels.format import Colour, PixelFormat, Samples, from_float, to_float


def at_depth(samples: Samples, dtype: str) -> Samples:
    """Samples at another depth, full intensity kept; floats are clipped to 0..1 when they become integers."""
    source, target = samples.dtype, np.dtype(dtype)
    if source == target:
        return samples
    if source == np.uint8 and target == np.uint16:
        return np.asarray(samples.astype(np.uint16) * np.uint16(257))
    if source == np.uint16 and target == np.uint8:
        return np.asarray((samples.astype(np.uint32) * 255 + 32767) // 65535, np.uint8)
    return from_float(np.nan_to_num(to_float(samples)), target)


def converted(samples: Samples, source: PixelFormat, target: PixelFormat) -> Samples:
    """`samples` (H×W×C in `source`) in `target`: alpha that has no place is laid over white, gray becomes RGB.

    CMYK (full intensity = full ink) becomes RGB as if inks were ideal; conversions by profile are in `colour_spaces`.
    """
    colour, alpha = samples[..., : source.colour.channels], samples[..., source.colour.channels :]
    if source.alpha and not target.alpha:
        opacity = to_float(alpha)
        paper = 0 if source.colour is Colour.CMYK else 1 - opacity
        colour = from_float(to_float(colour) * opacity + paper, samples.dtype)
    if source.colour is Colour.GRAY and target.colour is Colour.RGB:
        colour = np.repeat(colour, 3, axis=2)
    if source.colour is Colour.CMYK and target.colour is Colour.RGB:
        inks = to_float(colour)
        colour = from_float((1 - inks[..., :3]) * (1 - inks[..., 3:]), samples.dtype)
    if target.alpha:
        opaque = np.full((*samples.shape[:2], 1), source.white, samples.dtype)
        colour = np.concatenate([colour, alpha if source.alpha else opaque], axis=2)
    return np.ascontiguousarray(quantised(at_depth(colour, target.dtype), target))


def quantised(samples: Samples, pixel_format: PixelFormat) -> Samples:
    """`samples` rounded to the significant bits of `pixel_format`, in which full intensity stays the type's greatest."""
    white = pixel_format.white
    if pixel_format.dtype == "float32" or pixel_format.bits == np.iinfo(samples.dtype).bits:
        return samples
    return expanded(reduced(samples, pixel_format.bits), pixel_format.bits, white)


def reduced(samples: Samples, bits: int) -> Samples:
    """Integer samples as numbers of `bits` bits, to nearest."""
    top, white = (1 << bits) - 1, int(np.iinfo(samples.dtype).max)
    return np.asarray((samples.astype(np.uint32) * top + white // 2) // white, samples.dtype)


def expanded(numbers: Samples, bits: int, white: int) -> Samples:
    """The inverse of `reduced`: numbers of `bits` bits spread over 0..`white`, in their own type."""
    top = (1 << bits) - 1
    return np.asarray((numbers.astype(np.uint32) * white + top // 2) // top, numbers.dtype)
