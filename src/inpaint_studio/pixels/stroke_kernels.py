"""The compiled inner loop of a stroke. Import takes up to seconds: `stroke_backend.warm` does it in a thread.

`stroke_fallback` has the same functions without a compiler; their results differ by at most 2 of 255. All work on whole
C-contiguous tiles and a part of them, because strided views would keep the compiler from vectorising. Never `prange`:
its thread layers abort when two threads of the window's process use them at once.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from inpaint_studio.pixels.stroke_fallback import FINE_RADIUS

Bytes = NDArray[np.uint8]
Box = tuple[int, int, int, int]
#: float32 or uint32 inside the kernels, where the width of every number decides how many fit in one instruction.
Scalar = Any

Seen = NDArray[np.uint64]

_BYTES = types.Array(types.uint8, 2, "C")
_SAMPLES = types.Array(types.uint64, 3, "C")
_INT, _REAL = types.int64, types.float64

_ZERO, _HALF, _ONE = np.float32(0), np.float32(0.5), np.float32(1)
_TWO, _THREE, _TINY, _WHITE = np.float32(2), np.float32(3), np.float32(1e-3), np.float32(255)


@njit(nogil=True, fastmath=True, boundscheck=False, cache=True)
def _hard_row(
    row: Bytes,
    first: int,
    shift: Scalar,
    py: Scalar,
    dx: Scalar,
    dy: Scalar,
    per_length2: Scalar,
    r0: Scalar,
    dr: Scalar,
    tilt: Scalar,
    a0: Scalar,
    da: Scalar,
) -> Any:
    """Max-blend a hard-edged capsule into `row`, whose first pixel lies `first` + `shift` right of the start."""
    changed = np.uint8(0)
    for i in range(row.size):
        px = np.float32(first + i) + shift
        across = abs(px * dy - py * dx)
        t = min(_ONE, max(_ZERO, (px * dx + py * dy) * per_length2 + across * tilt))
        ex, ey = px - t * dx, py - t * dy
        inside = min(_ONE, max(_ZERO, r0 + t * dr + _HALF - math.sqrt(ex * ex + ey * ey)))
        value = np.uint8(np.int32(inside * (a0 + t * da) * _WHITE + _HALF))
        old = row[i]
        new = max(old, value)
        changed |= new ^ old
        row[i] = new
    return changed


@njit(nogil=True, boundscheck=False, cache=True)
def _ones(bits: Any) -> Any:
    """How many bits are set (Warren, Hacker's Delight, 2012, section 5-1)."""
    bits = bits - ((bits >> np.uint64(1)) & np.uint64(0x5555555555555555))
    bits = (bits & np.uint64(0x3333333333333333)) + ((bits >> np.uint64(2)) & np.uint64(0x3333333333333333))
    bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (bits * np.uint64(0x0101010101010101)) >> np.uint64(56)


@njit(nogil=True, fastmath=True, boundscheck=False, cache=True)
def _fine_row(
    row: Bytes,
    seen: Seen,
    first: int,
    shift: Scalar,
    py: Scalar,
    dx: Scalar,
    dy: Scalar,
    per_length2: Scalar,
    r0: Scalar,
    dr: Scalar,
    tilt: Scalar,
    a0: Scalar,
    da: Scalar,
) -> Any:
    """As `_hard_row`, with 16×16 samples in each pixel that the edge may cross.

    `seen` keeps, a bit each in four words a pixel, which samples the stroke has covered: where chords meet or cross within a
    pixel their union counts, not the greater of the two.
    """
    changed = np.uint8(0)
    for i in range(row.size):
        px = np.float32(first + i) + shift
        across = abs(px * dy - py * dx)
        t = min(_ONE, max(_ZERO, (px * dx + py * dy) * per_length2 + across * tilt))
        depth = r0 + t * dr - math.sqrt((px - t * dx) ** 2 + (py - t * dy) ** 2)
        if depth <= np.float32(-0.75):
            continue
        own, union, fresh = np.uint64(0), np.uint64(0), np.uint64(0)
        for word in range(4):
            hits = np.uint64(0xFFFFFFFFFFFFFFFF)
            if depth < np.float32(0.75):
                hits = np.uint64(0)
                for k in range(64):
                    qx = px + (np.float32(k % 16) - np.float32(7.5)) * np.float32(1 / 16)
                    qy = py + (np.float32(4 * word + k // 16) - np.float32(7.5)) * np.float32(1 / 16)
                    s = min(_ONE, max(_ZERO, (qx * dx + qy * dy) * per_length2 + abs(qx * dy - qy * dx) * tilt))
                    radius = r0 + s * dr
                    if (qx - s * dx) ** 2 + (qy - s * dy) ** 2 <= radius * radius:
                        hits |= np.uint64(1) << np.uint64(k)
            before = seen[i, word]
            seen[i, word] = before | hits
            own, union, fresh = own + _ones(hits), union + _ones(before | hits), fresh + _ones(hits & ~before)
        amount = (a0 + t * da) * _WHITE * np.float32(1 / 256)
        # samples that a chord of another amount covered keep what that one gave them
        added = np.float32(row[i]) + np.float32(fresh) * amount
        value = np.uint8(np.int32(max(np.float32(own) * amount, min(np.float32(union) * amount, added)) + _HALF))
        new = max(row[i], value)
        changed |= new ^ row[i]
        row[i] = new
    return changed


@njit(nogil=True, fastmath=True, boundscheck=False, cache=True)
def _soft_row(
    row: Bytes,
    first: int,
    shift: Scalar,
    py: Scalar,
    dx: Scalar,
    dy: Scalar,
    per_length2: Scalar,
    r0: Scalar,
    dr: Scalar,
    soft: Scalar,
    a0: Scalar,
    da: Scalar,
) -> Any:
    """Max-blend a capsule that falls off from its core to its rim; `soft` is 1 / (1 - hardness).

    Of all discs between the ends the one that covers a pixel most is found in closed form.
    """
    changed = np.uint8(0)
    per_length4 = per_length2 * per_length2
    for i in range(row.size):
        px = np.float32(first + i) + shift
        across = px * dy - py * dx
        foot = (px * dx + py * dy) * per_length2
        lean = dr * across * across * per_length4 / max(_TINY, r0 + foot * dr)
        t = min(_ONE, max(_ZERO, foot + lean))
        ex, ey = px - t * dx, py - t * dy
        radius = max(_ONE, r0 + t * dr)
        u = min(_ONE, max(_ZERO, (_ONE - math.sqrt(ex * ex + ey * ey) / radius) * soft))
        value = np.uint8(np.int32(u * u * (_THREE - _TWO * u) * (a0 + t * da) * _WHITE + _HALF))
        old = row[i]
        new = max(old, value)
        changed |= new ^ old
        row[i] = new
    return changed


@njit(nogil=True, fastmath=True, boundscheck=False, cache=True)
def _even_soft_row(
    row: Bytes,
    first: int,
    shift: Scalar,
    py: Scalar,
    dx: Scalar,
    dy: Scalar,
    per_length2: Scalar,
    per_radius: Scalar,
    soft: Scalar,
    amount: Scalar,
) -> Any:
    """As `_soft_row` where radius and amount (0..255) stay the same from start to end: in two thirds of the time."""
    changed = np.uint8(0)
    along = py * dy
    for i in range(row.size):
        px = np.float32(np.int32(first + i)) + shift
        t = min(_ONE, max(_ZERO, (px * dx + along) * per_length2))
        ex, ey = px - t * dx, py - t * dy
        u = min(_ONE, max(_ZERO, (_ONE - math.sqrt(ex * ex + ey * ey) * per_radius) * soft))
        value = np.uint8(np.int32(u * u * (_THREE - _TWO * u) * amount + _HALF))
        old = row[i]
        new = max(old, value)
        changed |= new ^ old
        row[i] = new
    return changed


@njit(nogil=True, cache=True)
def _span(y: Scalar, x0: Scalar, y0: Scalar, x1: Scalar, y1: Scalar, reach: Scalar, joined: Scalar) -> Any:
    """First and last x at which the row with centre `y` can meet the capsule; the first is larger when it can't."""
    low, high = 1e9, -1e9
    for x, rise in ((x0, y - y0), (x1, y - y1)):
        rest = reach * reach - rise * rise
        if rest > 0:
            half = math.sqrt(rest)
            low, high = min(low, x - half), max(high, x + half)
    dx, dy = x1 - x0, y1 - y0
    length = math.hypot(dx, dy)
    if dy != 0.0:
        for side in (-1.0, 1.0):
            t = (y - y0 - side * dx / length * reach) / dy
            if 0 <= t <= 1:
                x = x0 - side * dy / length * reach + t * dx
                low, high = min(low, x), max(high, x)
    if joined and length > 0:
        # what lies behind the start was covered by the end of the chord before; one pixel of slack
        if abs(dx) > 1e-6:
            x = x0 - (y - y0) * dy / dx
            if dx > 0:
                low = max(low, x - 1)
            else:
                high = min(high, x + 1)
        elif (y - y0) * dy < -1:
            high = low - 1
    return low, high


@njit(nogil=True, cache=True)
def _gap(y: Scalar, x0: Scalar, y0: Scalar, core: Scalar) -> Any:
    """First pixel of the row with centre `y`, and the first after, of those whose centres lie within `core` of (x0, y0)."""
    rest = core * core - (y - y0) * (y - y0)
    if core <= 0 or rest <= 0:
        return 0, 0
    half = math.sqrt(rest)
    return math.ceil(x0 - half - 0.5), math.floor(x0 + half - 0.5) + 1


@njit(nogil=True, cache=True)
def _beside(side: int, begin: int, end: int, gap_begin: int, gap_end: int) -> Any:
    """What of a row lies left (side 0) and right (1) of a gap; without one, all lies right of it."""
    if gap_end <= gap_begin:
        return begin, end * side
    if side == 0:
        return begin, min(end, gap_begin)
    return max(begin, gap_end), end


@njit(
    types.UniTuple(_INT, 4)(_BYTES, _SAMPLES, _INT, _INT, *(_REAL,) * 9, types.boolean),
    cache=True, nogil=True,
)  # fmt: skip
def capsule(
    tile: Bytes, seen: Seen, left: int, top: int,
    x0: float, y0: float, x1: float, y1: float, r0: float, r1: float, a0: float, a1: float, hardness: float,
    joined: bool,  # noqa: FBT001  numba calls by position
) -> Box:  # fmt: skip
    """Max-blend the way of a disc from (x0, y0), radius r0, amount a0 to (x1, y1), r1, a1 into `tile`.

    The tile's first pixel is (left, top). seen: the tile's samples, for a hard edge of a radius below FINE_RADIUS; not looked
    at for others. joined: the chord before ended at the start with the same radius and amount, and
    kept both. Returns left, top, right, bottom of what may have changed, in the tile's own pixels; right <= left when
    nothing did.
    """
    height, width = tile.shape
    widest = max(r0, r1)
    hard = (1 - hardness) * widest <= 1
    if hard and math.hypot(x1 - x0, y1 - y0) <= abs(r1 - r0):
        # one disc holds the other
        if r1 > r0:
            x0, y0, r0, a0 = x1, y1, r1, a1
        x1, y1, r1, a1 = x0, y0, r0, a0
        joined = False
    # whole pixels from the start's own pixel are exact in float32, so a tile's border changes no bit of the result
    base_x, base_y = math.floor(x0), math.floor(y0)
    shift = np.float32(0.5 - (x0 - base_x))
    dx, dy, dr = np.float32(x1 - x0), np.float32(y1 - y0), np.float32(r1 - r0)
    length2 = (x1 - x0) ** 2 + (y1 - y0) ** 2
    per_length2 = np.float32(1 / length2 if length2 > 0 else 0.0)
    tilt = np.float32(0.0)
    if hard and r0 != r1:
        tilt = np.float32((r1 - r0) / (length2 * math.sqrt(length2 - (r1 - r0) ** 2)))
    soft = np.float32(0.0 if hard else 1 / (1 - hardness))
    fine = widest < FINE_RADIUS
    reach = max(widest, 1.0) + 1
    joined = joined and r0 == r1
    even = r0 == r1 and a0 == a1
    # the chord before left its core at the start as full as this one would: a large brush has most of its pixels there
    core = (r0 if hard else hardness * r0) - 1 if joined and even else 0.0
    r, a, da = np.float32(r0), np.float32(a0), np.float32(a1 - a0)
    per_radius, whole = np.float32(1 / max(r0, 1.0)), np.float32(a0 * 255)
    box_left, box_top, box_right, box_bottom = width, height, 0, 0
    first_row = max(0, math.floor(min(y0, y1) - reach) - top)
    last_row = min(height, math.ceil(max(y0, y1) + reach) + 1 - top)
    for row in range(first_row, last_row):
        low, high = _span(row + top + 0.5, x0, y0, x1, y1, reach, joined)
        if high < low:
            continue
        begin, end = max(0, math.floor(low) - left), min(width, math.ceil(high) + 1 - left)
        gap_begin, gap_end = _gap(row + top + 0.5, x0, y0, core)
        py = np.float32(row + top - base_y) + np.float32(0.5 - (y0 - base_y))
        for side in range(2):
            from_x, to_x = _beside(side, begin, end, gap_begin - left, gap_end - left)
            if to_x <= from_x:
                continue
            part, first = tile[row, from_x:to_x], from_x + left - base_x
            if even and not hard:
                changed = _even_soft_row(part, first, shift, py, dx, dy, per_length2, per_radius, soft, whole)
            elif not hard:
                changed = _soft_row(part, first, shift, py, dx, dy, per_length2, r, dr, soft, a, da)
            elif fine:
                part_seen = seen[row, from_x:to_x]
                changed = _fine_row(part, part_seen, first, shift, py, dx, dy, per_length2, r, dr, tilt, a, da)
            else:
                changed = _hard_row(part, first, shift, py, dx, dy, per_length2, r, dr, tilt, a, da)
            if changed:
                box_top, box_bottom = min(box_top, row), row + 1
                box_left, box_right = min(box_left, from_x), max(box_right, to_x)
    return box_left, box_top, box_right, box_bottom
