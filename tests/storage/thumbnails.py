"""EXIF thumbnails, put into a block and found in it."""

from __future__ import annotations

import io
import struct

from PIL import ExifTags, Image

from inpaint_studio.storage import exif
from inpaint_studio.storage.containers.ifd import Entry, Ifd, Layout, write_ifd


def with_thumbnail(block: bytes, ifd: Ifd, data: bytes, offset_tag: int) -> bytes:
    """The block with `data` and a directory that points at it behind its first."""
    parsed = exif.parse(block)
    assert parsed is not None
    layout = parsed[0]
    block += b"\0" * (len(block) % 2)
    at = len(block)
    entries = ifd.entries | {offset_tag: Entry.longs(layout, at)}
    start = at + len(data) + len(data) % 2
    block += data.ljust(start - at, b"\0") + write_ifd(Ifd(entries), layout, start)
    (first,) = struct.unpack_from(layout.order + "I", block, 4)
    (count,) = struct.unpack_from(layout.order + "H", block, first)
    link = first + 2 + 12 * count
    return block[:link] + layout.pack("I", start) + block[link + 4 :]


def jpeg_thumbnail(block: bytes, data: bytes) -> bytes:
    layout = (exif.parse(block) or (Layout(),))[0]
    ifd = Ifd({259: Entry.shorts(layout, 6), 514: Entry.longs(layout, len(data))})
    return with_thumbnail(block, ifd, data, 513)


def thumbnail(block: bytes | None) -> Image.Image | None:
    """As Pillow finds it."""
    read = Image.Exif()
    read.load(b"Exif\0\0" + (block or b""))
    entries = read.get_ifd(ExifTags.IFD.IFD1)
    if 513 not in entries:
        return None
    assert block is not None
    return Image.open(io.BytesIO(block[entries[513] : entries[513] + entries[514]]))
