"""TIFF: 8 and 16 bits and float, gray, RGB or CMYK, alpha and extra channels, pages, any layout that tifffile reads."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from inpaint_studio.errors import InputError
from inpaint_studio.pixels.format import Colour, PixelFormat, Samples
from inpaint_studio.storage import exif, previews, privacy, tiff_graft
from inpaint_studio.storage.containers import tiff_page as tags
from inpaint_studio.storage.containers.ifd import GPS, Entry, Ifd, Layout
from inpaint_studio.storage.containers.tiff_page import Page, is_tiff, read_page, read_pages
from inpaint_studio.storage.family import Keep
from inpaint_studio.storage.icc import fitting
from inpaint_studio.storage.orientation import shown, stored, valid
from inpaint_studio.storage.photo import Metadata, Photo, PhotoInfo
from inpaint_studio.storage.refusals import DECODER_ERRORS, no_page, unsupported
from inpaint_studio.storage.tiff_writer import write_tiff

if TYPE_CHECKING:
    from pathlib import Path

    from inpaint_studio.storage.family import WriteOptions

# tifffile reports damage to its log, which without a handler lands on stderr beside our own message
logging.getLogger("tifffile").addHandler(logging.NullHandler())

#: Tags of the first directory that describe the photo rather than its layout.
_DESCRIPTIVE = frozenset({269, 270, 271, 272, 285, 305, 306, 315, 316, 33432, *range(40091, 40096)})
_COLOURS = {
    tags.WHITE_IS_ZERO: Colour.GRAY,
    tags.BLACK_IS_ZERO: Colour.GRAY,
    tags.RGB: Colour.RGB,
    tags.PALETTE: Colour.RGB,
    tags.YCBCR: Colour.RGB,
    tags.SEPARATED: Colour.CMYK,
}
_MOST_CHANNELS = 6
#: More pages than this are not offered; each can still be named.
_MOST_LISTED = 1000
_INKS = 332  # the InkSet tag: 1 is CMYK


class Tiff:
    """The TIFF family. A photo whose size and format stay is grafted into a copy of its file, see `tiff_graft`."""

    id = "tiff"
    title = "TIFF"
    suffixes: tuple[str, ...] = (".tif", ".tiff")
    lossless = True
    takes_quality = False
    writes = True
    largest_side = 1_000_000

    def sniff(self, head: bytes) -> bool:
        return is_tiff(head)

    def probe(self, path: Path, page: int = 0) -> PhotoInfo:
        chosen = _page(path, page)
        orientation = valid(chosen.number(exif.ORIENTATION, 1))
        pixel_format = _format(path, chosen)
        return PhotoInfo(self.id, chosen.width, chosen.height, pixel_format, orientation, chosen.pages)

    def pages(self, path: Path) -> tuple[int, ...]:
        found = []
        with path.open("rb") as stream:
            for page in read_pages(stream, _MOST_LISTED):
                with contextlib.suppress(InputError, *DECODER_ERRORS):
                    _format(path, page)
                    found.append(page.index)
        return tuple(found)

    def read(self, path: Path, page: int = 0) -> Photo:
        directory = _page(path, page)
        pixel_format = _format(path, directory)
        samples = _decoded(path, directory)
        colour, alpha, extra = _channels(directory)
        if _premultiplied(directory) and (samples[..., alpha] != pixel_format.white).any():
            raise unsupported(
                path,
                "has colours premultiplied by their transparency, which is not supported",
                "Save it with unassociated alpha, or flatten it, in another program.",
            )
        metadata = _metadata(directory, pixel_format)
        others = shown(samples[..., extra], metadata.orientation) if extra else None
        chosen = samples[..., colour + alpha] if extra else samples
        pixels = shown(chosen, metadata.orientation)
        notes = (_about_pages(page, directory.pages),) if directory.pages > 1 else ()
        return Photo(pixels, pixel_format, metadata, path, self.id, others, page, notes)

    def holds(self, pixel_format: PixelFormat) -> PixelFormat:
        # 32-bit float inks are what nobody reads
        inks = pixel_format.colour is Colour.CMYK and pixel_format.dtype == "float32"
        return PixelFormat(pixel_format.colour, "uint16" if inks else pixel_format.dtype, pixel_format.alpha)

    def write(self, target: Path, photo: Photo, options: WriteOptions) -> tuple[str, ...]:
        if options.keep is not Keep.NONE and _grafted(target, photo, options.keep):
            return (previews.LEFT,) if options.edited and _has_previews(target) else ()
        alone = photo.family == self.id and photo.path is not None and _more_pages(photo.path)
        if alone and options.replaces_source and photo.path is not None:
            raise InputError(
                f"{photo.path.name} has {_page(photo.path).pages} pages, and saving over it would lose all but this one.",
                "Save the photo under another name.",
            )
        samples = photo.pixels
        if photo.extra is not None and photo.extra.shape[:2] == samples.shape[:2]:
            samples = np.concatenate([samples, photo.extra], axis=2)
        layout, described = _described(photo.metadata)
        write_tiff(target, stored(samples, photo.metadata.orientation), photo.format, described, layout.order)
        return (_PAGE_ALONE,) if alone else ()


_PAGE_ALONE = "The file holds this page only, not the others of the file that it came from."


def _about_pages(page: int, pages: int) -> str:
    return (
        f"The file has {pages} pages: this is page {page + 1}. Written as a TIFF of the same size it keeps the others."
    )


def _more_pages(path: Path) -> bool:
    try:
        return _page(path).pages > 1
    except (InputError, *DECODER_ERRORS):
        return False


def _grafted(target: Path, photo: Photo, keep: Keep) -> bool:
    """Save into a copy of the file that the photo came from; False when that is gone or its layout forbids it."""
    if photo.family != Tiff.id or photo.path is None:
        return False
    try:
        page = _page(photo.path, photo.page)
        pixel_format = _format(photo.path, page)
        channels = _stored_channels(photo, page, pixel_format)
        entries = _changed_entries(page, _metadata(page, pixel_format), photo.metadata, keep)
        if channels is None or entries is None or not tiff_graft.can_graft(page):
            return False
        page.check_blocks(photo.path.stat().st_size)
        blocks = tiff_graft.changed_blocks(photo.path, page, channels, _as_read(photo, page, pixel_format))
    except (InputError, *DECODER_ERRORS):  # the source was damaged or replaced meanwhile
        return False
    return tiff_graft.graft(photo.path, target, page, blocks, entries, blank=keep is not Keep.ALL)


def _changed_entries(page: Page, said: Metadata, wanted: Metadata, keep: Keep) -> dict[int, Entry | None] | None:
    """The tags of `page` that must say something else, None where one must go; None when the EXIF directory must."""
    changed: dict[int, Entry | None] = {}
    for tag, kind, old, new in (
        (tags.ICC, 7, said.icc, wanted.icc),
        (tags.XMP, 1, said.xmp, wanted.xmp),
        (tags.IPTC, 7, said.iptc, wanted.iptc),
    ):
        if old != new:
            changed[tag] = Entry.raw(new, kind) if new else None
    if said.resolution != wanted.resolution or said.orientation != wanted.orientation:
        return None
    if keep is Keep.NO_LOCATION and tags.PHOTOSHOP in page.ifd.entries:
        changed[tags.PHOTOSHOP] = None  # repeats IPTC
    if said.exif != wanted.exif:
        if GPS not in page.ifd.children or wanted.exif != privacy.without_position(said.exif):
            return None
        changed[GPS] = None
    return changed


def _has_previews(path: Path) -> bool:
    """Whether the file holds other pictures of the photo: reduced pages, pages below the first, Photoshop's previews."""
    import tifffile

    page = _page(path)
    entries = page.ifd.entries
    if tags.SUB_PAGES in entries or (
        tags.PHOTOSHOP in entries and previews.has_photoshop_preview(entries[tags.PHOTOSHOP].data)
    ):
        return True
    with tifffile.TiffFile(path) as tiff:
        return any(bool(other.aspage().is_reduced) for other in tiff.pages[1:])


def _stored_channels(photo: Photo, page: Page, pixel_format: PixelFormat) -> Samples | None:
    """All channels H×W×C as `page`, which is in `pixel_format`, stores them; None when the photo differs in more."""
    orientation = photo.metadata.orientation
    samples = stored(photo.pixels, orientation)
    if samples.shape[:2] != (page.height, page.width) or photo.format != pixel_format:
        return None
    colour, alpha, extra = _channels(page)
    if len(extra) != (0 if photo.extra is None else photo.extra.shape[2]):
        return None
    if _premultiplied(page) and (samples[..., -1] != pixel_format.white).any():
        return None
    if photo.extra is None:
        return samples
    channels = np.empty((*samples.shape[:2], page.samples), samples.dtype)
    channels[..., colour + alpha] = samples
    channels[..., extra] = stored(photo.extra, orientation)
    return channels


def _as_read(photo: Photo, page: Page, pixel_format: PixelFormat) -> Samples | None:
    """All channels H×W×C as they were read from `page`; None when that is not known, or the file is another by now."""
    original = photo.original
    if (
        original is None
        or original.path != photo.path
        or original.pixels.shape != photo.pixels.shape
        or not original.stands
    ):
        return None
    return _stored_channels(replace(photo, pixels=original.pixels, extra=original.extra), page, pixel_format)


def _page(path: Path, index: int = 0) -> Page:
    with path.open("rb") as stream:
        page = read_page(stream)
        if not 0 <= index < page.pages:
            raise no_page(path, index, page.pages)
        return page if index == 0 else read_page(stream, index)


def _channels(page: Page) -> tuple[list[int], list[int], list[int]]:
    """Indices of the colour channels, of alpha (one or none) and of the others. Only what is called alpha is alpha."""
    colours = _COLOURS[page.photometric].channels
    meanings = (*page.numbers(tags.EXTRA_SAMPLES), *[0] * page.samples)
    others = range(colours, page.samples)
    alpha = [i for i in others if meanings[i - colours] in (tags.ASSOCIATED_ALPHA, tags.UNASSOCIATED_ALPHA)][:1]
    return list(range(colours)), alpha, [i for i in others if i not in alpha]


def _premultiplied(page: Page) -> bool:
    return tags.ASSOCIATED_ALPHA in page.numbers(tags.EXTRA_SAMPLES) and bool(_channels(page)[1])


def _format(path: Path, page: Page) -> PixelFormat:
    """The format of the decoded page. Raises InputError for one that cannot be edited."""
    if tags.DNG_VERSION in page.ifd.entries or page.photometric == tags.FILTER_ARRAY or page.reduced:
        raise unsupported(
            path, "is a raw photo, or begins with a preview of one", "Develop it to TIFF in a raw converter first."
        )
    colour = _COLOURS.get(page.photometric)
    if colour is Colour.CMYK and page.number(_INKS, 1) != 1:
        colour = None
    compressed_colour = page.photometric == tags.YCBCR and page.compression not in (tags.JPEG, tags.OLD_JPEG)
    if colour is None or compressed_colour or page.number(tags.IMAGE_DEPTH, 1) != 1:
        raise unsupported(path, "stores its colours in a way that is not supported", "Convert it to RGB or gray first.")
    dtype = {(8, tags.UNSIGNED): "uint8", (16, tags.UNSIGNED): "uint16", (32, tags.FLOAT): "float32"}.get(
        (page.bits, page.sample_format)
    )
    if page.samples == 1 and page.sample_format == tags.UNSIGNED and page.bits in (1, 2, 4):
        dtype = "uint8"
    inverted = page.photometric in (tags.PALETTE, tags.WHITE_IS_ZERO)
    if dtype is None or (dtype == "float32" and (inverted or colour is Colour.CMYK)):
        raise unsupported(
            path, f"has {_sample_type(page)} samples, which are not supported", "Convert it to 8 or 16 bits first."
        )
    if not 1 <= page.samples <= _MOST_CHANNELS:
        raise unsupported(
            path, f"has {page.samples} channels, more than the six supported", "Save it without its extra channels."
        )
    if page.photometric == tags.PALETTE and page.samples == 1:
        return PixelFormat(Colour.RGB, "uint8")
    if page.samples < colour.channels or page.photometric == tags.PALETTE:
        raise ValueError("TIFF with an impossible number of channels")
    return PixelFormat(colour, dtype, bool(_channels(page)[1]))


def _sample_type(page: Page) -> str:
    kind = {1: "integer", 2: "signed integer", 3: "floating point", 5: "complex", 6: "complex"}
    return f"{page.bits}-bit {kind.get(page.sample_format, 'unknown')}" if page.bits else "mixed"


def _decoded(path: Path, page: Page) -> Samples:
    """All channels of the page, H×W×C as stored, white the greatest value."""
    import tifffile

    page.check_blocks(path.stat().st_size)
    with tifffile.TiffFile(path) as tiff:
        raw: np.ndarray[Any, np.dtype[Any]] = np.asarray(tiff.pages[page.index].asarray())
    if page.planes > 1:
        raw = np.moveaxis(raw.reshape(page.samples, page.height, page.width), 0, -1)
    samples: Samples = raw.reshape(page.height, page.width, page.samples)
    if page.photometric == tags.PALETTE:
        return _palette(page)[samples[..., 0]]
    if page.bits < 8:
        samples = samples.astype(np.uint8) * np.uint8(255 // (2**page.bits - 1))
    if page.photometric == tags.WHITE_IS_ZERO:
        samples = np.asarray(np.iinfo(samples.dtype).max - samples)
    return samples


def _palette(page: Page) -> Samples:
    """The colour map as N×3 bytes; some writers put bytes where TIFF asks for 16 bits."""
    colours = np.array(page.numbers(tags.COLOUR_MAP), np.uint16).reshape(3, -1).T
    return np.asarray(colours >> 8 if colours.max() > 255 else colours, np.uint8)


def _metadata(page: Page, pixel_format: PixelFormat) -> Metadata:
    entries = page.ifd.entries

    def data(tag: int) -> bytes | None:
        return entries[tag].data if tag in entries else None

    return Metadata(
        icc=fitting(data(tags.ICC), pixel_format),
        exif=exif_block(page),
        xmp=data(tags.XMP),
        iptc=data(tags.IPTC),
        resolution=exif.resolution_in(page.layout, page.ifd),
        orientation=valid(page.number(exif.ORIENTATION, 1)),
    )


def exif_block(page: Page) -> bytes | None:
    """An EXIF block of the descriptive tags and the EXIF and GPS directories; None when there are none."""
    described = {tag: entry for tag, entry in page.ifd.entries.items() if tag in _DESCRIPTIVE}
    block = None
    if described or page.ifd.children:
        block = exif.serialise(page.layout, Ifd(described, page.ifd.children))
    return exif.with_orientation(block, valid(page.number(exif.ORIENTATION, 1)))


def _described(metadata: Metadata) -> tuple[Layout, Ifd]:
    """The tags that carry `metadata`, in the byte order of its EXIF block."""
    layout, block = exif.parse(metadata.exif) or (Layout(), Ifd())
    entries = {tag: entry for tag, entry in block.entries.items() if tag in _DESCRIPTIVE}
    if metadata.resolution:
        entries |= exif.resolution_entries(layout, metadata.resolution)
    if metadata.orientation != 1:
        entries[exif.ORIENTATION] = Entry.shorts(layout, metadata.orientation)
    for tag, kind, data in ((tags.ICC, 7, metadata.icc), (tags.XMP, 1, metadata.xmp), (tags.IPTC, 7, metadata.iptc)):
        if data:
            entries[tag] = Entry.raw(data, kind)
    return layout, Ifd(entries, block.children)
