"""Laying a fill over what is below it, at the photo's own depth."""

from __future__ import annotations

import cv2
import numpy as np

from inpaint_studio.pixels.format import Samples
from inpaint_studio.pixels.masks import OPAQUE, Coverage, Opacity


def blend(below: Samples, fill: Samples, opacity: Opacity) -> Samples:
    """`fill` over `below` (both H×W×C of one dtype) with `opacity` H×W, as a new array.

    Where opacity is 0 the result is `below` bit for bit, where it is full `fill` bit for bit; in between integers are
    rounded to nearest.
    """
    if opacity.size == 0 or not opacity.any():
        return below.copy()
    if opacity.min() == OPAQUE:
        return fill.copy()
    result = below.copy()
    whole = opacity == OPAQUE
    if whole.any():
        # a tenth of the time that numpy takes, which counts while the canvas waits for its tiles
        cv2.copyTo(np.ascontiguousarray(fill), whole.view(np.uint8), result)
    partly = (opacity > 0) & ~whole
    if partly.any():
        weight = opacity[partly].astype(np.float64)[:, None] / OPAQUE
        mixed = below[partly].astype(np.float64) * (1 - weight) + fill[partly].astype(np.float64) * weight
        result[partly] = np.rint(mixed) if below.dtype.kind in "ui" else mixed
    return result


def hide(opacity: Opacity, hidden: Coverage) -> Opacity:
    """`opacity` with what the 8-bit mask `hidden` covers taken away (255 = wholly)."""
    return np.asarray(opacity.astype(np.uint32) * (255 - hidden.astype(np.uint32)) // 255, np.uint16)


def fade(opacity: Opacity, factor: float) -> Opacity:
    """`opacity` times a layer's opacity in 0..1."""
    return opacity if factor >= 1 else np.asarray(np.rint(opacity * max(0.0, factor)), np.uint16)
