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

#: What one block can read beyond the end before that is noticed: 64 times a code and its bits, of 16 bits each.
MARGIN = 512

_BITS = types.Array(types.uint8, 1, "C")
_OFFSETS = types.Array(types.int64, 1, "C")
_TABLES = types.Array(types.uint16, 2, "C")
_BLOCKS = types.Array(types.int16, 2, "C")
_ORDER = types.Array(types.int32, 1, "C")
_INT, _BOOL = types.int64, types.boolean
_START = (_BITS, _OFFSETS, _OFFSETS, _ORDER, _BITS, _INT)


@njit(nogil=True, inline="always", cache=True)
def _peek(bits: Bytes, at: int, count: int) -> Any:
    """The next `count` bits, 16 at most."""
    byte = at >> 3
    word = (np.int64(bits[byte]) << 16) | (np.int64(bits[byte + 1]) << 8) | np.int64(bits[byte + 2])
    return (word >> (24 - (at & 7) - count)) & ((1 << count) - 1)


@njit(nogil=True, inline="always", cache=True)
def _signed(value: int, size: int) -> Any:
    """The number that `size` bits stand for."""
    return value if value >> (size - 1) else value - (1 << size) + 1


@njit(_BOOL(*_START, _TABLES, _TABLES, _BLOCKS), nogil=True, cache=True)
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
        entry = np.int64(dc[slot, _peek(bits, at, 16)])
        size = entry & 255
        at += entry >> 8
        if entry == 0 or size > 16:
            return False
        if size:
            previous[slot] += _signed(_peek(bits, at, size), size)
            at += size
        block[0] = previous[slot]
        k = 1
        while k < 64:
            entry = np.int64(ac[slot, _peek(bits, at, 16)])
            size, run = entry & 15, (entry >> 4) & 15
            at += entry >> 8
            if entry == 0:
                return False
            if size == 0:
                if run != 15:
                    break
                k += 16
                continue
            k += run
            if k > 63:
                return False
            block[k] = _signed(_peek(bits, at, size), size)
            at += size
            k += 1
        if at > ends[part] * 8:
            return False
    return True


@njit(_BOOL(*_START, _TABLES, _INT, _BLOCKS), nogil=True, cache=True)
def dc_first(
    bits: Bytes,
    starts: Offsets,
    ends: Offsets,
    order: Order,
    slots: Bytes,
    interval: int,
    dc: Tables,
    low: int,
    blocks: Blocks,
) -> bool:
    """The first scan of DC coefficients down to bit `low`."""
    previous = np.zeros(4, np.int64)
    part, at = 0, starts[0] * 8
    for i in range(order.size):
        if i and i % interval == 0:
            part += 1
            previous[:] = 0
            at = starts[part] * 8
        slot = slots[i]
        entry = np.int64(dc[slot, _peek(bits, at, 16)])
        size = entry & 255
        at += entry >> 8
        if entry == 0 or size > 16:
            return False
        if size:
            previous[slot] += _signed(_peek(bits, at, size), size)
            at += size
        blocks[order[i], 0] = previous[slot] << low
        if at > ends[part] * 8:
            return False
    return True


@njit(_BOOL(*_START, _INT, _BLOCKS), nogil=True, cache=True)
def dc_refine(
    bits: Bytes, starts: Offsets, ends: Offsets, order: Order, slots: Bytes, interval: int, low: int, blocks: Blocks
) -> bool:
    """A later scan of DC coefficients: their bit `low`."""
    part, at = 0, starts[0] * 8
    for i in range(order.size):
        if i and i % interval == 0:
            part += 1
            at = starts[part] * 8
        blocks[order[i], 0] |= _peek(bits, at, 1) << low
        at += 1
        if at > ends[part] * 8:
            return False
    return True


@njit(_BOOL(*_START, _TABLES, _INT, _INT, _INT, _BLOCKS), nogil=True, cache=True)
def ac_first(
    bits: Bytes,
    starts: Offsets,
    ends: Offsets,
    order: Order,
    slots: Bytes,
    interval: int,
    ac: Tables,
    first: int,
    last: int,
    low: int,
    blocks: Blocks,
) -> bool:
    """The first scan of AC coefficients `first` to `last` of one component down to bit `low`."""
    part, at, ended = 0, starts[0] * 8, 0
    for i in range(order.size):
        if i and i % interval == 0:
            part += 1
            at, ended = starts[part] * 8, 0
        if ended:
            ended -= 1
            continue
        block, k = blocks[order[i]], first
        while k <= last:
            entry = np.int64(ac[0, _peek(bits, at, 16)])
            size, run = entry & 15, (entry >> 4) & 15
            at += entry >> 8
            if entry == 0:
                return False
            if size == 0:
                if run != 15:
                    ended = (1 << run) - 1 + _peek(bits, at, run)
                    at += run
                    break
                k += 16
                continue
            k += run
            if k > last:
                return False
            block[k] = _signed(_peek(bits, at, size), size) * (1 << low)
            at += size
            k += 1
        if at > ends[part] * 8:
            return False
    return True


@njit(nogil=True, cache=True)
def _refined(bits: Bytes, at: int, block: Any, k: int, last: int, zeros: int, low: int) -> Any:
    """Correct the coefficients from `k` on until `zeros` empty places are passed: position, and where reading is."""
    while k <= last:
        value = np.int64(block[k])
        if value == 0:
            if zeros == 0:
                break
            zeros -= 1
        else:
            if _peek(bits, at, 1) and not (abs(value) >> low) & 1:
                block[k] = value + (1 << low) if value > 0 else value - (1 << low)
            at += 1
        k += 1
    return k, at


@njit(_BOOL(*_START, _TABLES, _INT, _INT, _INT, _BLOCKS), nogil=True, cache=True)
def ac_refine(
    bits: Bytes,
    starts: Offsets,
    ends: Offsets,
    order: Order,
    slots: Bytes,
    interval: int,
    ac: Tables,
    first: int,
    last: int,
    low: int,
    blocks: Blocks,
) -> bool:
    """A later scan of AC coefficients: bit `low` of those that are not zero yet, and those that begin with it."""
    part, at, ended = 0, starts[0] * 8, 0
    for i in range(order.size):
        if i and i % interval == 0:
            part += 1
            at, ended = starts[part] * 8, 0
        block, k = blocks[order[i]], first
        while k <= last and ended == 0:
            entry = np.int64(ac[0, _peek(bits, at, 16)])
            size, run = entry & 15, (entry >> 4) & 15
            at += entry >> 8
            if entry == 0 or size > 1:
                return False
            value = 0
            if size:
                value = (1 << low) if _peek(bits, at, 1) else -(1 << low)
                at += 1
            elif run != 15:
                ended = (1 << run) + _peek(bits, at, run)
                at += run
                break
            k, at = _refined(bits, at, block, k, last, run, low)
            if value:
                if k > last:
                    return False
                block[k] = value
            k += 1
        if ended:
            k, at = _refined(bits, at, block, k, last, 64, low)
            ended -= 1
        if at > ends[part] * 8:
            return False
    return True


@njit(types.UniTuple(_INT, 2)(types.Array(types.uint8, 1, "C", readonly=True), _BITS, _OFFSETS, _OFFSETS), nogil=True, cache=True)
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
