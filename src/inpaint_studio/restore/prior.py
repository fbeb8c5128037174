"""How damaged a photo is, judged by what was surely found in it, and which thresholds follow from that.

A mark of confidence 0.6 is likely a scratch in a photo full of scratches, and an eyelash in one that is whole: the share of
damage differs from photo to photo, and with it the probability that a mark is right (Saerens, Latinne and Decaestecker,
Adjusting the Outputs of a Classifier to New a Priori Probabilities, 2002). Their estimate by expectation maximisation wants
independent samples; the pixels of a stain are not, and it ran away there. So the share that parts beyond doubt cover stands for
the prior, and the log-odds of a threshold move with its logarithm between two regimes, both found on the validation photos.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from inpaint_studio.restore.defects import NETWORK, Defect, Threshold
from inpaint_studio.restore.parts import Part
from inpaint_studio.restore.unseen import FAINT, Bet

#: A threshold that no part reaches: the class is not shown.
NEVER = 2.0
#: What NEVER moves from on the way to a damaged photo.
_SUREST = 0.995
#: What speaks for damage of any class: what is fine. A large pale thing may always be a shirt.
FINE = frozenset({Defect.DUST, Defect.LINES, Defect.CRACKS})
#: How much the damage of all fine classes together counts for each of them.
_OTHERS = 0.5

Levels = dict[Defect, Threshold]
#: Which share (0..1) of the photo the sure parts of a class cover.
Shares = Mapping[Defect, float]


@dataclass(frozen=True, slots=True)
class Regimes:
    """What calibration found besides the thresholds of a whole photo.

    sure: confidence from which a part counts. low, high: shares of the photo below which it is treated as whole and above
    which as damaged. damaged: thresholds of parts in a damaged photo. bet: what is mended where nobody looks.
    """

    sure: float
    low: float
    high: float
    damaged: dict[Defect, float]
    bet: Bet

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """What stands in the notes of a model."""
        sure, low, high = (float(data[key]) for key in ("sure", "low", "high"))
        return cls(sure, low, high, {d: float(data["damaged"][d.value]) for d in NETWORK}, Bet.from_json(data["bet"]))

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        damaged = {d.value: value for d, value in self.damaged.items()}
        return {"sure": self.sure, "low": self.low, "high": self.high, "damaged": damaged, "bet": self.bet.to_json()}


def shares(parts: Iterable[Part], area: int, sure: float) -> dict[Defect, float]:
    """For each class the share of `area` (pixels of the photo) that parts of at least the confidence `sure` cover."""
    covered = dict.fromkeys(NETWORK, 0)
    for part in parts:
        if part.defect in covered and part.confidence >= sure:
            covered[part.defect] += part.pixels
    return {defect: pixels / max(1, area) for defect, pixels in covered.items()}


def fine(seen: Shares) -> float:
    """The share that all fine damage covers."""
    return sum(seen.get(defect, 0.0) for defect in FINE)


def settled(levels: Levels, regimes: Regimes, seen: Shares) -> Levels:
    """The thresholds for a photo in which `seen` was found; `levels` are those of a whole one."""
    return {
        defect: Threshold(level.pixel, part_level(level.part, regimes, defect, seen)) if defect in NETWORK else level
        for defect, level in levels.items()
    }


def part_level(whole: float, regimes: Regimes, defect: Defect, seen: Shares) -> float:
    """The confidence that a part of a class needs; `whole` is what it needs in a whole photo."""
    share = _OTHERS * fine(seen)
    if defect in FINE:
        share = max(share, seen.get(defect, 0.0))
    way = math.log(max(share, 1e-9) / regimes.low) / math.log(regimes.high / regimes.low)
    way = min(1.0, max(0.0, way))
    if whole >= NEVER and way == 0:
        return NEVER
    odds = [math.log(p / (1 - p)) for p in (min(whole, _SUREST), min(regimes.damaged[defect], _SUREST))]
    return round(1 / (1 + math.exp(-(odds[0] + (odds[1] - odds[0]) * way))), 6)


def looks_whole(regimes: Regimes, seen: Shares) -> bool:
    """Whether so little was surely found that the photo may well be whole."""
    return fine(seen) <= regimes.low


def unattended(levels: Levels) -> Levels:
    """The thresholds where nobody looks at the marks: what is sure enough to be judged as a bet, see `unseen`."""
    return {
        defect: Threshold(level.pixel, max(level.pixel, FAINT)) if defect in NETWORK else level
        for defect, level in levels.items()
    }
