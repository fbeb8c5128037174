"""What mending unseen gains: how much closer to the undamaged picture it comes when what is above some thresholds is filled.

The fill is a stand-in that takes milliseconds (Telea, An Image Inpainting Technique Based on the Fast Marching Method, 2004),
made once over all that may be filled; the planner's engines fill better, but what is wrongly filled is lost in either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from inpaint_studio.restore.defects import NETWORK, Defect
from inpaint_studio.restore.prior import FINE, NEVER

from .generator import Sample

_AROUND = 3


@dataclass(frozen=True)
class Change:
    """error: of the damaged picture, summed squares. by_pixel: what filling a pixel adds to it, flat; right fills take away."""

    error: float
    by_pixel: npt.NDArray[np.float32]

    @classmethod
    def of(cls, sample: Sample, fillable: npt.NDArray[np.bool_]) -> Change:
        """fillable: H×W, all that any threshold may fill."""
        filled = cv2.inpaint(sample.image, fillable.astype(np.uint8), _AROUND, cv2.INPAINT_TELEA)
        clean = sample.clean.astype(np.float32)
        before, after = (((picture - clean) ** 2).sum(2) for picture in (sample.image.astype(np.float32), filled))
        return cls(float(before.sum()), np.where(fillable, after - before, 0).astype(np.float32).ravel())

    def gain(self, filled: npt.NDArray[np.uint8]) -> float:
        """Decibels that filling the packed mask `filled` gains."""
        mask = np.unpackbits(filled, count=len(self.by_pixel)).view(np.bool_)
        left = max(self.error + float(self.by_pixel[mask].sum(dtype=np.float64)), 1e-3 * self.error)
        return float(10 * np.log10(max(self.error, 1.0) / max(left, 1.0)))


def value(gains: list[float]) -> float:
    """What gains in several pictures are worth: a loss counts twice."""
    return float(np.mean([gain + min(0.0, gain) for gain in gains])) if gains else 0.0


def best(tried: tuple[float, ...], gains_at: Callable[[dict[Defect, float]], list[float]]) -> dict[Defect, float]:
    """The least thresholds below which mending unseen loses: one of all fine damage, which is easily taken for another class
    of its kind, and one of stains.

    gains_at: the gain in each picture for thresholds by class.
    """
    chosen = dict.fromkeys(NETWORK, NEVER)
    worth = value(gains_at(chosen))
    for classes in (FINE, {Defect.STAINS}):
        for part in (*reversed(tried), NEVER):
            other = chosen | dict.fromkeys(classes, part)
            made = value(gains_at(other))
            if made > worth + 1e-6:
                worth, chosen = made, other
    return chosen
