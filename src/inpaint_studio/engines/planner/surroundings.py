"""What lies around a part of the mask: whether it is smooth enough for a membrane."""

from __future__ import annotations

import cv2
import numpy as np

from inpaint_studio.document.composite import Composite
from inpaint_studio.pixels import membrane
from inpaint_studio.pixels.format import to_float
from inpaint_studio.pixels.masks import Hole, Part, distance_to
from inpaint_studio.pixels.rect import Rect

#: Surroundings are looked at in at most this many pixels.
_MOST_PIXELS = 512 * 512
#: Radius of the average that takes grain away before smoothness is told.
_CALM = 2.0
#: Nine tenths of the averaged surroundings lie this close to a curved surface, in 0..1; all but one in a hundred, that.
_NINE_TENTHS, _NEARLY_ALL = 0.01, 0.035
#: Detail, as a standard deviation in 0..1, that may still be grain.
_GRAIN = 0.06


def smooth_around(source: Composite, bounds: Rect, hole: Hole, part: Part) -> bool:
    """Whether the photo around `part` is a sky, a wall or the like: a curved surface and grain, and nothing else.

    bounds: where `hole` (bool H×W), the whole mask, lies on the canvas; the part's rectangle is relative to it.
    """
    canvas = source.photo.extent
    reach = membrane.reach(part.rect)
    area = part.rect.moved(bounds.left, bounds.top).grown(reach).clipped(canvas)
    unknown = np.zeros((area.height, area.width), np.bool_)
    inside = area.clipped(bounds)
    unknown[inside.within(area).slices] = hole[inside.within(bounds).slices]
    samples = source.read(area)
    step = max(1.0, (area.area / _MOST_PIXELS) ** 0.5)
    if step > 1:
        size = max(1, round(area.width / step)), max(1, round(area.height / step))
        samples = cv2.resize(samples, size, interpolation=cv2.INTER_AREA).reshape(size[1], size[0], -1)
        share = cv2.resize(unknown.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        unknown = np.asarray(share > 0)
    image = to_float(samples[..., : source.format.colour.channels])
    if source.format.dtype == "float32":
        known = ~unknown & np.isfinite(image).all(2)
        if not known.any():
            return False
        low, high = float(image[known].min()), float(image[known].max())
        image = np.where(known[..., None], (image - low) / max(high - low, 1e-9), np.float32(0))
        unknown = ~known
    ring = ~unknown & (distance_to(unknown) <= max(4.0, reach / step))
    # a hole at the photo's corner shows too little to tell
    if ring.sum() < 200 or ring.sum() < 0.15 * unknown.sum():
        return False
    calm = membrane.averaged(image, ~unknown, _CALM)
    off = np.abs(calm - membrane.surface(calm, ~unknown)).max(2)[ring]
    detail = float((image - calm)[ring].std())
    return bool(np.quantile(off, 0.9) <= _NINE_TENTHS and np.quantile(off, 0.99) <= _NEARLY_ALL and detail <= _GRAIN)
