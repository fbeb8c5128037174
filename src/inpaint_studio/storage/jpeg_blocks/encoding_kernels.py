"""Compiled inner loops that turn coefficients into the entropy-coded bits of a scan: the inverse of `decoding_kernels`.

`out` is zeroed room for bits without byte stuffing, `ends` for where intervals end (bytes). Tables hold, for each
symbol, length << 16 | code, 0 where there is none; `counts` is what each symbol was used. With an empty `out` nothing is
written and only counted. All return the bytes written (0 when only counting), MISSING when a symbol has no code, or FULL
when there was too little room.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.int64]
Tables = NDArray[np.uint32]
Blocks = NDArray[np.int16]
Order = NDArray[np.int32]

MISSING, FULL = -1, -2

#: Bytes that one block can need with what was held back for it: its own symbols and 1000 correction bits.
_ROOM = 1024
_MOST_CORRECTIONS = 937  # libjpeg's limit for what is held back, so that its files come out as they were
_LONGEST_RUN = 0x7FFF

_BITS = types.Array(types.uint8, 1, "C")
_OFFSETS = types.Array(types.int64, 1, "C")
_TABLES = types.Array(types.uint32, 2, "C")
_COUNTS = types.Array(types.int64, 2, "C")
_BLOCKS = types.Array(types.int16, 2, "C")
_ORDER = types.Array(types.int32, 1, "C")
_INT = types.int64
_START = (_BLOCKS, _ORDER, _BITS, _INT)
_END = (_BITS, _OFFSETS)


@njit(nogil=True, inline="always", cache=True)
def _put(out: Bytes, at: int, value: int, size: int) -> Any:
    """Write `size` bits, 32 at most; the next position."""
    if out.size:
        byte = at >> 3
        word = value << (40 - size - (at & 7))
        out[byte] |= np.uint8(word >> 32)
        out[byte + 1] |= np.uint8((word >> 24) & 255)
        out[byte + 2] |= np.uint8((word >> 16) & 255)
        out[byte + 3] |= np.uint8((word >> 8) & 255)
        out[byte + 4] |= np.uint8(word & 255)
        at += size
    return at


@njit(nogil=True, inline="always", cache=True)
def _emit(out: Bytes, at: int, table: Any, counts: Any, symbol: int, extra: int, size: int) -> Any:
    """Write a symbol and the low `size` bits of `extra`; the next position, MISSING when the symbol has no code."""
    counts[symbol] += 1
    if out.size == 0:
        return at
    entry = np.int64(table[symbol])
    if entry == 0 or at < 0:
        return np.int64(MISSING)
    return _put(out, at, ((entry & 0xFFFF) << size) | (extra & ((1 << size) - 1)), (entry >> 16) + size)


@njit(nogil=True, inline="always", cache=True)
def _size(value: int) -> Any:
    """Bits of a positive number."""
    size = 0
    while value:
        value >>= 1
        size += 1
    return size


@njit(nogil=True, inline="always", cache=True)
def _closed(out: Bytes, at: int) -> Any:
    """The next whole byte, the bits up to it set."""
    rest = -at & 7
    return _put(out, at, (1 << rest) - 1, rest)


@njit(nogil=True, inline="always", cache=True)
def _difference(out: Bytes, at: int, table: Any, counts: Any, difference: int) -> Any:
    """Write a DC difference."""
    size = _size(abs(difference))
    return _emit(out, at, table, counts, size, difference if difference > 0 else difference - 1, size)


@njit(_INT(*_START, _TABLES, _TABLES, _COUNTS, _COUNTS, *_END), nogil=True, cache=True)
def sequential(
    blocks: Blocks,
    order: Order,
    slots: Bytes,
    interval: int,
    dc: Tables,
    ac: Tables,
    dc_counts: Any,
    ac_counts: Any,
    out: Bytes,
    ends: Offsets,
) -> int:
    """A scan of a baseline or extended sequential file."""
    previous = np.zeros(4, np.int64)
    part = at = 0
    for i in range(order.size):
        if out.size and (at >> 3) + _ROOM > out.size:
            return FULL
        if i and i % interval == 0:
            at = _closed(out, at)
            ends[part] = at >> 3
            part += 1
            previous[:] = 0
        block, slot = blocks[order[i]], slots[i]
        value = np.int64(block[0])
        at = _difference(out, at, dc[slot], dc_counts[slot], value - previous[slot])
        previous[slot] = value
        run = 0
        for k in range(1, 64):
            value = np.int64(block[k])
            if value == 0:
                run += 1
                continue
            while run > 15:
                at = _emit(out, at, ac[slot], ac_counts[slot], 0xF0, 0, 0)
                run -= 16
            size = _size(abs(value))
            at = _emit(out, at, ac[slot], ac_counts[slot], run << 4 | size, value if value > 0 else value - 1, size)
            run = 0
        if run:
            at = _emit(out, at, ac[slot], ac_counts[slot], 0, 0, 0)
        if at < 0:
            return MISSING
    at = _closed(out, at)
    ends[part] = at >> 3
    return at >> 3


@njit(_INT(*_START, _TABLES, _COUNTS, _INT, *_END), nogil=True, cache=True)
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
) -> int:
    """The first scan of DC coefficients down to bit `low`."""
    previous = np.zeros(4, np.int64)
    part = at = 0
    for i in range(order.size):
        if out.size and (at >> 3) + _ROOM > out.size:
            return FULL
        if i and i % interval == 0:
            at = _closed(out, at)
            ends[part] = at >> 3
            part += 1
            previous[:] = 0
        slot = slots[i]
        value = np.int64(blocks[order[i], 0]) >> low
        at = _difference(out, at, dc[slot], counts[slot], value - previous[slot])
        previous[slot] = value
        if at < 0:
            return MISSING
    at = _closed(out, at)
    ends[part] = at >> 3
    return at >> 3


@njit(_INT(*_START, _INT, *_END), nogil=True, cache=True)
def dc_refine(
    blocks: Blocks, order: Order, slots: Bytes, interval: int, low: int, out: Bytes, ends: Offsets
) -> int:
    """A later scan of DC coefficients: their bit `low`."""
    part = at = 0
    for i in range(order.size):
        if out.size and (at >> 3) + _ROOM > out.size:
            return FULL
        if i and i % interval == 0:
            at = _closed(out, at)
            ends[part] = at >> 3
            part += 1
        at = _put(out, at, (np.int64(blocks[order[i], 0]) >> low) & 1, 1)
    at = _closed(out, at)
    ends[part] = at >> 3
    return at >> 3


@njit(nogil=True, cache=True)
def _flushed(out: Bytes, at: int, table: Any, counts: Any, ended: int, held: Bytes, holding: int) -> Any:
    """Write that `ended` blocks have ended, and the correction bits held back for them."""
    if ended:
        size = _size(ended) - 1
        at = _emit(out, at, table, counts, size << 4, ended, size)
        if at >= 0:
            for i in range(holding):
                at = _put(out, at, np.int64(held[i]), 1)
    return at


@njit(_INT(*_START, _TABLES, _COUNTS, _INT, _INT, _INT, *_END), nogil=True, cache=True)
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
) -> int:
    """The first scan of AC coefficients `first` to `last` of one component down to bit `low`."""
    held = np.zeros(1, np.uint8)
    part = at = ended = 0
    for i in range(order.size):
        if out.size and (at >> 3) + _ROOM > out.size:
            return FULL
        if i and i % interval == 0:
            at = _flushed(out, at, ac[0], counts[0], ended, held, 0)
            if at < 0:
                return MISSING
            at, ended = _closed(out, at), 0
            ends[part] = at >> 3
            part += 1
        block, run = blocks[order[i]], 0
        for k in range(first, last + 1):
            value = np.int64(block[k])
            size = _size(abs(value) >> low)
            if size == 0:
                run += 1
                continue
            at, ended = _flushed(out, at, ac[0], counts[0], ended, held, 0), 0
            while run > 15:
                at = _emit(out, at, ac[0], counts[0], 0xF0, 0, 0)
                run -= 16
            bits = abs(value) >> low
            at = _emit(out, at, ac[0], counts[0], run << 4 | size, bits if value > 0 else ~bits, size)
            run = 0
        if run:
            ended += 1
            if ended == _LONGEST_RUN:
                at, ended = _flushed(out, at, ac[0], counts[0], ended, held, 0), 0
        if at < 0:
            return MISSING
    at = _flushed(out, at, ac[0], counts[0], ended, held, 0)
    if at < 0:
        return MISSING
    at = _closed(out, at)
    ends[part] = at >> 3
    return at >> 3


@njit(nogil=True, inline="always", cache=True)
def _corrections(out: Bytes, at: int, held: Bytes, before: int, own: int) -> Any:
    """Write this block's correction bits."""
    if at >= 0:
        for i in range(before, before + own):
            at = _put(out, at, np.int64(held[i]), 1)
    return at


@njit(nogil=True, inline="always", cache=True)
def _last_new(block: Any, first: int, last: int, low: int) -> Any:
    """The last coefficient that begins with bit `low`; 0 when none does."""
    for k in range(last, first - 1, -1):
        if abs(np.int64(block[k])) >> low == 1:
            return k
    return 0


@njit(_INT(*_START, _TABLES, _COUNTS, _INT, _INT, _INT, *_END), nogil=True, cache=True)
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
) -> int:
    """A later scan of AC coefficients: bit `low` of those that are not zero yet, and those that begin with it."""
    held = np.zeros(1024, np.uint8)  # correction bits: `before` for blocks that have ended, then `own` of this block
    part = at = ended = before = 0
    for i in range(order.size):
        if out.size and (at >> 3) + _ROOM > out.size:
            return FULL
        if i and i % interval == 0:
            at = _flushed(out, at, ac[0], counts[0], ended, held, before)
            if at < 0:
                return MISSING
            at, ended, before = _closed(out, at), 0, 0
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
                at = _flushed(out, at, ac[0], counts[0], ended, held, before)
                at = _emit(out, at, ac[0], counts[0], 0xF0, 0, 0)
                at, own, before, ended = _corrections(out, at, held, before, own), 0, 0, 0
                run -= 16
            if bits > 1:
                held[before + own] = bits & 1
                own += 1
                continue
            at = _flushed(out, at, ac[0], counts[0], ended, held, before)
            at = _emit(out, at, ac[0], counts[0], run << 4 | 1, np.int64(value > 0), 1)
            at, own, before, ended = _corrections(out, at, held, before, own), 0, 0, 0
            run = 0
        if run or own:
            ended += 1
            before += own
            if ended == _LONGEST_RUN or before > _MOST_CORRECTIONS:
                at = _flushed(out, at, ac[0], counts[0], ended, held, before)
                ended = before = 0
        if at < 0:
            return MISSING
    at = _flushed(out, at, ac[0], counts[0], ended, held, before)
    if at < 0:
        return MISSING
    at = _closed(out, at)
    ends[part] = at >> 3
    return at >> 3


@njit(types.void(_BITS, _OFFSETS, _INT, _BITS), nogil=True, cache=True)
def stuffed(bits: Bytes, ends: Offsets, parts: int, out: Bytes) -> None:
    """Copy the intervals of `bits` into `out`, which has exactly the room, with stuffing and restart markers."""
    at = start = 0
    for part in range(parts):
        if part:
            out[at] = 0xFF
            out[at + 1] = 0xD0 + (part - 1) % 8
            at += 2
        for i in range(start, ends[part]):
            out[at] = bits[i]
            at += 1
            if bits[i] == 0xFF:
                out[at] = 0
                at += 1
        start = ends[part]
