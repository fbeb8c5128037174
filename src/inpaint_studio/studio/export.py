"""Writing what is visible to a photo file, proven before it takes the target's place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from inpaint_studio.errors import Cancelled, StudioError
from inpaint_studio.pixels.format import PixelFormat, Samples
from inpaint_studio.storage.convert import converted
from inpaint_studio.storage.family import Family
from inpaint_studio.storage.files import family_for, pages, read_photo, write_photo
from inpaint_studio.storage.photo import Photo
from inpaint_studio.studio.export_options import ExportOptions, at_bits, lossless, transformed
from inpaint_studio.studio.proof import Proof, prove
from inpaint_studio.studio.shown import Shown


@dataclass(frozen=True, slots=True)
class Exported:
    """A written file. format: of its pixels. notes: what the user should know about it, in sentences."""

    path: Path
    format: PixelFormat
    proof: Proof
    notes: tuple[str, ...]


def export(
    shown: Shown,
    target: Path,
    options: ExportOptions | None = None,
    *,
    cancelled: Callable[[], bool] | None = None,
) -> Exported:
    """Write `shown` to `target`, in the format its suffix names, and prove it from the written file.

    Steps of tone and size come after the proof, and the file is then held against what they made. Raises InputError
    when the target can't be written and StudioError when a lossless file differs outside the effective mask, or a JPEG
    made from a JPEG has not kept the coefficients of its untouched blocks; then `target` stays as it was. So it does
    when `cancelled` says so before the written file is in its place: raises Cancelled.
    """
    options = options or ExportOptions()
    family = family_for(target)
    shows = shown.composite.read(shown.extent)
    edited = not np.array_equal(shows, shown.photo.pixels)
    plain = at_bits(replace(shown.photo, pixels=shows), options)
    final, said = transformed(plain, family, options)
    held = family.holds(final.format)
    before = at_bits(shown.photo, options)
    proofs: list[Proof] = []

    def go_on() -> None:
        if cancelled is not None and cancelled():
            raise Cancelled

    def verify(written: Path) -> None:
        go_on()
        # a TIFF into which the page was put back still holds the others
        page = shown.photo.page if shown.photo.page in pages(written) else 0
        back = read_photo(written, max_megapixels=float("inf"), page=page)
        if final is plain:
            proofs.append(_prove(shown, before, back, held, exact=lossless(family, options)))
        else:
            _compare(final, back, held, exact=lossless(family, options))
            proof = _prove(shown, before, plain, before.format, exact=True)
            proofs.append(replace(proof, lossless=lossless(family, options)))
        go_on()

    written = write_photo(
        final,
        target,
        quality=options.quality,
        edited=edited or final is not plain,
        keep=options.keep,
        fills=shown.fills() if options.provenance else (),
        verify=verify,
    )
    notes = (*said, *_notes(shown.photo, family, held, proofs[0], counted=final is plain), *written)
    return Exported(target, held, proofs[0], notes)


def _prove(shown: Shown, original: Photo, back: Photo, held: PixelFormat, *, exact: bool) -> Proof:
    wanted = _as_held(original, held)
    proof = prove(wanted, back.pixels, shown.effective, shown.selected, lossless=exact)
    if not proof.holds:
        raise StudioError(
            f"The written file differs from the photo in {proof.changed_outside} pixels outside the mask, so it was not "
            "kept.",
            "This is a fault of the program: please report it with the photo's format.",
        )
    return proof


def _compare(wanted: Photo, back: Photo, held: PixelFormat, *, exact: bool) -> None:
    """Raises StudioError unless the file that was read back holds `wanted`."""
    samples = _as_held(wanted, held)
    if samples.shape != back.pixels.shape or (exact and not np.array_equal(samples, back.pixels)):
        raise StudioError(
            "The written file does not hold the pixels that it should, so it was not kept.",
            "This is a fault of the program: please report it with the photo's format.",
        )


def _as_held(photo: Photo, held: PixelFormat) -> Samples:
    """The photo as the file's format would hold it, which is what an untouched pixel must be."""
    return photo.pixels if held == photo.format else converted(photo.pixels, photo.format, held)


def _notes(photo: Photo, family: Family, held: PixelFormat, proof: Proof, *, counted: bool) -> tuple[str, ...]:
    notes = []
    if held.bits < photo.format.bits:
        notes.append(
            f"{family.title} holds {held.bits} of the photo's {photo.format.bits} bits: PNG and TIFF keep all."
        )
    if photo.format.alpha and not held.alpha:
        notes.append(f"{family.title} holds no transparency: it was laid over white. PNG, TIFF and WebP keep it.")
    if not proof.lossless and counted:
        notes.append(
            f"{family.title} is lossy: {proof.changed_outside:,} pixels outside the mask changed by its compression. "
            "PNG and TIFF change none."
        )
    return tuple(notes)
