"""Scores of a detector: pictures with known damage from photos that it never saw, with fixed seeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from .generator import Sample, damage
from .outlines import Outlines

SIDE, TURNS, TOLERANCE = 512, 3, 2
LEAST_DAMAGE = 0.002
"""Pictures with less visible damage than this share have nothing to gain."""
Mask = npt.NDArray[np.bool_]


def pictures(
    photos: list[Path], outlines: Outlines, *, seed: int, side: int = SIDE, turns: int = TURNS, undamaged: float = 0.0
) -> Iterator[tuple[str, Sample]]:
    """`turns` damaged crops of each photo, at the photo's own size or shrunk to 60 %; no look-alikes are drawn in.

    undamaged: the share that is aged only.
    """
    for number, path in enumerate(photos):
        rgb = cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
        for turn in range(turns):
            rng = np.random.default_rng([seed, number, turn])
            scale = max(1.0 if turn % 2 == 0 else 0.6, side / min(rgb.shape[:2]))
            size = min(round(side / scale), *rgb.shape[:2])
            y, x = (int(rng.integers(0, length - size + 1)) for length in rgb.shape[:2])
            crop = cv2.resize(
                rgb[y : y + size, x : x + size],
                (side, side),
                interpolation=cv2.INTER_AREA if size > side else cv2.INTER_CUBIC,
            )
            yield path.name, damage(crop, rng, outlines, density=0.6, scenery=False, undamaged=undamaged)


@dataclass
class Score:
    """Counts pooled over pictures: pixels within `TOLERANCE` of the other side's, and exact overlap."""

    right: int = 0
    marked: int = 0
    found: int = 0
    damaged: int = 0
    overlap: int = 0
    union: int = 0
    undamaged: list[float] = field(default_factory=list)

    def add(self, marked: Mask, truth: Mask, ignore: Mask) -> None:
        """Count one picture. Marks on damage that nobody can see (`ignore`) count neither for nor against."""
        judged = marked & ~ignore
        self.right += int((judged & _near(truth)).sum())
        self.marked += int(judged.sum())
        self.found += int((truth & _near(marked)).sum())
        self.damaged += int(truth.sum())
        self.overlap += int((judged & truth).sum())
        self.union += int((judged | truth).sum())

    @property
    def precision(self) -> float:
        return self.right / max(1, self.marked)

    @property
    def recall(self) -> float:
        return self.found / max(1, self.damaged)

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / max(1e-9, self.precision + self.recall)

    @property
    def iou(self) -> float:
        return self.overlap / max(1, self.union)


def _near(mask: Mask) -> Mask:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * TOLERANCE + 1, 2 * TOLERANCE + 1))
    return cv2.dilate(mask.astype(np.uint8), disc) > 0
