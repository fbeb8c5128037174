"""Directional fill of thin holes: from each pixel 16 orientations lead both ways to the first known pixels.

`trace` finds them, `describe` says what lies there, for a network that weighs them, `blend` weighs without one. The loops
are compiled (`ray_kernels`); the first use ever takes seconds.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.errors import StudioError
from inpaint_studio.pixels import compiled
from inpaint_studio.pixels.masks import Hole

Float = NDArray[np.float32]
Ends = NDArray[np.int32]

DIRECTIONS = 16
#: Known pixels that are looked at on each end of a ray.
ALONG = 3
FEATURES = 26
#: Where `describe` puts the logarithm of the spread, a third of it.
SPREAD = 25
#: The refiner sees squares of 2·RADIUS + 1.
RADIUS = 5
#: The difference of two ends, in 0..1, at which `blend` counts their orientation a third. Tuned on drawn scratches.
_AGREEMENT = 0.08


def _steps() -> Float:
    angles = np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    steps = np.stack([np.sin(angles), np.cos(angles)], 1)
    return np.asarray(steps / np.abs(steps).max(1, keepdims=True), np.float32)


#: K×2 of (dy, dx), the larger one ±1.
STEPS = _steps()


def kernels() -> Any:
    """The module of compiled loops. Raises StudioError where they can't be compiled."""
    try:
        return compiled.load("inpaint_studio.pixels.ray_kernels")
    except compiled.UncompiledError as error:
        raise StudioError(
            f"The loops for thin marks could not be compiled on this computer ({error}).", "Use another engine."
        ) from error


def warm() -> None:
    """Compile every loop, or load it, where that disturbs nobody."""
    image = np.linspace(0, 1, 75, dtype=np.float32).reshape(5, 5, 3)
    hole = np.eye(5) > 0
    ends, distances = trace(hole, np.flatnonzero(hole).astype(np.int32), 4)
    describe(lightness(image), image, hole, ends, distances)
    blend(image, ends, distances)
    mix(image, ends.reshape(len(ends), -1), np.zeros((len(ends), ends[0].size), np.float32))
    surround(lightness(image), ~hole, ~hole, np.zeros(1, np.int32), np.ones(1, np.float32))


def trace(unknown: Hole, where: Ends, reach: int) -> tuple[Ends, Float]:
    """Ends of the rays from the N pixels at the flat indices `where` (int32), and their lengths.

    unknown: bool H×W. reach: steps, at least 1. Returns int32 N×16×2×3 flat indices, -1 where a ray finds no known pixel,
    and float32 N×16×2 pixels, 0 there.
    """
    rows, columns = (part.astype(np.int32) for part in np.divmod(where, unknown.shape[1]))
    ends = np.empty((len(where), DIRECTIONS, 2, ALONG), np.int32)
    distances = np.empty((len(where), DIRECTIONS, 2), np.float32)
    flags = np.ascontiguousarray(unknown).view(np.uint8)
    kernels().trace(flags, rows, columns, STEPS, reach, ALONG, ends, distances)
    return ends, distances


def lightness(image: Float) -> Float:
    """The mean of the channels, float32 H×W from H×W×C."""
    if image.shape[2] == 1:
        return np.ascontiguousarray(image[..., 0])
    return np.asarray(cv2.transform(image, np.full((1, image.shape[2]), 1 / image.shape[2], np.float32)), np.float32)


def describe(luma: Float, image: Float, unknown: Hole, ends: Ends, distances: Float) -> Float:
    """What a network sees of N pixels: float32 N×16×26, as `ray_kernels.describe` lists it.

    luma: the `lightness` of `image`.
    """
    features = np.empty((len(ends), DIRECTIONS, FEATURES), np.float32)
    flags = np.ascontiguousarray(unknown).view(np.uint8)
    values = np.ascontiguousarray(image).reshape(-1, image.shape[2])
    kernels().describe(luma, values, flags, STEPS, ends, distances, features)
    return features


def blend(image: Float, ends: Ends, distances: Float) -> Float:
    """N×C values by distance and by how alike the two ends of an orientation are; 0 where no ray finds anything."""
    out = np.zeros((len(ends), image.shape[2]), np.float32)
    values = np.ascontiguousarray(image).reshape(-1, image.shape[2])
    kernels().blend(values, ends, distances, np.array([_AGREEMENT], np.float32), out)
    return out


def mix(image: Float, pixels: Ends, weights: Float) -> Float:
    """N×C sums of the pixels at N×E flat indices (-1: none), times `weights` (N×E)."""
    out = np.zeros((len(pixels), image.shape[2]), np.float32)
    values = np.ascontiguousarray(image).reshape(-1, image.shape[2])
    kernels().mix(values, np.ascontiguousarray(pixels), np.ascontiguousarray(weights), out)
    return out


def surround(luma: Float, usable: Hole, known: Hole, where: Ends, scales: Float) -> tuple[Ends, Float, Float]:
    """What the refiner sees around the pixels at flat indices `where`; each N×121, as `ray_kernels.surround` says."""
    side = 2 * RADIUS + 1
    near = np.empty((len(where), side * side), np.int32)
    lightness, given = np.empty(near.shape, np.float32), np.empty(near.shape, np.float32)
    flags = [np.ascontiguousarray(plane).view(np.uint8) for plane in (usable, known)]
    kernels().surround(luma, *flags, where, scales, RADIUS, near, lightness, given)
    return near, lightness, given
