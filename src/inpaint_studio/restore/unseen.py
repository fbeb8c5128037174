"""What may be mended where nobody looks: the marks whose repair is a good bet.

Mending damage takes error out of a photo, mending an eyelash adds some. Both were measured on pictures whose truth is
known, and a forest of small trees (Friedman, Greedy Function Approximation: A Gradient Boosting Machine, 2001) was fitted to
marks that count by what a wrong decision costs there: where its score is high enough, mending is expected to take out more
than it adds (Zadrozny, Langford and Abe, Cost-Sensitive Learning by Cost-Proportionate Example Weighting, 2003). It knows of
a mark how sure the network is of its pixels, its shape, and how it stands out from what lies around it (`surroundings`). And it
knows what else was found in the photo: a doubtful speck among sure ones is dust, alone it is a catch-light; and what only
looks like damage gathers in rocks and leaves, dust falls anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from inpaint_studio.restore.defects import NETWORK, Defect
from inpaint_studio.restore.forest import Forest

#: Marks of less confidence are mended unseen by nobody who did not ask for it.
FAINT = 0.5
#: From which confidence on a mark tells what the photo is like.
SURE = 0.8
#: Rows and columns of the cells in which the spread of marks is counted.
_CELLS = 6
#: A score that no mark reaches.
_NEVER = 1e9
#: By how much (log-odds) the slider's way from its middle to an end moves the score that is asked for: the surest real marks
#: score up to four lower than drawn ones, which the rule was fitted to.
_WAY = 4.0
_STAINS = NETWORK.index(Defect.STAINS)
#: What the rule knows of a mark, and what of the photo beside it.
OF_MARKS = (
    *(defect.value for defect in NETWORK), "certainty", "surest", "least", "other", "size", "length", "filled", "elongation",
    "contrast", "stands_out", "texture", "beyond", "spread", "colour", "edge",
)  # fmt: skip
OF_PHOTOS = (
    "damaged", "damaged_else", "even", "even_else", "alike", "others", "others_of_class", "surest_else", "many", "many_sure",
    "sure_share",
)  # fmt: skip
FEATURES = OF_MARKS + OF_PHOTOS
Rows = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Mark:
    """What is known of a mark. channel: place of its class in `NETWORK`. y, x: its middle, as shares (0..1) of the photo.

    pixels; wide, high: of its box. certainty, least, surest: mean, lower quartile and maximum of its probability; other: the
    mean of what another class says there. elongation: how many times it is longer than wide, squared. contrast: how much
    lighter (0..1) than the ring around it; texture: standard deviation of that ring; beyond: how far its mean lies outside of
    nearly all tones there; spread: standard deviation of its own tones; colour: how far its hue is from the ring's; edge:
    change of tones along its outline.
    """

    channel: int
    y: float
    x: float
    pixels: int
    wide: int
    high: int
    certainty: float
    surest: float
    least: float
    other: float
    elongation: float
    contrast: float
    texture: float
    beyond: float
    spread: float
    colour: float
    edge: float


@dataclass(frozen=True, slots=True, eq=False)
class Bet:
    """The rule. A mark is mended unseen where its score is above zero, or what `wanted` says.

    needs: by how much scores are lowered, by class.
    """

    forest: Forest
    needs: tuple[float, ...]

    @classmethod
    def never(cls) -> Self:
        """Nothing is mended unseen."""
        return cls(Forest.of([]), (_NEVER,) * len(NETWORK))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """What stands in the notes of a model. Raises KeyError where something is missing."""
        return cls(Forest.from_json(data["forest"]), tuple(float(data["needs"][defect.value]) for defect in NETWORK))

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        needs = {defect.value: need for defect, need in zip(NETWORK, self.needs, strict=True)}
        return {"forest": self.forest.to_json(), "needs": needs}

    def scores(self, marks: Sequence[Mark], area: int) -> Rows:
        """For each mark of a photo of `area` pixels what speaks for mending it (log-odds)."""
        needs = np.array(self.needs)[[mark.channel for mark in marks]]
        return np.asarray(self.forest.sums(features(marks, area)) - needs, np.float64)


def wanted(sensitivity: float) -> float:
    """The score above which a mark is mended unseen, for a sensitivity of 0 to 1: 0 at ½, where the rule was fitted."""
    return _WAY * 2 * (0.5 - sensitivity)


def together(scores: Rows, groups: NDArray[np.int64]) -> Rows:
    """For each mark the highest score among those of its group: what touches damage is damage too."""
    _, places = np.unique(groups, return_inverse=True)
    highest = np.full(len(scores), -np.inf)
    np.maximum.at(highest, places, scores)
    return np.asarray(highest[places], np.float64)


def features(marks: Sequence[Mark], area: int) -> Rows:
    """N×len(FEATURES): what is known of the marks of a photo of `area` pixels, for each."""
    if not marks:
        return np.zeros((0, len(FEATURES)))
    return np.hstack([_of_marks(marks), _of_photo(marks, area)])


def _of_marks(marks: Sequence[Mark]) -> Rows:
    column = {name: _column(marks, name) for name in Mark.__slots__}
    classes = [column["channel"] == channel for channel in range(len(NETWORK))]
    return np.stack(
        [
            *classes, *(_odds(column[name]) for name in ("certainty", "surest", "least", "other")),
            np.log(column["pixels"]), np.log(np.maximum(column["wide"], column["high"])),
            np.log(column["pixels"] / (column["wide"] * column["high"])), np.log(column["elongation"]),
            column["contrast"], np.log(np.abs(column["contrast"]) + 0.02), np.log(column["texture"] + 0.005),
            *(column[name] for name in ("beyond", "spread", "colour", "edge")),
        ],
        1,
    )  # fmt: skip


def _of_photo(marks: Sequence[Mark], area: int) -> Rows:
    """What the other marks tell, for each mark without itself."""
    channel, pixels, surest, contrast = (_column(marks, name) for name in ("channel", "pixels", "surest", "contrast"))
    certainty = _column(marks, "certainty")
    odds, size = _odds(certainty), np.sqrt(pixels)
    fine = channel != _STAINS
    sure = fine & (surest >= SURE)
    damaged = np.full(len(marks), pixels[sure].sum())
    weights = size * certainty * sure
    same = np.where(contrast >= 0, weights[contrast >= 0].sum(), weights[contrast < 0].sum())
    others_of_class = np.empty(len(marks))
    for own in range(len(NETWORK)):
        others_of_class[channel == own] = _mean_else(odds, size * (channel == own))[channel == own]
    cells = _cells(marks)
    million = area / 1e6
    return np.stack(
        [
            np.log(damaged / area + 3e-5), np.log((damaged - pixels * sure) / area + 3e-5),
            np.full(len(marks), len(np.unique(cells[sure])) / _CELLS**2), _even_else(cells),
            (same - weights + 0.5) / (weights.sum() - weights + 1), _mean_else(odds, size * fine), others_of_class,
            _highest_else(odds, fine), np.full(len(marks), np.log((len(marks) - 1) / million + 1)),
            np.log((sure.sum() - sure) / million + 1),
            (sure.sum() - sure) / np.maximum(1, fine.sum() - fine),
        ],
        1,
    )  # fmt: skip


def _column(marks: Sequence[Mark], name: str) -> Rows:
    return np.array([getattr(mark, name) for mark in marks], np.float64)


def _odds(p: Rows) -> Rows:
    p = np.clip(p, 0.002, 0.998)
    return np.asarray(np.log(p / (1 - p)), np.float64)


def _mean_else(values: Rows, weights: Rows) -> Rows:
    """For each the weighted mean of all others; -1, as little as nothing says, without any."""
    left = weights.sum() - weights
    total = (values * weights).sum() - values * weights
    return np.asarray(np.where(left > 1e-9, total / np.maximum(left, 1e-9), -1.0), np.float64)


def _highest_else(values: Rows, among: NDArray[np.bool_]) -> Rows:
    """For each the mean of the three highest others `among` the values; -2 where there are fewer."""
    order = np.sort(values[among])[::-1]
    result = np.full(len(values), -2.0)
    if len(order) >= 3:
        result[~among] = order[:3].mean()
    if len(order) >= 4:
        within = among & (values >= order[2])
        result[among] = order[:3].mean()
        result[within] = (order[:4].sum() - values[within]) / 3
    return result


def _cells(marks: Sequence[Mark]) -> NDArray[np.int64]:
    places = np.clip(np.stack([_column(marks, "y"), _column(marks, "x")]) * _CELLS, 0, _CELLS - 1).astype(np.int64)
    return np.asarray(places[0] * _CELLS + places[1], np.int64)


def _even_else(cells: NDArray[np.int64]) -> Rows:
    """For each in which share of the cells there are others."""
    counts = np.bincount(cells, minlength=_CELLS**2)
    return np.asarray(((counts > 0).sum() - (counts[cells] == 1)) / _CELLS**2, np.float64)
