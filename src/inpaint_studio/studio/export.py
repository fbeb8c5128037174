"""Writing what is visible to a photo file, proven before it takes the target's place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from inpaint_studio.errors import StudioError
from inpaint_studio.pixels.format import PixelFormat, Samples
from inpaint_studio.storage.convert import converted
from inpaint_studio.storage.family import Family
from inpaint_studio.storage.files import family_for, read_photo, write_photo
from inpaint_studio.storage.photo import Photo
from inpaint_studio.studio.proof import Proof, prove
from inpaint_studio.studio.shown import Shown


@dataclass(frozen=True, slots=True)
class Exported:
    """A written file. format: of its pixels. notes: what the user should know about it, in sentences."""

    path: Path
    format: PixelFormat
    proof: Proof
    notes: tuple[str, ...]


def export(shown: Shown, target: Path, *, quality: int | None = None) -> Exported:
    """Write `shown` to `target`, in the format its suffix names, and prove it from the written file.

    quality: 1 to 100 for lossy formats, None for the photo's own. Raises InputError when the target can't be written
    and StudioError when a lossless file differs outside the effective mask, or a JPEG made from a JPEG has not kept the
    coefficients of its untouched blocks; then `target` stays as it was.
    """
    family = family_for(target)
    held = family.holds(shown.photo.format)
    photo = replace(shown.photo, pixels=shown.composite.read(shown.extent))
    proofs: list[Proof] = []

    def verify(written: Path) -> None:
        proofs.append(_prove(shown, written, held, lossless=family.lossless))

    edited = not np.array_equal(photo.pixels, shown.photo.pixels)
    written = write_photo(photo, target, quality=quality, edited=edited, verify=verify)
    return Exported(target, held, proofs[0], (*_notes(shown.photo, family, held, proofs[0]), *written))


def _prove(shown: Shown, written: Path, held: PixelFormat, *, lossless: bool) -> Proof:
    back = read_photo(written, max_megapixels=float("inf"))
    original = _original(shown.photo, held)
    proof = prove(original, back.pixels, shown.effective, shown.selected, lossless=lossless)
    if not proof.holds:
        raise StudioError(
            f"The written file differs from the photo in {proof.changed_outside} pixels outside the mask, so it was not "
            "kept.",
            "This is a fault of the program: please report it with the photo's format.",
        )
    return proof


def _original(photo: Photo, held: PixelFormat) -> Samples:
    """The photo as the file's format would hold it, which is what an untouched pixel must be."""
    return photo.pixels if held == photo.format else converted(photo.pixels, photo.format, held)


def _notes(photo: Photo, family: Family, held: PixelFormat, proof: Proof) -> tuple[str, ...]:
    notes = []
    if held.bits < photo.format.bits:
        notes.append(
            f"{family.title} holds {held.bits} of the photo's {photo.format.bits} bits: PNG and TIFF keep all."
        )
    if photo.format.alpha and not held.alpha:
        notes.append(f"{family.title} holds no transparency: it was laid over white. PNG, TIFF and WebP keep it.")
    if not family.lossless:
        notes.append(
            f"{family.title} is lossy: {proof.changed_outside:,} pixels outside the mask changed by its compression. "
            "PNG and TIFF change none."
        )
    return tuple(notes)
