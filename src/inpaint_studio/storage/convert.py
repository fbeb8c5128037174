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
    """`samples` (H×W×C in `source`) in `target`: alpha that has no place is laid over white, gray becomes RGB."""
    colour, alpha = samples[..., : source.colour.channels], samples[..., source.colour.channels :]
    if source.alpha and not target.alpha:
        opacity = to_float(alpha)
        colour = from_float(to_float(colour) * opacity + (1 - opacity), samples.dtype)
    if source.colour is Colour.GRAY and target.colour is Colour.RGB:
        colour = np.repeat(colour, 3, axis=2)
    if target.alpha:
        opaque = np.full((*samples.shape[:2], 1), source.white, samples.dtype)
        colour = np.concatenate([colour, alpha if source.alpha else opaque], axis=2)
    return np.ascontiguousarray(at_depth(colour, target.dtype))
