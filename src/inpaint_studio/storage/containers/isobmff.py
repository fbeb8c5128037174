"""Pictures in boxes (ISO/IEC 23008-12): the items, properties and metadata of AVIF and HEIC files."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

#: More items or properties than this are an attack: a large grid has some hundreds.
_MOST = 1 << 14
#: (quarter turns anticlockwise, mirror axis or None) of each EXIF orientation, the turn first.
_TURNS: dict[int, tuple[int, int | None]] = {
    1: (0, None),
    2: (0, 1),
    3: (2, None),
    4: (0, 0),
    5: (1, 0),
    6: (3, None),
    7: (3, 0),
    8: (1, None),
}
_ORIENTATIONS = {turn: value for value, turn in _TURNS.items()} | {(1, 1): 7, (3, 1): 5, (2, 0): 2, (2, 1): 4}


class Box(NamedTuple):
    """A box's four letters and its contents, without the head."""

    kind: bytes
    data: bytes


class Property(NamedTuple):
    """A property's box and whether a reader must understand it."""

    box: Box
    essential: bool


@dataclass(slots=True)
class Item:
    """A picture or a block of metadata: its kind, content type, bytes (unless only headers were read), properties."""

    kind: bytes
    mime: bytes = b""
    data: bytes = b""
    properties: list[Property] = field(default_factory=list)

    def first(self, kind: bytes, start: bytes = b"") -> bytes | None:
        """The contents of the item's first property of this kind that begins so."""
        found = (one.box.data for one in self.properties if one.box.kind == kind and one.box.data.startswith(start))
        return next(found, None)


@dataclass(slots=True)
class Pictures:
    """A file's items by their numbers. `references` are (kind, from, to...)."""

    brand: bytes
    brands: bytes
    primary: int
    items: dict[int, Item]
    references: list[tuple[bytes, int, tuple[int, ...]]]

    @property
    def picture(self) -> Item:
        """The photo itself. Raises ValueError when there is none."""
        if self.primary not in self.items:
            raise ValueError("no primary picture")
        return self.items[self.primary]

    def of_picture(self, kind: bytes) -> Iterator[Item]:
        """Items that refer to the photo in this way: b"cdsc" describes it, b"auxl" belongs to it."""
        for reference, start, targets in self.references:
            if reference == kind and self.primary in targets and start in self.items:
                yield self.items[start]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as stored."""
        extent = self.picture.first(b"ispe") or b""
        return struct.unpack_from(">II", extent, 4)

    @property
    def orientation(self) -> int:
        """The EXIF value of the photo's turn and mirror."""
        turn, mirror = self.picture.first(b"irot"), self.picture.first(b"imir")
        key = ((turn[0] & 3) if turn else 0, (mirror[0] & 1) if mirror else None)
        return _ORIENTATIONS[key]

    @property
    def alpha(self) -> Item | None:
        """The item that is the photo's transparency."""
        return next((one for one in self.of_picture(b"auxl") if b"alpha" in (one.first(b"auxC") or b"")), None)

    def setting(self, kind: bytes) -> bytes | None:
        """The contents of the photo's property of this kind, or of its first tile's that has one."""
        own = self.picture.first(kind)
        if own is not None:
            return own
        parts = [
            number for name, start, to in self.references if name == b"dimg" and start == self.primary for number in to
        ]
        tiles = (self.items[number].first(kind) for number in parts if number in self.items)
        return next((found for found in tiles if found is not None), None)

    def metadata(self, kind: bytes, mime: bytes = b"") -> bytes | None:
        """The bytes of the first item of this kind that describes the photo."""
        for item in self.of_picture(b"cdsc"):
            if item.kind == kind and item.mime.startswith(mime):
                return item.data
        return None


def transforms(orientation: int) -> list[Property]:
    """The properties that show a photo so."""
    turn, mirror = _TURNS[orientation]
    result = [Property(Box(b"irot", bytes([turn])), essential=True)] if turn else []
    return result if mirror is None else [*result, Property(Box(b"imir", bytes([mirror])), essential=True)]


def boxes(data: bytes, start: int = 0) -> list[Box]:
    """The boxes of `data` from `start`. Raises ValueError when one is longer than what is there."""
    found, at = [], start
    while at + 8 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        head = 8
        if length == 1:
            length, head = int.from_bytes(data[at + 8 : at + 16]), 16
        end = len(data) if length == 0 else at + length
        if end > len(data) or end < at + head:
            raise ValueError("box longer than its file")
        found.append(Box(kind, data[at + head : end]))
        at = end
    return found


def packed(kind: bytes, *parts: bytes) -> bytes:
    """A box as it stands in a file."""
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + kind + body


def read(data: bytes) -> Pictures:
    """The pictures of a file. Raises ValueError, LookupError or struct.error for what is none."""
    brand = brands = b""
    for kind, body in boxes(data):
        if kind == b"ftyp":
            brand, brands = body[:4], body[8:]
        if kind == b"meta":
            return _read_meta(data, body, brand, brands)
    raise ValueError("no pictures in the file")


def _read_meta(data: bytes, body: bytes, brand: bytes, brands: bytes) -> Pictures:
    inner = dict(reversed(boxes(body, 4)))
    items: dict[int, Item] = {}
    entries = inner[b"iinf"]
    for kind, entry in boxes(entries, 8 if entries[0] else 6)[:_MOST]:
        if kind != b"infe" or entry[0] not in (2, 3):
            continue
        wide = entry[0] == 3
        number = int.from_bytes(entry[4 : 8 if wide else 6])
        rest = entry[10 if wide else 8 :]
        names = rest[4:].split(b"\0")
        items[number] = Item(rest[:4], names[1] if rest[:4] == b"mime" and len(names) > 1 else b"")
    _read_places(data, inner, items)
    _read_properties(inner.get(b"iprp", b""), items)
    primary = inner[b"pitm"]
    number = int.from_bytes(primary[4 : 8 if primary[0] else 6])
    return Pictures(brand, brands, number, items, _references(inner.get(b"iref", b"")))


class _Reader:
    """Big-endian whole numbers of chosen sizes, one after the other."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data, self.at = data, at

    def take(self, size: int) -> int:
        if self.at + size > len(self.data):
            raise ValueError("box cut off")
        self.at += size
        return int.from_bytes(self.data[self.at - size : self.at])


def _read_places(data: bytes, inner: dict[bytes, bytes], items: dict[int, Item]) -> None:
    """Give each item its bytes, as the box iloc places them."""
    body = inner[b"iloc"]
    version = body[0]
    offset_size, length_size, base_size = body[4] >> 4, body[4] & 15, body[5] >> 4
    index_size = body[5] & 15 if version else 0
    reader = _Reader(body, 6)
    budget = 2 * len(data)  # extents that overlap a thousand times are an attack
    for _ in range(min(reader.take(4 if version == 2 else 2), _MOST)):
        number = reader.take(4 if version == 2 else 2)
        method = reader.take(2) & 15 if version else 0
        reader.take(2)
        base = reader.take(base_size)
        parts = []
        for _ in range(reader.take(2)):
            reader.take(index_size)
            start = base + reader.take(offset_size)
            length = reader.take(length_size)
            source = inner.get(b"idat", b"") if method == 1 else data
            if method > 1 or start + length > len(source):
                raise ValueError("picture outside the file")
            budget -= length
            if budget < 0:
                raise ValueError("pictures overlap")
            parts.append(source[start : start + length] if length else source[start:])
        if number in items:
            items[number].data = b"".join(parts)


def _read_properties(body: bytes, items: dict[int, Item]) -> None:
    inner = boxes(body)
    known = next((boxes(data) for kind, data in inner if kind == b"ipco"), [])[:_MOST]
    for kind, data in inner:
        if kind != b"ipma":
            continue
        reader = _Reader(data, 4)
        wide = data[3] & 1
        for _ in range(min(reader.take(4), _MOST)):
            number = reader.take(4 if data[0] else 2)
            for _ in range(reader.take(1)):
                value = reader.take(2 if wide else 1)
                essential = bool(value >> (15 if wide else 7))
                index = value & (0x7FFF if wide else 0x7F)
                if number in items and 1 <= index <= len(known):
                    items[number].properties.append(Property(known[index - 1], essential))


def _references(body: bytes) -> list[tuple[bytes, int, tuple[int, ...]]]:
    if not body:
        return []
    size = 4 if body[0] else 2
    found = []
    for kind, data in boxes(body, 4)[:_MOST]:
        reader = _Reader(data)
        start = reader.take(size)
        found.append((kind, start, tuple(reader.take(size) for _ in range(reader.take(2)))))
    return found


def write(pictures: Pictures) -> bytes:
    """A file of `pictures`, each property once."""
    shared: list[Box] = []
    entries, rows, places, media = [], [], [], []
    for number, item in pictures.items.items():
        flags = 1 if item.kind in (b"Exif", b"mime") else 0  # hidden: no picture
        names = b"\0" + item.mime + b"\0" if item.kind == b"mime" else b"\0"
        entries.append(packed(b"infe", struct.pack(">BBHHH", 2, 0, flags, number, 0), item.kind, names))
        indices = []
        for box, essential in item.properties:
            if box not in shared:
                shared.append(box)
            indices.append(shared.index(box) + 1 | essential << 7)
        if indices:
            rows.append(struct.pack(">HB", number, len(indices)) + bytes(indices))
        places.append((number, len(item.data)))
        media.append(item.data)
    references = [
        packed(kind, struct.pack(f">HH{len(targets)}H", start, len(targets), *targets))
        for kind, start, targets in pictures.references
    ]
    head = packed(b"ftyp", pictures.brand, bytes(4), pictures.brands)
    parts = [
        packed(b"hdlr", bytes(8), b"pict", bytes(13)),
        packed(b"pitm", struct.pack(">IH", 0, pictures.primary)),
        packed(b"iinf", struct.pack(">IH", 0, len(entries)), *entries),
        *([packed(b"iref", bytes(4), *references)] if references else []),
        packed(
            b"iprp",
            packed(b"ipco", *[packed(*box) for box in shared]),
            packed(b"ipma", struct.pack(">II", 0, len(rows)), *rows),
        ),
    ]
    # iloc: version 0, offsets and lengths of four bytes, one extent an item
    offset = len(head) + 8 + 4 + sum(map(len, parts)) + 8 + 8 + 14 * len(places) + 8
    table = struct.pack(">IBBH", 0, 0x44, 0, len(places))
    for number, length in places:
        table += struct.pack(">HHHII", number, 0, 1, offset, length)
        offset += length
    return b"".join((head, packed(b"meta", bytes(4), *parts, packed(b"iloc", table)), packed(b"mdat", *media)))
