"""Samples for training: a crop of a photo, aged, damaged, scanned; and what is damaged in it, by class."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from . import CLASSES
from .damage import Damage
from .outlines import Outlines
from .photos import PhotoCache
from .scenery import Picture, age, dress

Plane = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.uint8]

CHANCES = {
    "dust": 0.6,
    "hairs": 0.35,
    "scratches": 0.42,
    "creases": 0.25,
    "cracks": 0.35,
    "losses": 0.2,
    "stains": 0.15,
    "textures": 0.15,
}
"""How often each kind of damage is in a damaged picture that scores are taken of."""
TAUGHT = CHANCES | {"scratches": 0.5, "creases": 0.3, "textures": 0.35, "bands": 0.15}
"""The same in a sample to learn from: more of what was missed."""
UNDAMAGED = 0.3
"""Share of samples without any damage: what must not be marked."""
COVERED, TOUCHED = 0.25, 0.06
"""A pixel is damaged from the first coverage on; between the two it is neither right nor wrong to mark it."""
VISIBLE = 0.035
"""Smallest change of light (0..1) that counts as damage: what nobody sees needs no mending."""


@dataclass(frozen=True)
class Sample:
    """RGB uint8 H×W×3 as scanned and as it would be undamaged; labels uint8 0/1 H×W×4 by class; ignore uint8 0/1 H×W."""

    image: npt.NDArray[np.uint8]
    clean: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.uint8]
    ignore: npt.NDArray[np.uint8]


def damage(
    photo: npt.NDArray[np.uint8], rng: np.random.Generator, outlines: Outlines, *,
    density: float = 1.0, chances: dict[str, float] | None = None, scenery: bool = True, undamaged: float = UNDAMAGED,
) -> Sample:  # fmt: skip
    """Age and damage a square RGB crop. Deterministic by `rng`."""
    side = photo.shape[0]
    x, grain = age(photo.astype(np.float32) * np.float32(1 / 255), rng)
    if scenery:
        x = dress(x, rng)
    x = np.clip(x, 0, 1).astype(np.float32, copy=False)
    clean = x
    covered = [np.zeros((side, side), np.float32) for _ in CLASSES]
    if rng.random() >= undamaged:
        for mark in Damage(rng, outlines, side, density).marks(chances or CHANCES):
            if mark.shading is not None:
                x = x * mark.shading[..., None].astype(np.float32)
            a = (mark.coverage * np.asarray(mark.strength, np.float32))[..., None].astype(np.float32)
            x = x + (mark.colour - x) * a
            np.maximum(covered[mark.channel], mark.coverage, out=covered[mark.channel])
    if rng.random() < 0.6:  # the scanner's own softness takes damage and photo alike
        softness = rng.uniform(0.3, 0.75)
        x, clean, *covered = (cv2.GaussianBlur(part, (0, 0), softness) for part in (x, clean, *covered))
    labels, ignore = _label(x, clean, covered, grain)
    return Sample(*_scan(x, clean, rng), labels, ignore)


def _label(x: Picture, clean: Picture, covered: list[Picture], grain: float) -> tuple[Labels, Plane]:
    change = cv2.absdiff(x, clean)
    seen = cv2.max(cv2.max(change[..., 0], change[..., 1]), change[..., 2]) > max(VISIBLE, 1.2 * grain)
    planes = [((cover > COVERED) & seen).view(np.uint8) for cover in covered]
    touched = cv2.max(cv2.max(covered[0], covered[1]), cv2.max(covered[2], covered[3])) > TOUCHED
    return np.dstack(planes), touched.view(np.uint8) & ~any_of(planes) & 1


def any_of(planes: list[Plane]) -> Plane:
    """1 where any of the four planes is 1 (a reduction over a short last axis is many times slower)."""
    return planes[0] | planes[1] | planes[2] | planes[3]


def _scan(x: Picture, clean: Picture, rng: np.random.Generator) -> tuple[Labels, Labels]:
    if rng.random() < 0.2:  # unsharp masking, as most scanners do
        amount = np.float32(rng.uniform(0.2, 1.2))
        x, clean = (part + amount * (part - cv2.GaussianBlur(part, (0, 0), 1.2)) for part in (x, clean))
    sensor = rng.standard_normal(x.shape[:2], np.float32)[..., None] * np.float32(rng.uniform(0, 0.012))
    image, undamaged = ((np.clip(part + sensor, 0, 1) * 255 + 0.5).astype(np.uint8) for part in (x, clean))
    if rng.random() < 0.4:
        quality = int(rng.uniform(55, 95))
        image = cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)
    return image, undamaged


class Generator:
    """Sample `index` of seed `seed` is always the same, whoever makes it and in whatever order."""

    def __init__(self, cache: PhotoCache, outlines: Outlines, *, side: int, seed: int, hard: float = 0.0) -> None:
        """hard: the share of crops around a place that a former network marked wrongly, of a cache that has such (`mine`)."""
        self.cache, self.outlines, self.side, self.seed, self.hard = cache, outlines, side, seed, hard

    def sample(self, index: int) -> Sample:
        rng = np.random.default_rng([self.seed, index])
        hard = self.hard > 0 and bool(rng.random() < self.hard)
        crop, unsure = self.cache.crop(rng, self.side, hard=hard)
        made = damage(crop, rng, self.outlines, density=float(np.exp(rng.normal(0.1, 0.5))), chances=TAUGHT)
        unsure = (unsure > 127).view(np.uint8) & ~any_of([*np.moveaxis(made.labels, 2, 0)]) & 1
        return Sample(made.image, made.clean, made.labels, made.ignore | unsure)


def from_config(config: dict, cache: PhotoCache) -> Generator:
    """The generator that a configuration describes."""
    outlines = Outlines(Path(config["data"]["outlines"]), Path(config["data"]["overlays"]))
    return Generator(
        cache,
        outlines,
        side=config["sample"]["crop"],
        seed=config["sample"]["seed"],
        hard=config["sample"].get("hard", 0.0),
    )
