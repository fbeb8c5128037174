"""How well a fill fits in, without knowing the truth: the coherence term of Simakov, Caspi, Shechtman and Irani (2008).

Each patch of the fill, and each that straddles its rim, should look like some patch of the surroundings. A seam, a smear
and a thing that is found nowhere else have no such patch.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.pixels.masks import Hole, distance_to

Float = NDArray[np.float32]

_SIDE = 7
#: The photo is looked at in at most so many pixels a side.
_LONGEST = 384
_ASKED, _OFFERED = 500, 6000


def incoherence(image: Float, hole: Hole) -> float:
    """How unlike its surroundings the fill in `hole` (H×W) of `image` (float32 H×W×C, 0..1) is; 0 is best.

    The mean, over patches of the fill and of its rim in equal parts, of the root-mean-square difference to the most
    similar of the patches around. Deterministic. 0 where there is nothing to compare.
    """
    image, hole = _smaller(image, hole)
    windows = np.lib.stride_tricks.sliding_window_view(image, (_SIDE, _SIDE), axis=(0, 1)) if _fits(hole) else None
    if windows is None:
        return 0.0
    reach = _SIDE // 2
    touched = cv2.dilate(hole.view(np.uint8), np.ones((_SIDE, _SIDE), np.uint8)) > 0
    inner = (slice(reach, -reach), slice(reach, -reach))
    rng = np.random.default_rng(0)
    offered = _some(rng, ~touched[inner], _OFFERED)
    rim = touched & (distance_to(hole) <= reach) & (distance_to(~hole) <= reach)
    inside = hole & ~rim
    if len(offered) == 0:
        return 0.0
    known = _patches(windows, offered)
    scores = [
        _nearest(_patches(windows, places), known)
        for places in (_some(rng, where[inner], _ASKED) for where in (rim, inside))
        if len(places)
    ]
    return float(np.mean(scores)) if scores else 0.0


def _fits(hole: Hole) -> bool:
    return bool(min(hole.shape) > _SIDE)


def _smaller(image: Float, hole: Hole) -> tuple[Float, Hole]:
    scale = max(hole.shape) / _LONGEST
    if scale <= 1:
        return image, hole
    size = max(1, round(hole.shape[1] / scale)), max(1, round(hole.shape[0] / scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA).reshape(size[1], size[0], -1)
    covered = cv2.resize(hole.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32), covered > 0.5


def _some(rng: np.random.Generator, where: Hole, most: int) -> NDArray[np.int64]:
    places = np.argwhere(where)
    return places if len(places) <= most else places[np.sort(rng.choice(len(places), most, replace=False))]


def _patches(windows: Float, places: NDArray[np.int64]) -> Float:
    return np.ascontiguousarray(windows[places[:, 0], places[:, 1]].reshape(len(places), -1))


def _nearest(asked: Float, known: Float) -> float:
    square = (asked**2).sum(1)[:, None] + (known**2).sum(1)[None] - 2 * asked @ known.T
    return float(np.sqrt(np.maximum(square.min(1), 0) / asked.shape[1]).mean())
