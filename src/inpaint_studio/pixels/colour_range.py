"""Colour range: everything coloured like some samples, wherever it is, falling off with the difference in CIE Lab.

A table over the colours, seven bits a channel, is made once for each set of samples, so that a large photo costs one
look-up a pixel.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.pixels.masks import Coverage
from inpaint_studio.pixels.proxy import ReadRgb
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.shapes import FULL_TILE, Region
from inpaint_studio.pixels.tiled import TILE, tile_keys, tile_rect

#: 8-bit RGB.
Sample = tuple[int, int, int]

_BITS = 7
_SIDE = 1 << _BITS
#: Within this share of the tolerance coverage is full.
_FULL = 0.5
#: Weights of lightness and of both colour axes: a shadow changes lightness most.
_WEIGHTS = np.array([0.7, 1.0, 1.0], np.float32)


def table(samples: Sequence[Sample], tolerance: float) -> Coverage:
    """For each colour (128×128×128, RGB) its coverage. tolerance: 1..200, in units of CIE Lab."""
    steps = ((np.arange(_SIDE) + 0.5) * (256 / _SIDE)).astype(np.float32) / 255
    result = np.zeros((_SIDE, _SIDE, _SIDE), np.uint8)
    wanted = cv2.cvtColor(np.array([samples], np.float32).reshape(1, -1, 3) / 255, cv2.COLOR_RGB2LAB)[0]
    green, blue = np.meshgrid(steps, steps, indexing="ij")
    for red in range(_SIDE):
        colours = np.stack([np.full_like(green, steps[red]), green, blue], -1)
        lab = np.asarray(cv2.cvtColor(colours, cv2.COLOR_RGB2LAB), np.float32)
        nearest = np.full(green.shape, np.inf, np.float32)
        for sample in wanted:
            apart = (lab - sample) * _WEIGHTS
            np.minimum(nearest, np.einsum("ijk,ijk->ij", apart, apart), out=nearest)
        share = np.clip((1 - np.sqrt(nearest) / tolerance) / (1 - _FULL), 0, 1)
        result[red] = np.rint(share * 255).astype(np.uint8)
    return result


def covered(rgb: NDArray[np.uint8], by: Coverage) -> Coverage:
    """Coverage H×W of `rgb` (uint8 H×W×3) by a `table`."""
    index = rgb >> (8 - _BITS)
    flat = (index[..., 0].astype(np.int32) << (2 * _BITS)) | (index[..., 1].astype(np.int32) << _BITS) | index[..., 2]
    return np.asarray(by.ravel()[flat], np.uint8)


def colour_range(read: ReadRgb, extent: Rect, samples: Sequence[Sample], tolerance: float) -> Region:
    """The tiles that hold anything like the samples; empty without samples."""
    if not samples:
        return {}
    by = table(samples, tolerance)
    region: Region = {}
    for key in tile_keys(extent):
        area = tile_rect(key).clipped(extent)
        part = covered(read(area), by)
        if not part.any():
            continue
        if part.shape != (TILE, TILE):
            tile = np.zeros((TILE, TILE), np.uint8)
            tile[area.within(tile_rect(key)).slices] = part
            part = tile
        region[key] = FULL_TILE if part.min() == 255 else part
    return region
