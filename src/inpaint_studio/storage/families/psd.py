"""PSD and PSB: what Photoshop saved as the picture of all layers, 8 and 16 bits; read only."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from inpaint_studio.errors import InputError
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.storage import exif
from inpaint_studio.storage.containers import photoshop
from inpaint_studio.storage.icc import fitting
from inpaint_studio.storage.layered.psd import EXIF, ICC, IPTC, RESOLUTION, XMP
from inpaint_studio.storage.photo import Metadata, Photo, PhotoInfo
from inpaint_studio.storage.refusals import load, unsupported

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from inpaint_studio.pixels.format import Samples
    from inpaint_studio.storage.family import WriteOptions

_COLOURS = {1: Colour.GRAY, 3: Colour.RGB, 4: Colour.CMYK}
_VERSION_INFO = 1057
_RAW, _PACKED = 0, 1

#: What is said of every file, since its layers stay behind.
FLATTENED = "The layers of this file were opened as the one picture that they show. Export writes another file."


class _Head(NamedTuple):
    large: bool
    channels: int
    height: int
    width: int
    depth: int
    mode: int


class Psd:
    """The PSD family, read only."""

    id = "psd"
    title = "PSD"
    suffixes: tuple[str, ...] = (".psd", ".psb")
    lossless = True
    takes_quality = False
    writes = False
    largest_side = 300_000

    def sniff(self, head: bytes) -> bool:
        return head[:4] == b"8BPS" and head[4:6] in (b"\0\1", b"\0\2")

    def probe(self, path: Path, page: int = 0) -> PhotoInfo:
        head, pixel_format, _, _ = _looked_through(path, load(path))
        return PhotoInfo(self.id, head.width, head.height, pixel_format)

    def read(self, path: Path, page: int = 0) -> Photo:
        data = load(path)
        head, pixel_format, resources, at = _looked_through(path, data)
        planes = _planes(data, at, head)
        if pixel_format.colour is Colour.CMYK:
            planes[:4] = pixel_format.white - planes[:4]
        samples = np.moveaxis(planes, 0, 2)
        inner = pixel_format.channels
        extra = np.ascontiguousarray(samples[..., inner:]) if head.channels > inner else None
        pixels = np.ascontiguousarray(samples[..., :inner])
        return Photo(pixels, pixel_format, _metadata(resources, pixel_format), path, self.id, extra, 0, (FLATTENED,))

    def holds(self, pixel_format: PixelFormat) -> PixelFormat:
        return PixelFormat(
            pixel_format.colour, "uint8" if pixel_format.dtype == "uint8" else "uint16", pixel_format.alpha
        )

    def write(self, target: Path, photo: Photo, options: WriteOptions) -> tuple[str, ...]:
        raise InputError(f"{target.name} cannot be written as one picture.", "Export its layers, or choose TIFF.")


def _looked_through(path: Path, data: bytes) -> tuple[_Head, PixelFormat, dict[int, bytes], int]:
    """Header, format, resources, and where the merged picture begins."""
    _, version, channels, height, width, depth, mode = struct.unpack_from(">4sH6xHIIHH", data)
    head = _Head(version == 2, channels, height, width, depth, mode)
    _format(path, head, transparent=False)
    resources, at = _resources(data)
    stated = resources.get(_VERSION_INFO)
    if stated is not None and len(stated) > 4 and not stated[4]:
        raise unsupported(
            path, "holds layers only, not the picture they show", "Save it with “Maximize compatibility”."
        )
    size = 8 if head.large else 4
    length = int.from_bytes(data[at : at + size])
    at += size
    transparent = _transparent(data[at : at + length], large=head.large)
    return head, _format(path, head, transparent=transparent), resources, at + length


def _format(path: Path, head: _Head, *, transparent: bool) -> PixelFormat:
    colour, dtype = _COLOURS.get(head.mode), {8: "uint8", 16: "uint16"}.get(head.depth)
    if colour is None or dtype is None:
        raise unsupported(
            path, "is in a colour mode or depth that is not supported", "Convert it to RGB, 8 or 16 bits."
        )
    if not colour.channels <= head.channels <= 56:
        raise ValueError("PSD with an impossible number of channels")
    return PixelFormat(colour, dtype, transparent and head.channels > colour.channels)


def _resources(data: bytes) -> tuple[dict[int, bytes], int]:
    """Photoshop's resources by their numbers, and where the layers begin."""
    at = 26
    at += 4 + int.from_bytes(data[at : at + 4])
    length = int.from_bytes(data[at : at + 4])
    block = data[at + 4 : at + 4 + length]
    if len(block) < length:
        raise ValueError("PSD cut off")
    return {one.number: one.data for one in photoshop.read_resources(block)}, at + 4 + length


def _transparent(section: bytes, *, large: bool) -> bool:
    """Whether the first channel beside colour is the merged picture's transparency."""
    size = 8 if large else 4
    if int.from_bytes(section[:size]):
        return bool(struct.unpack_from(">h", section, size)[0] < 0)
    for mark in (b"8BIMLr16", b"8B64Lr16"):
        place = section.find(mark, 0, 4096)
        if place >= 0:
            return bool(struct.unpack_from(">h", section, place + 8 + size)[0] < 0)
    return False


def _planes(data: bytes, at: int, head: _Head) -> NDArray[np.uint8 | np.uint16]:
    """The merged picture, channels first."""
    (compression,) = struct.unpack_from(">H", data, at)
    at += 2
    row = head.width * head.depth // 8
    size = head.channels * head.height * row
    if compression == _RAW:
        raw: bytes | bytearray = data[at : at + size]
    elif compression == _PACKED:
        raw = _unpacked(data, at, head, row)
    else:
        raise ValueError("PSD compressed in an unknown way")
    if len(raw) != size:
        raise ValueError("PSD cut off")
    kind = np.dtype("u1" if head.depth == 8 else ">u2")
    planes: Samples = np.frombuffer(raw, kind).reshape(head.channels, head.height, head.width)
    return planes.astype(kind.newbyteorder("="))


def _unpacked(data: bytes, at: int, head: _Head, row: int) -> bytearray:
    """Rows of PackBits. Raises ValueError when one is not as long as it must be."""
    import imagecodecs

    rows = head.channels * head.height
    width = 4 if head.large else 2
    lengths = np.frombuffer(data, f">u{width}", rows, at)
    at += rows * width
    if at + int(lengths.sum(dtype=np.int64)) > len(data):
        raise ValueError("PSD cut off")
    result = bytearray()
    for length in lengths.tolist():
        line = bytes(imagecodecs.packbits_decode(data[at : at + length]))
        if len(line) != row:
            raise ValueError("PSD row damaged")
        result += line
        at += length
    return result


def _metadata(resources: dict[int, bytes], pixel_format: PixelFormat) -> Metadata:
    block = resources.get(EXIF)
    resolution = None
    if len(size := resources.get(RESOLUTION, b"")) >= 16:
        across, _, _, down, _, _ = struct.unpack_from(">IHHIHH", size)
        resolution = (across / 65536, down / 65536) if across and down else None
    return Metadata(
        icc=fitting(resources.get(ICC), pixel_format),
        exif=exif.with_orientation(block, 1) if block else None,  # Photoshop has turned the pixels
        xmp=exif.upright_xmp(resources.get(XMP)),
        iptc=resources.get(IPTC),
        resolution=resolution,
    )
