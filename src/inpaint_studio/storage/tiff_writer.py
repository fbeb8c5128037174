"""A whole new single-page TIFF: deflate with predictor, every entry that is asked for, EXIF and GPS relocated."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, BinaryIO, Literal

import numpy as np

from inpaint_studio.pixels.format import Colour
from inpaint_studio.storage.containers import tiff_page
from inpaint_studio.storage.containers.ifd import Entry, Ifd, Layout, write_ifd

if TYPE_CHECKING:
    from pathlib import Path

    from inpaint_studio.pixels.format import PixelFormat, Samples

_STRIP_BYTES = 1 << 19
_HORIZONTAL, _FLOATING = 2, 3
_PHOTOMETRIC = {Colour.GRAY: tiff_page.BLACK_IS_ZERO, Colour.RGB: tiff_page.RGB, Colour.CMYK: tiff_page.SEPARATED}
#: Above this many bytes of samples the file is a BigTIFF, whose offsets have 64 bits.
_BIG = 3 << 30


def write_tiff(
    target: Path, samples: Samples, pixel_format: PixelFormat, described: Ifd, order: Literal["<", ">"]
) -> None:
    """Write `samples` (H×W×C as stored: colour, alpha, extra channels) with the tags of `described`.

    The values in `described` are in byte order `order`, which becomes the file's.
    """
    layout = Layout(order, big=samples.nbytes > _BIG)
    rows = max(1, _STRIP_BYTES // (samples.shape[1] * samples.shape[2] * samples.itemsize))
    with target.open("wb") as stream:
        stream.write(layout.header + layout.pack(layout.offset, 0))
        offsets, counts = _write_strips(stream, layout, samples, rows)
        ifd = _structure(layout, samples, pixel_format)
        ifd.entries[tiff_page.ROWS_PER_STRIP] = Entry.longs(Layout(order), rows)
        ifd.entries[tiff_page.STRIP_OFFSETS] = Entry.longs(layout, *offsets)
        ifd.entries[tiff_page.STRIP_COUNTS] = Entry.longs(layout, *counts)
        ifd.entries = described.entries | ifd.entries
        ifd.children = described.children
        start = _align(stream)
        stream.write(write_ifd(ifd, layout, start))
        stream.seek(len(layout.header))
        stream.write(layout.pack(layout.offset, start))


def _align(stream: BinaryIO) -> int:
    """The position, made even as TIFF asks."""
    if stream.tell() % 2:
        stream.write(b"\0")
    return stream.tell()


def _write_strips(stream: BinaryIO, layout: Layout, samples: Samples, rows: int) -> tuple[list[int], list[int]]:
    """Append the strips, compressed on all cores; their offsets and byte counts."""
    offsets, counts = [], []
    strips = [samples[top : top + rows] for top in range(0, len(samples), rows)]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for data in pool.map(lambda strip: _encoded(layout, strip), strips):
            offsets.append(_align(stream))
            counts.append(len(data))
            stream.write(data)
    return offsets, counts


def _encoded(layout: Layout, strip: Samples) -> bytes:
    import imagecodecs

    strip = np.ascontiguousarray(strip)
    if strip.dtype.kind == "f":
        raw = imagecodecs.floatpred_encode(strip, axis=-2, dist=1).tobytes()
    else:
        delta = imagecodecs.delta_encode(strip, axis=-2)
        raw = delta.astype(delta.dtype.newbyteorder(layout.order), copy=False).tobytes()
    return bytes(imagecodecs.deflate_encode(raw, 6))


def _structure(layout: Layout, samples: Samples, pixel_format: PixelFormat) -> Ifd:
    """The entries that follow from the pixels."""
    height, width, channels = samples.shape
    is_float = samples.dtype.kind == "f"
    photometric = _PHOTOMETRIC[pixel_format.colour]
    small = Layout(layout.order)
    entries = {
        tiff_page.WIDTH: Entry.longs(small, width),
        tiff_page.HEIGHT: Entry.longs(small, height),
        tiff_page.BITS: Entry.shorts(layout, *[samples.itemsize * 8] * channels),
        tiff_page.COMPRESSION: Entry.shorts(layout, tiff_page.DEFLATE),
        tiff_page.PHOTOMETRIC: Entry.shorts(layout, photometric),
        tiff_page.SAMPLES: Entry.shorts(layout, channels),
        tiff_page.PLANAR: Entry.shorts(layout, 1),
        tiff_page.PREDICTOR: Entry.shorts(layout, _FLOATING if is_float else _HORIZONTAL),
        tiff_page.SAMPLE_FORMAT: Entry.shorts(
            layout, *[tiff_page.FLOAT if is_float else tiff_page.UNSIGNED] * channels
        ),
    }
    others = channels - pixel_format.colour.channels
    if others:
        meaning = [tiff_page.UNASSOCIATED_ALPHA] * pixel_format.alpha + [0] * (others - pixel_format.alpha)
        entries[tiff_page.EXTRA_SAMPLES] = Entry.shorts(layout, *meaning)
    return Ifd(entries)
