"""The compiled inner loops of patch synthesis. Loading takes up to a second, compiling several: never in the window.

Arrays: `features` is float32 H×(W·K), K interleaved values a pixel; `index` int32 H×W, the number of the target patch centred
on a pixel or −1; `targets` int32 N×2, their rows and columns in reading order; `matches` int32 N×2, row and column of the
centre of the source patch of each; `costs` float32 N, mean squared difference a pixel. All C-contiguous.

Targets are worked on in bands of rows; what a band reads of another is a snapshot, and random numbers are hashed from
the pixel: the result does not depend on the number of threads. No `prange`: threads are the caller's, the kernels release
the interpreter lock.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Float = NDArray[np.float32]
Ints = NDArray[np.int32]
Flags = NDArray[np.bool_]

_FAR = np.float32(1e30)
#: Narrow and unsigned indices would wrap.
_INT: Any = np.int64


@njit(nogil=True, inline="always")
def _hash(value: Any) -> Any:
    value = np.uint32(value)
    value ^= value >> np.uint32(16)
    value *= np.uint32(0x7FEB352D)
    value ^= value >> np.uint32(15)
    value *= np.uint32(0x846CA68B)
    value ^= value >> np.uint32(16)
    return value


@njit(nogil=True, fastmath=True, boundscheck=False, inline="always")
def _difference(
    features: Float, k: int, height: int, width: int, y: int, x: int, sy: int, sx: int, r: int, limit: Any
) -> Any:
    """Mean squared difference a pixel of the patches at (y, x) and (sy, sx); rows beyond `limit` are not looked at.

    Pixels of the target patch beyond the photo's border don't count.
    """
    top, bottom = max(-r, -y), min(r, height - 1 - y)
    left, right = max(-r, -x), min(r, width - 1 - x)
    count = np.float32((bottom - top + 1) * (right - left + 1))
    most = limit * count
    length = (right - left + 1) * k
    a0, b0 = (x + left) * k, (sx + left) * k
    total = np.float32(0)
    for dy in range(top, bottom + 1):
        a = features[y + dy, a0 : a0 + length]
        b = features[sy + dy, b0 : b0 + length]
        for i in range(length):
            e = a[i] - b[i]
            total += e * e
        if total > most:
            return _FAR
    return total / count


@njit(nogil=True, fastmath=True, boundscheck=False, inline="always")
def _better(
    features: Float,
    k: int,
    sources: Flags,
    burden: Float,
    place: tuple[int, int],
    candidate: tuple[int, int],
    r: int,
    best: Any,
    match: tuple[int, int],
) -> Any:
    """The cost and the place of the better one for the target at `place`: `match`, which costs `best`, or `candidate`."""
    height, width = sources.shape
    y, x = place
    cy, cx = candidate
    if cy < 0 or cx < 0 or cy >= height or cx >= width or candidate == match or not sources[cy, cx]:
        return best, match
    more = burden[cy, cx]
    if more >= best:
        return best, match
    d = _difference(features, k, height, width, y, x, cy, cx, r, best - more) + more
    if d < best:
        return d, candidate
    return best, match


@njit(nogil=True, fastmath=True, boundscheck=False, cache=True)
def search(
    features: Float,
    k: int,
    sources: Flags,
    burden: Float,
    index: Ints,
    targets: Ints,
    matches: Ints,
    costs: Float,
    before: Ints,
    first: int,
    last: int,
    r: int,
    forward: bool,  # noqa: FBT001  compiled
    refresh: bool,  # noqa: FBT001
    seed: int,
    radius: int,
) -> None:
    """One PatchMatch sweep (Barnes et al. 2009) over the targets `first` to `last`, in place.

    before: the matches as they were before the sweep. refresh: the costs are out of date. radius: how far
    the random search reaches, in pixels.
    """
    height, width = index.shape
    step = -1 if forward else 1
    for number in range(last - first):
        t = first + number if forward else last - 1 - number
        y, x = _INT(targets[t, 0]), _INT(targets[t, 1])
        match = (_INT(matches[t, 0]), _INT(matches[t, 1]))
        best = costs[t]
        if refresh:
            best = _difference(features, k, height, width, y, x, match[0], match[1], r, _FAR) + burden[match]
        for dy, dx in ((0, step), (step, 0), (0, -step), (-step, 0)):
            ny, nx = y + dy, x + dx
            if ny < 0 or nx < 0 or ny >= height or nx >= width or index[ny, nx] < 0:
                continue
            n = index[ny, nx]
            # of its own band what is found already, of others what was found before the sweep
            near = matches if first <= n < last else before
            candidate = (_INT(near[n, 0]) - dy, _INT(near[n, 1]) - dx)
            best, match = _better(features, k, sources, burden, (y, x), candidate, r, best, match)
        q = _hash(np.uint32(seed) * np.uint32(7919) + np.uint32(y * width + x + 1))
        reach = radius
        while reach >= 1:
            span = np.uint32(2 * reach + 1)
            q = _hash(q + np.uint32(0x9E3779B9))
            cy = match[0] + _INT(q % span) - reach
            q = _hash(q + np.uint32(0x9E3779B9))
            cx = match[1] + _INT(q % span) - reach
            reach //= 2
            best, match = _better(features, k, sources, burden, (y, x), (cy, cx), r, best, match)
        matches[t, 0], matches[t, 1] = match
        costs[t] = best


@njit(nogil=True, boundscheck=False, cache=True)
def tally(matches: Ints, used: Float) -> None:
    """Count in `used` (float32 H×W) how often each source is copied from."""
    for t in range(len(matches)):
        used[matches[t, 0], matches[t, 1]] += np.float32(1)


@njit(nogil=True, fastmath=True, boundscheck=False, cache=True)
def vote(  # noqa: C901  two passes over one window
    values: Float,
    index: Ints,
    matches: Ints,
    costs: Float,
    trust: Float,
    hole: Ints,
    first: int,
    last: int,
    r: int,
    sharpness: Any,
    out: Float,
) -> None:
    """Weighted mean of what the patches over each pixel say of it (Wexler et al. 2007), into `out` (N×C of `hole`).

    values: float32 H×W×C. trust: float32 a target. hole: int32 N×2, the pixels. sharpness: 0 weighs by the spread of the
    costs, towards 1 only the best patches count.
    """
    height, width, channels = values.shape
    for p in range(first, last):
        y, x = _INT(hole[p, 0]), _INT(hole[p, 1])
        top, bottom = max(0, y - r), min(height, y + r + 1)
        left, right = max(0, x - r), min(width, x + r + 1)
        total, least, count = np.float32(0), _FAR, 0
        for qy in range(top, bottom):
            for qx in range(left, right):
                t = index[qy, qx]
                if t >= 0:
                    total += costs[t]
                    count += 1
                    least = min(least, costs[t])
        if count == 0:
            continue
        spread = (
            (total / np.float32(count) - least) * (np.float32(1) - sharpness)
            + np.float32(0.05) * least
            + np.float32(1e-5)
        )
        for c in range(channels):
            out[p, c] = 0
        weights = np.float32(0)
        for qy in range(top, bottom):
            for qx in range(left, right):
                t = index[qy, qx]
                if t >= 0:
                    w = trust[t] * np.exp((least - costs[t]) / spread)
                    if w > 0:
                        sy, sx = matches[t, 0] + y - qy, matches[t, 1] + x - qx
                        weights += w
                        for c in range(channels):
                            out[p, c] += w * values[sy, sx, c]
        if weights > 0:
            for c in range(channels):
                out[p, c] /= weights


@njit(nogil=True, fastmath=True, boundscheck=False, cache=True)
def peel(features: Float, known: Flags, pixels: Ints, sources: Ints, r: int, matches: Ints) -> None:
    """Fill `pixels` (N×2, from the rim inwards) of `features` (H×W×K) by the source most like what is known around each.

    sources: M×2, all are tried. known: H×W, becomes true for what is filled. matches: N×2, what was copied from where.
    """
    height, width, k = features.shape
    for p in range(len(pixels)):
        y, x = _INT(pixels[p, 0]), _INT(pixels[p, 1])
        best, by, bx = _FAR, _INT(sources[0, 0]), _INT(sources[0, 1])
        for s in range(len(sources)):
            sy, sx = _INT(sources[s, 0]), _INT(sources[s, 1])
            total = np.float32(0)
            for dy in range(max(-r, -y), min(r, height - 1 - y) + 1):
                for dx in range(max(-r, -x), min(r, width - 1 - x) + 1):
                    if known[y + dy, x + dx]:
                        for c in range(k):
                            e = features[y + dy, x + dx, c] - features[sy + dy, sx + dx, c]
                            total += e * e
                if total > best:
                    break
            if total < best:
                best, by, bx = total, sy, sx
        for c in range(k):
            features[y, x, c] = features[by, bx, c]
        known[y, x] = True
        matches[p, 0], matches[p, 1] = by, bx
