"""Camera raws, developed plainly to 16 bits in ProPhoto RGB by LibRaw (the optional `rawpy`); read only.

The camera's white balance, LibRaw's AHD interpolation, its own black and white levels, no curve, no sharpening, no
brightening: a beginning that holds all there is, in a space that clips no camera's colours.
"""

from __future__ import annotations

import contextlib
import io
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from inpaint_studio.errors import InputError
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.storage import exif
from inpaint_studio.storage.containers import jpeg_segments as jpeg
from inpaint_studio.storage.containers import tiff_page as tags
from inpaint_studio.storage.containers.ifd import read_ifd
from inpaint_studio.storage.containers.tiff_page import Page, is_tiff, read_page
from inpaint_studio.storage.families.tiff import exif_block
from inpaint_studio.storage.photo import Metadata, Photo, PhotoInfo
from inpaint_studio.storage.refusals import DECODER_ERRORS, damaged, load, unsupported

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from inpaint_studio.storage.family import WriteOptions

#: How raws begin that are no TIFF: Canon's (CR3), Fujifilm's, Olympus's, Panasonic's, Sigma's and Minolta's.
_BEGINNINGS = (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FOVb", b"\0MRM")
_CR2, _CR3 = b"CR", b"ftypcrx "
#: Those of them whose directories are TIFF's after the first four bytes.
_DISGUISED = (b"IIRO", b"IIRS", b"IIU\0")
_LINEAR_RAW = 34892
#: Pictures below the first directory of a raw: previews and the sensor's.
_MOST_BELOW = 16
#: LibRaw's turns as EXIF values.
_TURNS = {0: 1, 3: 3, 5: 8, 6: 6}
#: Primaries (x, y) of ROMM RGB and its white point D50 (ISO 22028-2); its curve here is the plain power that LibRaw makes.
_PRIMARIES = (0.734699, 0.265301, 0.159597, 0.840403, 0.036598, 0.000105)
_D50 = (0.3457, 0.3585, 1.0)
_GAMMA = 1.8
_DEVELOPED = (
    "Developed from raw data with the camera's white balance to ProPhoto RGB, 16 bits, without curve or sharpening."
)
_NO_LIBRARY = "`inpaint-studio setup raw` installs it. Or develop the photo to TIFF in a raw converter."


class Raw:
    """The camera raw family, read only."""

    id = "raw"
    title = "camera raw"
    suffixes: tuple[str, ...] = (
        *(".dng", ".cr2", ".cr3", ".nef", ".nrw", ".arw", ".sr2", ".srf", ".raf", ".orf", ".rw2", ".pef", ".srw"),
        *(".rwl", ".3fr", ".fff", ".iiq", ".x3f", ".kdc", ".dcr", ".erf", ".mef", ".mos", ".mrw"),
    )
    lossless = False
    takes_quality = False
    writes = False
    largest_side = 65536

    def sniff(self, head: bytes) -> bool:
        return head.startswith(_BEGINNINGS) or head[4:12] == _CR3 or (is_tiff(head) and head[8:10] == _CR2)

    def claims(self, path: Path, head: bytes) -> bool:
        """Whether a TIFF's directories say that it holds what a sensor saw: DNG, NEF, ARW, PEF and their like."""
        if not is_tiff(head):
            return False
        with contextlib.suppress(InputError, *DECODER_ERRORS), path.open("rb") as stream:
            page = read_page(stream)
            if tags.DNG_VERSION in page.ifd.entries or page.photometric in (tags.FILTER_ARRAY, _LINEAR_RAW):
                return True
            if not page.reduced:
                return False
            for offset in page.numbers(tags.SUB_PAGES)[:_MOST_BELOW]:
                below = Page(page.layout, read_ifd(stream, page.layout, offset), 1)
                if below.photometric == tags.FILTER_ARRAY:
                    return True
        return False

    def probe(self, path: Path, page: int = 0) -> PhotoInfo:
        with _opened(path) as raw:
            sizes = raw.sizes
            orientation = _TURNS.get(sizes.flip, 1)
        return PhotoInfo(self.id, sizes.width, sizes.height, _FORMAT, orientation)

    def read(self, path: Path, page: int = 0) -> Photo:
        import rawpy

        with _opened(path) as raw:
            block = _exif(path, raw)
            raw.unpack()
            samples = raw.postprocess(
                output_bps=16,
                use_camera_wb=True,
                output_color=rawpy.ColorSpace.ProPhoto,
                gamma=(_GAMMA, 0),
                no_auto_bright=True,
            )
        if samples.ndim != 3 or samples.shape[2] != 3:
            raise unsupported(path, "holds no colours", "Develop it to TIFF in a raw converter.")
        metadata = Metadata(_profile(), block, resolution=exif.resolution_of(block))
        return Photo(np.ascontiguousarray(samples), _FORMAT, metadata, path, self.id, notes=(_DEVELOPED,))

    def holds(self, pixel_format: PixelFormat) -> PixelFormat:
        return _FORMAT

    def write(self, target: Path, photo: Photo, options: WriteOptions) -> tuple[str, ...]:
        raise InputError(f"{target.name} cannot be written: camera raws are only read.", "Choose TIFF with 16 bits.")


_FORMAT = PixelFormat(Colour.RGB, "uint16")


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """LibRaw's view of the file; what it raises is an InputError."""
    try:
        import rawpy
    except ImportError as error:
        raise InputError(
            f"{path.name} is a camera raw, and the part of the program that develops raws is not installed.",
            _NO_LIBRARY,
        ) from error
    raw = rawpy.RawPy()
    try:
        raw.open_file(str(path))
        yield raw
    except rawpy.LibRawFileUnsupportedError as error:
        raise unsupported(
            path, "is a camera raw of a kind that is not known yet", "Develop it to TIFF in a raw converter."
        ) from error
    except rawpy.LibRawError as error:
        raise damaged(path) from error
    finally:
        raw.close()


@cache
def _profile() -> bytes:
    """The profile of what LibRaw makes: ROMM's primaries with a gamma of 1.8."""
    import imagecodecs

    return bytes(imagecodecs.cms_profile("rgb", whitepoint=_D50, primaries=_PRIMARIES, gamma=_GAMMA))


def _exif(path: Path, raw: Any) -> bytes | None:
    """The EXIF block for upright pixels: of the file's own directories, else of the preview inside."""
    import rawpy

    data = load(path)
    block = None
    if data.startswith(_DISGUISED):
        data = b"II*\0" + data[4:]
    with contextlib.suppress(InputError, *DECODER_ERRORS):
        block = exif_block(read_page(io.BytesIO(data)))
    if block is None:
        with contextlib.suppress(rawpy.LibRawError, rawpy.NotSupportedError, *DECODER_ERRORS):
            thumb = raw.extract_thumb()
            if thumb.format == rawpy.ThumbFormat.JPEG:
                segments, _ = jpeg.read_segments(bytes(thumb.data))
                block = jpeg.first(segments, jpeg.APP1, jpeg.EXIF_MARK)
    return exif.with_orientation(block, 1) if block else None
