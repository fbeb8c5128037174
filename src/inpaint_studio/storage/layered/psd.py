"""Photoshop's PSD and PSB: 8 and 16 bits, layers with masks, profile and metadata, as Adobe's format specification has it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from inpaint_studio.errors import InputError
from inpaint_studio.pixels.format import Colour, PixelFormat, Samples
from inpaint_studio.storage.containers.photoshop import Resource, write_resources

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

    from inpaint_studio.storage.layered.stack import Sheet
    from inpaint_studio.storage.photo import Metadata

_MODES = {Colour.GRAY: 1, Colour.RGB: 3, Colour.CMYK: 4}
RESOLUTION, IPTC, ICC, EXIF, XMP = 1005, 1028, 1039, 1058, 1060
_LARGEST_SIDE = 30_000
_LARGEST = (1 << 31) - (64 << 20)
_ALPHA, _MASK = -1, -2
_HIDDEN = 2


def write_psd(
    stream: BinaryIO, merged: Samples, pixel_format: PixelFormat, layers: Iterable[Sheet], metadata: Metadata
) -> None:
    """Write `layers`, bottom first, and what they show together, `merged` (H×W×C with alpha).

    Raises InputError when the document is larger than the format allows, or of 32-bit float.
    """
    if pixel_format.dtype == "float32":
        raise InputError("PSD holds 8 and 16 bits, not 32-bit float.", "Export a TIFF instead.")
    height, width, channels = merged.shape
    if max(height, width) > _LARGEST_SIDE:
        raise InputError(f"PSD holds {_LARGEST_SIDE} pixels a side at most.", "Export a TIFF instead.")
    depth = 8 if pixel_format.dtype == "uint8" else 16
    parts = [_record_and_pixels(sheet, pixel_format) for sheet in layers]
    count = -len(parts) if pixel_format.alpha else len(parts)  # negative: the merged picture's alpha is transparency
    info = struct.pack(">h", count) + b"".join(head for head, _ in parts) + b"".join(body for _, body in parts)
    info += bytes(-len(info) % 4)
    if depth == 8:
        section = struct.pack(">I", len(info)) + info + bytes(4)
    else:  # deeper layers stand in a block of their own
        section = bytes(8) + b"8BIMLr16" + struct.pack(">I", len(info)) + info
    if len(section) + merged.nbytes > _LARGEST:
        raise InputError("The layers are larger than PSD allows, 2 GB.", "Export a TIFF, or fewer layers.")
    stream.write(struct.pack(">4sH6xHIIHH", b"8BPS", 1, channels, height, width, depth, _MODES[pixel_format.colour]))
    resources = write_resources(_resources(metadata))
    stream.write(struct.pack(">II", 0, len(resources)) + resources)
    stream.write(struct.pack(">I", len(section)) + section)
    stream.write(b"\0\0" + b"".join(_plane(merged[..., n], pixel_format, n) for n in range(channels)))


def _resources(metadata: Metadata) -> list[Resource]:
    across, down = metadata.resolution or (72.0, 72.0)
    size = struct.pack(">IHHIHH", round(across * 65536), 1, 1, round(down * 65536), 1, 1)
    found = [Resource(RESOLUTION, b"\0\0", size)]
    for number, data in ((IPTC, metadata.iptc), (ICC, metadata.icc), (EXIF, metadata.exif), (XMP, metadata.xmp)):
        if data:
            found.append(Resource(number, b"\0\0", data))
    return found


def _plane(samples: Samples, pixel_format: PixelFormat, channel: int) -> bytes:
    """One channel as stored: big-endian, inks turned round."""
    if pixel_format.colour is Colour.CMYK and channel < 4:
        samples = pixel_format.white - samples
    return np.ascontiguousarray(samples).astype(pixel_format.numpy.newbyteorder(">"), copy=False).tobytes()


def _record_and_pixels(sheet: Sheet, pixel_format: PixelFormat) -> tuple[bytes, bytes]:
    """A layer's record, and its channels as they follow behind all records."""
    alpha: Samples = sheet.alpha
    mask: Samples | None = sheet.mask
    if pixel_format.dtype == "uint8":
        alpha = ((alpha.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    elif mask is not None:
        mask = mask.astype(np.uint16) * np.uint16(257)
    deep = PixelFormat(Colour.GRAY, pixel_format.dtype)
    planes = [(_ALPHA, _plane(alpha, deep, 0))]
    planes += [(n, _plane(sheet.colours[..., n], pixel_format, n)) for n in range(pixel_format.colour.channels)]
    if mask is not None:
        planes.append((_MASK, _plane(mask, deep, 0)))
    box = sheet.place
    edges = struct.pack(">4i", box.top, box.left, box.bottom, box.right)
    rows = b"".join(struct.pack(">hI", number, len(data) + 2) for number, data in planes)
    opacity = round(max(0.0, min(1.0, sheet.opacity)) * 255)
    flags = 8 | (0 if sheet.visible else _HIDDEN)
    name = sheet.name.encode("ascii", "replace")[:31]
    pascal = bytes([len(name)]) + name
    pascal += bytes(-len(pascal) % 4)
    letters = sheet.name.encode("utf-16-be")
    unicode = struct.pack(">I", len(letters) // 2) + letters
    unicode += bytes(-len(unicode) % 4)
    masked = struct.pack(">I", 20) + edges + bytes([255, 0, 0, 0]) if mask is not None else bytes(4)
    extra = masked + bytes(4) + pascal + b"8BIMluni" + struct.pack(">I", len(unicode)) + unicode
    head = edges + struct.pack(">H", len(planes)) + rows + b"8BIMnorm" + bytes([opacity, 0, flags, 0])
    return head + struct.pack(">I", len(extra)) + extra, b"".join(b"\0\0" + data for _, data in planes)
