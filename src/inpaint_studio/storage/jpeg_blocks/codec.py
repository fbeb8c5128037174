"""A JPEG taken apart to its quantised coefficients and put together again, scan by scan as it was."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inpaint_studio.storage.containers.jpeg_segments import (
    EOI,
    SOI,
    SOS,
    Segment,
    is_metadata,
    read_segments,
    segments_at,
)
from inpaint_studio.storage.jpeg_blocks import huffman, layout, scans
from inpaint_studio.storage.jpeg_blocks.layout import Layout, UnkeptError
from inpaint_studio.storage.jpeg_blocks.scans import Coefficients, Scan

DHT, DQT, DRI, DNL = 0xC4, 0xDB, 0xDD, 0xDC
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {DHT, 0xC8, 0xCC})
_END = bytes([0xFF, EOI])
#: More scans and tables than this make no picture but long waits.
_MOST_ITEMS = 1000


class Blocks(NamedTuple):
    """A JPEG without its metadata: segments and scans in their order, and its coefficients N×64 in zigzag order.

    `quantisation` are tables of 64 divisors in zigzag order by their number.
    """

    layout: Layout
    items: tuple[Segment | Scan, ...]
    quantisation: dict[int, NDArray[np.uint16]]
    coefficients: Coefficients

    @property
    def header(self) -> list[Segment]:
        """The segments before the first scan."""
        first = next(i for i, item in enumerate(self.items) if isinstance(item, Scan))
        return [item for item in self.items[:first] if isinstance(item, Segment)]


def read(data: bytes) -> Blocks:
    """Take `data` apart. Raises UnkeptError for a kind that is not supported, ValueError or struct.error for damage."""
    segments, at = read_segments(data)
    frame = _frame(segments)
    coefficients = np.zeros((frame.blocks, 64), np.int16)
    items: list[Segment | Scan] = []
    codes: dict[int, huffman.Table] = {}
    quantisation: dict[int, NDArray[np.uint16]] = {}
    view, restart = memoryview(data), 0
    while True:
        for segment in segments:
            if segment.marker == DHT:
                codes |= huffman.parse(segment.data)
            elif segment.marker == DRI:
                (restart,) = struct.unpack(">H", segment.data)
            elif segment.marker == DQT:
                quantisation |= _divisors(segment.data)
        items += [segment for segment in segments if not is_metadata(segment)]
        length = int.from_bytes(data[at + 2 : at + 4])
        scan = scans.parse(data[at + 4 : at + 2 + length], frame, codes, restart, view[at + 2 + length :])
        used = scans.decode(frame, scan, coefficients)
        items.append(replace(scan, data=scan.data[:used]))
        at += 2 + length + used
        if data[at : at + 2] in (_END, b""):
            break
        segments, at = segments_at(data, at)
        if len(items) > _MOST_ITEMS or any(
            segment.marker in (DNL, DQT) or segment.marker in _FRAMES for segment in segments
        ):
            raise UnkeptError("is put together in an unusual way")
    if any(component.table not in quantisation for component in frame.components):
        raise ValueError("JPEG quantisation table missing")
    return Blocks(frame, tuple(items), quantisation, coefficients)


def write(blocks: Blocks, changed: int) -> bytes:
    """The scans of `blocks` and what stands between them, from the first scan's marker to the end of the file.

    It belongs behind `blocks.header`. `changed` blocks are not as they were read. The file's Huffman tables are kept
    unless they lack a code that is needed now.
    """
    parts: list[bytes] = []
    replaced: set[int] = set()  # tables of the file that a scan's own ones have taken the place of
    for item in blocks.items[len(blocks.header) :]:
        if isinstance(item, Segment):
            if item.marker == DHT:
                replaced -= huffman.parse(item.data).keys()
            parts.append(_segment(item))
            continue
        stands = replaced.isdisjoint(item.dc + item.ac)
        data = scans.encode(blocks.layout, item, blocks.coefficients, changed) if stands else None
        if data is None:
            codes = scans.best_codes(blocks.layout, item, blocks.coefficients)
            parts += [_segment(Segment(DHT, huffman.serialise(number, table))) for number, table in codes.items()]
            replaced |= codes.keys()
            data = scans.encode(blocks.layout, replace(item, codes=codes), blocks.coefficients, changed)
        if data is None:
            raise ValueError("JPEG coefficients without codes")
        parts += [_segment(Segment(SOS, item.header)), data]
    return b"".join([*parts, _END])


def _frame(segments: list[Segment]) -> Layout:
    frames = [segment for segment in segments if segment.marker in _FRAMES]
    if len(frames) != 1 or any(segment.marker in (SOI, DNL) for segment in segments):
        raise UnkeptError("is put together in an unusual way")
    return layout.parse(*frames[0])


def _divisors(data: bytes) -> dict[int, NDArray[np.uint16]]:
    """The tables of a DQT segment. Raises ValueError when it is damaged."""
    tables, at = {}, 0
    while at < len(data):
        wide, number = data[at] >> 4, data[at] & 15
        size = 128 if wide else 64
        values = np.frombuffer(data[at + 1 : at + 1 + size], ">u2" if wide else "u1").astype(np.uint16)
        if len(values) != 64 or wide > 1 or number > 3 or not values.all():
            raise ValueError("JPEG quantisation table damaged")
        tables[number] = values
        at += 1 + size
    return tables


def _segment(segment: Segment) -> bytes:
    return bytes([0xFF, segment.marker]) + struct.pack(">H", len(segment.data) + 2) + segment.data
