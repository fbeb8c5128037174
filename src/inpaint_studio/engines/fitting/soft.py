"""How much of what is under a soft mask an engine may change."""

from __future__ import annotations

import numpy as np

from inpaint_studio.engines.contract import Float
from inpaint_studio.pixels.masks import Coverage, distance_to, effective_support

#: Steps in which a soft mask is grown; engines release pixels in no more of them.
_LEVELS = 32


def soft_mask(coverage: Coverage, grow_px: float, feather_px: float) -> Float | None:
    """`coverage` (uint8 H×W) as float32 in 0..1, grown as the effective mask is; None for a mask without soft pixels.

    Growing takes each pixel to the largest value within `grow_px`, so that the thin soft rim of a brush stroke becomes
    full and a wide ramp stays one. The feathered band takes the largest value within reach.
    """
    if not ((coverage > 0) & (coverage < 255)).any():
        return None
    values = coverage.astype(np.float32) / np.float32(255)
    if grow_px <= 0 and feather_px <= 0:
        return values
    grown, band = values.copy(), np.zeros_like(values)
    for level in np.unique(np.ceil(values[values > 0] * _LEVELS)) / _LEVELS:
        distance = distance_to(values >= level - 1 / _LEVELS + 1e-6)
        # the last bit of slack as in `masks.grow`
        reached = np.minimum(level, values.max())
        grown = np.maximum(grown, np.where(distance <= grow_px * (1 + 2**-22), reached, 0))
        band = np.maximum(band, np.where(distance <= (grow_px + feather_px + 1) * (1 + 2**-22), reached, 0))
    reached = effective_support(coverage, grow_px, feather_px)
    return np.asarray(np.where(grown > 0, grown, np.where(reached, band, 0)), np.float32)
