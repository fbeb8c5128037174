"""Compiled loops of the membrane: relaxation on one level, and the steps between levels. Never `prange`."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Float = NDArray[np.float32]


@njit(nogil=True, cache=True, boundscheck=False)
def relax(image: Float, rows: NDArray[np.int32], columns: NDArray[np.int32], over: float, rounds: int) -> None:
    """Successive over-relaxation of Laplace's equation at the N free pixels of `image` (H×W×C), in place.

    The array's border mirrors. Free pixels come in any order; the same order gives the same result.
    """
    height, width, channels = image.shape
    for turn in range(rounds):
        for step in range(rows.size):
            # to and fro, so that no direction is favoured
            n = step if turn % 2 == 0 else rows.size - 1 - step
            y, x = rows[n], columns[n]
            up, down = max(y - 1, 0), min(y + 1, height - 1)
            left, right = max(x - 1, 0), min(x + 1, width - 1)
            for c in range(channels):
                mean = (image[up, x, c] + image[down, x, c] + image[y, left, c] + image[y, right, c]) * np.float32(0.25)
                image[y, x, c] += np.float32(over) * (mean - image[y, x, c])


@njit(nogil=True, cache=True, boundscheck=False)
def halve(image: Float, free: NDArray[np.uint8], small: Float, small_free: NDArray[np.uint8]) -> None:
    """The level above: a pixel is the mean of the fixed ones among its four, and free when none of them is fixed."""
    height, width, channels = image.shape
    for y in range(small.shape[0]):
        for x in range(small.shape[1]):
            count = 0
            for c in range(channels):
                small[y, x, c] = 0
            for dy in range(2):
                for dx in range(2):
                    v, u = 2 * y + dy, 2 * x + dx
                    if v < height and u < width and free[v, u] == 0:
                        count += 1
                        for c in range(channels):
                            small[y, x, c] += image[v, u, c]
            small_free[y, x] = 1 if count == 0 else 0
            if count:
                for c in range(channels):
                    small[y, x, c] /= np.float32(count)


@njit(nogil=True, cache=True, boundscheck=False)
def double(small: Float, image: Float, rows: NDArray[np.int32], columns: NDArray[np.int32]) -> None:
    """Bilinear values of `small` at the free pixels of the level below, in place."""
    height, width, channels = small.shape
    for n in range(rows.size):
        y, x = rows[n], columns[n]
        fy, fx = y * np.float32(0.5) - np.float32(0.25), x * np.float32(0.5) - np.float32(0.25)
        y0, x0 = int(np.floor(fy)), int(np.floor(fx))
        wy, wx = fy - y0, fx - x0
        y1, x1 = min(y0 + 1, height - 1), min(x0 + 1, width - 1)
        y0, x0 = max(y0, 0), max(x0, 0)
        for c in range(channels):
            top = small[y0, x0, c] * (1 - wx) + small[y0, x1, c] * wx
            bottom = small[y1, x0, c] * (1 - wx) + small[y1, x1, c] * wx
            image[y, x, c] = top * (1 - wy) + bottom * wy
