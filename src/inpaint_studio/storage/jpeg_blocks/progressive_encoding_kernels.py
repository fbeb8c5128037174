"""Compiled inner loops that encode the scans of progressive files. See `encoding_kernels` for what they take and give.

What they inline from there is in their own cached code: numba does not see when it has changed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from inpaint_studio.storage.jpeg_blocks.encoding_kernels import (
    COUNTS,
    END,
    FULL,
    INT,
    MISSING,
    ROOM,
    START,
    TABLES,
    Blocks,
    Bytes,
    Offsets,
    Order,
    Scalar,
    Tables,
    bit_length,
    closed,
    emit,
    put,
    put_difference,
)

_MOST_CORRECTIONS = 937  # libjpeg's limit for what is held back, so that its files come out as they were
_LONGEST_RUN = 0x7FFF


@njit(INT(*START, TABLES, COUNTS, INT, *END), nogil=True, cache=True)
def dc_first(
    blocks: Blocks,
    order: Order,
    slots: Bytes,
    interval: int,
    dc: Tables,
    counts: Any,
    low: int,
    out: Bytes,
    ends: Offsets,
) -> Any:
    """The first scan of DC coefficients down to bit `low`."""
    previous = np.zeros(4, np.int64)
    part = at = 0
    for i in range(order.size):
        if out.size and (at >> 3) + ROOM > out.size:
            return FULL
        if i and i % interval == 0:
            at = closed(out, at)
            ends[part] = at >> 3
            part += 1
            previous[:] = 0
        slot = slots[i]
        value = np.int64(blocks[order[i], 0]) >> low
        at = put_difference(out, at, dc[slot], counts[slot], value - previous[slot])
        previous[slot] = value
        if at < 0:
            return MISSING
    at = closed(out, at)
    ends[part] = at >> 3
    return at >> 3


@njit(INT(*START, INT, *END), nogil=True, cache=True)
def dc_refine(blocks: Blocks, order: Order, slots: Bytes, interval: int, low: int, out: Bytes, ends: Offsets) -> Any:
    """A later scan of DC coefficients: their bit `low`."""
    part = at = 0
    for i in range(order.size):
        if out.size and (at >> 3) + ROOM > out.size:
            return FULL
        if i and i % interval == 0:
            at = closed(out, at)
            ends[part] = at >> 3
            part += 1
        at = put(out, at, (np.int64(blocks[order[i], 0]) >> low) & 1, 1)
    at = closed(out, at)
    ends[part] = at >> 3
    return at >> 3


@njit(nogil=True, cache=True)
def _corrections(out: Bytes, at: Scalar, held: Bytes, first: Scalar, end: Scalar) -> Any:
    """Write correction bits `first` to `end`, many at a time."""
    while at >= 0 and first < end:
        count, bits = min(24, end - first), np.int64(0)
        for i in range(first, first + count):
            bits = (bits << 1) | np.int64(held[i])
        at = put(out, at, bits, count)
        first += count
    return at


@njit(nogil=True, cache=True)
def _flushed(out: Bytes, at: Scalar, table: Any, counts: Any, ended: Scalar, held: Bytes, marks: Offsets) -> Any:
    """Write that `ended` blocks have ended, and what was held back for them: up to marks[i + 1] for block i.

    A run that has no code is written as several that have one.
    """
    done = 0
    while done < ended and at >= 0:
        bits, run = bit_length(ended - done) - 1, ended - done
        while out.size and bits and table[bits << 4] == 0:
            bits -= 1
            run = (2 << bits) - 1
        at = emit(out, at, table, counts, bits << 4, run, bits)
        at = _corrections(out, at, held, marks[done], marks[done + run])
        done += run
    return at


@njit(INT(*START, TABLES, COUNTS, INT, INT, INT, *END), nogil=True, cache=True)
def ac_first(
    blocks: Blocks,
    order: Order,
    slots: Bytes,
    interval: int,
    ac: Tables,
    counts: Any,
    first: int,
    last: int,
    low: int,
    out: Bytes,
    ends: Offsets,
) -> Any:
    """The first scan of AC coefficients `first` to `last` of one component down to bit `low`."""
    held, marks = np.zeros(1, np.uint8), np.zeros(_LONGEST_RUN + 1, np.int64)  # nothing is held back
    part = at = ended = 0
    for i in range(order.size):
        if out.size and (at >> 3) + ROOM > out.size:
            return FULL
        if i and i % interval == 0:
            at, ended = closed(out, _flushed(out, at, ac[0], counts[0], ended, held, marks)), 0
            ends[part] = at >> 3
            part += 1
        block, run = blocks[order[i]], 0
        for k in range(first, last + 1):
            value = np.int64(block[k])
            size = bit_length(abs(value) >> low)
            if size == 0:
                run += 1
                continue
            at, ended = _flushed(out, at, ac[0], counts[0], ended, held, marks), 0
            while run > 15:
                at = emit(out, at, ac[0], counts[0], 0xF0, 0, 0)
                run -= 16
            bits = abs(value) >> low
            at = emit(out, at, ac[0], counts[0], run << 4 | size, bits if value > 0 else ~bits, size)
            run = 0
        if run:
            ended += 1
            if ended == _LONGEST_RUN:
                at, ended = _flushed(out, at, ac[0], counts[0], ended, held, marks), 0
        if at < 0:
            return MISSING
    at = closed(out, _flushed(out, at, ac[0], counts[0], ended, held, marks))
    ends[part] = at >> 3
    return at >> 3


@njit(nogil=True, inline="always", cache=True)
def _last_new(block: Any, first: Scalar, last: Scalar, low: Scalar) -> Any:
    """The last coefficient that begins with bit `low`; 0 when none does."""
    for k in range(last, first - 1, -1):
        if abs(np.int64(block[k])) >> low == 1:
            return k
    return 0


@njit(INT(*START, TABLES, COUNTS, INT, INT, INT, *END), nogil=True, cache=True)
def ac_refine(
    blocks: Blocks,
    order: Order,
    slots: Bytes,
    interval: int,
    ac: Tables,
    counts: Any,
    first: int,
    last: int,
    low: int,
    out: Bytes,
    ends: Offsets,
) -> Any:
    """A later scan of AC coefficients: bit `low` of those that are not zero yet, and those that begin with it."""
    held = np.zeros(1024, np.uint8)  # correction bits: `before` for blocks that have ended, then `own` of this block
    marks = np.zeros(_LONGEST_RUN + 1, np.int64)
    part = at = ended = before = 0
    for i in range(order.size):
        if out.size and (at >> 3) + ROOM > out.size:
            return FULL
        if i and i % interval == 0:
            at = closed(out, _flushed(out, at, ac[0], counts[0], ended, held, marks))
            ended = before = 0
            ends[part] = at >> 3
            part += 1
        block, run, own = blocks[order[i]], 0, 0
        final = _last_new(block, first, last, low)
        for k in range(first, last + 1):
            value = np.int64(block[k])
            bits = abs(value) >> low
            if bits == 0:
                run += 1
                continue
            while run > 15 and k <= final:
                at = _flushed(out, at, ac[0], counts[0], ended, held, marks)
                at = emit(out, at, ac[0], counts[0], 0xF0, 0, 0)
                at, own, before, ended = _corrections(out, at, held, before, before + own), 0, 0, 0
                run -= 16
            if bits > 1:
                held[before + own] = bits & 1
                own += 1
                continue
            at = _flushed(out, at, ac[0], counts[0], ended, held, marks)
            at = emit(out, at, ac[0], counts[0], run << 4 | 1, np.int64(value > 0), 1)
            at, own, before, ended = _corrections(out, at, held, before, before + own), 0, 0, 0
            run = 0
        if run or own:
            ended += 1
            before += own
            marks[ended] = before
            if ended == _LONGEST_RUN or before > _MOST_CORRECTIONS:
                at = _flushed(out, at, ac[0], counts[0], ended, held, marks)
                ended = before = 0
        if at < 0:
            return MISSING
    at = closed(out, _flushed(out, at, ac[0], counts[0], ended, held, marks))
    ends[part] = at >> 3
    return at >> 3
