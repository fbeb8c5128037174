"""What may be mended where nobody looks: the marks whose repair is a good bet.

Mending damage takes error out of a photo, mending an eyelash adds some. Both were measured on pictures whose truth is
known, and a logistic rule was fitted to marks that count by what a wrong decision costs there: where its score is above
zero, mending is expected to take out more than it adds (Zadrozny, Langford and Abe, Cost-Sensitive Learning by Cost-
Proportionate Example Weighting, 2003). It knows of a mark its class, how sure the network is of its pixels, how far its
tone is from those around it and how much these spread; and of the photo how much is surely damaged, and how evenly: what
only looks like damage gathers in rocks and leaves, dust falls anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from inpaint_studio.restore.defects import NETWORK, Defect

#: Marks of less confidence are mended unseen by nobody who did not ask for it.
FAINT = 0.5
#: Rows and columns of the cells in which the spread of sure damage is counted.
_CELLS = 6
_STAINS = NETWORK.index(Defect.STAINS)
#: What the rule knows of a mark, each with a weight. `stain_…`: the same once more, for stains only.
FEATURES = (
    *(defect.value for defect in NETWORK), "certainty", "contrast", "texture", "damaged", "even",
    "stain_certainty", "stain_contrast", "stain_texture", "texture_squared", "contrast_squared", "contrast_texture",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mark:
    """channel: place of the class in `NETWORK`. certainty: mean probability of its pixels. contrast, texture: 0..1."""

    channel: int
    certainty: float
    contrast: float
    texture: float


@dataclass(frozen=True, slots=True)
class Bet:
    """The rule: the weight of each of `FEATURES`. A mark is mended unseen where its score is above zero."""

    weights: tuple[float, ...]

    @classmethod
    def never(cls) -> Self:
        """Nothing is mended unseen."""
        return cls(tuple(-1e9 if name in NETWORK else 0.0 for name in FEATURES))

    @classmethod
    def from_json(cls, data: Mapping[str, float]) -> Self:
        """What stands in the notes of a model. Raises KeyError where a weight is missing."""
        return cls(tuple(float(data[name]) for name in FEATURES))

    def to_json(self) -> dict[str, float]:
        """What `from_json` reads."""
        return dict(zip(FEATURES, self.weights, strict=True))

    def scores(self, marks: Sequence[Mark], damaged: float, even: float) -> NDArray[np.float64]:
        """For each mark of a photo what speaks for mending it (log-odds). damaged: share of the photo; even: see `evenness`."""
        return np.asarray(features(marks, damaged, even) @ np.array(self.weights), np.float64)


def features(marks: Sequence[Mark], damaged: float, even: float) -> NDArray[np.float64]:
    """N×len(FEATURES). damaged: share of the photo that sure marks of fine classes cover; even: see `evenness`."""
    rows = np.array([(m.channel, m.certainty, m.contrast, m.texture) for m in marks], np.float64).reshape(-1, 4)
    p = np.clip(rows[:, 1], 1e-3, 1 - 1e-3)
    certainty, contrast, texture = np.log(p / (1 - p)), np.log(rows[:, 2] + 0.02), np.log(rows[:, 3] + 0.005)
    stain = (rows[:, 0] == _STAINS).astype(np.float64)
    columns = [(rows[:, 0] == channel).astype(np.float64) for channel in range(len(NETWORK))]
    columns += [certainty, contrast, texture, np.full(len(rows), np.log(damaged + 3e-5)), np.full(len(rows), even)]
    columns += [stain * certainty, stain * contrast, stain * texture]
    columns += [texture**2, contrast**2, contrast * texture]
    return np.stack(columns, 1)


def evenness(centres: NDArray[np.float64]) -> float:
    """In which share of 6×6 cells there is sure damage. centres: N×2, y and x of its marks as shares (0..1) of the photo."""
    cells = np.minimum((centres * _CELLS).astype(np.int64), _CELLS - 1)
    return len(np.unique(cells[:, 0] * _CELLS + cells[:, 1])) / _CELLS**2
