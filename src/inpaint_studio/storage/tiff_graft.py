"""Saving over a TIFF whose layout stays: the file is copied and only the strips or tiles that changed are appended.

Everything else (maker notes, private tags, further pages) stays byte for byte where it was.
"""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from inpaint_studio.storage import tiff_directory
from inpaint_studio.storage.containers import tiff_page
from inpaint_studio.storage.containers.ifd import LONG, LONG8, SHORT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from inpaint_studio.pixels.format import Samples
    from inpaint_studio.storage.containers.ifd import Entry, Layout
    from inpaint_studio.storage.containers.tiff_page import Page

_COMPRESSIONS = frozenset(
    {tiff_page.UNCOMPRESSED, tiff_page.LZW, tiff_page.DEFLATE, tiff_page.OLD_DEFLATE, tiff_page.ZSTD}
)
_CODES = {SHORT: "H", LONG: "I", LONG8: "Q"}
_HORIZONTAL, _FLOATING = 2, 3
#: What a new directory takes at most, beside its values.
_ROOM = 2 << 20


class Block(NamedTuple):
    """The new bytes of one block."""

    number: int
    data: bytes


def can_graft(page: Page) -> bool:
    """Whether blocks of this page can be encoded anew in its own layout without loss."""
    if page.compression == tiff_page.UNCOMPRESSED and page.predictor != 1:
        return False  # readers disagree on whether the predictor counts then
    predictors = (1, _FLOATING) if page.sample_format == tiff_page.FLOAT else (1, _HORIZONTAL)
    return (
        page.compression in _COMPRESSIONS
        and page.photometric in (tiff_page.BLACK_IS_ZERO, tiff_page.RGB, tiff_page.SEPARATED)
        and page.bits in (8, 16, 32)
        and page.predictor in predictors
        and page.number(tiff_page.FILL_ORDER, 1) == 1
        and page.offsets_entry.kind in _CODES
        and page.counts_entry.kind in _CODES
    )


def graft(
    source: Path,
    target: Path,
    page: Page,
    blocks: list[Block],
    entries: Mapping[int, Entry | None] | None = None,
    *,
    blank: bool = False,
) -> bool:
    """Make `target` a copy of `source` with `blocks` in place of its own, and `entries` (None: left out) of its tags.

    Changed tags need a new directory, which goes to the end; the old values stay in the file as bytes that nothing
    points to, or become zeros with `blank`. Returns False, before anything is written, when new offsets or counts do
    not fit the fields that the file has.
    """
    offsets, counts = list(page.offsets), list(page.counts)
    end = source.stat().st_size
    for index, data in blocks:
        end += end % 2
        offsets[index], counts[index] = end, len(data)
        end += len(data)
    end += sum(len(entry.data) + 2 for entry in (entries or {}).values() if entry is not None)
    fields = ((page.offsets_entry, offsets), (page.counts_entry, counts))
    if any(max(values) >= 1 << (8 * {SHORT: 2, LONG: 4, LONG8: 8}[entry.kind]) for entry, values in fields):
        return False
    if not page.layout.big and end + _ROOM >= 1 << 32:
        return False
    shutil.copyfile(source, target)
    with target.open("r+b") as stream:
        for index, data in blocks:
            stream.seek(offsets[index])
            stream.write(data)
        for entry, values in fields:
            stream.seek(entry.at)
            stream.write(_packed(page.layout, entry, values))
        if entries:
            tiff_directory.replace_entries(stream, page, entries, blank=blank)
    return True


def _packed(layout: Layout, entry: Entry, values: list[int]) -> bytes:
    return layout.pack(f"{len(values)}{_CODES[entry.kind]}", *values)


def changed_blocks(source: Path, page: Page, samples: Samples, before: Samples | None = None) -> list[Block]:
    """The blocks of `source` in which `samples` differ, encoded as the page asks.

    `samples` are H×W×C with all channels in the stored order; `before`, where they are at hand, are those that the page holds:
    then only the blocks that differ are decoded. Raises `refusals.DECODER_ERRORS` for a damaged file.
    """
    import tifffile

    down, across = page.grid
    height, width = page.block

    def part(of: Samples, plane: int, top: int, left: int) -> Samples:
        channels = slice(plane, plane + 1) if page.planes > 1 else slice(None)
        return of[top : top + height, left : left + width, channels]

    def changed(segment: tuple[Samples | None, tuple[int, ...], tuple[int, ...]]) -> Block | None:
        old, (plane, _, top, left, *_), _ = segment
        if old is None:
            raise ValueError("TIFF block missing")
        new = part(samples, plane, top, left)
        if _same(old[0, : new.shape[0], : new.shape[1]], new):
            return None
        block = np.array(old[0])
        block[: new.shape[0], : new.shape[1]] = new
        return Block((plane * down + top // height) * across + left // width, _encoded(page, block))

    def differs(number: int) -> bool:
        plane, (row, column) = number // (down * across), divmod(number % (down * across), across)
        place = plane, row * height, column * width
        return before is None or not _same(part(before, *place), part(samples, *place))

    with tifffile.TiffFile(source) as tiff, ThreadPoolExecutor(os.cpu_count()) as pool:
        # block by block, on all processors: the whole picture is never decoded at once
        opened = tiff.pages[page.index].aspage()
        numbers = [number for number in range(len(page.offsets)) if differs(number)]
        batches = tiff.filehandle.read_segments(
            [page.offsets[number] for number in numbers],
            [page.counts[number] for number in numbers],
            indices=numbers,
            flat=False,
        )
        segments = [found for batch in batches for found in pool.map(lambda one: changed(opened.decode(*one)), batch)]
        return [block for block in segments if block is not None]


def _same(one: Samples, other: Samples) -> bool:
    """Whether two arrays hold the same bits, which for a NaN means that it is equal to itself."""
    if one.dtype == np.float32:
        one, other = one.view(np.uint32), other.view(np.uint32)
    return np.array_equal(one, other)


def _encoded(page: Page, block: Samples) -> bytes:
    """One strip or tile (H×W×C) as the page stores it."""
    import imagecodecs

    block = np.ascontiguousarray(block)
    if page.predictor == _FLOATING:  # the predictor itself fixes the byte order
        raw = imagecodecs.floatpred_encode(block, axis=-2, dist=1).tobytes()
    else:
        if page.predictor == _HORIZONTAL:
            block = imagecodecs.delta_encode(block, axis=-2)
        raw = block.astype(block.dtype.newbyteorder(page.layout.order), copy=False).tobytes()
    match page.compression:
        case tiff_page.LZW:
            return bytes(imagecodecs.lzw_encode(raw))
        case tiff_page.DEFLATE | tiff_page.OLD_DEFLATE:
            return bytes(imagecodecs.deflate_encode(raw, 6))
        case tiff_page.ZSTD:
            return bytes(imagecodecs.zstd_encode(raw))
        case _:
            return raw
