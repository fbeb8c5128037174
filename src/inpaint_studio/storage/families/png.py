"""PNG: 8 and 16 bits, gray or RGB, with or without alpha. Ancillary chunks of the source are kept."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.storage import exif
from inpaint_studio.storage.containers import png_chunks
from inpaint_studio.storage.containers.png_chunks import SIGNATURE, Chunk
from inpaint_studio.storage.family import Keep
from inpaint_studio.storage.icc import fitting
from inpaint_studio.storage.orientation import shown, stored
from inpaint_studio.storage.photo import Metadata, Photo, PhotoInfo
from inpaint_studio.storage.refusals import DECODER_ERRORS, animated, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from numpy.typing import NDArray

    from inpaint_studio.storage.family import WriteOptions

#: Colour type -> colour model, alpha, allowed bit depths.
_COLOUR_TYPES = {
    0: (Colour.GRAY, False, (1, 2, 4, 8, 16)),
    2: (Colour.RGB, False, (8, 16)),
    3: (Colour.RGB, False, (1, 2, 4, 8)),
    4: (Colour.GRAY, True, (8, 16)),
    6: (Colour.RGB, True, (8, 16)),
}

#: Chunks that pixels are made of, and of these the ones without anything else to say.
_NEEDED = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_PIXELS = frozenset({b"IDAT"})
_ABOUT_COLOURS = frozenset({b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"cICP"})
#: Where a file's signature and first chunk are, and how long the last one is.
_SIGNATURE, _HEADER, _END = slice(0, 8), slice(8, 33), 12
#: What a file may take beside its pixels and a byte a row.
_OVERHEAD = 1 << 16


class Png:
    """The PNG family. Palettes and fewer than 8 bits are expanded to 8; a transparent colour becomes alpha."""

    id = "png"
    title = "PNG"
    suffixes: tuple[str, ...] = (".png",)
    lossless = True
    takes_quality = False
    writes = True
    largest_side = 1_000_000  # libpng's own limit

    def sniff(self, head: bytes) -> bool:
        return head.startswith(SIGNATURE)

    def probe(self, path: Path, page: int = 0) -> PhotoInfo:
        with path.open("rb") as stream:
            return probed(path, stream)

    def read(self, path: Path, page: int = 0) -> Photo:
        return decoded(path, load(path))

    def holds(self, pixel_format: PixelFormat) -> PixelFormat:
        colour = Colour.GRAY if pixel_format.colour is Colour.GRAY else Colour.RGB
        return PixelFormat(colour, "uint8" if pixel_format.dtype == "uint8" else "uint16", pixel_format.alpha)

    def write(self, target: Path, photo: Photo, options: WriteOptions) -> tuple[str, ...]:
        import imagecodecs

        samples = stored(photo.pixels, photo.metadata.orientation)
        # into memory of ours: what the encoder makes itself is copied, and the window waits meanwhile
        room = np.empty(samples.nbytes + samples.nbytes // 100 + samples.shape[0] + _OVERHEAD, np.uint8)
        # level 6 takes three times as long for a fourteenth of the size
        encoded = memoryview(imagecodecs.png_encode(samples, level=4, out=room))  # type: ignore[arg-type]  # any buffer
        header = Chunk(b"IHDR", bytes(encoded[_HEADER][8:-4]))
        before, after = _ancillary(photo, header, options.keep)
        with target.open("wb") as stream:
            stream.write(encoded[: _HEADER.stop])
            stream.writelines(map(png_chunks.packed, before))
            stream.write(encoded[_HEADER.stop : -_END])
            stream.writelines(map(png_chunks.packed, after))
            stream.write(encoded[-_END:])
        return ()


def probed(path: Path, stream: BinaryIO) -> PhotoInfo:
    """What the header of the PNG in `stream`, the whole or a part of the file `path`, says."""
    return _info(path, list(png_chunks.walk(stream, (b"IHDR", b"acTL", b"eXIf"))))


def decoded(path: Path, data: bytes) -> Photo:
    """The PNG `data`, the whole or a part of the file `path`."""
    import imagecodecs

    places = png_chunks.places(data)
    chunks = png_chunks.chunks_at(data, places, without=_PIXELS)
    info = _info(path, chunks)
    # only what pixels are made of: no ancillary chunk can mislead the decoder
    needed = _together(place for kind, place in places if kind in _NEEDED)
    samples = imagecodecs.png_decode(_joined([memoryview(data)[place] for place in [_SIGNATURE, *needed]]))  # type: ignore[arg-type]  # any buffer
    samples = samples.reshape(info.height, info.width, info.format.channels)
    metadata = _metadata(chunks, info.format)
    return Photo(shown(samples, metadata.orientation), info.format, metadata, path, Png.id)


def _together(places: Iterable[slice]) -> list[slice]:
    """`places` in order, those that touch as one: most files have thousands of chunks in a row."""
    found: list[slice] = []
    for place in places:
        if found and found[-1].stop == place.start:
            found[-1] = slice(found[-1].start, place.stop)
        else:
            found.append(place)
    return found


def _joined(parts: Sequence[memoryview]) -> NDArray[np.uint8]:
    """`parts` one after the other. Numpy lets other threads run while it copies, where `bytes.join` holds up all."""
    whole = np.empty(sum(map(len, parts)), np.uint8)
    at = 0
    for part in parts:
        whole[at : at + len(part)] = part
        at += len(part)
    return whole


def _info(path: Path, chunks: Sequence[Chunk]) -> PhotoInfo:
    """What IHDR says. Raises ValueError when it is not valid."""
    if not chunks or chunks[0].kind != b"IHDR":
        raise ValueError("PNG without a header")
    width, height, depth, kind, *_ = struct.unpack(">IIBBBBB", chunks[0].data)
    colour, alpha, depths = _COLOUR_TYPES[kind]
    if depth not in depths:
        raise ValueError("PNG with an impossible bit depth")
    for chunk in chunks:
        if chunk.kind == b"acTL" and struct.unpack(">II", chunk.data)[0] > 1:
            raise animated(path)
    alpha = alpha or any(chunk.kind == b"tRNS" for chunk in chunks)
    pixel_format = PixelFormat(colour, "uint16" if depth == 16 else "uint8", alpha)
    orientation = max((exif.orientation_of(chunk.data) for chunk in chunks if chunk.kind == b"eXIf"), default=1)
    return PhotoInfo(Png.id, width, height, pixel_format, orientation)


def _metadata(chunks: Sequence[Chunk], pixel_format: PixelFormat) -> Metadata:
    """Metadata of a file's chunks; a chunk that cannot be read counts as absent."""
    metadata = Metadata()
    for chunk in chunks:
        try:
            if chunk.kind == b"iCCP":
                metadata = replace(metadata, icc=fitting(png_chunks.read_icc(chunk), pixel_format))
            elif chunk.kind == b"eXIf":
                block = exif.without_prefix(chunk.data)
                metadata = replace(metadata, exif=block, orientation=exif.orientation_of(block))
            elif chunk.kind == b"pHYs":
                metadata = replace(metadata, resolution=png_chunks.read_resolution(chunk))
            elif png_chunks.is_xmp(chunk):
                metadata = replace(metadata, xmp=png_chunks.read_xmp(chunk))
        except DECODER_ERRORS:
            continue
    return metadata


def _ancillary(photo: Photo, header: Chunk, keep: Keep) -> tuple[list[Chunk], list[Chunk]]:
    """The chunks that go before and after the pixels: the source's, and those that `photo.metadata` says otherwise."""
    source = _source_chunks(photo)
    said = _metadata(source, photo.format)
    before: list[Chunk] = []
    after: list[Chunk] = []
    place = before
    for chunk in source:
        if chunk.kind == b"IDAT":
            place = after
        same_format = source[0].data[8:10] == header.data[8:10]
        lasts = png_chunks.lasting(chunk, same_format=same_format) and not _outdated(chunk, said, photo.metadata)
        if lasts and not _dubious(chunk, keep):
            place.append(chunk)
    return [*_made(said, photo.metadata), *before], after


def _source_chunks(photo: Photo) -> list[Chunk]:
    """The chunks of the PNG that the photo came from, without any when that is no longer there."""
    if photo.family != Png.id or photo.path is None:
        return []
    try:
        return png_chunks.read_chunks(load(photo.path))
    except (OSError, ValueError):
        return []


def _dubious(chunk: Chunk, keep: Keep) -> bool:
    """Whether a chunk may tell what `keep` keeps back."""
    if keep is Keep.NONE:
        return chunk.kind not in _ABOUT_COLOURS | {b"pHYs", b"sBIT", b"eXIf"}
    hidden = chunk.kind in (b"tEXt", b"zTXt", b"iTXt") and chunk.data.startswith(b"Raw profile type")
    return keep is Keep.NO_LOCATION and hidden


def _outdated(chunk: Chunk, said: Metadata, wanted: Metadata) -> bool:
    """Whether `wanted` says something else than this chunk, which the file with `said` holds."""
    if chunk.kind in _ABOUT_COLOURS:
        return said.icc != wanted.icc
    if chunk.kind == b"eXIf":
        return (said.exif, said.orientation) != (wanted.exif, wanted.orientation)
    if chunk.kind == b"pHYs":
        return said.resolution != wanted.resolution
    return png_chunks.is_xmp(chunk) and said.xmp != wanted.xmp


def _made(said: Metadata, wanted: Metadata) -> Iterator[Chunk]:
    """Chunks for what `wanted` says and `said` does not."""
    if wanted.icc and wanted.icc != said.icc:
        yield png_chunks.icc_chunk(wanted.icc)
    if wanted.resolution and wanted.resolution != said.resolution:
        yield png_chunks.resolution_chunk(wanted.resolution)
    block = exif.with_orientation(wanted.exif, wanted.orientation)
    if block and (wanted.exif, wanted.orientation) != (said.exif, said.orientation):
        yield Chunk(b"eXIf", block)
    if wanted.xmp and wanted.xmp != said.xmp:
        yield png_chunks.xmp_chunk(wanted.xmp)
