"""Photos in and out of files: what to open, what to refuse, and how to put a photo into its new place."""

from __future__ import annotations

import stat
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from inpaint_studio.errors import InputError
from inpaint_studio.pixels.colour_spaces import usable
from inpaint_studio.pixels.format import Colour
from inpaint_studio.storage import exif, exif_thumbnail, previews, privacy, provenance
from inpaint_studio.storage.atomic import atomic_target, check_writable
from inpaint_studio.storage.convert import at_depth, converted
from inpaint_studio.storage.family import Claiming, Family, Keep, Paged, WriteOptions
from inpaint_studio.storage.icc import fitting
from inpaint_studio.storage.orientation import SIDEWAYS, stored
from inpaint_studio.storage.photo import Metadata, Original, Photo, PhotoInfo
from inpaint_studio.storage.previews import Picture
from inpaint_studio.storage.refusals import damaged, decoding, no_page, unreadable
from inpaint_studio.storage.registry import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from inpaint_studio.storage.provenance import Fill

#: Masks above this many megapixels are refused: no photo that is opened is larger by default.
MASK_MEGAPIXELS = 400.0

_HEAD = 64
_BAD_PROFILE = (
    "Its colour profile cannot be used: colours are shown as if it had none. The profile is handed on as it is."
)
#: Rec. 601, as Pillow and most editors weigh RGB.
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)


def probe(path: Path, page: int = 0) -> PhotoInfo:
    """What the header of the photo `path` says. Raises InputError when it is not one that can be opened."""
    return _probed(path, page)[1]


def pages(path: Path) -> tuple[int, ...]:
    """The pages of the photo `path` that can be opened, from 0; (0,) for files that hold one picture, and refused ones.

    Raises InputError for what is no photo.
    """
    family = _recognised(path)
    if not isinstance(family, Paged):
        return (0,)
    with decoding(path):
        return family.pages(path) or (0,)


def read_photo(path: Path, *, max_megapixels: float, page: int = 0) -> Photo:
    """Decode the photo `path`, upright and at its own depth. Raises InputError when it cannot be opened.

    What it is its contents say, whatever its name ends in; `Photo.notes` tells when they disagree. The header is
    checked first: nothing larger than `max_megapixels` is decoded. `page` counts from 0. The pixels can only be read.
    """
    family, info = _probed(path, page)
    if info.megapixels > max_megapixels:
        raise InputError(
            f"{path.name} has {info.megapixels:.1f} megapixels, more than the limit of {max_megapixels:g}.",
            f"`inpaint-studio settings max_megapixels {np.ceil(info.megapixels):.0f}` raises it.",
        )
    with decoding(path):
        stamp = Original.stamp_of(path)
        photo = family.read(path, page)
    # it stands for what the file holds
    photo.pixels.flags.writeable = False
    if photo.extra is not None:
        photo.extra.flags.writeable = False
    icc = photo.metadata.icc
    unclear = (_BAD_PROFILE,) if icc is not None and not usable(icc, photo.format.colour) else ()
    notes = (*_name_note(path, family), *unclear, *photo.notes)
    return replace(photo, notes=notes, original=Original(photo.pixels, photo.extra, path, stamp))


def read_mask(path: Path, *, max_megapixels: float = MASK_MEGAPIXELS) -> NDArray[np.uint8]:
    """The mask `path` as coverage H×W, upright, 255 = fill. Colours count by luminance, transparency lessens.

    Raises InputError when it cannot be opened.
    """
    return read_masks(path, max_megapixels=max_megapixels)[0]


def read_masks(
    path: Path, *, max_megapixels: float = MASK_MEGAPIXELS
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """What `read_mask` gives, and the alpha channel alone as coverage; None where it is the same everywhere.

    Raises InputError when it cannot be opened.
    """
    photo = read_photo(path, max_megapixels=max_megapixels)
    samples = at_depth(photo.pixels, "uint8")
    colour = samples[..., : photo.format.colour.channels]
    coverage = colour[..., 0] if photo.format.colour is Colour.GRAY else np.rint(colour @ _LUMINANCE).astype(np.uint8)
    if not photo.format.alpha:
        return np.ascontiguousarray(coverage), None
    alpha = np.ascontiguousarray(samples[..., -1])
    product = coverage.astype(np.uint16) * alpha
    return ((product + 127) // 255).astype(np.uint8), alpha if alpha.min() < alpha.max() else None


def family_for(target: Path) -> Family:
    """The family that `target`'s suffix names. Raises InputError for a suffix that no family writes."""
    family = _by_suffix(target)
    if family is None or not family.writes:
        what = f"the suffix {target.suffix}" if target.suffix else "no suffix"
        raise InputError(
            f"{target.name} has {what}, which names no format that can be written.",
            f"Use one of {', '.join(family.suffixes[0] for family in FAMILIES if family.writes)}.",
        )
    return family


def check_target(target: Path) -> None:
    """Raise InputError where `write_photo` surely would, before work is spent on what it should write."""
    family_for(target)
    check_writable(target)


def write_photo(
    photo: Photo,
    target: Path,
    *,
    quality: int | None = None,
    overwrite: bool = True,
    edited: bool = True,
    keep: Keep = Keep.ALL,
    fills: tuple[Fill, ...] = (),
    verify: Callable[[Path], None] | None = None,
) -> tuple[str, ...]:
    """Write `photo` to `target` in the family that its suffix names, whole or not at all.

    In the photo's own family its pixels go back into the stored layout; in another they are written upright, at the
    nearest format that it holds. `quality` (1 to 100) is for families that take one; None keeps a JPEG's untouched
    blocks and tables, otherwise 95, and stores the others without loss. `edited` unless the pixels are those that were
    read with the metadata: previews are then made anew. `keep` says how much of the metadata is handed on; `fills` are
    recorded in it. `verify` is called with the complete file before it takes its place, and may raise.

    Returns what the user should know about the file, in sentences. Raises InputError when the target cannot be written,
    StudioError when the file does not hold what it should; what stood there then still stands.
    """
    family = family_for(target)
    if not overwrite and target.exists():
        raise InputError(f"{target.name} exists already.", "Choose another name, or allow overwriting.")
    if photo.format.colour is Colour.CMYK and family.holds(photo.format).colour is not Colour.CMYK:
        raise InputError(
            f"{target.name} cannot be written from a CMYK photo: {family.title} holds no CMYK.",
            "Write a TIFF or a JPEG, or convert the photo to sRGB while exporting.",
        )
    if max(photo.pixels.shape[:2]) > family.largest_side:
        raise InputError(
            f"{target.name} would be larger than {family.title} allows: {family.largest_side} pixels a side.",
            "Save it as TIFF.",
        )
    replaces_source = photo.path is not None and _same_file(photo.path, target)
    options = WriteOptions(quality, replaces_source=replaces_source, edited=edited, keep=keep)
    photo, unsure = _with_wanted_metadata(photo, keep, fills)
    with atomic_target(target, verify) as temporary:
        fitted, left = _fitted(photo, family, edited=edited)
        notes = (*family.write(temporary, fitted, options), *unsure)
    return (*notes, previews.LEFT) if left and previews.LEFT not in notes else notes


def _probed(path: Path, page: int) -> tuple[Family, PhotoInfo]:
    """The family of `path` by its contents, and what its header says; both have been checked."""
    family = _recognised(path)
    with decoding(path):
        info = family.probe(path, page)
        if not 0 <= page < info.frames:
            raise no_page(path, page, info.frames)
        if info.width < 1 or info.height < 1:
            raise damaged(path)
    return family, info


def _recognised(path: Path) -> Family:
    """The family of the contents of `path`, whatever it is called. Raises InputError when there is none."""
    head = _head(path)
    if not head:
        raise InputError(f"{path.name} is empty.", "Copy it again from where it came from.")
    for family in FAMILIES:
        if family.sniff(head) or (isinstance(family, Claiming) and family.claims(path, head)):
            return family
    raise InputError(
        f"{path.name} is not an image that can be opened.",
        f"Formats that can be opened: {', '.join(family.title for family in FAMILIES)}.",
    )


def _name_note(path: Path, family: Family) -> tuple[str, ...]:
    """What to say when the name of a file promises another family than its contents are."""
    named = _by_suffix(path)
    if named is None or named is family:
        return ()
    told = f"This is a {family.title} file, though its name ends in {path.suffix}: it was opened as what it is."
    return (f"{told} What is written follows the name that you give it.",)


def _head(path: Path) -> bytes:
    """The first bytes of an ordinary file; anything else is refused before it is opened, since a pipe would block."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise InputError(f"{path.name or path} is a folder.", "Open a photo inside it.")
        if not stat.S_ISREG(mode):
            raise InputError(f"{path.name} is not an ordinary file.", "Open a photo file.")
        with path.open("rb") as stream:
            return stream.read(_HEAD)
    except OSError as error:
        raise unreadable(path, error) from error
    except ValueError as error:  # a null byte in the name
        raise InputError("This is not a usable file name.", "Check the name.") from error


def _by_suffix(path: Path) -> Family | None:
    return next((family for family in FAMILIES if path.suffix.lower() in family.suffixes), None)


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _with_wanted_metadata(photo: Photo, keep: Keep, fills: tuple[Fill, ...]) -> tuple[Photo, tuple[str, ...]]:
    """`photo` with what of its metadata is kept, and with `fills` in it; what the user should know of that."""
    notes = privacy.doubts(photo.metadata, keep)
    metadata = privacy.kept(photo.metadata, keep)
    if fills:
        packet = provenance.recorded(metadata.xmp, fills)
        if packet is None:
            notes += (provenance.UNRECORDED,)
        else:
            metadata = replace(metadata, xmp=packet)
    return replace(photo, metadata=metadata), notes


def _fitted(photo: Photo, family: Family, *, edited: bool) -> tuple[Photo, bool]:
    """`photo` in the nearest format that `family` holds, upright and saying so unless it comes from that family.

    Its previews are made anew when they show another picture; True when one may be left that does.
    """
    held = family.holds(photo.format)
    metadata = replace(photo.metadata, icc=fitting(photo.metadata.icc, held))
    turned = photo.family != family.id and metadata.orientation != 1
    pixels = photo.pixels if held == photo.format else converted(photo.pixels, photo.format, held)
    if photo.family != family.id:
        block = exif.with_orientation(metadata.exif, 1)
        metadata = replace(metadata, orientation=1, exif=block, xmp=exif.upright_xmp(metadata.xmp))
    extra = None if photo.extra is None else at_depth(photo.extra, held.dtype)
    left = False
    if edited or turned:
        upright = turned and photo.metadata.orientation in SIDEWAYS
        picture = Picture(stored(pixels, metadata.orientation), held, swapped=upright)
        metadata, left = _with_new_previews(metadata, picture, keep_xmp=photo.family == family.id == "tiff")
    return replace(photo, pixels=pixels, format=held, metadata=metadata, extra=extra), left


def _with_new_previews(metadata: Metadata, picture: Picture, *, keep_xmp: bool) -> tuple[Metadata, bool]:
    """`metadata` whose previews show `picture`; True when one that does not may be left."""
    block = exif_thumbnail.renewed(metadata.exif, picture)
    xmp = metadata.xmp if keep_xmp else previews.without_xmp_previews(metadata.xmp)
    left = previews.suspicious(xmp) or previews.suspicious(exif_thumbnail.without_thumbnail(block))
    return replace(metadata, exif=block, xmp=xmp), left
