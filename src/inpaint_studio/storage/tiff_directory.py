"""Other tags for a TIFF page that stays where it is: a new directory at the end of the file, linked in its place."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, BinaryIO

from inpaint_studio.storage.containers.ifd import table_size

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inpaint_studio.storage.containers.ifd import Entry, Layout
    from inpaint_studio.storage.containers.tiff_page import Page

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}


def replace_entries(stream: BinaryIO, page: Page, entries: Mapping[int, Entry | None], *, blank: bool) -> None:
    """Give `page` of the open file `stream` the tags `entries`; None takes one out. All other rows are copied.

    With `blank` the values of replaced tags, and directories they point to, are overwritten by zeros.
    """
    layout = page.layout
    rows, following = _rows(stream, layout, page.start)
    count = len(rows)
    for tag in entries:
        if tag in rows and blank:
            _blank(stream, layout, rows[tag], directory=tag in page.ifd.children)
        rows.pop(tag, None)
    stream.seek(0, os.SEEK_END)
    for tag, entry in entries.items():
        if entry is not None:
            rows[tag] = _appended(stream, layout, tag, entry)
    start = _even(stream)
    stream.write(layout.pack("Q" if layout.big else "H", len(rows)))
    stream.write(b"".join(rows[tag] for tag in sorted(rows)) + layout.pack(layout.offset, following))
    if blank:
        stream.seek(page.start)
        stream.write(bytes(table_size(count, layout)))
    stream.seek(page.link)
    stream.write(layout.pack(layout.offset, start))


def _rows(stream: BinaryIO, layout: Layout, start: int) -> tuple[dict[int, bytes], int]:
    """The rows of the directory at `start` by their tags, and the offset of the next page."""
    stream.seek(start)
    (count,) = layout.read(stream, "Q" if layout.big else "H")
    size = 20 if layout.big else 12
    rows = [stream.read(size) for _ in range(count)]
    (following,) = layout.read(stream, layout.offset)
    return {struct.unpack_from(layout.order + "H", row)[0]: row for row in rows}, following


def _appended(stream: BinaryIO, layout: Layout, tag: int, entry: Entry) -> bytes:
    """The row of a tag, whose value is written to the end when it is long."""
    inline = entry.data
    if len(inline) > layout.inline:
        inline = layout.pack(layout.offset, _even(stream))
        stream.write(entry.data)
    return layout.pack("HH" + layout.offset, tag, entry.kind, entry.count) + inline.ljust(layout.inline, b"\0")


def _even(stream: BinaryIO) -> int:
    """The end of the file, made even as TIFF asks."""
    if stream.tell() % 2:
        stream.write(b"\0")
    return stream.tell()


def _blank(stream: BinaryIO, layout: Layout, row: bytes, *, directory: bool) -> None:
    kind, count = struct.unpack_from(layout.order + "H" + layout.offset, row, 2)
    length = count * _SIZES.get(kind, 0)
    (at,) = struct.unpack_from(layout.order + layout.offset, row, 4 + layout.inline)
    if directory:
        rows, _ = _rows(stream, layout, at)
        for inner in rows.values():
            _blank(stream, layout, inner, directory=False)
        length = table_size(len(rows), layout)
    elif length <= layout.inline:
        return
    end = stream.seek(0, os.SEEK_END)
    if at < end:
        stream.seek(at)
        stream.write(bytes(min(length, end - at)))
