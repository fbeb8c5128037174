"""Huffman tables: as a JPEG states them, as the kernels look them up, and the best ones for what is to be written."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Table(NamedTuple):
    """How many codes there are of each length from 1 to 16, and their symbols in the order of the codes."""

    lengths: bytes
    symbols: bytes

    def codes(self) -> list[tuple[int, int, int]]:
        """(symbol, code, length) each. Raises ValueError when there are more codes than bits allow."""
        result, code, at = [], 0, 0
        for length, count in enumerate(self.lengths, 1):
            for symbol in self.symbols[at : at + count]:
                result.append((symbol, code, length))
                code += 1
            if code > 1 << length:
                raise ValueError("JPEG with impossible Huffman codes")
            at += count
            code <<= 1
        return result

    def reading(self) -> NDArray[np.uint16]:
        """By the next 16 bits: length << 8 | symbol, 0 where there is no code."""
        result = np.zeros(1 << 16, np.uint16)
        for symbol, code, length in self.codes():
            result[code << (16 - length) : (code + 1) << (16 - length)] = length << 8 | symbol
        return result

    def writing(self) -> NDArray[np.uint32]:
        """By symbol: length << 16 | code, 0 where there is no code."""
        result = np.zeros(256, np.uint32)
        for symbol, code, length in self.codes():
            result[symbol] = length << 16 | code
        return result


def parse(data: bytes) -> dict[int, Table]:
    """The tables of a DHT segment by class << 4 | number. Raises ValueError when it is damaged."""
    tables, at = {}, 0
    while at < len(data):
        lengths = data[at + 1 : at + 17]
        symbols = data[at + 17 : at + 17 + sum(lengths)]
        if len(lengths) < 16 or len(symbols) < sum(lengths) or sum(lengths) > 256 or data[at] & 0xEC:
            raise ValueError("JPEG Huffman table damaged")
        tables[data[at]] = Table(lengths, symbols)
        at += 17 + len(symbols)
    return tables


def serialise(number: int, table: Table) -> bytes:
    """A DHT segment's data."""
    return bytes([number]) + table.lengths + table.symbols


def best(counts: NDArray[np.int64]) -> Table:
    """The shortest codes for symbols used `counts` times each, up to 16 bits, none of ones only (ITU T.81, annex K.2)."""
    if not counts.any():
        return Table(bytes([1, *[0] * 15]), b"\0")
    trees: list[tuple[int, tuple[int, ...]]] = [(int(count), (symbol,)) for symbol, count in enumerate(counts) if count]
    trees.append((1, (256,)))  # takes the code of ones only; the last of equals, so that it gets a longest code
    sizes = dict.fromkeys(range(257), 0)
    while len(trees) > 1:
        trees.sort(key=lambda tree: (tree[0], -max(tree[1])))
        (one, left), (other, right) = trees[:2]
        for symbol in left + right:
            sizes[symbol] += 1
        trees[:2] = [(one + other, left + right)]
    lengths = [0] * 300
    for size in sizes.values():
        lengths[size] += 1
    _shorten(lengths)
    lengths[max(size for size in range(17) if lengths[size] and size)] -= 1
    ranked = sorted((size, symbol) for symbol, size in sizes.items() if size and symbol < 256)
    return Table(bytes(lengths[1:17]), bytes(symbol for _, symbol in ranked))


def _shorten(lengths: list[int]) -> None:
    """Give codes of more than 16 bits shorter ones, at the cost of others (figure K.3)."""
    for size in range(len(lengths) - 1, 16, -1):
        while lengths[size] > 0:
            shorter = size - 2
            while lengths[shorter] == 0:
                shorter -= 1
            lengths[size] -= 2
            lengths[size - 1] += 1
            lengths[shorter + 1] += 2
            lengths[shorter] -= 1
