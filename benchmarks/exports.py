"""Random exports from file to file: nothing outside the mask changes, and no coefficient of an untouched JPEG block.

Every export is opened from a file, filled by a real engine and written; what is counted here is read back from the
written file by this program's readers and, where one knows the format, by another library, and not taken from the
export's own proof. JPEG coefficients are read by jpeglib (in the extra `dev`).
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tifffile
from PIL import Image

from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines import planner
from inpaint_studio.engines.contract import Silent
from inpaint_studio.errors import InputError
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.pixels.masks import effective_mask
from inpaint_studio.settings import Settings
from inpaint_studio.storage.convert import converted
from inpaint_studio.storage.files import read_photo, write_photo
from inpaint_studio.storage.orientation import stored
from inpaint_studio.storage.photo import Metadata, Photo
from inpaint_studio.storage.registry import FAMILIES
from inpaint_studio.studio.export import export
from inpaint_studio.studio.jobs import HereRunner
from inpaint_studio.studio.studio import Studio
from tests.storage import jpegs

_LOSSLESS = [family for family in FAMILIES if family.lossless and family.writes]
_SAMPLINGS = [*jpegs.MCU, "420", "422"]


@dataclass(slots=True)
class _Tally:
    """What came of the exports. Counts are of pixels and coefficients."""

    counts: Counter[str]
    engines: Counter[str]
    formats: Counter[str]


def run(exports: int = 1000, photos_in_jpeg: int = 300) -> dict[str, Any]:
    """Figures of `exports` into lossless formats and of `photos_in_jpeg` JPEGs."""
    tally = _Tally(Counter(), Counter(), Counter())
    cv2.utils.logging.setLogLevel(
        cv2.utils.logging.LOG_LEVEL_SILENT
    )  # it reads no TIFF compressed by ZSTD, and says so at length
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        # what an engine or a format refuses is no export: another is made in its place
        while tally.counts["exported"] < exports:
            _lossless(np.random.default_rng((1, tally.counts["tried"])), Path(name), tally)
            _tell(tally.counts["tried"], exports)
        while tally.counts["jpeg_exported"] < photos_in_jpeg:
            _jpeg(np.random.default_rng((2, tally.counts["jpeg_tried"])), Path(name), tally)
    names = (
        *("tried", "exported", "refused", "in_place", "pixels_outside", "changed_outside", "seen_by_another_library"),
        *("jpeg_tried", "jpeg_exported", "jpeg_refused", "jpeg_untouched_mcus", "jpeg_coefficients"),
        "jpeg_changed_coefficients",
    )
    return {
        **{name: tally.counts[name] for name in names},
        **{f"by_{engine}": count for engine, count in sorted(tally.engines.items())},
        **{f"into_{family}": count for family, count in sorted(tally.formats.items())},
        "seconds": round(time.perf_counter() - started),
    }


def _tell(number: int, of: int) -> None:
    if number % 100 == 0:
        print(f"{number} of {of}", file=sys.stderr)


# ---- lossless


def _lossless(rng: np.random.Generator, folder: Path, tally: _Tally) -> None:
    source = _photo(rng, folder)
    studio = Studio.open(source, Settings())
    photo = studio.photo
    family = _LOSSLESS[rng.integers(len(_LOSSLESS))]
    in_place = rng.random() < 0.2
    target = source if in_place else folder / f"out{family.suffixes[0]}"
    tally.counts["tried"] += 1
    tally.counts["in_place"] += in_place
    mask, recipe = _filled(rng, studio, tally, list(planner.all_specs()))
    if mask is None or recipe is None:
        tally.counts["refused"] += 1
        return
    try:
        exported = export(studio.shown(), target)
    except InputError:  # CMYK into a format that has none
        tally.counts["refused"] += 1
        return
    tally.counts["exported"] += 1
    tally.engines[recipe.engine] += 1
    tally.formats[target.suffix.lstrip(".")] += 1
    outside = effective_mask(mask, recipe.grow, recipe.feather) == 0
    # as the target can hold it: WebP has 8 bits, AVIF 12
    wanted = converted(photo.pixels, photo.format, exported.format)
    written = read_photo(target, max_megapixels=float("inf"))
    tally.counts["pixels_outside"] += int(outside.sum())
    tally.counts["changed_outside"] += int(((written.pixels != wanted).any(2) & outside).sum())
    seen = _by_another(target, written)
    if seen is not None:
        tally.counts["seen_by_another_library"] += 1
        turned = stored(np.dstack([wanted, outside.astype(wanted.dtype)]), written.metadata.orientation)
        differs = (seen != turned[..., :-1]).any(2) & (turned[..., -1] > 0)
        tally.counts["changed_outside"] += int(differs.sum())


def _filled(
    rng: np.random.Generator, studio: Studio, tally: _Tally, engines: list[str]
) -> tuple[np.ndarray | None, Recipe | None]:
    """Fill a random mask; the mask and how, or nothing when the engine refuses it."""
    canvas = studio.document.canvas
    mask = _mask(rng, canvas.height, canvas.width)
    engine = engines[rng.integers(len(engines))]
    seed = int(rng.integers(100))
    recipe = Recipe(engine=engine, grow=int(rng.integers(6)), feather=int(rng.integers(6)), seed=seed)
    try:
        masks = [studio.add_mask(mask)]
        plan, filled = studio.run(studio.fill_job(masks, recipe), HereRunner(), Silent())
    except InputError:
        return None, None
    studio.accept(plan, filled, masks)
    return mask, recipe


def _mask(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Rectangles, lines and specks of any strength."""
    mask = np.zeros((height, width), np.uint8)
    for _ in range(rng.integers(1, 4)):
        x, y = int(rng.integers(width)), int(rng.integers(height))
        strength = int(rng.integers(1, 256))
        match rng.integers(3):
            case 0:
                right, bottom = int(rng.integers(x, width)) + 1, int(rng.integers(y, height)) + 1
                mask[y:bottom, x:right] = strength
            case 1:
                end = int(rng.integers(width)), int(rng.integers(height))
                cv2.line(mask, (x, y), end, strength, int(rng.integers(1, 4)))
            case _:
                mask[rng.random((height, width)) < 0.02] = strength
    if not mask.any():
        mask[height // 2, width // 2] = 255
    return mask


def _photo(rng: np.random.Generator, folder: Path) -> Path:
    """A photo of a random size, format, layout and orientation as a file."""
    height, width = (int(side) for side in rng.integers(1, 120, 2))
    in_tiff = rng.random() < 0.5
    colour = [Colour.RGB, Colour.RGB, Colour.GRAY, Colour.CMYK][rng.integers(4 if in_tiff else 3)]
    kinds = ["uint8", "uint16", "float32"] if in_tiff and colour is not Colour.CMYK else ["uint8", "uint16"]
    pixel_format = PixelFormat(colour, str(rng.choice(kinds)), alpha=colour is not Colour.CMYK and rng.random() < 0.3)
    pixels = _pixels(rng, height, width, pixel_format)
    orientation = int(rng.integers(1, 9))
    if in_tiff and not pixel_format.alpha:
        return _tiff(rng, folder / "in.tif", stored(pixels, orientation), pixel_format, orientation)
    family = [one for one in _LOSSLESS if one.holds(pixel_format) == pixel_format]
    chosen = family[rng.integers(len(family))]
    path = folder / f"in{chosen.suffixes[0]}"
    write_photo(Photo(pixels, pixel_format, Metadata(orientation=orientation), None, chosen.id), path)
    return path


def _pixels(rng: np.random.Generator, height: int, width: int, pixel_format: PixelFormat) -> np.ndarray:
    """Noise, or a smooth picture with grain: what fills flow from and what compresses differ."""
    noise = rng.random((height, width, pixel_format.channels))
    if rng.random() < 0.7:
        coarse = rng.random((height // 12 + 2, width // 12 + 2, pixel_format.channels))
        planes = [
            cv2.resize(coarse[..., n], (width, height), interpolation=cv2.INTER_LINEAR) for n in range(noise.shape[2])
        ]
        noise = np.clip(np.dstack(planes) * 0.95 + noise * 0.05, 0, 1)
    if pixel_format.dtype == "float32":
        return noise.astype(np.float32)
    return np.rint(noise * pixel_format.white).astype(pixel_format.dtype)


def _tiff(
    rng: np.random.Generator, path: Path, pixels: np.ndarray, pixel_format: PixelFormat, orientation: int
) -> Path:
    """As others write them: strips, tiles, planes, compressions, byte orders, BigTIFF, more than one page."""
    photometric = {Colour.GRAY: "minisblack", Colour.RGB: "rgb", Colour.CMYK: "separated"}[pixel_format.colour]
    planar = pixel_format.colour is not Colour.GRAY and rng.random() < 0.3
    how: dict[str, Any] = {
        "photometric": photometric,
        "compression": [None, "lzw", "zlib", "zstd"][rng.integers(4)],
        "metadata": None,
        "extratags": [(274, 3, 1, orientation, True)],
    }
    if rng.random() < 0.5:
        how["tile"] = (16, 32)
    else:
        how["rowsperstrip"] = int(rng.integers(1, len(pixels) + 1))
    samples = pixels[..., 0] if pixel_format.colour is Colour.GRAY else pixels
    if planar:
        samples, how["planarconfig"] = np.moveaxis(samples, 2, 0), "separate"
    with tifffile.TiffWriter(path, bigtiff=bool(rng.random() < 0.3), byteorder=str(rng.choice(["<", ">"]))) as tiff:
        tiff.write(samples, **how)
        if rng.random() < 0.3:
            tiff.write(np.zeros((5, 7), np.uint8), photometric="minisblack", metadata=None)
    return path


def _by_another(path: Path, written: Photo) -> np.ndarray | None:
    """The file's samples H×W×C as stored, by a library that its reader here does not use; None where there is none."""
    # OpenCV turns TIFF and WebP, some wrongly, and multiplies a TIFF's colours by their alpha
    plain = written.metadata.orientation == 1 and written.format.colour is not Colour.CMYK
    if path.suffix == ".png" or (
        plain and (path.suffix == ".webp" or (path.suffix == ".tif" and not written.format.alpha))
    ):
        samples = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if samples is None or samples.dtype != written.pixels.dtype:
            return None
        samples = samples.reshape(*samples.shape[:2], -1)
        order = [2, 1, 0, 3][: samples.shape[2]] if samples.shape[2] > 1 else [0]
        return samples[..., order] if samples.shape[2] == written.format.channels else None
    if path.suffix == ".avif" and written.format.dtype == "uint8" and not written.format.alpha:
        with Image.open(path) as picture:
            samples = np.asarray(picture.convert("L" if written.format.colour is Colour.GRAY else "RGB"))
        return samples.reshape(*samples.shape[:2], -1)
    return None


# ---- JPEG


def _jpeg(rng: np.random.Generator, folder: Path, tally: _Tally) -> None:
    case = jpegs.Case(
        sampling=_SAMPLINGS[rng.integers(len(_SAMPLINGS))],
        height=int(rng.integers(8, 160)),
        width=int(rng.integers(8, 160)),
        orientation=int(rng.integers(1, 9)),
        progressive=bool(rng.integers(2)),
        restart=int(rng.choice([0, 0, 1, 3])),
        optimised=bool(rng.integers(2)),
        quality=int(rng.choice([5, 40, 75, 92, 100])),
        flat=bool(rng.random() < 0.2),
        seed=int(rng.integers(1 << 16)),
        rectangles=(),
    )
    source, target = folder / "in.jpg", folder / "out.jpg"
    source.write_bytes(case.file())
    studio = Studio.open(source, Settings())
    tally.counts["jpeg_tried"] += 1
    mask, recipe = _filled(rng, studio, tally, list(planner.all_specs()))
    if mask is None or recipe is None:
        tally.counts["jpeg_refused"] += 1
        return
    shown = studio.document.composite().read(studio.document.canvas)
    export(studio.shown(), target)
    tally.counts["jpeg_exported"] += 1
    tally.engines[recipe.engine] += 1
    tally.formats["jpg"] += 1
    orientation = studio.photo.metadata.orientation
    kept = jpegs.untouched(case, stored(studio.photo.pixels, orientation), stored(shown, orientation))
    tally.counts["jpeg_untouched_mcus"] += int(kept.sum())
    across, down = jpegs.MCU[case.sampling]
    for index, (old, new) in enumerate(zip(jpegs.components(source), jpegs.components(target), strict=True)):
        # the first component has as many blocks in an MCU as it is sampled finer than the others
        spread = jpegs.spread(kept, old, down, across) if index == 0 else jpegs.spread(kept, old, 1, 1)
        tally.counts["jpeg_coefficients"] += int(spread.sum()) * 64
        tally.counts["jpeg_changed_coefficients"] += int((old[spread] != new[spread]).sum())
