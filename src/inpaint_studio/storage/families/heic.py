"""HEIC: 8, 10 and 12 bits, gray or RGB, with or without alpha, by the system's libheif; read only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from inpaint_studio.errors import InputError
from inpaint_studio.pixels.colour_spaces import named_profile
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.storage import exif, libheif
from inpaint_studio.storage.containers import isobmff
from inpaint_studio.storage.convert import expanded
from inpaint_studio.storage.families.avif import described, refuse_premultiplied
from inpaint_studio.storage.photo import Photo, PhotoInfo
from inpaint_studio.storage.refusals import animated, load, no_page, unsupported

if TYPE_CHECKING:
    from pathlib import Path

    from inpaint_studio.storage.containers.isobmff import Pictures
    from inpaint_studio.storage.family import WriteOptions
    from inpaint_studio.storage.photo import Metadata

_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1")
_SEQUENCES = (b"hevc", b"hevx", b"hevm", b"hevs", b"msf1")
_KINDS = (b"hvc1", b"grid", b"iden", b"iovl")
#: Transfers (ITU-T H.273) whose samples are meant for brighter screens than a photo knows of.
_BRIGHT = (16, 18)
_NO_LIBRARY = (
    "On Debian and Ubuntu: sudo apt-get install libheif1 libde265-0 (newer ones: libheif-plugin-libde265); on macOS: "
    "brew install libheif. Or export it as JPEG or TIFF where it came from."
)
_HDR = "The photo was stored for a screen of high dynamic range: its colours look flat here."


class Heic:
    """The HEIC family, read only. libheif decodes the picture; what the file says is read by our own parser."""

    id = "heic"
    title = "HEIC"
    suffixes: tuple[str, ...] = (".heic", ".heif", ".hif")
    lossless = False
    takes_quality = False
    writes = False
    largest_side = 65536

    def sniff(self, head: bytes) -> bool:
        return head[4:8] == b"ftyp" and head[8:12] in _BRANDS + _SEQUENCES

    def probe(self, path: Path, page: int = 0) -> PhotoInfo:
        return _info(path, *_page(path, load(path), page))

    def pages(self, path: Path) -> tuple[int, ...]:
        return tuple(range(len(_photos(isobmff.read(load(path))))))

    def read(self, path: Path, page: int = 0) -> Photo:
        data = load(path)
        pictures, count = _page(path, data, page)
        info = _info(path, pictures, count)
        pixel_format = info.format
        deep = pixel_format.dtype == "uint16"
        try:
            samples = libheif.decode(data, pictures.primary, alpha=pixel_format.alpha, deep=deep)
        except libheif.NoDecoderError as error:
            raise InputError(
                f"{path.name} is a HEIC file, and this computer has nothing that decodes it.", _NO_LIBRARY
            ) from error
        if samples.shape[0] * samples.shape[1] > info.width * info.height:
            raise ValueError("HEIC picture larger than it says")
        if pixel_format.colour is Colour.GRAY:  # of which the decoder makes three equal channels
            samples = np.ascontiguousarray(samples[..., 2:])
        if deep:
            samples = expanded(samples, pixel_format.bits, pixel_format.white)
        metadata, notes = _metadata(pictures, pixel_format)
        return Photo(samples, pixel_format, metadata, path, self.id, page=page, notes=notes)

    def holds(self, pixel_format: PixelFormat) -> PixelFormat:
        return PixelFormat(Colour.RGB, pixel_format.dtype, pixel_format.alpha)

    def write(self, target: Path, photo: Photo, options: WriteOptions) -> tuple[str, ...]:
        raise InputError(f"{target.name} cannot be written: HEIC is only read.", "Choose TIFF, JPEG or AVIF.")


def _photos(pictures: Pictures) -> list[int]:
    """The items that are pictures of their own, the main one first: no tiles, thumbnails, masks or depth maps."""
    parts = {number for kind, _, to in pictures.references if kind == b"dimg" for number in to}
    parts |= {start for kind, start, _ in pictures.references if kind in (b"thmb", b"auxl")}
    found = [number for number, item in pictures.items.items() if item.kind in _KINDS and number not in parts]
    return sorted(found, key=lambda number: (number != pictures.primary, number))


def _page(path: Path, data: bytes, page: int) -> tuple[Pictures, int]:
    """The file with the picture `page` for its main one, and how many there are."""
    pictures = isobmff.read(data)
    if pictures.brand in _SEQUENCES:
        raise animated(path)
    found = _photos(pictures)
    if not found or pictures.primary not in found:
        raise unsupported(path, "holds no picture of the kind that HEIC files hold", "Save it as JPEG or TIFF first.")
    if not 0 <= page < len(found):
        raise no_page(path, page, len(found))
    return replace(pictures, primary=found[page]), len(found)


def _info(path: Path, pictures: Pictures, count: int) -> PhotoInfo:
    refuse_premultiplied(path, pictures)
    settings = pictures.setting(b"hvcC") or b""
    if len(settings) < 19:
        raise ValueError("HEIC without a picture")
    gray, depth = settings[16] & 3 == 0, 8 + (settings[17] & 7)
    if depth > 12:
        raise unsupported(path, f"has {depth} bits, which is not supported", "Save it as TIFF first.")
    dtype = "uint8" if depth == 8 else "uint16"
    pixel_format = PixelFormat(Colour.GRAY if gray else Colour.RGB, dtype, pictures.alpha is not None, depth)
    width, height = pictures.size
    return PhotoInfo(Heic.id, width, height, pixel_format, pictures.orientation, count)


def _metadata(pictures: Pictures, pixel_format: PixelFormat) -> tuple[Metadata, tuple[str, ...]]:
    """What the file says, for pixels that the decoder has turned already, and what to tell of it."""
    said = described(pictures, pixel_format)
    upright = replace(
        said,
        orientation=1,
        exif=exif.with_orientation(said.exif, 1) if said.exif else None,
        xmp=exif.upright_xmp(said.xmp),
    )
    stated = pictures.picture.first(b"colr", b"nclx")
    if stated is None or len(stated) < 8:
        return upright, ()
    primaries, transfer = int.from_bytes(stated[4:6]), int.from_bytes(stated[6:8])
    if upright.icc is None and pixel_format.colour is Colour.RGB:
        upright = replace(upright, icc=named_profile(1, primaries, transfer))
    return upright, (_HDR,) if transfer in _BRIGHT else ()
