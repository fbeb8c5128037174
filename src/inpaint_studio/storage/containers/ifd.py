"""TIFF image file directories, of TIFF files and of EXIF blocks. Values stay raw bytes in the file's byte order."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Literal

#: Pointer tags whose value is the offset of another directory: EXIF, GPS, interoperability.
EXIF, GPS, INTEROPERABILITY = 0x8769, 0x8825, 0xA005
POINTERS = (EXIF, GPS, INTEROPERABILITY)

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, LONG8 = 1, 2, 3, 4, 5, 7, 16
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I", 16: "Q", 17: "q", 18: "Q"}

#: Directories whose values add up to more than this many bytes are cut short: no camera writes them.
_LARGEST_DIRECTORY = 64 << 20


@dataclass(frozen=True, slots=True)
class Layout:
    """Byte order ("<" or ">") and whether offsets have 64 bits (BigTIFF)."""

    order: Literal["<", ">"] = "<"
    big: bool = False

    @property
    def offset(self) -> str:
        """The struct code of an offset."""
        return "Q" if self.big else "I"

    @property
    def inline(self) -> int:
        """Bytes that a value may have to stand in its entry."""
        return 8 if self.big else 4

    @property
    def header(self) -> bytes:
        """A file's first bytes up to the offset of its first directory."""
        mark = b"II" if self.order == "<" else b"MM"
        return mark + (self.pack("HHH", 43, 8, 0) if self.big else self.pack("H", 42))

    def pack(self, codes: str, *values: int) -> bytes:
        return struct.pack(self.order + codes, *values)

    def read(self, stream: BinaryIO, codes: str) -> tuple[int, ...]:
        """Raises struct.error at the end of the stream."""
        return struct.unpack(self.order + codes, stream.read(struct.calcsize(self.order + codes)))


@dataclass(frozen=True, slots=True)
class Entry:
    """A tag's type, count and value bytes; `at` is where the value stood when it was read."""

    kind: int
    count: int
    data: bytes
    at: int = 0

    @classmethod
    def shorts(cls, layout: Layout, *values: int) -> Entry:
        return cls(SHORT, len(values), layout.pack(f"{len(values)}H", *values))

    @classmethod
    def longs(cls, layout: Layout, *values: int) -> Entry:
        """Offsets and counts: 64 bits each in BigTIFF."""
        return cls(LONG8 if layout.big else LONG, len(values), layout.pack(f"{len(values)}{layout.offset}", *values))

    @classmethod
    def rational(cls, layout: Layout, value: float) -> Entry:
        """`value` with four decimals at least for what fits."""
        scale = 10000 if value < 400000 else 1
        return cls(RATIONAL, 1, layout.pack("II", round(value * scale), scale))

    @classmethod
    def raw(cls, data: bytes, kind: int = UNDEFINED) -> Entry:
        return cls(kind, len(data), data)

    def numbers(self, layout: Layout) -> tuple[float, ...]:
        """The values; a rational becomes its quotient, 0 when it is undefined. Raises ValueError for other types."""
        if self.kind in (RATIONAL, 10):
            parts = struct.unpack(f"{layout.order}{self.count * 2}{'I' if self.kind == RATIONAL else 'i'}", self.data)
            return tuple(a / b if b else 0.0 for a, b in zip(parts[::2], parts[1::2], strict=True))
        if self.kind not in _CODES:
            raise ValueError(f"TIFF type {self.kind} is no number")
        return struct.unpack(f"{layout.order}{self.count}{_CODES[self.kind]}", self.data)

    def number(self, layout: Layout, default: float = 0) -> float:
        """The first value, or `default` when there is none."""
        values = self.numbers(layout) if self.kind in _CODES or self.kind in (RATIONAL, 10) else ()
        return values[0] if values else default


@dataclass(slots=True)
class Ifd:
    """A directory: its entries, and the directories its pointer tags lead to."""

    entries: dict[int, Entry] = field(default_factory=dict)
    children: dict[int, Ifd] = field(default_factory=dict)


def read_header(stream: BinaryIO) -> tuple[Layout, int]:
    """Layout and offset of the first directory. Raises ValueError or struct.error when it is not a TIFF structure."""
    stream.seek(0)
    mark = stream.read(2)
    if mark not in (b"II", b"MM"):
        raise ValueError("no byte order mark")
    layout = Layout("<" if mark == b"II" else ">")
    (version,) = layout.read(stream, "H")
    if version == 42:
        return layout, layout.read(stream, "I")[0]
    if version == 43 and layout.read(stream, "HH") == (8, 0):
        layout = Layout(layout.order, big=True)
        return layout, layout.read(stream, "Q")[0]
    raise ValueError("no TIFF version")


def read_ifd(stream: BinaryIO, layout: Layout, offset: int, depth: int = 0) -> Ifd:
    """The directory at `offset`. Entries and children that lead outside the stream are left out.

    Raises ValueError or struct.error when there is no directory.
    """
    stream.seek(offset)
    (count,) = layout.read(stream, "Q" if layout.big else "H")
    if offset == 0 or count > 0xFFFF:
        raise ValueError("no directory")
    size = 20 if layout.big else 12
    table = stream.read(count * size)
    if len(table) < count * size:
        raise ValueError("directory cut off")
    start = stream.tell() - len(table)
    ifd = Ifd()
    budget = _LARGEST_DIRECTORY
    for index in range(count):
        tag, kind = struct.unpack_from(layout.order + "HH", table, index * size)
        (number,) = struct.unpack_from(layout.order + layout.offset, table, index * size + 4)
        length = number * _SIZES.get(kind, 0)
        if length == 0 or length > budget:
            continue
        at = start + index * size + size - layout.inline
        if length > layout.inline:
            (at,) = struct.unpack_from(layout.order + layout.offset, table, index * size + size - layout.inline)
        stream.seek(at)
        data = stream.read(length)
        budget -= length
        if len(data) == length:
            ifd.entries[tag] = Entry(kind, number, data, at)
    _read_children(stream, layout, ifd, depth)
    return ifd


def _read_children(stream: BinaryIO, layout: Layout, ifd: Ifd, depth: int) -> None:
    if depth > 1:  # EXIF in the photo's directory, interoperability in EXIF: nothing lies deeper
        return
    for tag in POINTERS:
        entry = ifd.entries.pop(tag, None)
        if entry is None or entry.kind not in (LONG, LONG8, 13, 18):
            continue
        try:
            ifd.children[tag] = read_ifd(stream, layout, int(entry.number(layout)), depth + 1)
        except (ValueError, OverflowError, struct.error):
            continue


def table_size(count: int, layout: Layout) -> int:
    """Bytes of a directory of `count` entries, without the values outside it."""
    return 8 + count * 20 + 8 if layout.big else 2 + count * 12 + 4


def write_ifd(ifd: Ifd, layout: Layout, position: int) -> bytes:
    """The directory and its children as bytes that begin at `position` (even), the link to a next directory zero."""
    pointers: Mapping[int, Ifd] = ifd.children
    tail = bytearray()
    values_at = position + table_size(len(ifd.entries.keys() | pointers.keys()), layout)
    rows: dict[int, bytes] = {}
    for tag, child in pointers.items():
        entry = Entry.longs(layout, values_at + len(tail))
        tail += write_ifd(child, layout, values_at + len(tail))
        rows[tag] = _row(layout, tag, entry, entry.data)
    for tag, entry in ifd.entries.items():
        if tag in pointers:
            continue
        inline = entry.data
        if len(entry.data) > layout.inline:
            inline = layout.pack(layout.offset, values_at + len(tail))
            tail += entry.data + b"\0" * (len(entry.data) % 2)
        rows[tag] = _row(layout, tag, entry, inline)
    body = layout.pack("Q" if layout.big else "H", len(rows))
    body += b"".join(rows[tag] for tag in sorted(rows)) + layout.pack(layout.offset, 0)
    return body + bytes(tail)


def _row(layout: Layout, tag: int, entry: Entry, inline: bytes) -> bytes:
    return layout.pack("HH" + layout.offset, tag, entry.kind, entry.count) + inline.ljust(layout.inline, b"\0")
