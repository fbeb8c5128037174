"""JPEG: 8 bits, gray, RGB or CMYK. A JPEG saved again keeps its segments, and the blocks whose pixels are what they were."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from inpaint_studio.errors import InputError
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.storage import exif, previews
from inpaint_studio.storage.containers import jpeg_segments as jpeg
from inpaint_studio.storage.containers.jpeg_segments import Segment
from inpaint_studio.storage.family import Keep
from inpaint_studio.storage.icc import fitting
from inpaint_studio.storage.jpeg_blocks import rewrite
from inpaint_studio.storage.jpeg_blocks.layout import UnkeptError
from inpaint_studio.storage.orientation import shown, stored
from inpaint_studio.storage.photo import Metadata, Photo, PhotoInfo
from inpaint_studio.storage.previews import Picture
from inpaint_studio.storage.refusals import DECODER_ERRORS, load, unsupported

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image

    from inpaint_studio.pixels.format import Samples
    from inpaint_studio.storage.family import WriteOptions

_FULL_CHROMA = 0  # Pillow's number for 4:4:4
_BEST_QUALITY = 95
_INKS = 4
_COLOURS = {1: Colour.GRAY, 3: Colour.RGB, 4: Colour.CMYK}
_ADOBE_RGB = 0  # the Adobe segment's colour transform when components are not YCbCr


class Jpeg:
    """The JPEG family. A file without its end mark is left to Pillow, which refuses it when something is missing:
    other decoders give a cut-off file's remains without a word.
    """

    id = "jpeg"
    title = "JPEG"
    suffixes: tuple[str, ...] = (".jpg", ".jpeg", ".jpe", ".jfif")
    lossless = False
    takes_quality = True
    writes = True
    largest_side = 65500  # libjpeg's limit

    def sniff(self, head: bytes) -> bool:
        return head.startswith(b"\xff\xd8\xff")

    def probe(self, path: Path, page: int = 0) -> PhotoInfo:
        return _info(path, jpeg.read_segments(load(path))[0])

    def read(self, path: Path, page: int = 0) -> Photo:
        data = load(path)
        segments, scan = jpeg.read_segments(data)
        info = _info(path, segments)
        samples = _decoded(_picture(segments, data[scan:])).reshape(info.height, info.width, -1)
        if samples.shape[2] != info.format.channels:
            raise ValueError("JPEG header and image disagree")
        metadata = _metadata(segments, info.format)
        return Photo(shown(samples, metadata.orientation), info.format, metadata, path, self.id)

    def holds(self, pixel_format: PixelFormat) -> PixelFormat:
        return PixelFormat(pixel_format.colour, "uint8")

    def write(self, target: Path, photo: Photo, options: WriteOptions) -> tuple[str, ...]:
        metadata = photo.metadata
        samples = stored(photo.pixels, metadata.orientation)
        source = _source(photo)
        kept = _kept_segments(jpeg.read_segments(source)[0] if source else [], metadata, photo.format)
        notes: tuple[str, ...] = ()
        if options.keep is not Keep.ALL:
            kept = [segment for segment in kept if not _dubious(segment, options.keep, metadata)]
        if options.edited:
            kept, notes = _without_old_previews(kept, Picture(samples, photo.format))
        if source and options.quality is None:
            try:
                return (_write_rewritten(target, source, samples, metadata, kept, edited=options.edited), *notes)
            except UnkeptError as reason:
                notes = (f"Every block of the photo was compressed anew, because it {reason}.", *notes)
        from PIL import Image

        if photo.format.colour is Colour.CMYK:
            height, width = samples.shape[:2]
            picture = Image.frombytes("CMYK", (width, height), np.ascontiguousarray(samples).tobytes())
        else:
            picture = Image.fromarray(samples[..., 0] if photo.format.colour is Colour.GRAY else samples)
        encoded = _encoded(picture, _encoding(source, photo.format, options))
        segments, scan = jpeg.read_segments(encoded)
        picture_segments = [segment for segment in segments if segment.marker != jpeg.APP0]
        start = [jpeg.jfif_segment(metadata.resolution), *kept, *picture_segments]
        target.write_bytes(jpeg.write_segments(start, encoded[scan:]))
        return notes


def _write_rewritten(
    target: Path, source: bytes, samples: Samples, metadata: Metadata, kept: list[Segment], *, edited: bool
) -> str:
    """Write `source` with other pixels, its untouched blocks kept and verified; what to tell the user. Raises UnkeptError."""
    segments, scan = jpeg.read_segments(source)
    frame = jpeg.frame(segments)
    if samples.shape[:2] != (frame.height, frame.width):
        raise UnkeptError("has another size than its file")

    # Pillow turns the inks of files with Adobe's mark round; blocks hold them as they are
    turned = frame.components == 4 and jpeg.first(segments, jpeg.APP14, b"Adobe") is not None

    def decode() -> Samples:
        decoded = _decoded(_picture(segments, source[scan:])).reshape(frame.height, frame.width, -1)
        return 255 - decoded if turned else decoded

    try:
        new = rewrite.rewritten(source, decode, 255 - samples if turned else samples)
    except UnkeptError:
        raise
    except DECODER_ERRORS as error:
        raise UnkeptError("came from a file that is damaged now") from error
    start = [one for one in new.header if one.marker == jpeg.APP0 and not (edited and jpeg.pictured(one))]
    if _resolution(segments) != metadata.resolution:
        start = [] if frame.components == 3 and rewrite.in_rgb(new.old) else [jpeg.jfif_segment(metadata.resolution)]
    rest = [one for one in new.header if one.marker != jpeg.APP0]
    target.write_bytes(jpeg.write_segments([*start, *kept, *rest], new.scans))
    rewrite.verify(target.read_bytes(), new)
    return new.sentence


def _info(path: Path, segments: list[Segment]) -> PhotoInfo:
    frame = jpeg.frame(segments)
    if frame.precision != 8:
        raise unsupported(
            path, f"is a JPEG of {frame.precision} bits, which is not supported", "Convert it to TIFF or PNG first."
        )
    if frame.components not in _COLOURS:
        raise ValueError("JPEG with an impossible number of components")
    pixel_format = PixelFormat(_COLOURS[frame.components])
    return PhotoInfo(Jpeg.id, frame.width, frame.height, pixel_format, exif.orientation_of(_exif_block(segments)))


def _exif_block(segments: list[Segment]) -> bytes | None:
    return jpeg.first(segments, jpeg.APP1, jpeg.EXIF_MARK)


def _resolution(segments: list[Segment]) -> tuple[float, float] | None:
    return jpeg.read_resolution(segments) or exif.resolution_of(_exif_block(segments))


def _metadata(segments: list[Segment], pixel_format: PixelFormat) -> Metadata:
    block = _exif_block(segments)
    return Metadata(
        icc=fitting(jpeg.read_icc(segments), pixel_format),
        exif=block,
        xmp=jpeg.first(segments, jpeg.APP1, jpeg.XMP_MARK),
        iptc=jpeg.read_iptc(segments),
        resolution=_resolution(segments),
        orientation=exif.orientation_of(block),
    )


def _picture(segments: list[Segment], scans: bytes) -> bytes:
    """The file without its metadata, so that there is nothing for Pillow to stumble over but the picture."""
    return jpeg.write_segments([segment for segment in segments if not jpeg.is_metadata(segment)], scans)


def _decoded(data: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The picture H×W or H×W×C; in half of Pillow's time, bit for bit the same, where the file is all there."""
    segments, scan = jpeg.read_segments(data)
    if jpeg.frame(segments).components < _INKS and jpeg.complete(data, scan):
        import imagecodecs

        return np.asarray(imagecodecs.jpeg8_decode(data))
    from PIL.JpegImagePlugin import JpegImageFile

    # the class, not Image.open: that would add Pillow's own size limit to ours, which has been checked
    with JpegImageFile(io.BytesIO(data)) as picture:
        return np.asarray(picture)


def _encoded(picture: Image.Image, encoding: dict[str, Any]) -> bytes:
    stream = io.BytesIO()
    try:
        picture.save(stream, "JPEG", **encoding)
    except OSError:
        # Pillow keeps two bytes a pixel for a progressive file, and noise with fine tables needs more: then baseline
        stream = io.BytesIO()
        picture.save(stream, "JPEG", **(encoding | {"progressive": False}))
    return stream.getvalue()


def _source(photo: Photo) -> bytes:
    """The JPEG that the photo came from; empty when it is no longer there or no longer one."""
    if photo.family != Jpeg.id or photo.path is None:
        return b""
    try:
        data = load(photo.path)
        jpeg.frame(jpeg.read_segments(data)[0])
    except (OSError, ValueError):
        return b""
    return data


def _encoding(source: bytes, pixel_format: PixelFormat, options: WriteOptions) -> dict[str, Any]:
    """Pillow's options: the source's tables and subsampling unless a quality is asked for."""
    best = {"quality": options.quality or _BEST_QUALITY, "subsampling": _FULL_CHROMA}
    if not source or options.quality is not None:
        return best
    from PIL.JpegImagePlugin import JpegImageFile, get_sampling

    segments, scan = jpeg.read_segments(source)
    frame = jpeg.frame(segments)
    adobe = jpeg.first(segments, jpeg.APP14, b"Adobe")
    in_rgb = frame.components == 3 and adobe is not None and adobe[6:7] == bytes([_ADOBE_RGB])
    if frame.components != pixel_format.colour.channels or in_rgb:
        return best
    with JpegImageFile(io.BytesIO(_picture(segments, source[scan:]))) as picture:
        sampling = get_sampling(picture)
        return {
            "qtables": picture.quantization,
            "subsampling": _FULL_CHROMA if sampling < 0 else sampling,
            "progressive": frame.progressive,
        }


def _kept_segments(source: list[Segment], wanted: Metadata, pixel_format: PixelFormat) -> list[Segment]:
    """The source's metadata segments, those that `wanted` says otherwise replaced."""
    said = _metadata(source, pixel_format)
    kept = [segment for segment in source if jpeg.is_metadata(segment) and not _dropped(segment, said, wanted)]
    made: list[Segment] = []
    block = exif.with_orientation(wanted.exif, wanted.orientation)
    if block and block != said.exif:
        made.append(Segment(jpeg.APP1, jpeg.EXIF_MARK + block))
    if wanted.xmp and wanted.xmp != said.xmp:
        made.append(Segment(jpeg.APP1, jpeg.XMP_MARK + wanted.xmp))
    if wanted.iptc and wanted.iptc != said.iptc:
        made.append(jpeg.iptc_segment(wanted.iptc))
    if wanted.icc and wanted.icc != said.icc:
        made += jpeg.icc_segments(wanted.icc)
    if not all(jpeg.fits(segment.data) for segment in made):
        raise InputError(
            "This photo's metadata is larger than a JPEG file can hold.", "Save it as TIFF or PNG instead."
        )
    return made + kept


def _without_old_previews(kept: list[Segment], picture: Picture) -> tuple[list[Segment], tuple[str, ...]]:
    """Segments whose Photoshop previews show `picture`, and what to say when another may be left."""
    result = []
    for segment in kept:
        data = segment.data
        if segment.marker == jpeg.APP13 and data.startswith(jpeg.PHOTOSHOP_MARK):
            try:
                resources = previews.photoshop_resources(data.removeprefix(jpeg.PHOTOSHOP_MARK), picture)
            except ValueError:  # one of several segments that belong together, perhaps: it is looked through below
                resources = data.removeprefix(jpeg.PHOTOSHOP_MARK)
            data = jpeg.PHOTOSHOP_MARK + resources
        result.append(Segment(segment.marker, data))
    first_exif = (jpeg.EXIF_MARK, jpeg.XMP_MARK, jpeg.ICC_MARK)  # seen to by who wrote the metadata
    others = [one.data for one in result if not one.data.startswith((*first_exif, jpeg.PHOTOSHOP_MARK))]
    return result, (previews.LEFT,) if any(previews.suspicious(data) for data in others) else ()


def _dubious(segment: Segment, keep: Keep, wanted: Metadata) -> bool:
    """Whether a segment may tell what `keep` keeps back: anything that this program did not make or look through."""
    data = segment.data
    known = ((jpeg.EXIF_MARK, wanted.exif), (jpeg.XMP_MARK, wanted.xmp), (jpeg.ICC_MARK, wanted.icc))
    if any(wish and data.startswith(mark) for mark, wish in known):
        return False
    if keep is Keep.NONE:
        return True
    return data.startswith((jpeg.EXTENDED_XMP_MARK, jpeg.EXIF_MARK, jpeg.XMP_MARK))


def _dropped(segment: Segment, said: Metadata, wanted: Metadata) -> bool:
    """Whether a source segment is replaced by one of `wanted`, or speaks of pictures behind this one."""
    data = segment.data
    if segment.marker == jpeg.APP1 and data.startswith(jpeg.EXIF_MARK):
        return exif.with_orientation(wanted.exif, wanted.orientation) != said.exif
    if segment.marker == jpeg.APP1 and data.startswith(jpeg.XMP_MARK):
        return wanted.xmp != said.xmp
    if segment.marker == jpeg.APP13 and data.startswith(jpeg.PHOTOSHOP_MARK):
        return wanted.iptc != said.iptc
    if segment.marker == jpeg.APP2:
        return data.startswith(jpeg.MPF_MARK) or (data.startswith(jpeg.ICC_MARK) and wanted.icc != said.icc)
    return False
