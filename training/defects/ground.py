"""What may be mended unseen: in a photo that looks whole, marks of which confidence on how plain a ground; and which stains.

Chosen on the validation photos: of all choices that cost no whole photo more than `MOST_LOST`, even if marks in it were a
little surer and the ground a little plainer, the one that takes most error out of the damaged pictures. The fill is the
stand-in of `unseen`; what a whole photo may lose is measured against its own JPEG.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
import numpy.typing as npt

from inpaint_studio.restore.defects import NETWORK, Defect
from inpaint_studio.restore.prior import FINE, NEVER
from inpaint_studio.restore.surroundings import REACH, ground

from .generator import Sample

MOST_LOST = 0.15
"""Decibels that a whole photo may lose."""
SURE = (0.8, 0.88, 0.94, 0.97, 0.99, 0.995)
PLAIN = (0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.06)
DISTINCT = (1.0, 1.25, 1.5, 2.0, 3.0)
"""Confidences, spreads of tones, and distances of stains from their surroundings (in such spreads) that are tried."""
_MARGIN = 1.25
"""At a spread that is larger by this, and at odds that are smaller by its cube, a whole photo may lose twice as much."""
_NEARLY = 0.8
"""Of the rules for stains that take at least this much of what the best one takes, the strictest is chosen: there are few."""
_WORTH = 0.02
"""A class that takes less than this share of the error out is left out: a few marks say little of what it may cost."""
_RIM, _AROUND, _QUALITY = 2, 3, 85


@dataclass(frozen=True)
class Ground:
    """The marks of a picture: place in `NETWORK`, confidence, spread around, distance from it, squared error that filling adds.

    error: what the picture's own storage or damage is off by, summed squares.
    """

    error: float
    marks: npt.NDArray[np.float64]

    @classmethod
    def whole(cls, rgb: npt.NDArray[np.uint8], planes: npt.NDArray[np.uint8], pixel: float) -> Ground:
        """Of a photo without damage, stored as a JPEG."""
        code = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
        stored = np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR)[..., ::-1])
        return cls._of(rgb, rgb, planes, pixel, float(((stored.astype(np.float32) - rgb) ** 2).sum()))

    @classmethod
    def damaged(cls, sample: Sample, planes: npt.NDArray[np.uint8], pixel: float) -> Ground:
        """Of a picture that is damaged on purpose."""
        return cls._of(sample.image, sample.clean, planes, pixel, 0.0)

    @classmethod
    def _of(
        cls, rgb: npt.NDArray[np.uint8], clean: npt.NDArray[np.uint8], planes: npt.NDArray[np.uint8], pixel: float,
        error: float,
    ) -> Ground:  # fmt: skip
        found = planes >= max(1, round(pixel * 255))
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _RIM + 1, 2 * _RIM + 1))
        fillable = cv2.dilate(found.any(2).astype(np.uint8), disc)
        filled = cv2.inpaint(np.ascontiguousarray(rgb), fillable, _AROUND, cv2.INPAINT_TELEA)
        truth = clean.astype(np.float32)
        added = ((filled - truth) ** 2).sum(2) - ((rgb - truth) ** 2).sum(2)
        gray = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
        marks = []
        for channel in range(len(NETWORK)):
            count, labels, stats, _ = cv2.connectedComponentsWithStats(
                found[..., channel].view(np.uint8), connectivity=8
            )
            for label in range(1, count):
                left, top, wide, high, _ = stats[label]
                rows = slice(max(0, top - REACH), top + high + REACH)
                columns = slice(max(0, left - REACH), left + wide + REACH)
                own = labels[rows, columns] == label
                confidence = planes[rows, columns, channel][own].max() / 255
                rim = cv2.dilate(own.astype(np.uint8), disc) > 0
                marks.append((channel, confidence, *ground(gray[rows, columns], own), added[rows, columns][rim].sum()))
        return cls(error, np.array(marks, np.float64).reshape(-1, 5))

    def added(self, rule: Rule) -> float:
        """The squared error that mending what the rule allows adds."""
        least = np.array([rule.sure[defect] for defect in NETWORK])
        channels, confidence, spread, apart, added = self.marks.T
        stain = channels == NETWORK.index(Defect.STAINS)
        suits = np.where(stain, apart >= rule.distinct * spread, spread <= rule.plain)
        return float(added[suits & (confidence >= least[channels.astype(int)])].sum())

    def spared(self, rule: Rule) -> bool:
        """Whether a whole photo loses no more than it may, with a margin for photos that are a little harder."""
        return self._lost(rule) <= MOST_LOST and self._lost(rule.milder()) <= 2 * MOST_LOST

    def _lost(self, rule: Rule) -> float:
        return float(10 * np.log10(1 + max(0.0, self.added(rule)) / self.error))


@dataclass(frozen=True)
class Rule:
    """What is mended unseen: the least confidence of each class, how plain the ground is, how distinct a stain."""

    sure: dict[Defect, float]
    plain: float = 0.0
    distinct: float = 0.0

    @classmethod
    def of(cls, classes: Iterable[Defect], level: float, plain: float = 0.0, distinct: float = 0.0) -> Rule:
        """One confidence for `classes`, the others never."""
        return cls(dict.fromkeys(NETWORK, NEVER) | dict.fromkeys(classes, level), plain, distinct)

    def milder(self) -> Rule:
        """A rule that lets a little more pass."""
        odds = {defect: (1 - p) / p * _MARGIN**3 for defect, p in self.sure.items() if p < 1}
        sure = self.sure | {defect: 1 / (1 + one) for defect, one in odds.items()}
        return Rule(sure, self.plain * _MARGIN, self.distinct / _MARGIN)


def choose(damaged: list[Ground], whole: list[Ground]) -> Rule:
    """The rule for photos that look whole; what it says of stains is for the others."""

    def taken(rule: Rule) -> float:
        return -sum(picture.added(rule) for picture in damaged)

    def best(rules: Iterable[Rule], nearly: float = 1.0) -> Rule:
        """The strictest of those that take `nearly` as much as the best."""
        allowed = [rule for rule in rules if taken(rule) > 0 and all(photo.spared(rule) for photo in whole)]
        most = max(map(taken, allowed), default=0.0)
        close = [rule for rule in allowed if taken(rule) >= nearly * most]
        return max(
            close, key=lambda rule: (-rule.plain, rule.distinct, min(rule.sure.values())), default=Rule.of((), NEVER)
        )

    possible = taken(Rule.of(FINE, SURE[0], np.inf))
    fine = []
    for plain, level in product(PLAIN, SURE):
        worth = [d for d in NETWORK if d in FINE and taken(Rule.of([d], level, plain)) >= _WORTH * possible]
        fine.append(Rule.of(worth, level, plain))
    stains = (Rule.of([Defect.STAINS], level, distinct=apart) for apart, level in product(DISTINCT, SURE))
    harmless = (rule for rule in stains if all(picture.added(rule.milder()) <= 0 for picture in damaged))
    first, second = best(fine), best(harmless, _NEARLY)
    sure = {defect: min(first.sure[defect], second.sure[defect]) for defect in NETWORK}
    return Rule(sure, first.plain, second.distinct)
