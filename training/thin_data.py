"""Training samples for the `thin` engine: crops of photographs under drawn scratches, hairs, wires and dust.

The photographs are those of a folder with a manifest of their rights (CC0, public domain, CC-BY with credit). Eight are
kept aside, chosen by their names, for the settings that are tuned afterwards.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.pixels.masks import Hole

Bytes = NDArray[np.uint8]
Float = NDArray[np.float32]

SIDE = 128
#: Photos kept aside.
ASIDE = 8


def photos(folder: Path, *, aside: bool = False) -> list[Bytes]:
    """The photos of `folder` that are trained on, or those kept aside, as uint8 H×W×3 RGB, sorted by name."""
    names = sorted(folder.glob("*.jpg"))
    kept = set(sorted(names, key=lambda path: zlib.crc32(path.stem.encode()))[:ASIDE])
    return [
        np.ascontiguousarray(cv2.imread(str(path), cv2.IMREAD_COLOR)[..., ::-1])
        for path in names
        if (path in kept) == aside
    ]


def sample(sources: list[Bytes], rng: np.random.Generator) -> tuple[Float, Hole]:
    """A crop as float32 SIDE×SIDE×3 in 0..1, undamaged, and the hole drawn over it."""
    crop = _crop(sources, rng).astype(np.float32) / 255
    if rng.random() < 0.12:
        crop = np.repeat(crop.mean(2, keepdims=True), 3, 2)
    if rng.random() < 0.15:
        crop = np.clip(crop + _grain(rng) * rng.uniform(0.005, 0.04), 0, 1)
    while True:
        hole = marks(rng, SIDE, SIDE)
        if 0.01 < hole.mean() < 0.3:
            return np.ascontiguousarray(crop, np.float32), hole


def _crop(sources: list[Bytes], rng: np.random.Generator) -> Bytes:
    photo = sources[rng.integers(len(sources))]
    height, width = photo.shape[:2]
    least = max(0.3, SIDE / min(height, width))
    side = min(round(SIDE / float(np.exp(rng.uniform(np.log(least), 0)))), height, width)
    top, left = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    crop = photo[top : top + side, left : left + side]
    if side != SIDE:
        crop = cv2.resize(crop, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    turned = np.rot90(crop, int(rng.integers(4)))
    return np.ascontiguousarray(turned[:, ::-1] if rng.random() < 0.5 else turned)


def _grain(rng: np.random.Generator) -> Float:
    noise = rng.normal(size=(SIDE, SIDE, 1 if rng.random() < 0.5 else 3)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), rng.uniform(0.3, 1.0)).reshape(noise.shape)
    return np.asarray(blurred / blurred.std(), np.float32)


def marks(rng: np.random.Generator, height: int, width: int, density: float = 1.0) -> Hole:
    """Scratches, hairs and dust, 1 to 9 pixels wide and mostly 3 to 6, rarely small blobs; bool height×width."""
    canvas = np.zeros((height, width), np.uint8)
    area = height * width / SIDE**2 * density
    widest = float(rng.choice([2, 4, 6, 6, 6, 9]))
    for _ in range(rng.poisson(2.2 * area)):
        _scratch(canvas, rng, rng.uniform(max(1.0, widest / 2), widest))
    for _ in range(rng.poisson(3.0 * area)):
        centre = int(rng.integers(width)), int(rng.integers(height))
        radii = int(rng.integers(1, 5)), int(rng.integers(1, 4))
        cv2.ellipse(canvas, centre, radii, float(rng.uniform(0, 180)), 0, 360, 1, -1)
    if rng.random() < 0.08:
        centre = int(rng.integers(width)), int(rng.integers(height))
        radii = int(rng.integers(5, 14)), int(rng.integers(5, 14))
        cv2.ellipse(canvas, centre, radii, float(rng.uniform(0, 180)), 0, 360, 1, -1)
    return canvas > 0


def _scratch(canvas: Bytes, rng: np.random.Generator, thickness: float) -> None:
    height, width = canvas.shape
    length = np.exp(rng.uniform(np.log(12), np.log(160)))
    steps = max(2, int(length / 8))
    turn = rng.normal(0, rng.choice([0.01, 0.04, 0.15]))
    angles = rng.uniform(0, 2 * np.pi) + np.cumsum(turn + rng.normal(0, 0.06, steps))
    start = np.array([rng.uniform(-10, width + 10), rng.uniform(-10, height + 10)])
    points = start + np.cumsum(np.stack([np.cos(angles), np.sin(angles)], 1) * (length / steps), 0)
    line = np.rint(np.vstack([start, points]) * 16).astype(np.int32)
    cv2.polylines(canvas, [line], isClosed=False, color=1, thickness=max(1, round(thickness)), shift=4)
