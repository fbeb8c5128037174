"""The thumbnail in an EXIF block: made anew in its own place, or taken out, so that nothing else in the block moves."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from inpaint_studio.storage.containers import tiff_page as tags
from inpaint_studio.storage.containers.ifd import LONG, SHORT, Entry, Ifd, Layout, read_header, read_ifd
from inpaint_studio.storage.exif import ORIENTATION
from inpaint_studio.storage.previews import jpeg_like
from inpaint_studio.storage.refusals import DECODER_ERRORS

if TYPE_CHECKING:
    from inpaint_studio.storage.previews import Picture

_JPEG_OFFSET, _JPEG_LENGTH = 513, 514


class _Place(NamedTuple):
    """The thumbnail's directory and the offset of the link to it."""

    layout: Layout
    ifd: Ifd
    link: int
    start: int


def has_thumbnail(block: bytes | None) -> bool:
    """Whether the block has a directory for a thumbnail."""
    return _place(block) is not None


def without_thumbnail(block: bytes | None) -> bytes | None:
    """The block with its thumbnail overwritten by zeros and no longer linked; the same block when it has none."""
    place = _place(block)
    if block is None or place is None:
        return block
    result = bytearray(block)
    for start, length in _ranges(place):
        _blank(result, start, length)
    (count,) = struct.unpack_from(place.layout.order + "H", block, place.start)
    _blank(result, place.start, 2 + count * 12 + 4)
    result[place.link : place.link + 4] = bytes(4)
    return bytes(result)


def renewed(block: bytes | None, picture: Picture) -> bytes | None:
    """The block with its thumbnail showing `picture`, as large as it was and no longer in bytes; without one if it can't be."""
    place = _place(block)
    if block is None or place is None:
        return block
    try:
        result = (
            _with_jpeg(block, place, picture) if _JPEG_OFFSET in place.ifd.entries else _plain(block, place, picture)
        )
    except DECODER_ERRORS:
        return without_thumbnail(block)
    upright = place.ifd.entries.get(ORIENTATION)
    if picture.swapped and upright is not None:
        _set(result, place.layout, upright, 1)
    return bytes(result)


def _place(block: bytes | None) -> _Place | None:
    if not block:
        return None
    stream = io.BytesIO(block)
    try:
        layout, first = read_header(stream)
        if layout.big:
            return None
        (count,) = struct.unpack_from(layout.order + "H", block, first)
        link = first + 2 + count * 12
        (start,) = struct.unpack_from(layout.order + "I", block, link)
        return _Place(layout, read_ifd(stream, layout, start), link, start) if start else None
    except (ValueError, struct.error):
        return None


def _numbers(place: _Place, tag: int) -> list[int]:
    entry = place.ifd.entries.get(tag)
    return [] if entry is None else [int(value) for value in entry.numbers(place.layout)]


def _ranges(place: _Place) -> list[tuple[int, int]]:
    """Offset and length of each part of the thumbnail's data."""
    try:
        pairs = [(_JPEG_OFFSET, _JPEG_LENGTH), (tags.STRIP_OFFSETS, tags.STRIP_COUNTS)]
        return [both for a, b in pairs for both in zip(_numbers(place, a), _numbers(place, b), strict=False)]
    except (ValueError, struct.error):
        return []


def _blank(result: bytearray, start: int, length: int) -> None:
    end = min(start + length, len(result))
    if start < end:
        result[start:end] = bytes(end - start)


def _set(result: bytearray, layout: Layout, entry: Entry, value: int) -> None:
    """Raises ValueError when the entry is not one whole number."""
    if entry.count != 1 or entry.kind not in (SHORT, LONG):
        raise ValueError("EXIF entry of another kind")
    data = layout.pack("H" if entry.kind == SHORT else "I", value)
    result[entry.at : entry.at + len(data)] = data


def _set_size(result: bytearray, place: _Place, width: int, height: int) -> None:
    for tag, value in ((tags.WIDTH, width), (tags.HEIGHT, height)):
        if tag in place.ifd.entries:
            _set(result, place.layout, place.ifd.entries[tag], value)


def _with_jpeg(block: bytes, place: _Place, picture: Picture) -> bytearray:
    """Raises DECODER_ERRORS when there is no sound JPEG in it."""
    (start,), (length,) = _numbers(place, _JPEG_OFFSET), _numbers(place, _JPEG_LENGTH)
    old = block[start : start + length]
    new, width, height = jpeg_like(old, picture)
    result = bytearray(block)
    result[start : start + len(old)] = new.ljust(len(old), b"\0")
    _set(result, place.layout, place.ifd.entries[_JPEG_LENGTH], len(new))
    _set_size(result, place, width, height)
    return result


def _plain(block: bytes, place: _Place, picture: Picture) -> bytearray:
    """An uncompressed RGB thumbnail in one strip. Raises DECODER_ERRORS when it is another."""
    (start,), (length,) = _numbers(place, tags.STRIP_OFFSETS), _numbers(place, tags.STRIP_COUNTS)
    (width,), (height,) = _numbers(place, tags.WIDTH), _numbers(place, tags.HEIGHT)
    stated = [_numbers(place, tag) for tag in (tags.PHOTOMETRIC, tags.SAMPLES, tags.COMPRESSION, tags.BITS)]
    fits = start + length <= len(block) and length == width * height * 3
    if stated != [[tags.RGB], [3], [tags.UNCOMPRESSED], [8, 8, 8]] or not fits:
        raise ValueError("thumbnail of another kind")
    width, height = picture.size(width, height)
    result = bytearray(block)
    result[start : start + length] = np.asarray(picture.image(width, height)).tobytes()
    _set_size(result, place, width, height)
    if tags.ROWS_PER_STRIP in place.ifd.entries:
        _set(result, place.layout, place.ifd.entries[tags.ROWS_PER_STRIP], height)
    return result
