"""Compiled inner loops that decode the scans of progressive files. See `decoding_kernels` for what they take and give.

What they inline from there is in their own cached code: numba does not see when it has changed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from inpaint_studio.storage.jpeg_blocks.decoding_kernels import (
    BLOCKS,
    BOOL,
    INT,
    START,
    TABLES,
    Blocks,
    Bytes,
    Offsets,
    Order,
    Scalar,
    Tables,
    entry,
    peek,
    signed,
)


@njit(BOOL(*START, TABLES, INT, BLOCKS), nogil=True, cache=True)
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
        code = entry(dc, slot, bits, at)
        size = code & 255
        at += code >> 8
        if code == 0 or size > 16:
            return False
        if size:
            previous[slot] += signed(peek(bits, at, size), size)
            at += size
        blocks[order[i], 0] = previous[slot] << low
        if at > ends[part] * 8:
            return False
    return True


@njit(BOOL(*START, INT, BLOCKS), nogil=True, cache=True)
def dc_refine(
    bits: Bytes, starts: Offsets, ends: Offsets, order: Order, slots: Bytes, interval: int, low: int, blocks: Blocks
) -> bool:
    """A later scan of DC coefficients: their bit `low`."""
    part, at = 0, starts[0] * 8
    for i in range(order.size):
        if i and i % interval == 0:
            part += 1
            at = starts[part] * 8
        blocks[order[i], 0] |= peek(bits, at, 1) << low
        at += 1
        if at > ends[part] * 8:
            return False
    return True


@njit(BOOL(*START, TABLES, INT, INT, INT, BLOCKS), nogil=True, cache=True)
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
            code = entry(ac, 0, bits, at)
            size, run = code & 15, (code >> 4) & 15
            at += code >> 8
            if code == 0:
                return False
            if size == 0:
                if run != 15:
                    ended = (1 << run) - 1 + peek(bits, at, run)
                    at += run
                    break
                k += 16
                continue
            k += run
            if k > last:
                return False
            block[k] = signed(peek(bits, at, size), size) * (1 << low)
            at += size
            k += 1
        if at > ends[part] * 8:
            return False
    return True


@njit(nogil=True, cache=True)
def _refined(bits: Bytes, at: Scalar, block: Any, k: Scalar, last: int, zeros: Scalar, low: int) -> Any:
    """Correct the coefficients from `k` on until `zeros` empty places are passed: position, and where reading is."""
    while k <= last:
        value = np.int64(block[k])
        if value == 0:
            if zeros == 0:
                break
            zeros -= 1
        else:
            if peek(bits, at, 1) and not (abs(value) >> low) & 1:
                block[k] = value + (1 << low) if value > 0 else value - (1 << low)
            at += 1
        k += 1
    return k, at


@njit(BOOL(*START, TABLES, INT, INT, INT, BLOCKS), nogil=True, cache=True)
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
            code = entry(ac, 0, bits, at)
            size, run = code & 15, (code >> 4) & 15
            at += code >> 8
            if code == 0 or size > 1:
                return False
            value = 0
            if size:
                value = (1 << low) if peek(bits, at, 1) else -(1 << low)
                at += 1
            elif run != 15:
                ended = (1 << run) + peek(bits, at, run)
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
