"""Compiled inner loops that turn the entropy-coded bits of a scan into coefficients. Import takes up to seconds.

A scan is a list of blocks in coding order: `order` holds their rows in the coefficients (N×64, zigzag), `slots` the
component of the scan that each belongs to (it chooses the table and the DC prediction). `interval` counts the blocks
between restart markers. Bits come without byte stuffing, their intervals at `starts` to `ends` (bytes), `MARGIN` bytes
longer than the last end. Tables are looked up by the next 16 bits: length << 8 | symbol, 0 where there is no code.
All return False when the bits do not decode.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.int64]
Tables = NDArray[np.uint16]
Blocks = NDArray[np.int16]
Order = NDArray[np.int32]
#: int64 inside the kernels.
Scalar = Any

#: What one block can read beyond the end before that is noticed: 64 times a code and its bits, of 16 bits each.
MARGIN = 512

BITS = types.Array(types.uint8, 1, "C")
OFFSETS = types.Array(types.int64, 1, "C")
TABLES = types.Array(types.uint16, 2, "C")
BLOCKS = types.Array(types.int16, 2, "C")
ORDER = types.Array(types.int32, 1, "C")
INT, BOOL = types.int64, types.boolean
START = (BITS, OFFSETS, OFFSETS, ORDER, BITS, INT)


@njit(nogil=True, inline="always", cache=True)
def peek(bits: Bytes, at: Scalar, count: Scalar) -> Any:
    """The next `count` bits, 16 at most."""
    byte = at >> 3
    word = (np.int64(bits[byte]) << 16) | (np.int64(bits[byte + 1]) << 8) | np.int64(bits[byte + 2])
    return (word >> (24 - (at & 7) - count)) & ((1 << count) - 1)


@njit(nogil=True, inline="always", cache=True)
def entry(table: Tables, slot: Scalar, bits: Bytes, at: Scalar) -> Any:
    """What the table says of the next bits."""
    return np.int64(table[slot, peek(bits, at, 16)])


@njit(nogil=True, inline="always", cache=True)
def signed(value: Scalar, size: Scalar) -> Any:
    """The number that `size` bits stand for."""
    return value if value >> (size - 1) else value - (1 << size) + 1


@njit(BOOL(*START, TABLES, TABLES, BLOCKS), nogil=True, cache=True)
def sequential(
    bits: Bytes,
    starts: Offsets,
    ends: Offsets,
    order: Order,
    slots: Bytes,
    interval: int,
    dc: Tables,
    ac: Tables,
    blocks: Blocks,
) -> bool:
    """A scan of a baseline or extended sequential file."""
    previous = np.zeros(4, np.int64)
    part, at = 0, starts[0] * 8
    for i in range(order.size):
        if i and i % interval == 0:
            part += 1
            previous[:] = 0
            at = starts[part] * 8
        block, slot = blocks[order[i]], slots[i]
        code = entry(dc, slot, bits, at)
        size = code & 255
        at += code >> 8
        if code == 0 or size > 16:
            return False
        if size:
            previous[slot] += signed(peek(bits, at, size), size)
            at += size
        block[0] = previous[slot]
        k = 1
        while k < 64:
            code = entry(ac, slot, bits, at)
            size, run = code & 15, (code >> 4) & 15
            at += code >> 8
            if code == 0:
                return False
            if size == 0:
                if run != 15:
                    break
                k += 16
                continue
            k += run
            if k > 63:
                return False
            block[k] = signed(peek(bits, at, size), size)
            at += size
            k += 1
        if at > ends[part] * 8:
            return False
    return True


@njit(
    types.UniTuple(INT, 2)(types.Array(types.uint8, 1, "C", readonly=True), BITS, OFFSETS, OFFSETS),
    nogil=True,
    cache=True,
)
def unstuffed(data: Bytes, bits: Bytes, starts: Offsets, ends: Offsets) -> tuple[int, int]:
    """Copy a scan's bytes into `bits` without stuffing, and note where its intervals lie.

    Returns how many intervals there are, and the bytes of `data` that were used: up to the marker that ends the scan.
    Intervals beyond the room in `starts` are counted only.
    """
    size, parts, at = 0, 1, 0
    starts[0] = 0
    while at < data.size:
        value = data[at]
        if value != 0xFF:
            bits[size] = value
            size += 1
            at += 1
            continue
        if at + 1 >= data.size:
            break
        marker = data[at + 1]
        if marker == 0:
            bits[size] = 0xFF
            size += 1
        elif 0xD0 <= marker <= 0xD7:
            if parts <= starts.size:
                ends[parts - 1] = size
            if parts < starts.size:
                starts[parts] = size
            parts += 1
        elif marker == 0xFF:  # fill byte
            at += 1
            continue
        else:
            break
        at += 2
    if parts <= starts.size:
        ends[parts - 1] = size
    return parts, at
