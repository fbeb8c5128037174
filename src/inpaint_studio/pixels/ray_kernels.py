"""Compiled loops of the directional fill: rays from a hole's pixels to the first known pixels around them.

Import takes up to seconds: `rays.warm` does it where that disturbs nobody. All arrays are C-contiguous. Never `prange`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Float = NDArray[np.float32]

#: Pixels that no ray goes.
_FAR = 200


@njit(nogil=True, cache=True, boundscheck=False)
def trace(
    unknown: NDArray[np.uint8],
    rows: NDArray[np.int32],
    columns: NDArray[np.int32],
    steps: Float,
    reach: int,
    along: int,
    ends: NDArray[np.int32],
    distances: Float,
) -> None:
    """Follow K orientations both ways from N pixels.

    steps: K×2 of (dy, dx) with the larger one ±1. ends: N×K×2×`along`, becomes the flat indices of the first known pixel
    and those behind it (the last known one again where they end), -1 for a ray that finds none within `reach` steps.
    distances: N×K×2, becomes the way to the first in pixels, 0 for none.
    """
    height, width = unknown.shape
    for n in range(rows.size):
        for k in range(steps.shape[0]):
            dy, dx = steps[k, 0], steps[k, 1]
            length = np.float32(np.sqrt(dy * dy + dx * dx))
            for side in range(2):
                sign = np.float32(1 - 2 * side)
                t = 0
                found = -1
                while t < reach:
                    t += 1
                    y = int(np.floor(np.float32(rows[n]) + sign * np.float32(t) * dy + np.float32(0.5)))
                    x = int(np.floor(np.float32(columns[n]) + sign * np.float32(t) * dx + np.float32(0.5)))
                    if y < 0 or x < 0 or y >= height or x >= width:
                        break
                    if unknown[y, x] == 0:
                        found = y * width + x
                        break
                distances[n, k, side] = length * np.float32(t) if found >= 0 else np.float32(0)
                ends[n, k, side, 0] = found
                for j in range(1, along):
                    if found >= 0:
                        y = int(np.floor(np.float32(rows[n]) + sign * np.float32(t + j) * dy + np.float32(0.5)))
                        x = int(np.floor(np.float32(columns[n]) + sign * np.float32(t + j) * dx + np.float32(0.5)))
                        inside = y >= 0 and x >= 0 and y < height and x < width
                        if inside and unknown[y, x] == 0:
                            found = y * width + x
                    ends[n, k, side, j] = found


@njit(nogil=True, cache=True, boundscheck=False)
def _level(luma: Float, ends: NDArray[np.int32], distances: Float) -> Any:
    """Of one pixel: mean and spread of the lightness at its rays' ends, near ones counting most, and its shortest way
    through the hole.
    """
    width = luma.shape[1]
    total, square, weight, shortest = 0.0, 0.0, 0.0, np.float32(_FAR)
    for k in range(ends.shape[0]):
        for side in range(2):
            end = ends[k, side, 0]
            if end >= 0:
                w = 1 / (distances[k, side] * distances[k, side])
                value = luma[end // width, end % width]
                total += w * value
                square += w * value * value
                weight += w
        if ends[k, 0, 0] >= 0 and ends[k, 1, 0] >= 0:
            shortest = min(shortest, distances[k, 0] + distances[k, 1])
    if weight == 0:
        return 0.0, 0.01, shortest
    mean = total / weight
    return mean, np.sqrt(max(0.0, square / weight - mean * mean)) + 0.01, shortest


@njit(nogil=True, cache=True, boundscheck=False)
def _profile(
    luma: Float,
    unknown: NDArray[np.uint8],
    ends: NDArray[np.int32],
    across: tuple[int, int],
    base: Any,
    scale: Any,
    out: Float,
) -> None:
    """The lightness at both ends of a ray, of the pixels behind them and of those beside these, into `out`."""
    height, width = luma.shape
    along = ends.shape[1]
    for side in range(2):
        for j in range(along):
            end = ends[side, j]
            place = (side * along + j) * 3
            middle = np.float32(0)
            if end >= 0:
                middle = (luma[end // width, end % width] - base) * scale
            for sign in range(-1, 2):
                value = middle
                y, x = end // width + sign * across[0], end % width + sign * across[1]
                if end >= 0 and y >= 0 and x >= 0 and y < height and x < width and unknown[y, x] == 0:
                    value = (luma[y, x] - base) * scale
                out[place + 1 + sign] = value


@njit(nogil=True, cache=True, boundscheck=False)
def describe(
    luma: Float,
    values: Float,
    unknown: NDArray[np.uint8],
    steps: Float,
    ends: NDArray[np.int32],
    distances: Float,
    features: Float,
) -> None:
    """What the mixer sees of N pixels: `features`, N×K×26, in this order.

    0–17: lightness on side 0, then 1, at the end and two pixels behind it (3), each left, on and right of the ray (3),
    less the mean of the ends and divided by their spread; 18, 19: log distance, 20, 21: whether the ray found an end;
    22: difference of the ends' colours; 23: log of the way through the hole over the shortest; 24: log of the shortest;
    25: log spread. luma: H×W, values: M×C, the same photo's pixels. Logarithms are divided by three, but for 23.
    """
    width = unknown.shape[1]
    count, directions, _, along = ends.shape
    third = np.float32(1 / 3)
    for n in range(count):
        mean, spread, shortest = _level(luma, ends[n], distances[n])
        base, scale = np.float32(mean), np.float32(1 / spread)
        for k in range(directions):
            out = features[n, k]
            across = (int(np.rint(steps[k, 1])), int(np.rint(-steps[k, 0])))
            _profile(luma, unknown, ends[n, k], across, base, scale, out)
            first, second = ends[n, k, 0, 0], ends[n, k, 1, 0]
            place = 6 * along
            way_a = distances[n, k, 0] if first >= 0 else np.float32(2 * _FAR)
            way_b = distances[n, k, 1] if second >= 0 else np.float32(2 * _FAR)
            out[place] = np.log(way_a) * third
            out[place + 1] = np.log(way_b) * third
            out[place + 2] = np.float32(first >= 0)
            out[place + 3] = np.float32(second >= 0)
            out[place + 4] = np.float32(1)
            if first >= 0 and second >= 0:
                a, b = values[first], values[second]
                lighter = luma[first // width, first % width] - luma[second // width, second % width]
                # of the colours' distance to the lightness: gray has none
                out[place + 4] = (abs(a[0] - b[0] - lighter) + abs(a[-1] - b[-1] - lighter)) * scale
            out[place + 5] = np.log((way_a + way_b) / shortest)
            out[place + 6] = np.log(shortest) * third
            out[place + 7] = np.float32(np.log(spread)) * third


@njit(nogil=True, cache=True, boundscheck=False)
def _add_pair(values: Float, ends: NDArray[np.int32], ways: Float, agreement: float, out: Float) -> float:
    """Add what lies between the two ends of an orientation to `out`, weighted; its weight."""
    channels = values.shape[1]
    a, b = ends[0, 0], ends[1, 0]
    differ = 0.0
    for c in range(channels):
        differ += abs(values[a, c] - values[b, c])
    way = ways[0] + ways[1]
    weight = np.exp(-differ / channels / agreement) / (way * way)
    part = ways[1] / way
    for c in range(channels):
        out[c] += np.float32(weight * (part * values[a, c] + (1 - part) * values[b, c]))
    return float(weight)


@njit(nogil=True, cache=True, boundscheck=False)
def _add_single(values: Float, ends: NDArray[np.int32], ways: Float, out: Float) -> float:
    """Add the ends that an orientation has to `out`, by their distance; their weight."""
    total = 0.0
    for side in range(2):
        end = ends[side, 0]
        if end >= 0:
            weight = 1 / (ways[side] * ways[side])
            for c in range(values.shape[1]):
                out[c] += np.float32(weight * values[end, c])
            total += weight
    return total


@njit(nogil=True, cache=True, boundscheck=False)
def blend(values: Float, ends: NDArray[np.int32], distances: Float, agreement: Float, out: Float) -> None:
    """The fill without weights that were learned: N×C from M×C `values` that `ends` points into.

    Each orientation interpolates between its two ends; those that lead a short way between alike ends count most. A pixel
    without any such takes the ends there are. agreement: one value, the difference at which an orientation counts a third.
    """
    count, directions = ends.shape[0], ends.shape[1]
    for n in range(count):
        out[n, :] = 0
        total = 0.0
        for k in range(directions):
            if ends[n, k, 0, 0] >= 0 and ends[n, k, 1, 0] >= 0:
                total += _add_pair(values, ends[n, k], distances[n, k], agreement[0], out[n])
        if total == 0:
            for k in range(directions):
                total += _add_single(values, ends[n, k], distances[n, k], out[n])
        if total > 0:
            for c in range(values.shape[1]):
                out[n, c] = np.float32(out[n, c] / total)


@njit(nogil=True, cache=True, boundscheck=False)
def mix(values: Float, ends: NDArray[np.int32], weights: Float, out: Float) -> None:
    """N×C sums of M×C `values` at the N×E flat `ends` (-1: none), times N×E `weights`."""
    for n in range(ends.shape[0]):
        for c in range(values.shape[1]):
            out[n, c] = 0
        for e in range(ends.shape[1]):
            end = ends[n, e]
            if end >= 0:
                for c in range(values.shape[1]):
                    out[n, c] += weights[n, e] * values[end, c]


@njit(nogil=True, cache=True, boundscheck=False)
def surround(
    luma: Float,
    usable: NDArray[np.uint8],
    known: NDArray[np.uint8],
    where: NDArray[np.int32],
    scales: Float,
    radius: int,
    near: NDArray[np.int32],
    lightness: Float,
    given: Float,
) -> None:
    """The square around each of N pixels, given by flat indices `where`; (2·radius + 1)² columns in all three results.

    near: flat indices, mirrored at the border; the pixel's own where there is nothing usable. lightness: less the pixel's
    own, times its scale. given: 1 where the photo is known.
    """
    height, width = luma.shape
    for n in range(where.size):
        row, column = where[n] // width, where[n] % width
        own = luma[row, column]
        e = 0
        for dy in range(-radius, radius + 1):
            y = abs(row + dy)
            if y >= height:
                y = 2 * (height - 1) - y
            for dx in range(-radius, radius + 1):
                x = abs(column + dx)
                if x >= width:
                    x = 2 * (width - 1) - x
                near[n, e] = where[n]
                lightness[n, e] = 0
                given[n, e] = 0
                if y >= 0 and x >= 0 and usable[y, x] != 0:
                    near[n, e] = y * width + x
                    lightness[n, e] = (luma[y, x] - own) * scales[n]
                    if known[y, x] != 0:
                        given[n, e] = 1
                e += 1
