"""A hole filled with what surrounds it, blurred: a neutral ground for networks that look under the mask."""

from __future__ import annotations

import cv2
import numpy as np

from inpaint_studio.engines.contract import Float
from inpaint_studio.pixels.masks import Hole


def prefilled(image: Float, hole: Hole) -> Float:
    """`image` (float32 H×W×C) with the pixels of `hole` made of the known ones, near ones counting more.

    Pull-push over halved sizes (after Gortler et al., "The Lumigraph", SIGGRAPH 1996): linear in the number of pixels. An
    image without a known pixel becomes grey.
    """
    if not hole.any():
        return image
    if hole.all():
        return np.full_like(image, 0.5)
    weight = (~hole).astype(np.float32)
    levels = [(image * weight[..., None], weight)]
    while min(levels[-1][0].shape[:2]) > 1 and not (levels[-1][1] > 0).all():
        levels.append(tuple(_halved(plane) for plane in levels[-1]))  # type: ignore[arg-type]
    colour, weight = levels.pop()
    filled = colour / np.maximum(weight, 1e-6)[..., None]
    if not (weight > 0).all():
        filled = np.where(weight[..., None] > 0, filled, filled[weight > 0].mean(0))
    for colour, weight in reversed(levels):
        size = colour.shape[:2]
        below = cv2.resize(filled, size[::-1], interpolation=cv2.INTER_LINEAR).reshape(*size, -1)
        own = colour / np.maximum(weight, 1e-6)[..., None]
        share = np.minimum(weight, 1)[..., None]
        filled = own * share + below * (1 - share)
    return np.asarray(np.where(hole[..., None], filled, image), np.float32)


def _halved(plane: Float) -> Float:
    size = max(1, -(-plane.shape[1] // 2)), max(1, -(-plane.shape[0] // 2))
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32).reshape(
        size[1], size[0], *plane.shape[2:]
    )
