"""The choice of thresholds: two regimes and what lies between them, see `inpaint_studio.restore.prior`.

Everything is counted on packed masks made once for each class and level, so that thousands of choices can be tried.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import numpy.typing as npt

from inpaint_studio.restore.defects import NETWORK, Defect
from inpaint_studio.restore.prior import NEVER, Regimes, Shares, part_level
from inpaint_studio.restore.unseen import Bet

from .evaluate import TOLERANCE, Mask, Score
from .generator import Sample

PIXEL = (0.2, 0.3, 0.4, 0.5)
PART = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.88, 0.94, 0.97, 0.99, 0.995)
"""Thresholds that are tried. Confidences are kept in percent: 0.995 is the surest that can be asked for."""
BETWEEN = ((0.001, 0.004), (0.001, 0.01), (0.002, 0.006), (0.003, 0.006), (0.004, 0.012), (0.008, 0.02))
"""Shares of a photo between which it turns from whole to damaged."""
SURE = 0.8
MOST_MARKED, MOST_OF_ONE, MOST_STAINS = 0.0015, 0.008, 0.0003
"""Share of the undamaged photos that may be marked: by all classes together in the mean and in the worst photo, by stains."""
_FINE = tuple(range(3))
Planes = npt.NDArray[np.uint8]
Packed = npt.NDArray[np.uint8]


@dataclass
class Picture:
    """What the network finds in a picture at one threshold of pixels: masks by class and level of `PART`, packed."""

    area: int
    shares: Shares
    marks: list[list[Packed]]
    near: list[list[Packed]] = field(default_factory=list)
    truth: tuple[Packed, Packed, Packed] | None = None
    """Damage other than stains, the same grown by the tolerance, and what is not to be judged."""
    stain: tuple[Packed, Packed, Packed] | None = None
    """The same for stains."""

    @classmethod
    def of(cls, planes: Planes, pixel: float, sample: Sample | None = None) -> Picture:
        """planes: 8-bit probabilities H×W×4 as the program sees them. sample: a damaged picture's."""
        marks, close, shares = [], [], {}
        for channel, defect in enumerate(NETWORK):
            plane = planes[..., channel]
            count, own = cv2.connectedComponents((plane >= max(1, round(pixel * 255))).view(np.uint8), connectivity=8)
            highest = np.zeros(count, np.uint8)
            np.maximum.at(highest, own.ravel(), plane.ravel())
            highest[0] = 0
            shares[defect] = float((highest >= SURE * 255)[own].mean())
            masks = [(np.round(highest / 255, 2) >= level)[own] for level in PART]
            marks.append([np.packbits(mask) for mask in masks])
            if sample is not None:
                close.append([np.packbits(near(mask)) for mask in masks])
        picture = cls(plane.size, shares, marks, close)
        if sample is not None:
            stain, other, ignore = sample.labels[..., 3] > 0, sample.labels[..., :3].any(2), sample.ignore > 0
            picture.truth, picture.stain = _truth(other, ignore | stain), _truth(stain, ignore | (other & ~stain))
        return picture

    def marked(self, chosen: dict[Defect, float]) -> float:
        """The share that the parts above the thresholds of classes cover."""
        every = [
            self.marks[NETWORK.index(d)][level] for d, part in chosen.items() if (level := _level(part)) < len(PART)
        ]
        return _pixels(np.bitwise_or.reduce(every)) / self.area if every else 0.0


def _truth(damage: Mask, unjudged: Mask) -> tuple[Packed, Packed, Packed]:
    return np.packbits(damage), np.packbits(near(damage)), np.packbits(unjudged)


def near(mask: Mask) -> Mask:
    """`mask` grown by the tolerance."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * TOLERANCE + 1, 2 * TOLERANCE + 1))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), disc) > 0, np.bool_)


def _count(score: Score, marked: Packed, close: Packed, truth: tuple[Packed, Packed, Packed]) -> None:
    """As `Score.add`, of packed masks. close: what is marked, grown by the tolerance."""
    damage, around, _ = truth
    score.right += _pixels(marked & around)
    score.marked += _pixels(marked)
    score.found += _pixels(damage & close)
    score.damaged += _pixels(damage)
    score.overlap += _pixels(marked & damage)
    score.union += _pixels(marked | damage)


def _pixels(packed: Packed) -> int:
    return int(np.bitwise_count(packed).sum())


def _level(part: float) -> int:
    """The place in `PART` of a threshold, the next stricter one where it lies between."""
    return int(np.searchsorted(PART, part - 1e-6))


@dataclass(frozen=True)
class Choice:
    """Thresholds of parts in a whole and in a damaged photo, and the shares between which a photo turns."""

    whole: dict[Defect, float]
    damaged: dict[Defect, float]
    low: float
    high: float

    def regimes(self, bet: Bet | None = None) -> Regimes:
        """As the program reads them. bet: what may be mended unseen; nothing."""
        return Regimes(SURE, self.low, self.high, self.damaged, bet or Bet.never())

    def parts(self, seen: Shares) -> dict[Defect, float]:
        """The thresholds for a picture."""
        rules = self.regimes()
        return {defect: part_level(self.whole[defect], rules, defect, seen) for defect in NETWORK}


class Fit:
    """The pictures of the validation photos, damaged and whole, at one threshold of pixels."""

    def __init__(self, damaged: list[Picture], whole: list[Picture]) -> None:
        self.damaged, self.whole = damaged, whole

    def score(self, choice: Choice) -> Score:
        """Dust, lines and cracks together."""
        return self._score(choice, _FINE)

    def _score(self, choice: Choice, channels: tuple[int, ...]) -> Score:
        score = Score()
        for picture in self.damaged:
            levels = choice.parts(picture.shares)
            places = [(c, _level(levels[NETWORK[c]])) for c in channels]
            places = [(c, place) for c, place in places if place < len(PART)]
            empty = np.zeros_like(picture.marks[0][0])
            mask = np.bitwise_or.reduce([empty, *(picture.marks[c][place] for c, place in places)])
            close = np.bitwise_or.reduce([empty, *(picture.near[c][place] for c, place in places)])
            truth = picture.truth if channels == _FINE else picture.stain
            if truth is None:
                raise ValueError("a picture without known damage")
            _count(score, mask & ~truth[2], close, truth)
        return score

    def shares(self, choice: Choice) -> list[float]:
        """What is marked of each whole photo."""
        return [picture.marked(choice.parts(picture.shares)) for picture in self.whole]

    def allowed(self, choice: Choice) -> bool:
        """Whether the whole photos stay whole."""
        marked = self.shares(choice)
        return float(np.mean(marked)) <= MOST_MARKED and max(marked) <= MOST_OF_ONE

    def best(self, first: float) -> tuple[float, Choice]:
        """The choice with the highest F1 that is allowed; `first`: the least threshold of parts."""
        found = [self._climb(low, high, first) for low, high in BETWEEN]
        return max(found, key=lambda one: one[0])

    def _climb(self, low: float, high: float, first: float) -> tuple[float, Choice]:
        """From the strictest, class by class, whatever raises F1; then as mild to whole photos as is allowed."""
        usual = dict.fromkeys(NETWORK, PART[-1])
        choice = self._with_stains(Choice(usual, usual, low, high), first)
        best = self.score(choice).f1
        tried = [part for part in PART if part >= first]
        for _, regime, defect in itertools.product(range(2), ("damaged", "whole"), [NETWORK[c] for c in _FINE]):
            for part in tried:
                other = _with(choice, regime, defect, part)
                if other.damaged[defect] > other.whole[defect] or not self.allowed(other):
                    continue
                if (made := self.score(other).f1) > best + 1e-6:
                    best, choice = made, other
        for defect, part in itertools.product([NETWORK[c] for c in _FINE], tried):  # the mildest first
            # light damage in a photo that looks whole is seen as far as whole photos allow it
            other = _with(choice, "whole", defect, part)
            milder = choice.damaged[defect] <= part < choice.whole[defect] and self.allowed(other)
            if milder and (made := self.score(other).f1) > best - 0.005:
                best, choice = made, other
        return best, choice

    def _with_stains(self, choice: Choice, first: float) -> Choice:
        """Stains are rare and large: in a damaged photo what is right oftener than wrong, in a whole one hardly any."""
        whole = next(
            (p for p in PART if np.mean([w.marked({Defect.STAINS: p}) for w in self.whole]) <= MOST_STAINS), NEVER
        )
        choice = _with(choice, "whole", Defect.STAINS, max(whole, first))
        best = -1.0
        for part in (p for p in PART if first <= p <= choice.whole[Defect.STAINS]):
            other = _with(choice, "damaged", Defect.STAINS, part)
            score = self._score(other, (3,))
            made = 1.25 * score.precision * score.recall / max(1e-9, 0.25 * score.precision + score.recall)
            if made > best + 1e-6:
                best, choice = made, other
        return choice


def _with(choice: Choice, regime: str, defect: Defect, part: float) -> Choice:
    if regime == "whole":
        return replace(choice, whole=choice.whole | {defect: part})
    return replace(choice, damaged=choice.damaged | {defect: part})
