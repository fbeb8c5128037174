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
#: int64 inside the kernels.
Scalar = Any

MISSING, FULL = -1, -2

#: Bytes that one block can need with what was held back for it: its own symbols and 1000 correction bits.
ROOM = 1024

BITS = types.Array(types.uint8, 1, "C")
OFFSETS = types.Array(types.int64, 1, "C")
TABLES = types.Array(types.uint32, 2, "C")
COUNTS = types.Array(types.int64, 2, "C")
BLOCKS = types.Array(types.int16, 2, "C")
ORDER = types.Array(types.int32, 1, "C")
INT = types.int64
START = (BLOCKS, ORDER, BITS, INT)
END = (BITS, OFFSETS)


@njit(nogil=True, inline="always", cache=True)
def put(out: Bytes, at: Scalar, value: Scalar, size: Scalar) -> Any:
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
def emit(out: Bytes, at: Scalar, table: Any, counts: Any, symbol: Scalar, extra: Scalar, size: Scalar) -> Any:
    """Write a symbol and the low `size` bits of `extra`; the next position, MISSING when the symbol has no code."""
    counts[symbol] += 1
    if out.size == 0:
        return at
    entry = np.int64(table[symbol])
    if entry == 0 or at < 0:
        return np.int64(MISSING)
    return put(out, at, ((entry & 0xFFFF) << size) | (extra & ((1 << size) - 1)), (entry >> 16) + size)


@njit(nogil=True, inline="always", cache=True)
def bit_length(value: Scalar) -> Any:
    """Bits of a positive number."""
    size = 0
    if value > 0xFF:
        size = 8
        value >>= 8
    while value:
        value >>= 1
        size += 1
    return size


@njit(nogil=True, inline="always", cache=True)
def closed(out: Bytes, at: Scalar) -> Any:
    """The next whole byte, the bits up to it set; MISSING stays."""
    rest = -at & 7
    return at if at < 0 else put(out, at, (1 << rest) - 1, rest)


@njit(nogil=True, inline="always", cache=True)
def put_difference(out: Bytes, at: Scalar, table: Any, counts: Any, difference: Scalar) -> Any:
    """Write a DC difference."""
    size = bit_length(abs(difference))
    return emit(out, at, table, counts, size, difference if difference > 0 else difference - 1, size)


@njit(INT(*START, TABLES, TABLES, COUNTS, COUNTS, *END), nogil=True, cache=True)
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
) -> Any:
    """A scan of a baseline or extended sequential file."""
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
        block, slot = blocks[order[i]], slots[i]
        value = np.int64(block[0])
        at = put_difference(out, at, dc[slot], dc_counts[slot], value - previous[slot])
        previous[slot] = value
        run = 0
        for k in range(1, 64):
            value = np.int64(block[k])
            if value == 0:
                run += 1
                continue
            while run > 15:
                at = emit(out, at, ac[slot], ac_counts[slot], 0xF0, 0, 0)
                run -= 16
            size = bit_length(abs(value))
            at = emit(out, at, ac[slot], ac_counts[slot], run << 4 | size, value if value > 0 else value - 1, size)
            run = 0
        if run:
            at = emit(out, at, ac[slot], ac_counts[slot], 0, 0, 0)
        if at < 0:
            return MISSING
    at = closed(out, at)
    ends[part] = at >> 3
    return at >> 3


@njit(types.void(BITS, OFFSETS, INT, BITS), nogil=True, cache=True)
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
