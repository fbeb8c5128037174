"""Compiled inner loops that lay a stroke on a mask and a mask on a photo. See `stroke_kernels` for how they are written."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Pixels = NDArray[np.uint32]
#: uint32 inside the kernels.
Scalar = Any

_BYTES = types.Array(types.uint8, 2, "C")
_FROZEN = types.Array(types.uint8, 2, "C", readonly=True)
_PIXELS = types.Array(types.uint32, 2, "C")
_FROZEN_PIXELS = types.Array(types.uint32, 2, "C", readonly=True)
_INT = types.int64
_BOX = (_INT, _INT, _INT, _INT)


# numba makes 64-bit numbers of two 32-bit ones, of which half as many fit in an instruction: hence every `_U`
_U = np.uint32


@njit(nogil=True, inline="always", cache=True)
def _scaled(a: Scalar, b: Scalar) -> Any:
    """a × b / 255, rounded, for values up to 255."""
    product = _U(_U(a * b) + _U(128))
    return _U(_U(product + _U(product >> _U(8))) >> _U(8))


# one function a row: the compiler vectorises a loop over a slice, not one over two indices


@njit(nogil=True, boundscheck=False, cache=True)
def _over_row(before: Bytes, stroke: Bytes, out: Any, strength: Scalar) -> Any:
    for i in range(out.size):
        old = _U(before[i])
        amount = _scaled(_U(stroke[i]), strength)
        out[i] = np.uint8(_U(old + _scaled(_U(_U(255) - old), amount)))


@njit(nogil=True, boundscheck=False, cache=True)
def _erase_row(before: Bytes, stroke: Bytes, out: Any, strength: Scalar) -> Any:
    for i in range(out.size):
        rest = _U(_U(255) - _scaled(_U(stroke[i]), strength))
        out[i] = np.uint8(_scaled(_U(before[i]), rest))


@njit(nogil=True, boundscheck=False, cache=True)
def _tint_row(below: Pixels, coverage: Bytes, out: Any, red_blue: Scalar, green: Scalar, strength: Scalar) -> Any:
    pair, byte, eight = _U(0xFF00FF), _U(0xFF), _U(8)
    for i in range(out.size):
        old = below[i]
        amount = _scaled(_U(coverage[i]), strength)
        # 255 becomes 256, so that full strength is the colour itself
        amount = _U(amount + _U(amount >> _U(7)))
        rest = _U(_U(256) - amount)
        mixed = _U(_U(_U(_U(old & pair) * rest) + _U(red_blue * amount)) >> eight) & pair
        mixed_green = _U(_U(_U(_U(old >> eight) & byte) * rest) + _U(green * amount)) & _U(0xFF00)
        out[i] = _U(0xFF000000) | mixed | mixed_green


@njit(types.void(_FROZEN, _BYTES, _BYTES, _INT, *_BOX), cache=True, nogil=True)
def over(before: Bytes, stroke: Bytes, out: Bytes, opacity: int, left: int, top: int, right: int, bottom: int) -> None:
    """out = before with the stroke laid over; opacity 0..255."""
    for y in range(top, bottom):
        _over_row(before[y, left:right], stroke[y, left:right], out[y, left:right], _U(opacity))


@njit(types.void(_FROZEN, _BYTES, _BYTES, _INT, *_BOX), cache=True, nogil=True)
def erase(before: Bytes, stroke: Bytes, out: Bytes, opacity: int, left: int, top: int, right: int, bottom: int) -> None:
    """out = before with the stroke taken away; opacity 0..255."""
    for y in range(top, bottom):
        _erase_row(before[y, left:right], stroke[y, left:right], out[y, left:right], _U(opacity))


@njit(types.void(_FROZEN_PIXELS, _FROZEN, _PIXELS, _INT, _INT, *_BOX), cache=True, nogil=True)
def tint(
    below: Pixels,
    coverage: Bytes,
    out: Pixels,
    colour: int,
    strength: int,
    left: int,
    top: int,
    right: int,
    bottom: int,
) -> None:
    """out = below (0xffRRGGBB) with `colour` laid over where `coverage` says; strength 0..255 at full coverage."""
    red_blue, green = _U(colour & 0xFF00FF), _U((colour >> 8) & 0xFF)
    for y in range(top, bottom):
        part = out[y, left:right]
        _tint_row(below[y, left:right], coverage[y, left:right], part, red_blue, green, _U(strength))
