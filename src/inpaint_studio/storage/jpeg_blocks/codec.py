"""A JPEG taken apart to its quantised coefficients and put together again, scan by scan as it was."""

from __future__ import annotations

import importlib
import os
import struct
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import platformdirs
from numpy.typing import NDArray

from inpaint_studio.storage.containers.jpeg_segments import EOI, SOS, Segment, is_metadata, read_segments
from inpaint_studio.storage.jpeg_blocks import huffman, layout
from inpaint_studio.storage.jpeg_blocks.huffman import Table
from inpaint_studio.storage.jpeg_blocks.layout import Layout, Unkept

DHT, DQT, DRI, DNL = 0xC4, 0xDB, 0xDD, 0xDC
_SOF = frozenset({*range(0xC0, 0xD0)} - {DHT, 0xC8, 0xCC})
_AC = 0x10


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan header's payload, what holds when it begins, and its entropy-coded bytes with stuffing.

    `chosen` are indices of components, `tables` theirs: (DC, AC) numbers; `codes` all Huffman tables by class and
    number; `restart` MCUs between restart markers, 0 for none.
    """

    header: bytes
    chosen: tuple[int, ...]
    tables: tuple[tuple[int, int], ...]
    first: int
    last: int
    high: int
    low: int
    codes: dict[int, Table]
    restart: int
    data: bytes


class Blocks(NamedTuple):
    """A JPEG without its metadata: segments and scans in their order, and its coefficients N×64 in zigzag order."""

    layout: Layout
    items: tuple[Segment | Scan, ...]
    quantisation: dict[int, NDArray[np.uint16]]
    coefficients: NDArray[np.int16]


def kernels(name: str) -> Any:
    """The compiled inner loops in module `name`: "decoding" or "encoding". The first time ever takes seconds."""
    folder = platformdirs.user_cache_path("inpaint-studio", appauthor=False) / "numba"
    os.environ.setdefault("NUMBA_CACHE_DIR", str(folder))
    return importlib.import_module(f"inpaint_studio.storage.jpeg_blocks.{name}_kernels")


def read(data: bytes) -> Blocks:
    """Take `data` apart. Raises Unkept for a kind that is not supported, ValueError or struct.error for damage."""
    frame, items = _items(data)
    for item in items:
        if isinstance(item, Scan) and frame.progressive != (item.last - item.first < 63):
            raise ValueError("JPEG scan does not fit its frame")
    coefficients = np.zeros((frame.blocks, 64), np.int16)
    for item in items:
        if isinstance(item, Scan):
            _decode(frame, item, coefficients)
    return Blocks(frame, tuple(items), _quantisation(items), coefficients)


def write(blocks: Blocks, changed: int) -> bytes:
    """Put `blocks` together, from the first segment up to the end marker, without the start marker.

    `changed` blocks have been changed since they were read. The file's Huffman tables are kept unless they lack a code.
    """
    scans = [item for item in blocks.items if isinstance(item, Scan)]
    written = [_encode(blocks, scan, changed) for scan in scans]
    if None not in written:
        ready = iter(written)
        return b"".join(_serialised(item, next(ready) if isinstance(item, Scan) else b"") for item in blocks.items) + _END
    parts: list[bytes] = []
    for item in blocks.items:
        if isinstance(item, Scan):
            codes = _best_codes(blocks, item)
            data = _encode(blocks, replace(item, codes=codes), changed)
            if data is None:
                raise ValueError("JPEG coefficients without codes")
            parts += [_segment(DHT, huffman.serialise(number, table)) for number, table in codes.items()]
            parts.append(_serialised(item, data))
        elif item.marker != DHT:
            parts.append(_serialised(item, b""))
    return b"".join(parts) + _END


_END = bytes([0xFF, EOI])


def _segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def _serialised(item: Segment | Scan, data: bytes | None) -> bytes:
    if isinstance(item, Scan):
        return _segment(SOS, item.header) + (data or b"")
    return _segment(*item)


def _items(data: bytes) -> tuple[Layout, list[Segment | Scan]]:
    """The frame, and all segments but metadata, with the scans among them."""
    segments, at = read_segments(data)
    items: list[Segment | Scan] = []
    frame: Layout | None = None
    codes: dict[int, Table] = {}
    restart = 0
    while True:
        for segment in segments:
            if segment.marker in _SOF and frame is None:
                frame = layout.parse(*segment)
            elif segment.marker == DHT:
                codes |= huffman.parse(segment.data)
            elif segment.marker == DRI:
                (restart,) = struct.unpack(">H", segment.data)
            elif segment.marker == DNL or segment.marker in _SOF or (segment.marker == DQT and frame and items and _scanned(items)):
                raise Unkept("is put together in an unusual way")
            if not is_metadata(segment):
                items.append(segment)
        if frame is None:
            raise ValueError("JPEG without a frame")
        scan, at = _scan(data, at, frame, codes, restart)
        items.append(scan)
        if data[at : at + 2] in (_END, b""):
            return frame, items
        segments, at = read_segments(b"\xff\xd8" + data[at:]) if False else _between(data, at)
