"""JPEG XL: 8 and 16 bits and float, gray or RGB, with or without alpha, always written without loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inpaint_studio.pixels.colour_spaces import from_extended_srgb, named_profile
from inpaint_studio.pixels.format import Colour, PixelFormat, from_float
from inpaint_studio.storage import exif
from inpaint_studio.storage.containers import isobmff
from inpaint_studio.storage.containers.isobmff import Box
from inpaint_studio.storage.convert import expanded, quantised
from inpaint_studio.storage.family import Keep
from inpaint_studio.storage.icc import fitting
from inpaint_studio.storage.jxl.header import SIGNATURE, Header, as_floats_in_srgb, read_header, with_head
from inpaint_studio.storage.orientation import shown, stored
from inpaint_studio.storage.photo import Metadata, Photo, PhotoInfo
from inpaint_studio.storage.refusals import animated, load, unsupported

if TYPE_CHECKING:
    from pathlib import Path

    from inpaint_studio.pixels.format import Samples
    from inpaint_studio.storage.family import WriteOptions

_CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
_START = _CONTAINER + isobmff.packed(b"ftyp", b"jxl \0\0\0\0jxl ")
_CODESTREAM, _PART, _LEVEL = b"jxlc", b"jxlp", b"jxll"
_EXIF, _XMP, _SQUEEZED = b"Exif", b"xml ", b"brob"
#: Boxes that are about the pixels of the old file, or are made anew.
_REPLACED = frozenset({_CODESTREAM, _PART, _EXIF, _XMP, _SQUEEZED, b"JXL ", b"ftyp", b"jxll", b"jxli", b"jbrd"})
_LARGEST_TEXT = 64 << 20
_EFFORT = 3  # of 9: larger ones take many times as long for some percent

HIDDEN_PROFILE = (
    "Its colour profile could not be used for a picture of the lossy kind of JPEG XL: it was decoded to sRGB."
)


class JpegXl:
    """The JPEG XL family. Photos with loss are decoded to the space that they name or to their profile."""

    id = "jpegxl"
    title = "JPEG XL"
    suffixes: tuple[str, ...] = (".jxl",)
    lossless = True
    takes_quality = False  # with loss it has colours of its own, in which no profile can be kept
    writes = True
    largest_side = 1 << 18

    def sniff(self, head: bytes) -> bool:
        return head.startswith((SIGNATURE, _CONTAINER))

    def probe(self, path: Path, page: int = 0) -> PhotoInfo:
        return _info(path, read_header(_codestream(_boxes(load(path)))))

    def read(self, path: Path, page: int = 0) -> Photo:
        boxes = _boxes(load(path))
        stream = _codestream(boxes)
        head = read_header(stream)
        info = _info(path, head)
        samples = _in_profile(stream, head, info)
        hidden = samples is None and head.xyb and head.icc is not None
        if samples is None:
            samples = _at_depth(_decoded(stream, info), head, info.format)
        metadata = _metadata(boxes, head, info.format, hidden=hidden)
        notes = (HIDDEN_PROFILE,) if hidden else ()
        return Photo(shown(samples, head.orientation), info.format, metadata, path, self.id, notes=notes)

    def holds(self, pixel_format: PixelFormat) -> PixelFormat:
        colour = Colour.GRAY if pixel_format.colour is Colour.GRAY else Colour.RGB
        return PixelFormat(colour, pixel_format.dtype, pixel_format.alpha)

    def write(self, target: Path, photo: Photo, options: WriteOptions) -> tuple[str, ...]:
        import imagecodecs

        metadata = photo.metadata
        samples = stored(photo.pixels, metadata.orientation)
        picture = np.ascontiguousarray(samples if samples.shape[2] > 1 else samples[..., 0])
        boxes = _boxes(bytes(imagecodecs.jpegxl_encode(picture, lossless=True, effort=_EFFORT, numthreads=0)))
        stream = with_head(_codestream(boxes), metadata.icc, metadata.orientation)
        block = exif.with_resolution(exif.with_orientation(metadata.exif, metadata.orientation), metadata.resolution)
        parts = [
            *(isobmff.packed(*box) for box in boxes if box.kind == _LEVEL),
            isobmff.packed(_EXIF, bytes(4), block) if block else b"",
            isobmff.packed(_XMP, metadata.xmp) if metadata.xmp else b"",
            *([] if options.keep is Keep.NONE else _others(photo)),
        ]
        target.write_bytes(b"".join((_START, *parts, isobmff.packed(_CODESTREAM, stream))))
        return ()


def _boxes(data: bytes) -> list[Box]:
    """The boxes of a file; a bare codestream as one."""
    return isobmff.boxes(data) if data.startswith(_CONTAINER) else [Box(_CODESTREAM, data)]


def _codestream(boxes: list[Box]) -> bytes:
    """Raises ValueError when there is none."""
    whole = next((box.data for box in boxes if box.kind == _CODESTREAM), None)
    if whole is not None:
        return whole
    parts = [box.data for box in boxes if box.kind == _PART]
    if not parts or int.from_bytes(parts[-1][:4]) >> 31 != 1:
        raise ValueError("JPEG XL without all of its picture")
    return b"".join(part[4:] for part in parts)


def _info(path: Path, head: Header) -> PhotoInfo:
    if head.animated:
        raise animated(path)
    if any(head.extra) or len(head.extra) > 1:
        raise unsupported(
            path, "has channels beside colour and alpha, which are not supported", "Save it without them elsewhere."
        )
    whole = "uint8" if head.bits <= 8 else "uint16"
    dtype = "float32" if head.floating else whole
    if head.bits > (32 if head.floating else 16):
        raise unsupported(path, f"has samples of {head.bits} bits, which are not supported", "Convert it to 16 bits.")
    bits = head.bits if dtype == "uint16" else 0
    colour = Colour.GRAY if head.colours.gray else Colour.RGB
    pixel_format = PixelFormat(colour, dtype, bool(head.extra), bits)
    return PhotoInfo(JpegXl.id, head.width, head.height, pixel_format, head.orientation)


def _decoded(stream: bytes, info: PhotoInfo) -> Samples:
    import imagecodecs

    samples = np.asarray(imagecodecs.jpegxl_decode(stream, keeporientation=True, numthreads=0))
    samples = samples.reshape(info.height, info.width, -1)
    if samples.shape[2] != info.format.channels:
        raise ValueError("JPEG XL header and image disagree")
    return samples


def _in_profile(stream: bytes, head: Header, info: PhotoInfo) -> Samples | None:
    """A lossy picture in the colours of its profile: the decoder knows none, so it is asked for floats without limits.

    None for other pictures, and where the profile leads one way only, as scanners' do.
    """
    if not head.xyb or head.icc is None or info.format.colour is not Colour.RGB:
        return None
    try:
        from_extended_srgb(np.zeros((1, 1, 3), np.float32), head.icc)
    except ValueError:
        return None
    samples = _decoded(as_floats_in_srgb(stream), info)
    samples[..., :3] = from_extended_srgb(samples[..., :3], head.icc)
    return quantised(from_float(samples, info.format.numpy), info.format)


def _at_depth(samples: Samples, head: Header, pixel_format: PixelFormat) -> Samples:
    """The decoder gives numbers of fewer than 8 or 16 bits as they are stored."""
    if pixel_format.dtype == "float32":
        return samples.astype(np.float32, copy=False)
    if samples.dtype != pixel_format.numpy:
        raise ValueError("JPEG XL header and image disagree")
    top = int(np.iinfo(samples.dtype).bits)
    if head.bits == top or samples.max(initial=0) >> head.bits:
        return samples
    return expanded(samples, head.bits, pixel_format.white)


def _metadata(boxes: list[Box], head: Header, pixel_format: PixelFormat, *, hidden: bool) -> Metadata:
    block = _box(boxes, _EXIF)
    if block is not None:  # four bytes say where the block begins
        block = exif.without_prefix(block[4 + int.from_bytes(block[:4]) :]) or None
    icc = None if hidden else head.icc
    colours = head.colours
    if icc is None and not colours.embedded:
        icc = named_profile(colours.white, colours.primaries, colours.transfer, colours.gamma, gray=colours.gray)
    return Metadata(
        icc=fitting(icc, pixel_format),
        exif=exif.with_orientation(block, head.orientation) if block else None,
        xmp=_box(boxes, _XMP),
        resolution=exif.resolution_of(block),
        orientation=head.orientation,
    )


def _box(boxes: list[Box], kind: bytes) -> bytes | None:
    """The contents of the first box of this kind, squeezed by Brotli or not."""
    import imagecodecs

    for box in boxes:
        if box.kind == kind:
            return box.data
        if box.kind == _SQUEEZED and box.data[:4] == kind:
            room = np.empty(_LARGEST_TEXT, np.uint8)
            return bytes(imagecodecs.brotli_decode(box.data[4:], out=room))  # type: ignore[arg-type]  # any buffer
    return None


def _others(photo: Photo) -> list[bytes]:
    """Boxes of the file that the photo came from that this program does not know: they are handed on."""
    if photo.family != JpegXl.id or photo.path is None:
        return []
    try:
        boxes = _boxes(load(photo.path))
    except (OSError, ValueError):
        return []
    return [isobmff.packed(*box) for box in boxes if box.kind not in _REPLACED]
