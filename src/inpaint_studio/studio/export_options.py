"""How a photo is exported, and the steps between what is shown and what is written."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np
import platformdirs

from inpaint_studio.pixels.colour_spaces import srgb_profile, to_srgb
from inpaint_studio.pixels.format import PixelFormat, from_float, to_float
from inpaint_studio.pixels.smaller import smaller
from inpaint_studio.storage.convert import converted
from inpaint_studio.storage.family import Family, Keep
from inpaint_studio.storage.photo import Photo


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """quality: 1 to 100 for families that take one; None for the photo's own, or no loss.

    bits: 8 or 16; None for the photo's own where the family holds it. long_side: greatest width or height in pixels,
    never enlarging; None for the photo's size. keep: what of its metadata. srgb: convert to sRGB instead of handing the
    profile on. provenance: record visible fills in the metadata.
    """

    quality: int | None = None
    bits: int | None = None
    long_side: int | None = None
    keep: Keep = Keep.ALL
    srgb: bool = False
    provenance: bool = True


def lossless(family: Family, options: ExportOptions) -> bool:
    """Whether the written file holds the very pixels that go into it."""
    return family.lossless and not (family.takes_quality and options.quality is not None)


def at_bits(photo: Photo, options: ExportOptions) -> Photo:
    """`photo` at the depth asked for."""
    wanted = {8: "uint8", 16: "uint16"}.get(options.bits or 0, photo.format.dtype)
    if wanted == photo.format.dtype:
        return photo
    target = PixelFormat(photo.format.colour, wanted, photo.format.alpha)
    extra = None  # channels of another depth than the photo's have no place in a file
    return replace(photo, pixels=converted(photo.pixels, photo.format, target), format=target, extra=extra)


def transformed(photo: Photo, family: Family, options: ExportOptions) -> tuple[Photo, tuple[str, ...]]:
    """`photo` after the steps of tone and size, and what to say of them; the very same one when there is none."""
    notes: list[str] = []
    result = photo
    if options.long_side is not None and options.long_side < max(photo.pixels.shape[:2]):
        result = _smaller(result, options.long_side)
        height, width = result.pixels.shape[:2]
        notes.append(f"Scaled to {width}×{height} pixels.")
    inks = photo.format.colour is not family.holds(photo.format).colour and photo.format.colour == "cmyk"
    if inks or (options.srgb and photo.metadata.icc != srgb_profile()):
        pixels, pixel_format = to_srgb(result.pixels, result.format, photo.metadata.icc)
        metadata = replace(photo.metadata, icc=srgb_profile())
        result = replace(result, pixels=pixels, format=pixel_format, metadata=metadata, extra=None)
        why = f", since {family.title} holds no CMYK" if inks else ""
        notes.append(f"Converted to sRGB{why}.")
    if not notes:
        return photo, ()
    notes.append("That nothing outside the mask changed was proven before these steps.")
    # a file of its own: nothing of the source's layout fits it
    return replace(result, path=None, family="" if photo.metadata.orientation != 1 else result.family), tuple(notes)


def _smaller(photo: Photo, side: int) -> Photo:
    height, width = photo.pixels.shape[:2]
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    values = np.nan_to_num(to_float(photo.pixels))
    if photo.format.alpha:  # colours count by how much of them is seen
        alpha = smaller(values[..., -1:], *size)
        seen = smaller(values[..., :-1] * values[..., -1:], *size)
        values = np.concatenate([seen / np.maximum(alpha, 1e-6), alpha], axis=2)
    else:
        values = smaller(values, *size)
    return replace(photo, pixels=from_float(values.astype(np.float32), photo.format.numpy), extra=None)


def _file() -> Path:
    return platformdirs.user_data_path("inpaint-studio", appauthor=False) / "export.json"


def last_options() -> ExportOptions:
    """Those that were remembered; the defaults when there are none that can be read."""
    try:
        stored = json.loads(_file().read_text("utf-8"))
        known = {field.name: stored[field.name] for field in fields(ExportOptions) if field.name in stored}
        options = ExportOptions(**(known | {"keep": Keep(known.get("keep", Keep.ALL))}))
    except (OSError, ValueError, TypeError):
        return ExportOptions()
    numbers = ((options.quality, range(1, 101)), (options.bits, (8, 16)), (options.long_side, range(1, 1 << 20)))
    sound = all(number is None or number in allowed for number, allowed in numbers)
    return options if sound and {options.srgb, options.provenance} <= {True, False} else ExportOptions()


def remember_options(options: ExportOptions) -> None:
    """Offer `options` next time. That they could not be kept is no reason to trouble anybody."""
    with contextlib.suppress(OSError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        temporary = _file().with_suffix(".new")
        temporary.write_text(json.dumps(asdict(options)), "utf-8")
        temporary.replace(_file())
