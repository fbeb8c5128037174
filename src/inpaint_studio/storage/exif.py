"""EXIF blocks: orientation and resolution read and set in place, so that maker notes keep their offsets."""

from __future__ import annotations

import io
import re
import struct
from typing import TYPE_CHECKING

from inpaint_studio.storage.containers.ifd import Entry, Ifd, Layout, read_header, read_ifd, write_ifd
from inpaint_studio.storage.orientation import valid

if TYPE_CHECKING:
    from collections.abc import Mapping

ORIENTATION, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 274, 282, 283, 296
_PREFIX = b"Exif\0\0"
_XMP_ORIENTATION = re.compile(rb"(tiff:Orientation(?:=[\"']|>)\s*)[2-8]")


def without_prefix(block: bytes) -> bytes:
    """The TIFF-structured block, without the mark that JPEG and some WebP writers put before it."""
    return block.removeprefix(_PREFIX)


def parse(block: bytes | None) -> tuple[Layout, Ifd] | None:
    """Byte order and directory of an EXIF block; None when there is none or it cannot be read."""
    if not block:
        return None
    stream = io.BytesIO(block)
    try:
        layout, offset = read_header(stream)
        return None if layout.big else (layout, read_ifd(stream, layout, offset))
    except (ValueError, struct.error):
        return None


def serialise(layout: Layout, ifd: Ifd) -> bytes:
    """A new EXIF block of `ifd`, whose values are in `layout`'s byte order."""
    small = Layout(layout.order)
    return small.header + small.pack("I", 8) + write_ifd(ifd, small, 8)


def orientation_of(block: bytes | None) -> int:
    """The block's orientation, 1 when it has none."""
    parsed = parse(block)
    if parsed is None or ORIENTATION not in parsed[1].entries:
        return 1
    return valid(int(parsed[1].entries[ORIENTATION].number(parsed[0], 1)))


def resolution_in(layout: Layout, ifd: Ifd) -> tuple[float, float] | None:
    """Dots per inch that a directory states; None when it states none or without a unit of length."""
    entries = ifd.entries
    if X_RESOLUTION not in entries or Y_RESOLUTION not in entries:
        return None
    unit = int(entries[RESOLUTION_UNIT].number(layout, 2)) if RESOLUTION_UNIT in entries else 2
    scale = {2: 1.0, 3: 2.54}.get(unit)
    across, down = entries[X_RESOLUTION].number(layout) or 0, entries[Y_RESOLUTION].number(layout) or 0
    return None if scale is None or across <= 0 or down <= 0 else (across * scale, down * scale)


def resolution_of(block: bytes | None) -> tuple[float, float] | None:
    """Dots per inch that the block states."""
    parsed = parse(block)
    return None if parsed is None else resolution_in(*parsed)


def resolution_entries(layout: Layout, resolution: tuple[float, float]) -> dict[int, Entry]:
    """The three tags that state dots per inch."""
    return {
        X_RESOLUTION: Entry.rational(layout, resolution[0]),
        Y_RESOLUTION: Entry.rational(layout, resolution[1]),
        RESOLUTION_UNIT: Entry.shorts(layout, 2),
    }


def with_orientation(block: bytes | None, orientation: int) -> bytes | None:
    """The block with `orientation`; unchanged when it says so already, None when there is nothing to say."""
    if orientation_of(block) == orientation:
        return block
    layout = (parse(block) or (Layout(),))[0]
    return _with_entries(block, {ORIENTATION: Entry.shorts(layout, orientation)})


def with_resolution(block: bytes | None, resolution: tuple[float, float] | None) -> bytes | None:
    """The block with `resolution`; unchanged when it says so already or None is to be said."""
    if resolution is None or resolution_of(block) == resolution:
        return block
    layout = (parse(block) or (Layout(),))[0]
    return _with_entries(block, resolution_entries(layout, resolution))


def _with_entries(block: bytes | None, entries: Mapping[int, Entry]) -> bytes:
    """The block with `entries` set: patched where they stand, otherwise by a new first directory at the end.

    Everything else stays where it is, since maker notes hold offsets into the block. An unreadable block is replaced.
    """
    parsed = parse(block)
    if block is None or parsed is None:
        return serialise(Layout(), Ifd(dict(entries)))
    layout, ifd = parsed
    standing = ifd.entries
    if all(tag in standing and _same_shape(standing[tag], entry) for tag, entry in entries.items()):
        patched = bytearray(block)
        for tag, entry in entries.items():
            patched[standing[tag].at : standing[tag].at + len(entry.data)] = entry.data
        return bytes(patched)
    return _with_new_directory(block, layout, entries)


def _same_shape(one: Entry, other: Entry) -> bool:
    return (one.kind, one.count) == (other.kind, other.count)


def _with_new_directory(block: bytes, layout: Layout, entries: Mapping[int, Entry]) -> bytes:
    """The rows of the first directory copied behind the block, `entries` among them; its values stay in place."""
    (first,) = struct.unpack_from(layout.order + "I", block, 4)
    (count,) = struct.unpack_from(layout.order + "H", block, first)
    rows = {}
    for at in range(first + 2, first + 2 + count * 12, 12):
        rows[struct.unpack_from(layout.order + "H", block, at)[0]] = block[at : at + 12]
    link = block[first + 2 + count * 12 :][:4].ljust(4, b"\0")
    result = bytearray(block + b"\0" * (len(block) % 2))
    for tag, entry in entries.items():
        inline = entry.data.ljust(4, b"\0")
        if len(entry.data) > 4:
            inline = layout.pack("I", len(result))
            result += entry.data
        rows[tag] = layout.pack("HHI", tag, entry.kind, entry.count) + inline
    result[4:8] = layout.pack("I", len(result))
    return bytes(result + layout.pack("H", len(rows)) + b"".join(rows[tag] for tag in sorted(rows)) + link)


def upright_xmp(packet: bytes | None) -> bytes | None:
    """The XMP packet with the orientation it may repeat set to 1."""
    return None if packet is None else _XMP_ORIENTATION.sub(rb"\g<1>1", packet)
