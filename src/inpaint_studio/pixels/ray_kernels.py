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
def _whole_steps(steps: Float, count: int) -> Any:
    """Of each orientation: `count` pixels both ways from one, K×2×`count`×2 (dy, dx), and the length of a step.

    The same from every pixel, so that a fill doesn't depend on where in a crop a mark lies.
    """
    places = np.empty((steps.shape[0], 2, count, 2), np.int64)
    lengths = np.empty(steps.shape[0], np.float32)
    for k in range(steps.shape[0]):
        lengths[k] = np.float32(np.sqrt(steps[k, 0] * steps[k, 0] + steps[k, 1] * steps[k, 1]))
        for side in range(2):
            for t in range(count):
                for axis in range(2):
                    way = np.float32((1 - 2 * side) * t) * steps[k, axis]
                    places[k, side, t, axis] = int(np.floor(way + np.float32(0.5)))
    return places, lengths


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
    gaps = unknown.ravel()
    directions, far = steps.shape[0], reach + along
    places, lengths = _whole_steps(steps, far)
    for n in range(rows.size):
        row, column = int(rows[n]), int(columns[n])
        inner = row >= far and column >= far and row < height - far and column < width - far
        for k in range(directions):
            for side in range(2):
                t, found = 0, -1
                while t < reach:
                    t += 1
                    y, x = row + places[k, side, t, 0], column + places[k, side, t, 1]
                    if not inner and (y < 0 or x < 0 or y >= height or x >= width):
                        break
                    if gaps[y * width + x] == 0:
                        found = y * width + x
                        break
                distances[n, k, side] = lengths[k] * np.float32(t) if found >= 0 else np.float32(0)
                ends[n, k, side, 0] = found
                for j in range(1, along):
                    if found >= 0:
                        y, x = row + places[k, side, t + j, 0], column + places[k, side, t + j, 1]
                        inside = inner or (y >= 0 and x >= 0 and y < height and x < width)
                        if inside and gaps[y * width + x] == 0:
                            found = y * width + x
                    ends[n, k, side, j] = found


@njit(nogil=True, cache=True, boundscheck=False, error_model="numpy")
def _level(light: Float, ends: NDArray[np.int32], distances: Float) -> Any:
    """Of one pixel: mean and spread of the lightness at its rays' ends, near ones counting most, and its shortest way
    through the hole.
    """
    total, square, weight, shortest = 0.0, 0.0, 0.0, np.float32(_FAR)
    for k in range(ends.shape[0]):
        for side in range(2):
            end = ends[k, side, 0]
            if end >= 0:
                w = 1 / (distances[k, side] * distances[k, side])
                value = light[end]
                total += w * value
                square += w * value * value
                weight += w
        if ends[k, 0, 0] >= 0 and ends[k, 1, 0] >= 0:
            shortest = min(shortest, distances[k, 0] + distances[k, 1])
    if weight == 0:
        return 0.0, 0.01, shortest
    mean = total / weight
    return mean, np.sqrt(max(0.0, square / weight - mean * mean)) + 0.01, shortest


@njit(nogil=True, cache=True, boundscheck=False, error_model="numpy")
def _profile(
    light: Float,
    unknown: NDArray[np.uint8],
    width: int,
    ends: NDArray[np.int32],
    across: tuple[int, int],
    base: Any,
    scale: Any,
    out: Float,
) -> None:
    """The lightness at both ends of a ray, of the pixels behind them and of those beside these, into `out`.

    light, unknown: one value a pixel of rows of that `width`.
    """
    along = ends.shape[1]
    # a product is a tenth of a division; half a pixel keeps it off the border of two rows
    rows = 1 / float(width)
    step = across[0] * width + across[1]
    for side in range(2):
        for j in range(along):
            end = ends[side, j]
            place = (side * along + j) * 3
            middle = np.float32(0)
            if end < 0:
                out[place] = out[place + 1] = out[place + 2] = middle
                continue
            middle = (light[end] - base) * scale
            column = end - int((end + 0.5) * rows) * width
            for sign in range(-1, 2):
                value = middle
                beside, x = end + sign * step, column + sign * across[1]
                if x >= 0 and x < width and beside >= 0 and beside < light.size and unknown[beside] == 0:
                    value = (light[beside] - base) * scale
                out[place + 1 + sign] = value


@njit(nogil=True, cache=True, boundscheck=False, error_model="numpy")
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
    light, gaps = luma.ravel(), unknown.ravel()
    count, directions, _, along = ends.shape
    third = np.float32(1 / 3)
    far = np.float32(np.log(np.float32(2 * _FAR)) * third)
    last = values.shape[1] - 1
    for n in range(count):
        mean, spread, shortest = _level(light, ends[n], distances[n])
        base, scale = np.float32(mean), np.float32(1 / spread)
        short, spread_log = np.float32(np.log(shortest) * third), np.float32(np.log(spread)) * third
        for k in range(directions):
            out = features[n, k]
            across = (int(np.rint(steps[k, 1])), int(np.rint(-steps[k, 0])))
            _profile(light, gaps, width, ends[n, k], across, base, scale, out)
            first, second = ends[n, k, 0, 0], ends[n, k, 1, 0]
            place = 6 * along
            way_a = distances[n, k, 0] if first >= 0 else np.float32(2 * _FAR)
            way_b = distances[n, k, 1] if second >= 0 else np.float32(2 * _FAR)
            out[place] = np.log(way_a) * third if first >= 0 else far
            out[place + 1] = np.log(way_b) * third if second >= 0 else far
            out[place + 2] = np.float32(first >= 0)
            out[place + 3] = np.float32(second >= 0)
            out[place + 4] = np.float32(1)
            if first >= 0 and second >= 0:
                lighter = light[first] - light[second]
                # of the colours' distance to the lightness: gray has none
                red, blue = values[first, 0] - values[second, 0], values[first, last] - values[second, last]
                out[place + 4] = (abs(red - lighter) + abs(blue - lighter)) * scale
            out[place + 5] = np.log((way_a + way_b) / shortest)
            out[place + 6] = short
            out[place + 7] = spread_log


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
