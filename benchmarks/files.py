"""Opening and saving photos of 24 and 100 megapixels, against Pillow and OpenCV in the same run, and small edits."""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from benchmarks._first_pixels import first_pixels
from inpaint_studio.document.edits import Paint
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.pixels.tiled import TILE
from inpaint_studio.resources import resource as shipped
from inpaint_studio.settings import Settings
from inpaint_studio.storage.files import read_photo, write_photo
from inpaint_studio.storage.photo import Photo
from inpaint_studio.studio.session import open_any

_SIZES = {"24mp": (4000, 6000), "100mp": (8660, 11547)}
_LIMIT = 400.0
_LAYERS, _STEPS = 8, 200
_SAVES = 5


def _pixels(height: int, width: int) -> np.ndarray:
    """The bundled sample enlarged, with grain, since no camera's pixels are as smooth as an enlargement."""
    sample = cv2.imread(str(shipped("samples/canyon-wren.jpg")))
    assert sample is not None
    large = cv2.resize(sample, (width, height), interpolation=cv2.INTER_CUBIC)
    cv2.setRNGSeed(1)
    grain = cv2.randn(np.empty((height, width), np.int16), 0, 3)
    return np.clip(large + grain[..., None], 0, 255).astype(np.uint8)


def _timed(work: Callable[[], object], rounds: int = 2) -> float:
    """The best of some rounds in seconds."""
    best = float("inf")
    for _ in range(rounds):
        gc.collect()
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return round(best, 3)


def _small_edit(pixels: np.ndarray) -> np.ndarray:
    """A square of one percent of the photo is another."""
    edited = pixels.copy()
    side = int((pixels.shape[0] * pixels.shape[1] / 100) ** 0.5)
    area = edited[1000 : 1000 + side, 1500 : 1500 + side]
    area[...] = area[::-1].copy()
    return edited


def _family(folder: Path, name: str, suffix: str, pixels: np.ndarray, rounds: int) -> dict[str, float]:
    photo = Photo(pixels, PixelFormat(Colour.RGB, pixels.dtype.name))
    ours, theirs = folder / f"ours{suffix}", folder / f"theirs{suffix}"
    figures = {f"{name}_save_s": _timed(lambda: write_photo(photo, ours), rounds)}
    figures[f"{name}_open_s"] = _timed(lambda: read_photo(ours, max_megapixels=_LIMIT), rounds)
    if pixels.dtype == np.uint8:
        Image.MAX_IMAGE_PIXELS = None
        options = {"quality": 95, "subsampling": 0} if suffix == ".jpg" else {}
        figures[f"{name}_save_pillow_s"] = _timed(lambda: Image.fromarray(pixels).save(theirs, **options), rounds)
        figures[f"{name}_open_pillow_s"] = _timed(lambda: np.asarray(Image.open(ours)), rounds)
    figures[f"{name}_save_opencv_s"] = _timed(lambda: cv2.imwrite(str(theirs), pixels[..., ::-1]), rounds)
    figures[f"{name}_open_opencv_s"] = _timed(lambda: cv2.imread(str(ours), cv2.IMREAD_UNCHANGED), rounds)
    return figures


def _edits(folder: Path, pixels: np.ndarray) -> dict[str, float]:
    """Saving a small edit over a file of the same size, without reading it back, against compressing all anew."""
    deep = pixels.astype(np.uint16) * 257
    tiff, jpeg = folder / "edit.tif", folder / "edit.jpg"
    write_photo(Photo(deep, PixelFormat(Colour.RGB, "uint16")), tiff)
    photo = read_photo(tiff, max_megapixels=_LIMIT)
    edited = replace(photo, pixels=_small_edit(photo.pixels))
    anew = replace(edited, path=None)
    small = _timed(lambda: write_photo(edited, folder / "small.tif"), 3)
    whole = _timed(lambda: write_photo(anew, folder / "whole.tif"), 3)
    cv2.imwrite(str(jpeg), pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
    photo = read_photo(jpeg, max_megapixels=_LIMIT)
    touched = replace(photo, pixels=_small_edit(photo.pixels))
    write_photo(touched, folder / "small.jpg")  # loads what is compiled
    return {
        "tiff_save_small_edit_s": small,
        "tiff_save_whole_s": whole,
        "tiff_save_small_edit_ratio": round(small / whole, 3),
        "jpeg_save_small_edit_s": _timed(lambda: write_photo(touched, folder / "small.jpg"), 3),
    }


def _project(folder: Path, photo: Path) -> dict[str, float]:
    """A project of 100 megapixels with 8 layers and 200 steps: opening it, and saving one more step as the window does."""
    session = open_any(photo, Settings())
    studio, canvas = session.studio, session.studio.document.canvas
    masks = [studio.add_mask(np.zeros((canvas.height, canvas.width), np.uint8), f"Mask {n}") for n in range(_LAYERS)]
    rng = np.random.default_rng(0)

    def stroke(number: int) -> None:
        key = (int(rng.integers(canvas.height // TILE)), int(rng.integers(canvas.width // TILE)))
        tile = rng.integers(0, 256, (TILE, TILE, 1), dtype=np.uint8)
        layer = masks[number % _LAYERS]
        studio.history.apply(Paint.of(studio.document, layer, "coverage", {key: tile}, "Stroke"))

    def save() -> float:
        started = time.perf_counter()
        session.saved(target, session.save(target, session.pictures()()))
        return round(time.perf_counter() - started, 3)

    def written() -> int:
        """Bytes that this process has given to the system to write so far."""
        lines = Path("/proc/self/io").read_text("ascii").splitlines()
        return int(dict(line.split(": ") for line in lines)["wchar"])

    for number in range(_STEPS - _LAYERS):
        stroke(number)
    target = folder / "large.inpaint"
    first = save()
    session.writer.flush()
    seconds, before = [], written()
    for number in range(_SAVES):
        stroke(number)
        seconds.append(save())
    change = (written() - before) / _SAVES
    session.close(discard=True)
    return {
        **first_pixels(target),
        "project_first_save_s": first,
        "project_next_save_s": sorted(seconds)[_SAVES // 2],
        "project_next_save_kb": round(change / 1000),
        "project_kb": round(target.stat().st_size / 1000),
    }


def run() -> dict[str, float]:
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size, (height, width) in _SIZES.items():
            pixels = _pixels(height, width)
            rounds = 2 if size == "24mp" else 1
            for suffix in (".jpg", ".png", ".tif"):
                figures |= _family(folder, f"{suffix[1:]}_{size}", suffix, pixels, rounds)
            if size == "24mp":
                figures |= _family(folder, f"tif16_{size}", ".tif", pixels.astype(np.uint16) * 257, rounds)
                figures |= _edits(folder, pixels)
            else:
                cv2.imwrite(str(folder / "large.jpg"), pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
                figures |= _project(folder, folder / "large.jpg")
    return figures
