"""What an exported photo need not tell: where it was taken, or anything beside its pixels."""

from __future__ import annotations

import re
import struct
from dataclasses import replace
from typing import TYPE_CHECKING

from inpaint_studio.storage import exif
from inpaint_studio.storage.containers.ifd import GPS
from inpaint_studio.storage.family import Keep
from inpaint_studio.storage.photo import Metadata

if TYPE_CHECKING:
    from inpaint_studio.storage.containers.ifd import Layout

#: What is said when a maker's own notes, which nobody else can read, stay in the file.
DOUBT = (
    "The camera maker's own notes stay in the file; some makers write the place there, too. "
    "Metadata “none” leaves them out."
)

_MAKER_NOTE, _EXIF = 37500, 0x8769
#: Records of IPTC's application part that name places.
_IPTC_PLACES = frozenset({26, 27, 90, 92, 95, 100, 101, 103})
_PLACES = (
    rb"exif:GPS\w+|photoshop:(?:City|State|Country)"
    rb"|Iptc4xmpCore:(?:Location|CountryCode)|Iptc4xmpExt:(?:LocationCreated|LocationShown)"
)
_ELEMENT = re.compile(rb"<(%b)\b(?:[^>]*/>|.*?</\1\s*>)" % _PLACES, re.DOTALL)
_ATTRIBUTE = re.compile(rb"\s(?:%b)\s*=\s*(?:\"[^\"]*\"|'[^']*')" % _PLACES)


def kept(metadata: Metadata, keep: Keep) -> Metadata:
    """What of `metadata` goes into a file."""
    if keep is Keep.ALL:
        return metadata
    if keep is Keep.NONE:
        block = exif.with_orientation(None, metadata.orientation)
        return Metadata(icc=metadata.icc, exif=block, resolution=metadata.resolution, orientation=metadata.orientation)
    return replace(
        metadata,
        exif=without_position(metadata.exif),
        xmp=without_places(metadata.xmp),
        iptc=_without_iptc_places(metadata.iptc),
    )


def doubts(metadata: Metadata, keep: Keep) -> tuple[str, ...]:
    """What the user should know about what may be left."""
    parsed = exif.parse(metadata.exif)
    if keep is not Keep.NO_LOCATION or parsed is None or _EXIF not in parsed[1].children:
        return ()
    return (DOUBT,) if _MAKER_NOTE in parsed[1].children[_EXIF].entries else ()


def without_position(block: bytes | None) -> bytes | None:
    """The EXIF block without its GPS directory, whose bytes become zeros; nothing else in the block moves."""
    parsed = exif.parse(block)
    if block is None or parsed is None or not (rows := _rows_of_position(block, parsed[0])):
        return block
    result = bytearray(block)
    first, count, keep = _first_directory(block, parsed[0], rows)
    blank_directory(result, parsed[0], rows[0][1])
    table = b"".join(keep) + block[first + 2 + count * 12 :][:4]
    table += bytes(2 + count * 12 + 4 - 2 - len(table))
    result[first : first + 2 + count * 12 + 4] = parsed[0].pack("H", len(keep)) + table
    return bytes(result)


def blank_directory(data: bytearray, layout: Layout, start: int) -> None:
    """Overwrite the directory at `start` of the block `data` and the values that it points to by zeros."""
    sizes = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
    try:
        (count,) = struct.unpack_from(layout.order + "H", data, start)
        for at in range(start + 2, start + 2 + count * 12, 12):
            _, kind, number, value = struct.unpack_from(layout.order + "HHII", data, at)
            length = sizes.get(kind, 0) * number
            if length > 4 and value + length <= len(data):
                data[value : value + length] = bytes(length)
        data[start : start + 2 + count * 12] = bytes(2 + count * 12)
    except (struct.error, ValueError):
        return


def _rows_of_position(block: bytes, layout: Layout) -> list[tuple[int, int]]:
    """Place of the row that points to the GPS directory, and what it points to."""
    (first,) = struct.unpack_from(layout.order + "I", block, 4)
    (count,) = struct.unpack_from(layout.order + "H", block, first)
    places = range(first + 2, first + 2 + count * 12, 12)
    rows = [(at, struct.unpack_from(layout.order + "HHII", block, at)) for at in places]
    return [(at, row[3]) for at, row in rows if row[0] == GPS]


def _first_directory(block: bytes, layout: Layout, rows: list[tuple[int, int]]) -> tuple[int, int, list[bytes]]:
    """Start and length of the first directory, and its rows without `rows`."""
    (first,) = struct.unpack_from(layout.order + "I", block, 4)
    (count,) = struct.unpack_from(layout.order + "H", block, first)
    gone = {at for at, _ in rows}
    places = range(first + 2, first + 2 + count * 12, 12)
    return first, count, [block[at : at + 12] for at in places if at not in gone]


def without_places(packet: bytes | None) -> bytes | None:
    """The XMP packet without coordinates, towns and countries."""
    return None if packet is None else _ATTRIBUTE.sub(b"", _ELEMENT.sub(b"", packet))


def _without_iptc_places(records: bytes | None) -> bytes | None:
    """IIM records without those that name places; None when the rest can't be read."""
    if records is None:
        return None
    result, at = bytearray(), 0
    while at + 5 <= len(records) and records[at] == 0x1C:
        part, number, length = struct.unpack_from(">BBH", records, at + 1)
        if length & 0x8000:  # an extended length: nothing that names a place is that long
            return None
        end = at + 5 + length
        if part != 2 or number not in _IPTC_PLACES:
            result += records[at:end]
        at = end
    return bytes(result) or None
