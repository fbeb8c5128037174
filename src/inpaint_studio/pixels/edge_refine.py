"""A mask found on a small copy of a photo, carried to full size so that its edge follows the photo's own edges.

Along the edge each tile is looked at alone: the colour direction that tells inside from outside best (Fisher's linear
discriminant, 1936) guides a guided filter (He, Sun and Tang, "Guided Image Filtering", ECCV 2010) over the enlarged mask.
Tiles well inside or outside cost nothing.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.pixels.masks import Coverage
from inpaint_studio.pixels.proxy import Proxy, ReadRgb
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.shapes import FULL_TILE, Region
from inpaint_studio.pixels.tiled import TILE, tile_keys, tile_rect

Float = NDArray[np.float32]

#: The filter looks so many pixels of the small copy around, which is as far as its edge may be wrong.
_REACH = 2.5
_LEAST_REACH, _MOST_REACH = 2, 48
#: Variance of the guide below which it counts as flat; inside and outside are 1 apart.
_FLAT = 0.02
#: How much steeper the edge becomes than the filter leaves it.
_STEEPER = 2.5
#: So many pixels on each side tell what inside and outside look like.
_ENOUGH = 40


def refined(read: ReadRgb, proxy: Proxy, found: Float) -> Region:
    """The tiles of `found` (float32 0..1, the shape of `proxy.image`) at full size; `read` gives the photo's own pixels."""
    reach = min(max(round(_REACH * proxy.scale), _LEAST_REACH), _MOST_REACH)
    soft = np.asarray(cv2.GaussianBlur(found, (0, 0), 0.6), np.float32) if proxy.scale > 1 else found
    region: Region = {}
    for key in tile_keys(proxy.rect):
        area = tile_rect(key).clipped(proxy.rect)
        part = _tile(read, proxy, soft, area, reach)
        if part is None:
            continue
        if part.shape != (TILE, TILE):
            tile = np.zeros((TILE, TILE), np.uint8)
            tile[area.within(tile_rect(key)).slices] = part
            part = tile
        region[key] = part
    return region


def _tile(read: ReadRgb, proxy: Proxy, soft: Float, area: Rect, reach: int) -> Coverage | None:
    """Coverage of `area`, which lies in one tile; None where nothing is covered."""
    around = area.grown(2 * reach).clipped(proxy.rect)
    large = proxy.enlarged(soft, around)
    low, high = float(large.min()), float(large.max())
    if high < 0.02:
        return None
    if low > 0.98:
        return (
            FULL_TILE
            if (area.width, area.height) == (TILE, TILE)
            else np.full((area.height, area.width), 255, np.uint8)
        )
    guide = _guide(read(around), large)
    edge = large if guide is None else _guided(guide, large, reach)
    edge = np.clip((edge - 0.5) * _STEEPER + 0.5, 0, 1)
    # what is far from the edge that was found stays as it was found
    near = cv2.blur(((large > 0.1) & (large < 0.9)).astype(np.float32), (2 * reach + 1, 2 * reach + 1)) > 0
    made = np.rint(np.where(near, edge, large >= 0.5) * 255).astype(np.uint8)[area.within(around).slices]
    return np.ascontiguousarray(made) if made.any() else None


def _guide(rgb: NDArray[np.uint8], large: Float) -> Float | None:
    """The colours seen along the direction in which inside and outside differ most, 1 apart; None where they don't."""
    inside, outside = large > 0.9, large < 0.1
    # a few thousand pixels say as much as all of them
    step = max(1, int(np.sqrt(large.size / 20_000)))
    pixels = rgb[::step, ::step].astype(np.float32) / 255
    groups = [pixels[where[::step, ::step]] for where in (inside, outside)]
    if min(len(group) for group in groups) < _ENOUGH:
        return None
    means = [group.mean(0) for group in groups]
    apart = means[0] - means[1]
    spread = sum(np.cov(group, rowvar=False) for group in groups) + np.eye(3) * 1e-4
    direction = np.linalg.solve(spread, apart)
    width = float(direction @ apart)
    if width <= 0.5:  # less apart than they are wide: colour doesn't tell
        return None
    weights = (direction / width / 255).astype(np.float32)
    return np.asarray(cv2.transform(rgb.astype(np.float32), weights[None]), np.float32)


def _guided(guide: Float, values: Float, reach: int) -> Float:
    """`values` as a locally linear function of `guide`, in windows that reach so far to each side."""
    side = (2 * reach + 1, 2 * reach + 1)

    def mean(image: Float) -> Float:
        return np.asarray(cv2.blur(image, side), np.float32)

    mean_guide, mean_values = mean(guide), mean(values)
    variance = mean(guide * guide) - mean_guide * mean_guide
    slope = np.asarray((mean(guide * values) - mean_guide * mean_values) / (variance + _FLAT), np.float32)
    offset = np.asarray(mean_values - slope * mean_guide, np.float32)
    return np.asarray(mean(slope) * guide + mean(offset), np.float32)
