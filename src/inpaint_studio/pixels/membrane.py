"""A membrane stretched over holes: Laplace's equation with the surroundings as its border, in time linear in the hole.

Cascadic multigrid (Bornemann and Deuflhard 1996): solved on a small picture first, whose solution starts the next larger
one, each by a few rounds of over-relaxation. No system is assembled: memory is the picture's own and a third.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.errors import StudioError
from inpaint_studio.pixels import compiled
from inpaint_studio.pixels.masks import Hole
from inpaint_studio.pixels.rect import Rect

Float = NDArray[np.float32]

#: Rounds on the finest level; coarser ones, which cost a quarter each, get twice as many, up to `_MOST`.
_ROUNDS, _MOST = 6, 60
_OVER = 1.6
#: Pixels around a part that its surface is fitted to, in shares of the part's longer side, and their limits.
_AROUND, _LEAST_AROUND, _MOST_AROUND = 0.5, 12, 96
#: Known pixels that are enough for a fit.
_SAMPLES = 4000
#: Below this number a surface would follow the noise.
_FEWEST = 60
#: How strongly the surface's slope and curvature are held back, as a share of the pixels' own weight.
_RIDGE = np.array([0, 1e-3, 1e-3, 2e-2, 2e-2, 2e-2])
#: A level with fewer free pixels than this is the last.
_LEAST = 64


def kernels() -> Any:
    """The module of compiled loops. Raises StudioError where they can't be compiled."""
    try:
        return compiled.load("inpaint_studio.pixels.membrane_kernels")
    except compiled.UncompiledError as error:
        raise StudioError(
            f"The loops for smooth fills could not be compiled on this computer ({error}).", "Use another engine."
        ) from error


def warm() -> None:
    """Compile every loop, or load it, where that disturbs nobody."""
    image = np.linspace(0, 1, 48 * 48, dtype=np.float32).reshape(48, 48, 1)
    hole = np.zeros((48, 48), np.bool_)
    hole[8:40, 8:40] = True
    stretch(image, hole)


def stretch(image: Float, free: Hole) -> Float:
    """`image` (float32 H×W×C) with a membrane in place of its `free` pixels (bool H×W), what they held unseen.

    Free pixels must not be all there are; raises ValueError. Where they touch the array's border it is free to slide.
    """
    if free.all():
        raise ValueError("a membrane needs a border")
    out = np.array(image, np.float32, order="C")
    if free.any():
        _solve(out, free, _ROUNDS)
    return out


def _solve(image: Float, free: Hole, rounds: int) -> None:
    rows, columns = (part.astype(np.int32) for part in np.nonzero(free))
    height, width, channels = image.shape
    loops = kernels()
    if len(rows) >= _LEAST and min(height, width) > 1:
        small = np.empty(((height + 1) // 2, (width + 1) // 2, channels), np.float32)
        small_free = np.empty(small.shape[:2], np.uint8)
        loops.halve(image, np.ascontiguousarray(free).view(np.uint8), small, small_free)
        if small_free.any():
            _solve(small, small_free.view(np.bool_), min(_MOST, 2 * rounds))
        loops.double(small, image, rows, columns)
    else:
        image[free] = image[~free].mean(0)
        rounds = max(rounds, 2 * len(rows))
    loops.relax(image, rows, columns, _OVER, rounds)


def reach(box: Rect) -> int:
    """How many pixels around a hole in `box` tell of its surroundings."""
    return round(min(_MOST_AROUND, max(_LEAST_AROUND, _AROUND * max(box.width, box.height))))


def averaged(image: Float, known: Hole, radius: float) -> Float:
    """`image` with known pixels averaged with known neighbours under a Gaussian of `radius`; others are left."""
    if radius <= 0:
        return image
    weights = cv2.GaussianBlur(known.astype(np.float32), (0, 0), radius, borderType=cv2.BORDER_REFLECT)
    parts = [
        cv2.GaussianBlur(np.where(known, image[..., c], np.float32(0)), (0, 0), radius, borderType=cv2.BORDER_REFLECT)
        for c in range(image.shape[2])
    ]
    mean = np.stack(parts, -1) / np.maximum(weights, 1e-6)[..., None]
    return np.where(known[..., None], mean, image)


def surface(image: Float, known: Hole) -> Float:
    """A surface of second order through most of the known pixels; zero where there are too few for one.

    Iteratively reweighted least squares (Holland and Welsch 1977): a tree in the sky doesn't bend it.
    """
    height, width = known.shape
    where = np.flatnonzero(known)
    if len(where) < _FEWEST:
        return np.zeros_like(image)
    where = where[:: max(1, len(where) // _SAMPLES)]
    rows, columns = np.linspace(-1, 1, height), np.linspace(-1, 1, width)
    terms = _terms(rows[where // width], columns[where % width])
    values = image.reshape(-1, image.shape[2])[where].astype(np.float64)
    weights = np.ones(len(where))
    for _ in range(6):
        weighted = terms * weights[:, None]
        normal = weighted.T @ terms + np.diag(_RIDGE * weights.sum())
        factors = np.linalg.solve(normal + 1e-9 * np.eye(6), weighted.T @ values)
        off = np.abs(terms @ factors - values).max(1)
        scale = max(1.5 * float(np.median(off)), 1e-5)
        weights = 1 / (1 + (off / scale) ** 2)
    # separable: row terms times column terms, so that no H×W×6 array is needed
    ones = np.ones(width)
    plane = np.empty_like(image)
    for c in range(image.shape[2]):
        k = factors[:, c]
        level = np.outer(k[0] + k[1] * rows + k[3] * rows**2, ones) + np.outer(rows, k[5] * columns)
        plane[..., c] = level + (k[2] * columns + k[4] * columns**2)
    return plane


def _terms(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    return np.stack([np.ones_like(rows), rows, columns, rows**2, columns**2, rows * columns], 1)
