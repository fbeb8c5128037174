"""AVIF: 8, 10 and 12 bits, gray or RGB, with or without alpha, written without loss unless a quality is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.storage import exif
from inpaint_studio.storage.containers import isobmff
from inpaint_studio.storage.containers.isobmff import Box, Item, Pictures, Property
from inpaint_studio.storage.convert import expanded, reduced
from inpaint_studio.storage.icc import fitting
from inpaint_studio.storage.orientation import shown, stored
from inpaint_studio.storage.photo import Metadata, Photo, PhotoInfo
from inpaint_studio.storage.refusals import animated, load, unsupported

if TYPE_CHECKING:
    from pathlib import Path

    from inpaint_studio.pixels.format import Samples
    from inpaint_studio.storage.family import WriteOptions

_SPEED = 8  # of 10: faster ones of this encoder make larger files and no better time
_MOST_BITS = 12
#: The colours' numbers (ITU-T H.273) of sRGB, for photos without a profile.
_SRGB = (1, 13)
_XMP_MIME = b"application/rdf+xml"


class Avif:
    """The AVIF family. Photos of 16 bits keep the upper 12."""

    id = "avif"
    title = "AVIF"
    suffixes: tuple[str, ...] = (".avif",)
    lossless = True
    takes_quality = True
    writes = True
    largest_side = 65536

    def sniff(self, head: bytes) -> bool:
        return head[4:8] == b"ftyp" and head[8:12] in (b"avif", b"avis")

    def probe(self, path: Path, page: int = 0) -> PhotoInfo:
        return _info(path, isobmff.read(load(path)))

    def read(self, path: Path, page: int = 0) -> Photo:
        import imagecodecs

        data = load(path)
        pictures = isobmff.read(data)
        info = _info(path, pictures)
        samples = imagecodecs.avif_decode(data, numthreads=0)
        samples = samples.reshape(info.height, info.width, -1)
        samples = _with_channels(samples, info.format)
        if info.format.dtype == "uint16":
            samples = expanded(samples.astype(np.uint16), info.format.bits, info.format.white)
        metadata = described(pictures, info.format)
        return Photo(shown(samples, metadata.orientation), info.format, metadata, path, self.id)

    def holds(self, pixel_format: PixelFormat) -> PixelFormat:
        colour = Colour.GRAY if pixel_format.colour is Colour.GRAY else Colour.RGB
        if pixel_format.dtype == "uint8":
            return PixelFormat(colour, "uint8", pixel_format.alpha)
        bits = pixel_format.bits if pixel_format.bits in (10, _MOST_BITS) else _MOST_BITS
        return PixelFormat(colour, "uint16", pixel_format.alpha, bits)

    def write(self, target: Path, photo: Photo, options: WriteOptions) -> tuple[str, ...]:
        metadata = photo.metadata
        samples = stored(photo.pixels, metadata.orientation)
        pictures = isobmff.read(_encoded(samples, photo, options))
        _describe(pictures, metadata)
        target.write_bytes(isobmff.write(pictures))
        return ()


def _info(path: Path, pictures: Pictures) -> PhotoInfo:
    if pictures.brand == b"avis":
        raise animated(path)
    refuse_premultiplied(path, pictures)
    depth, gray = _depth(pictures)
    width, height = pictures.size
    dtype = "uint8" if depth == 8 else "uint16"
    pixel_format = PixelFormat(Colour.GRAY if gray else Colour.RGB, dtype, pictures.alpha is not None, depth)
    return PhotoInfo(Avif.id, width, height, pixel_format, pictures.orientation)


def refuse_premultiplied(path: Path, pictures: Pictures) -> None:
    """Raise InputError for an AVIF or HEIC file whose colours are multiplied by their transparency."""
    if any(kind == b"prem" for kind, _, _ in pictures.references):
        raise unsupported(
            path, "has colours premultiplied by their transparency", "Save it with plain alpha in another program."
        )


def _depth(pictures: Pictures) -> tuple[int, bool]:
    """Bits of a sample and whether there is one colour channel. Raises ValueError when nothing says so."""
    settings = pictures.setting(b"av1C")
    if settings is None or len(settings) < 4:
        raise ValueError("AVIF without a picture")
    flags = settings[2]
    return 8 + 2 * bool(flags & 0x40) + 2 * bool(flags & 0x20), bool(flags & 0x10)


def described(pictures: Pictures, pixel_format: PixelFormat) -> Metadata:
    """What an AVIF or HEIC file says beside its picture."""
    profile = pictures.picture.first(b"colr", b"prof") or pictures.picture.first(b"colr", b"rICC")
    block = pictures.metadata(b"Exif")
    if block is not None:  # four bytes say where the block begins
        block = exif.without_prefix(block[4 + int.from_bytes(block[:4]) :]) or None
    return Metadata(
        icc=fitting(profile[4:], pixel_format) if profile else None,
        exif=exif.with_orientation(block, pictures.orientation) if block else None,
        xmp=pictures.metadata(b"mime", _XMP_MIME),
        resolution=exif.resolution_of(block),
        orientation=pictures.orientation,
    )


def _with_channels(samples: Samples, pixel_format: PixelFormat) -> Samples:
    """The decoder gives gray as three equal channels now and then, and leaves out an opaque alpha."""
    colours, alpha = samples[..., : samples.shape[2] - (samples.shape[2] in (2, 4))], samples[..., -1:]
    if pixel_format.colour is Colour.GRAY:
        colours = colours[..., :1]
    if not pixel_format.alpha:
        return colours
    if samples.shape[2] not in (2, 4):
        alpha = np.full((*samples.shape[:2], 1), (1 << pixel_format.bits) - 1, samples.dtype)
    return np.concatenate([colours, alpha], axis=2)


def _encoded(samples: Samples, photo: Photo, options: WriteOptions) -> bytes:
    import imagecodecs

    bits = 8 if photo.format.dtype == "uint8" else photo.format.bits
    numbers = reduced(samples, bits) if bits > 8 else samples
    primaries, transfer = _colours(photo)
    how: dict[str, Any] = {"speed": _SPEED, "bitspersample": bits, "primaries": primaries, "transfer": transfer}
    if options.quality is not None:
        chroma = "444" if photo.format.colour is Colour.RGB and options.quality >= 90 else "420"
        layout = "400" if photo.format.colour is Colour.GRAY else chroma
        # Rec. 601 weights, as JPEG and Pillow's AVIF have them
        how |= {"level": min(options.quality, 99), "matrix": 6, "pixelformat": layout}
    picture = np.ascontiguousarray(numbers if numbers.shape[2] > 1 else numbers[..., 0])
    return bytes(imagecodecs.avif_encode(picture, numthreads=0, **how))


def _colours(photo: Photo) -> tuple[int, int]:
    """Primaries and transfer: the source's, sRGB's, or 2 (see the profile)."""
    if photo.metadata.icc is not None:
        return 2, 2
    if photo.family == Avif.id and photo.path is not None:
        try:
            stated = isobmff.read(load(photo.path)).picture.first(b"colr", b"nclx")
        except (OSError, ValueError, LookupError):
            stated = None
        if stated is not None and len(stated) >= 8:
            return int.from_bytes(stated[4:6]), int.from_bytes(stated[6:8])
    return _SRGB


def _describe(pictures: Pictures, metadata: Metadata) -> None:
    """Put `metadata` into the file's items and properties."""
    picture = pictures.picture
    if metadata.icc:
        picture.properties.append(Property(Box(b"colr", b"prof" + metadata.icc), essential=False))
    turns = isobmff.transforms(metadata.orientation)
    picture.properties += turns
    if pictures.alpha is not None:
        pictures.alpha.properties += turns
    block = exif.with_resolution(exif.with_orientation(metadata.exif, metadata.orientation), metadata.resolution)
    number = max(pictures.items) + 1
    for item in (
        Item(b"Exif", data=bytes(4) + block) if block else None,
        Item(b"mime", _XMP_MIME, metadata.xmp) if metadata.xmp else None,
    ):
        if item is not None:
            pictures.items[number] = item
            pictures.references.append((b"cdsc", number, (pictures.primary,)))
            number += 1
