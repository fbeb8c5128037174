"""The rule of what is mended unseen (`inpaint_studio.restore.unseen`), fitted to marks in pictures whose truth is known.

Every mark is filled, by a stand-in that takes milliseconds (Telea, An Image Inpainting Technique Based on the Fast Marching
Method, 2004), and what that adds to the squared error is measured, in damaged pictures and in whole photos. The rule is a
logistic regression on whether filling takes error out, each mark weighted by how much it is about. What a rule does to a photo
is judged by one that was fitted without that photo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from inpaint_studio.restore.defects import NETWORK, Defect
from inpaint_studio.restore.prior import FINE
from inpaint_studio.restore.surroundings import REACH, ground
from inpaint_studio.restore.unseen import FAINT, Bet, Mark, evenness, features

from .generator import Sample
from .levels import SURE

MOST_LOST, HARMED, SELDOM = 0.05, 0.3, 0.05
"""Decibels that no whole validation photo may lose; and those that this share of all whole photos may lose."""
WARIER, NEARLY = (1.5, 1.0, 0.5, 0.0), 0.05
"""How much further stains are moved, which are few and dear: the most that costs no more than this many decibels of gain."""
SHIFTS = tuple(round(0.1 * step, 1) for step in range(-20, 31))
"""How far the rule is moved to the safe side; tried from the most daring on."""
_MOST = 0.2
"""A mark counts for no more than this share of the error that its picture has anyway: damage, or what storing a photo costs."""
_FOLDS, _RIDGE, _STEPS = 8, 0.3, 30
_AROUND, _QUALITY = 3, 85
Planes = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Marks:
    """The marks of one picture. added: the squared error that filling each adds; error: what the picture is off by as it is.

    damaged, even: as `unseen.features` takes them. whole: a photo without damage, stored as a JPEG.
    """

    photo: str
    whole: bool
    error: float
    marks: tuple[Mark, ...]
    added: Rows
    damaged: float
    even: float

    @classmethod
    def of_whole(cls, photo: str, rgb: Planes, planes: Planes, pixel: float) -> Marks:
        """rgb: H×W×3 without damage. planes: H×W×4, what the program sees there. pixel: threshold of pixels."""
        code = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
        stored = np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR)[..., ::-1])
        error = float(((stored.astype(np.float32) - rgb) ** 2).sum())
        return cls._of(photo, rgb, rgb, planes, pixel, error, whole=True)

    @classmethod
    def of_damaged(cls, photo: str, sample: Sample, planes: Planes, pixel: float) -> Marks:
        """The same of a picture that is damaged on purpose."""
        error = float(((sample.image.astype(np.float32) - sample.clean) ** 2).sum())
        return cls._of(photo, sample.image, sample.clean, planes, pixel, error, whole=False)

    @classmethod
    def _of(
        cls, photo: str, rgb: Planes, clean: Planes, planes: Planes, pixel: float, error: float, *, whole: bool
    ) -> Marks:
        found = planes >= max(1, round(pixel * 255))
        every, rgb = found.any(2), np.ascontiguousarray(rgb)
        filled = cv2.inpaint(rgb, _grown(every), _AROUND, cv2.INPAINT_TELEA)
        truth = clean.astype(np.float32)
        added = ((filled - truth) ** 2).sum(2) - ((rgb - truth) ** 2).sum(2)
        gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
        marks, centres, covered = [], [], 0
        rims: list[tuple[tuple[slice, slice], npt.NDArray[np.bool_]]] = []
        for channel, defect in enumerate(NETWORK):
            plane = planes[..., channel]
            count, labels, stats, middles = cv2.connectedComponentsWithStats(
                found[..., channel].view(np.uint8), connectivity=8
            )
            for label in range(1, count):
                left, top, wide, high, pixels = stats[label].tolist()
                here = (
                    slice(max(0, top - REACH), top + high + REACH),
                    slice(max(0, left - REACH), left + wide + REACH),
                )
                own = labels[here] == label
                values = plane[here][own]
                if values.max() >= SURE * 255 and defect in FINE:
                    covered += pixels
                    centres.append((middles[label][1] / rgb.shape[0], middles[label][0] / rgb.shape[1]))
                if values.max() >= FAINT * 255:
                    texture, contrast = ground(gray[here], own, every[here])
                    marks.append(Mark(channel, float(values.mean()) / 255, contrast, texture))
                    rims.append((here, _grown(own) > 0))
        shared = np.zeros(gray.shape, np.float32)  # a pixel that several marks hold counts once
        for here, rim in rims:
            shared[here] += rim
        each = [float((added[here][rim] / shared[here][rim]).sum()) for here, rim in rims]
        even = evenness(np.array(centres).reshape(-1, 2))
        return cls(photo, whole, max(error, 1.0), tuple(marks), np.array(each), covered / gray.size, even)

    def rows(self) -> Rows:
        """What is known of each mark."""
        return features(self.marks, self.damaged, self.even)

    def weights(self) -> Rows:
        """How much each mark is about."""
        return np.minimum(np.abs(self.added) / self.error, _MOST)

    def gain(self, bet: Bet) -> float:
        """Decibels that filling what `bet` would fill brings the picture closer to what it should be."""
        chosen = bet.scores(self.marks, self.damaged, self.even) > 0
        left = max(self.error + float(self.added[chosen].sum()), 1e-3 * self.error)
        return float(10 * np.log10(self.error / left))


def _grown(mask: npt.NDArray[np.bool_]) -> Planes:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))), np.uint8)


def fit(pictures: Sequence[Marks]) -> Bet:
    """Weighted logistic regression with a small ridge, by Newton's method."""
    held = [picture for picture in pictures if picture.marks]
    if not held:
        return Bet.never()
    rows = np.concatenate([picture.rows() for picture in held])
    right = np.concatenate([picture.added < 0 for picture in held]).astype(np.float64)
    weights = np.concatenate([picture.weights() for picture in held])
    classes = len(NETWORK)  # the first columns: they stay as they are, so that each class keeps its own constant
    middle = np.average(rows, axis=0, weights=weights + 1e-12)
    scale = np.sqrt(np.average((rows - middle) ** 2, axis=0, weights=weights + 1e-12)) + 1e-6
    middle[:classes], scale[:classes] = 0, 1
    z, found = (rows - middle) / scale, np.zeros(rows.shape[1])
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(z @ found, -30, 30)))
        slope = z.T @ (weights * (p - right)) + _RIDGE * found
        curve = (z * (weights * p * (1 - p))[:, None]).T @ z + _RIDGE * np.eye(len(found))
        step = np.linalg.solve(curve, slope)
        found -= step
        if np.abs(step).max() < 1e-6:
            break
    plain = found / scale
    plain[:classes] -= float(plain @ middle)
    return Bet(tuple(round(float(weight), 5) for weight in plain))


def moved(bet: Bet, shift: float, stains: float = 0.0) -> Bet:
    """`bet` with every score lower by `shift`, those of stains by `stains` more."""
    shifts = [shift + (stains if defect is Defect.STAINS else 0.0) for defect in NETWORK]
    constants = (round(weight - one, 5) for weight, one in zip(bet.weights, shifts, strict=False))
    return Bet((*constants, *bet.weights[len(NETWORK) :]))


def choose(pictures: Sequence[Marks], validation: Sequence[str]) -> tuple[Bet, dict[str, float]]:
    """The rule, moved as far to the safe side as whole photos ask for, and what it does to photos that it was not fitted to.

    validation: names of the photos that the network was not trained on either.
    """
    names = sorted({picture.photo for picture in pictures})
    order = sorted(names, key=lambda name: name not in validation)
    fold = {name: place % _FOLDS for place, name in enumerate(order)}
    without = [fit([p for p in pictures if fold[p.photo] != number]) for number in range(_FOLDS)]
    held = [(picture, without[fold[picture.photo]]) for picture in pictures]

    def told(shift: float, stains: float = 0.0) -> dict[str, float]:
        lost = {p.photo: -p.gain(moved(bet, shift, stains)) for p, bet in held if p.whole}
        gained = [p.gain(moved(bet, shift, stains)) for p, bet in held if not p.whole and p.photo in validation]
        return {
            "shift": shift, "stains": stains,
            "lost": max((loss for name, loss in lost.items() if name in validation), default=0.0),
            "harmed": sum(loss > HARMED for loss in lost.values()) / max(1, len(lost)),
            "gained": float(np.mean(gained or [0.0])), "worst": min(gained or [0.0]),
        }  # fmt: skip

    every = map(told, SHIFTS)
    safe = next((one for one in every if one["lost"] <= MOST_LOST and one["harmed"] <= SELDOM), None)
    if safe is None:
        return Bet.never(), told(1e9)
    warier = (told(safe["shift"], stains) for stains in WARIER)
    made = next(one for one in warier if one["gained"] >= safe["gained"] - NEARLY)
    return moved(fit(pictures), made["shift"], made["stains"]), {name: round(value, 3) for name, value in made.items()}
