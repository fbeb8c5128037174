"""Where the blocks of a JPEG's components lie, in its picture and in its scans."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_BASELINE, _EXTENDED, _PROGRESSIVE = 0xC0, 0xC1, 0xC2
#: Frame markers that are read: Huffman-coded, 8 bits.
FRAMES = frozenset({_BASELINE, _EXTENDED, _PROGRESSIVE})
_MOST_BLOCKS = 10  # of an MCU of several components


class UnkeptError(ValueError):
    """Why a JPEG's blocks cannot be kept: completes "the photo ..."."""


@dataclass(frozen=True, slots=True)
class Component:
    """A component: sampling factors, quantisation table, blocks down and across, and the first of its blocks.

    `down` and `across` count the blocks of whole MCUs; those within the picture are `inner_down` and `inner_across`.
    """

    identifier: int
    horizontal: int
    vertical: int
    table: int
    down: int
    across: int
    inner_down: int
    inner_across: int
    first: int

    @property
    def numbers(self) -> NDArray[np.int32]:
        """The numbers of its blocks, down×across."""
        count = self.down * self.across
        return np.arange(self.first, self.first + count, dtype=np.int32).reshape(self.down, self.across)


@dataclass(frozen=True, slots=True)
class Layout:
    """The frame: size in pixels, sampling, and MCUs down and across."""

    width: int
    height: int
    components: tuple[Component, ...]
    progressive: bool

    @property
    def horizontal(self) -> int:
        """The greatest horizontal sampling factor."""
        return max(component.horizontal for component in self.components)

    @property
    def vertical(self) -> int:
        return max(component.vertical for component in self.components)

    @property
    def mcu(self) -> tuple[int, int]:
        """Height and width of an MCU in pixels."""
        if len(self.components) == 1:
            return 8, 8
        return self.vertical * 8, self.horizontal * 8

    @property
    def grid(self) -> tuple[int, int]:
        """MCUs down and across."""
        height, width = self.mcu
        return -(-self.height // height), -(-self.width // width)

    @property
    def blocks(self) -> int:
        """Blocks of all components."""
        return sum(component.down * component.across for component in self.components)

    def of_mcu(self, component: Component) -> NDArray[np.int32]:
        """The numbers of a component's blocks: MCUs down × across × vertical × horizontal."""
        down, across = self.grid
        shape = (down, component.down // down, across, component.across // across)
        return component.numbers.reshape(shape).swapaxes(1, 2)

    def order(self, chosen: tuple[int, ...]) -> tuple[NDArray[np.int32], NDArray[np.uint8], int]:
        """A scan of components `chosen`: its blocks in coding order, their places in `chosen`, blocks of an MCU."""
        if len(chosen) == 1:
            component = self.components[chosen[0]]
            numbers = component.numbers[: component.inner_down, : component.inner_across]
            return np.ascontiguousarray(numbers).reshape(-1), np.zeros(numbers.size, np.uint8), 1
        down, across = self.grid
        parts = [self.of_mcu(self.components[index]).reshape(down * across, -1) for index in chosen]
        slots = np.repeat(np.arange(len(parts), dtype=np.uint8), [part.shape[1] for part in parts])
        return np.concatenate(parts, 1).reshape(-1), np.tile(slots, down * across), slots.size


class _Stated(NamedTuple):
    identifier: int
    horizontal: int
    vertical: int
    table: int


def parse(marker: int, data: bytes) -> Layout:
    """The layout that a frame header states. Raises UnkeptError for what is not supported, ValueError for damage."""
    if marker not in FRAMES:
        raise UnkeptError("is arithmetically coded, lossless or hierarchical")
    precision, height, width, count = struct.unpack_from(">BHHB", data)
    if len(data) != 6 + 3 * count or not width:
        raise ValueError("JPEG frame damaged")
    if precision != 8 or count not in (1, 3, 4) or not height:
        raise UnkeptError("has no 8-bit gray, colour or CMYK samples of a stated height")
    stated = [_Stated(a, b >> 4, b & 15, c) for a, b, c in struct.iter_unpack("BBB", data[6:])]
    if any(not (1 <= one.horizontal <= 4 and 1 <= one.vertical <= 4 and one.table < 4) for one in stated):
        raise ValueError("JPEG frame damaged")
    if count == 1:  # one block is its MCU, whatever it says
        stated = [stated[0]._replace(horizontal=1, vertical=1)]
    elif sum(one.horizontal * one.vertical for one in stated) > _MOST_BLOCKS:
        raise ValueError("JPEG frame damaged")
    horizontal, vertical = max(one.horizontal for one in stated), max(one.vertical for one in stated)
    if any(horizontal % one.horizontal or vertical % one.vertical for one in stated):
        raise UnkeptError("has colours sampled at a ratio that is no whole number")
    mcus_down, mcus_across = -(-height // (8 * vertical)), -(-width // (8 * horizontal))
    components, first = [], 0
    for one in stated:
        down, across = mcus_down * one.vertical, mcus_across * one.horizontal
        inner_down = -(-height * one.vertical // (8 * vertical))
        inner_across = -(-width * one.horizontal // (8 * horizontal))
        components.append(Component(*one[:3], one.table, down, across, inner_down, inner_across, first))
        first += down * across
    return Layout(width, height, tuple(components), marker == _PROGRESSIVE)
