"""Rim match: where a fill is a little off its surroundings along the rim, a membrane carries the difference through it.

As in seamless cloning (Pérez, Gangnet and Blake 2003), but of slow differences alone, told from both sides of the rim: a
fill that meets an edge of the photo there must keep it, so what is large is no mismatch. Outside the hole nothing changes.
"""

from __future__ import annotations

import cv2
import numpy as np

from inpaint_studio.engines.contract import Float
from inpaint_studio.pixels import membrane
from inpaint_studio.pixels.masks import Hole, depth_in, distance_to, label_parts, may_be_wide
from inpaint_studio.pixels.rect import Rect

#: Pixels on each side of the rim that are compared.
_BAND = 4.0
#: Pixels along the rim over which a difference has to hold.
_ALONG = 8.0
#: A difference of this size, in 0..1, counts a third: larger ones are the photo's own edges.
_EDGE = 0.06
#: How far a mean may be off by chance, as a share of the variance of what it is the mean of: texture is coarse.
_CHANCE = 0.25
#: Parts that are nowhere wider than this have no inside to compare.
_WIDE = 14.0


def rim_matched(image: Float, hole: Hole, known: Hole) -> Float:
    """`image` (float32 H×W×C in 0..1) with `hole` corrected so that it meets the `known` pixels around it."""
    if not may_be_wide(hole, _WIDE):
        return image
    labels, parts = label_parts(hole)
    wide = [part for part in parts if part.widest >= _WIDE]
    if not wide:
        return image
    canvas = Rect.of_size(hole.shape[1], hole.shape[0])
    box = Rect.union_of(part.rect for part in wide).grown(round(3 * _ALONG)).clipped(canvas)
    part, outer = image[box.slices], known[box.slices]
    own = np.isin(labels[box.slices], [some.label for some in wide])
    if own.all():
        return image
    depth = depth_in(own)
    inside = own & (depth <= _BAND)
    outside = outer & (distance_to(own) <= _BAND)
    if not outside.any():
        return image
    within, unsure_in, weight_in = _mean(part, inside)
    without, unsure_out, weight_out = _mean(part, outside)
    weight = np.minimum(weight_in, weight_out)[..., None]
    off = np.where(weight > 1e-3, without - within, 0)
    size = np.abs(off).max(2, keepdims=True)
    # what texture may do by chance is no mismatch either
    sure = size**2 / (size**2 + _CHANCE * (unsure_in + unsure_out)[..., None] + 1e-9)
    off = off * sure * np.exp(-((size / _EDGE) ** 2)) * np.clip(weight * 50, 0, 1)
    rim = outer & (distance_to(own) < 1.5)
    fixed = np.where(rim[..., None], off, np.float32(0))
    # the membrane hangs on the rim; what else is unknown lets it slide
    correction = membrane.stretch(fixed, ~rim)
    result = image.copy()
    result[box.slices] = np.where(own[..., None], part + correction, part)
    return result


def _mean(image: Float, chosen: Hole) -> tuple[Float, Float, Float]:
    """Of the chosen pixels around each pixel: the mean (H×W×C), the variance and how many there are (both H×W)."""
    flags = chosen.astype(np.float32)
    side = cv2.GaussianBlur(flags, (0, 0), _ALONG, borderType=cv2.BORDER_REFLECT)
    summed = cv2.GaussianBlur(image * flags[..., None], (0, 0), _ALONG, borderType=cv2.BORDER_REFLECT)
    mean = summed.reshape(image.shape) / np.maximum(side, 1e-6)[..., None]
    power = cv2.GaussianBlur((image**2).mean(2) * flags, (0, 0), _ALONG, borderType=cv2.BORDER_REFLECT)
    variance = np.maximum(power / np.maximum(side, 1e-6) - (mean**2).mean(2), 0)
    return np.asarray(mean, np.float32), np.asarray(variance, np.float32), np.asarray(side, np.float32)
