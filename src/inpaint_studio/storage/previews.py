"""Previews inside a photo's metadata: made anew when the pixels change, so that none shows what was removed.

A preview that can't be made anew is left out; its old bytes are overwritten wherever the block that held it stays.
"""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inpaint_studio.pixels.format import Colour, PixelFormat, Samples
from inpaint_studio.storage.containers import photoshop
from inpaint_studio.storage.containers.photoshop import Resource
from inpaint_studio.storage.convert import converted
from inpaint_studio.storage.refusals import DECODER_ERRORS

if TYPE_CHECKING:
    from PIL import Image

#: What is said when metadata hold a preview in a place that this program does not know.
LEFT = "Its metadata may still hold a small preview of the photo as it was, which could not be made anew."

_GREATEST_SIDE = 4096
_OVERSAMPLING = 4  # pixels for one of the preview's that are looked at, across
_SLACK = 2  # pixels by which a preview's sides may miss the photo's proportions without bars
_RGB = PixelFormat(Colour.RGB)
_XMP = re.compile(rb"<(xmp|xap):Thumbnails\b[^>]*>.*?</\1:Thumbnails>", re.DOTALL)
_JPEG_START, _JPEG_START_IN_TEXT = b"\xff\xd8\xff", b"/9j/"
_HEADER = struct.Struct(
    ">6I2H"
)  # of a Photoshop preview: format, width, height, row, size, compressed size, bits, planes


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """The photo's new pixels H×W×C as stored. `swapped` when it now lies on another side than its old previews."""

    samples: Samples
    format: PixelFormat
    swapped: bool = False

    def image(self, width: int, height: int) -> Image.Image:
        """As RGB of this size, with black bars where its proportions differ. Raises ValueError for a silly size."""
        from PIL import Image

        if not (0 < width <= _GREATEST_SIDE and 0 < height <= _GREATEST_SIDE):
            raise ValueError("preview of an impossible size")
        tall, wide = self.samples.shape[:2]
        step = max(1, min(tall // (height * _OVERSAMPLING), wide // (width * _OVERSAMPLING)))
        picture = Image.fromarray(converted(self.samples[::step, ::step], self.format, _RGB))
        scale = min(width / wide, height / tall)
        inner_width, inner_height = max(1, round(wide * scale)), max(1, round(tall * scale))
        if width - inner_width <= _SLACK and height - inner_height <= _SLACK:
            return picture.resize((width, height), Image.Resampling.BOX)
        result = Image.new("RGB", (width, height))
        small = picture.resize((inner_width, inner_height), Image.Resampling.BOX)
        result.paste(small, ((width - inner_width) // 2, (height - inner_height) // 2))
        return result

    def size(self, width: int, height: int) -> tuple[int, int]:
        """The size of a preview that was width×height."""
        return (height, width) if self.swapped else (width, height)


def jpeg_like(old: bytes, picture: Picture) -> tuple[bytes, int, int]:
    """A JPEG of `picture` with the size, tables and sampling of the JPEG `old`, and not longer; its width and height.

    Coarser tables are taken when it would be. Raises `refusals.DECODER_ERRORS` when there is no such JPEG.
    """
    from PIL.JpegImagePlugin import JpegImageFile, get_sampling

    with JpegImageFile(io.BytesIO(old)) as before:
        width, height = picture.size(*before.size)
        image = picture.image(width, height).convert("L" if before.mode == "L" else "RGB")
        sampling = max(get_sampling(before), 0)
        encodings: list[dict[str, Any]] = [
            {"qtables": before.quantization},
            *({"quality": value} for value in (75, 60, 45, 30, 15)),
        ]
    for encoding in encodings:
        stream = io.BytesIO()
        image.save(stream, "JPEG", subsampling=sampling, **encoding)
        if stream.tell() <= len(old):
            return stream.getvalue(), width, height
    raise ValueError("no room for a preview")


def photoshop_resources(data: bytes, picture: Picture) -> bytes:
    """Photoshop resources with their previews made anew or left out. Raises ValueError when they are damaged."""
    kept = []
    for resource in photoshop.read_resources(data):
        if resource.number == photoshop.PREVIEW:
            try:
                kept.append(resource._replace(data=_photoshop_preview(resource, picture)))
            except DECODER_ERRORS:
                continue
        elif resource.number != photoshop.OLD_PREVIEW:
            kept.append(resource)
    return photoshop.write_resources(kept)


def has_photoshop_preview(data: bytes) -> bool:
    """Whether Photoshop resources hold a preview; true when they can't be read."""
    try:
        numbers = {resource.number for resource in photoshop.read_resources(data)}
    except ValueError:
        return True
    return not numbers.isdisjoint({photoshop.PREVIEW, photoshop.OLD_PREVIEW})


def _photoshop_preview(resource: Resource, picture: Picture) -> bytes:
    jpeg, width, height = jpeg_like(resource.data[_HEADER.size :], picture)
    row = (width * 3 + 3) // 4 * 4
    return _HEADER.pack(1, width, height, row, row * height, len(jpeg), 24, 1) + jpeg


def without_xmp_previews(packet: bytes | None) -> bytes | None:
    """The XMP packet without the previews that Adobe's programs put into it."""
    return None if packet is None else _XMP.sub(b"", packet)


def suspicious(data: bytes | None) -> bool:
    """Whether metadata look as if they held a JPEG, plain or in letters."""
    return data is not None and (_JPEG_START in data or _JPEG_START_IN_TEXT in data)
