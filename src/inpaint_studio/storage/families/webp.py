"""WebP: 8 bits, RGB with or without alpha, written without loss unless a quality is asked for."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.storage import exif
from inpaint_studio.storage.containers import riff
from inpaint_studio.storage.containers.riff import Chunk
from inpaint_studio.storage.family import Keep
from inpaint_studio.storage.icc import fitting
from inpaint_studio.storage.orientation import shown, stored
from inpaint_studio.storage.photo import Metadata, Photo, PhotoInfo
from inpaint_studio.storage.refusals import animated, load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from inpaint_studio.storage.family import WriteOptions

_HEAD = 30  # RIFF header, chunk header, ten bytes of the chunk
_IMAGE = frozenset({b"VP8L", b"VP8 ", b"ALPH"})
_KNOWN = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ICCP", b"EXIF", b"XMP ", b"ANIM", b"ANMF"})


class Webp:
    """The WebP family. Colours under full transparency are kept."""

    id = "webp"
    title = "WebP"
    suffixes: tuple[str, ...] = (".webp",)
    lossless = True
    takes_quality = True
    writes = True
    largest_side = 16383

    def sniff(self, head: bytes) -> bool:
        return riff.is_webp(head)

    def probe(self, path: Path, page: int = 0) -> PhotoInfo:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
            info = _info(path, head)
            orientation = exif.orientation_of(_exif_chunk(stream))
        return PhotoInfo(self.id, info.width, info.height, info.format, orientation)

    def read(self, path: Path, page: int = 0) -> Photo:
        import imagecodecs

        data = load(path)
        info = _info(path, data[:_HEAD])
        chunks = riff.read_chunks(data)
        pixels = [chunk for chunk in chunks if chunk.kind in (b"VP8X", b"ALPH", b"VP8 ", b"VP8L")]
        samples = imagecodecs.webp_decode(riff.write_chunks(pixels))
        if samples.shape[:2] != (info.height, info.width):
            raise ValueError("WebP header and image disagree")
        if info.format.alpha and samples.shape[2] == 3:  # the encoder leaves out an opaque alpha
            samples = np.dstack([samples, np.full(samples.shape[:2], 255, np.uint8)])
        metadata = _metadata(chunks, info.format)
        samples = samples[..., : info.format.channels]
        return Photo(shown(samples, metadata.orientation), info.format, metadata, path, self.id)

    def holds(self, pixel_format: PixelFormat) -> PixelFormat:
        return PixelFormat(Colour.RGB, "uint8", pixel_format.alpha)

    def write(self, target: Path, photo: Photo, options: WriteOptions) -> tuple[str, ...]:
        from PIL import Image

        metadata = photo.metadata
        samples = stored(photo.pixels, metadata.orientation)
        encoded = io.BytesIO()
        how = (
            {"lossless": True, "exact": True, "quality": 75}
            if options.quality is None
            else {"quality": options.quality}
        )
        Image.fromarray(samples).save(encoded, "WEBP", **how)
        image = [chunk for chunk in riff.read_chunks(encoded.getvalue()) if chunk.kind in _IMAGE]
        block = exif.with_resolution(exif.with_orientation(metadata.exif, metadata.orientation), metadata.resolution)
        flags = riff.ALPHA_FLAG * photo.format.alpha
        before: list[Chunk] = []
        after: list[Chunk] = []
        for flag, kind, data, place in (
            (riff.ICC_FLAG, b"ICCP", metadata.icc, before),
            (riff.EXIF_FLAG, b"EXIF", block, after),
            (riff.XMP_FLAG, b"XMP ", metadata.xmp, after),
        ):
            if data:
                flags |= flag
                place.append(Chunk(kind, data))
        start = riff.extended_header(samples.shape[1], samples.shape[0], flags)
        unknown = [] if options.keep is Keep.NONE else _unknown_chunks(photo)
        target.write_bytes(riff.write_chunks([start, *before, *image, *after, *unknown]))
        return ()


def _info(path: Path, head: bytes) -> PhotoInfo:
    start = riff.header(head[12:16], head[20:])
    if start.animated:
        raise animated(path)
    return PhotoInfo(Webp.id, start.width, start.height, PixelFormat(Colour.RGB, "uint8", start.alpha))


def _exif_chunk(stream: io.BufferedReader) -> bytes:
    """The EXIF block of a file, found without loading its pixels; empty when there is none."""
    stream.seek(12)
    while len(head := stream.read(8)) == 8:
        length = int.from_bytes(head[4:], "little")
        if head[:4] == b"EXIF":
            return exif.without_prefix(stream.read(length))
        stream.seek(length + length % 2, 1)
    return b""


def _metadata(chunks: Sequence[Chunk], pixel_format: PixelFormat) -> Metadata:
    said = {chunk.kind: chunk.data for chunk in reversed(chunks)}
    block = exif.without_prefix(said.get(b"EXIF", b"")) or None
    return Metadata(
        icc=fitting(said.get(b"ICCP"), pixel_format),
        exif=block,
        xmp=said.get(b"XMP "),
        resolution=exif.resolution_of(block),
        orientation=exif.orientation_of(block),
    )


def _unknown_chunks(photo: Photo) -> list[Chunk]:
    """Chunks of the WebP that the photo came from that this program does not know: they are handed on."""
    if photo.family != Webp.id or photo.path is None:
        return []
    try:
        chunks = riff.read_chunks(load(photo.path))
    except (OSError, ValueError):
        return []
    return [chunk for chunk in chunks if chunk.kind not in _KNOWN]
