"""The rule of what is mended unseen (`inpaint_studio.restore.unseen`), fitted to marks in pictures whose truth is known.

Every mark is filled, by a stand-in that takes milliseconds (Telea, An Image Inpainting Technique Based on the Fast Marching
Method, 2004), and what that adds to the squared error is measured, in damaged pictures and in undamaged ones. The rule is a
forest, boosted (scikit-learn's histogram gradient boosting) to tell whether filling takes error out, each mark weighted by how
much it is about. What a rule does to a photo is judged by one that was fitted without that photo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from inpaint_studio.pixels.rect import Rect
from inpaint_studio.restore.defects import NETWORK, Defect
from inpaint_studio.restore.forest import LEAF, Forest
from inpaint_studio.restore.surroundings import REACH, View, mark_of
from inpaint_studio.restore.unseen import FAINT, FEATURES, Bet, Mark, features, together

from .generator import Sample

MOST_LOST, HARMED, SELDOM = 0.05, 0.3, 0.025
"""Decibels that no whole validation photo may lose; and those that this share of all undamaged pictures may lose."""
WARIER, NEARLY = (1.5, 1.0, 0.5, 0.0), 0.05
"""How much further stains are moved, which are few and dear: the most that costs no more than this many decibels of gain."""
SHIFTS = tuple(round(0.1 * step, 1) for step in range(-10, 61))
"""How far the rule is moved to the safe side; tried from the most daring on."""
SURER = ("certainty", "surest", "least", "beyond", "others", "surest_else")
"""What can only speak for mending: the more of it, the higher the score."""
TREES, LEAVES, RATE, FEWEST, RIDGE, SOME = 100, 10, 0.08, 40, 5.0, 0.4
_MOST = 0.2
"""A mark counts for no more than this share of the error that its picture has anyway: damage, or what storing a photo costs."""
_FOLDS, _BAGS = 8, 3
_AROUND, _QUALITY = 3, 85
Planes = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Marks:
    """The marks of one picture. added: the squared error that filling each adds; error: what the picture is off by as it is.

    whole: undamaged; then `error` is what storing it as a JPEG costs. groups: those with one number touch. area: pixels.
    """

    photo: str
    whole: bool
    error: float
    marks: tuple[Mark, ...]
    added: Rows
    groups: npt.NDArray[np.int64]
    area: int

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
        planes = np.where(planes >= max(1, round(pixel * 255)), planes, np.uint8(0))
        rgb, extent = np.ascontiguousarray(rgb), Rect.of_size(rgb.shape[1], rgb.shape[0])
        filled = cv2.inpaint(rgb, _grown(planes.any(2)), _AROUND, cv2.INPAINT_TELEA)
        truth = clean.astype(np.float32)
        added = ((filled - truth) ** 2).sum(2) - ((rgb - truth) ** 2).sum(2)
        view = View.of(rgb.astype(np.float32) / 255, planes)
        marks, rims, groups = [], [], []
        joined = cv2.connectedComponents(planes.any(2).view(np.uint8), connectivity=8)[1]
        for channel in range(len(NETWORK)):
            found = np.ascontiguousarray(planes[..., channel] > 0)
            count, labels, stats, _ = cv2.connectedComponentsWithStats(found.view(np.uint8), connectivity=8)
            for label in range(1, count):
                left, top, wide, high, pixels = stats[label].tolist()
                rect = Rect(left, top, left + wide, top + high)
                here = rect.grown(REACH).clipped(extent).slices
                own = labels[here] == label
                if planes[here][own, channel].max() >= FAINT * 255:
                    marks.append(mark_of(view.part(here), own, channel, rect, pixels, extent))
                    rims.append((here, _grown(own) > 0))
                    groups.append(joined[here][own][0])
        shared = np.zeros(rgb.shape[:2], np.float32)  # a pixel that several marks hold counts once
        for here, rim in rims:
            shared[here] += rim
        each = [float((added[here][rim] / shared[here][rim]).sum()) for here, rim in rims]
        return cls(photo, whole, max(error, 1.0), tuple(marks), np.array(each), np.array(groups, np.int64), extent.area)

    def rows(self) -> Rows:
        """What is known of each mark."""
        return features(self.marks, self.area)

    def weights(self) -> Rows:
        """How much each mark is about."""
        return np.minimum(np.abs(self.added) / self.error, _MOST)

    def gain(self, scores: Rows) -> float:
        """Decibels that filling the marks with scores above zero, and what touches them, brings the picture nearer."""
        left = max(self.error + float(self.added[together(scores, self.groups) > 0].sum()), 1e-3 * self.error)
        return float(10 * np.log10(self.error / left))


def _grown(mask: npt.NDArray[np.bool_]) -> Planes:
    return np.asarray(cv2.dilate(mask.view(np.uint8), cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))), np.uint8)


def fit(pictures: Sequence[Marks]) -> Bet:
    """The mean of a few forests, each boosted with other random choices of features."""
    held = [picture for picture in pictures if picture.marks]
    if not held:
        return Bet.never()
    rows = np.concatenate([picture.rows() for picture in held])
    right = np.concatenate([picture.added < 0 for picture in held])
    weights = np.concatenate([picture.weights() for picture in held]) + 1e-12
    if right.all() or not right.any():
        return Bet(Forest.of([_leaf(4.0 if right.all() else -4.0)]), (0.0,) * len(NETWORK))
    trees: list[dict[str, list[float]]] = []
    for bag in range(_BAGS):
        boosted = HistGradientBoostingClassifier(
            max_iter=TREES, learning_rate=RATE, max_leaf_nodes=LEAVES, min_samples_leaf=min(FEWEST, max(1, len(rows) // 20)),
            l2_regularization=RIDGE, max_features=SOME, early_stopping=False, random_state=bag,
            monotonic_cst=[int(name in SURER) for name in FEATURES],
        )  # fmt: skip
        with threadpool_limits(1):  # its threads wait in turns, dearly where others use the cores
            boosted.fit(rows, right, sample_weight=weights / weights.mean())
        trees += _trees(boosted)
    return Bet(Forest.of(trees), (0.0,) * len(NETWORK))


def _trees(boosted: HistGradientBoostingClassifier) -> list[dict[str, list[float]]]:
    """What `Forest.of` takes; scikit-learn has no public way to its trees. The constant they start from is one more tree."""
    made = [_leaf(float(np.ravel(boosted._baseline_prediction)[0]) / _BAGS)]
    for (predictor,) in boosted._predictors:
        nodes = predictor.nodes
        leaf = nodes["is_leaf"].astype(bool)
        made.append(
            {
                "features": np.where(leaf, LEAF, nodes["feature_idx"]).tolist(),
                "limits": np.where(leaf, 0.0, nodes["num_threshold"]).tolist(),
                "left": nodes["left"].tolist(), "right": nodes["right"].tolist(),
                "values": np.where(leaf, nodes["value"] / _BAGS, 0.0).tolist(),
            }
        )  # fmt: skip
    return made


def _leaf(value: float) -> dict[str, list[float]]:
    return {"features": [LEAF], "limits": [0.0], "left": [0], "right": [0], "values": [value]}


def moved(bet: Bet, shift: float, stains: float = 0.0) -> Bet:
    """`bet` with every score lower by `shift`, those of stains by `stains` more."""
    shifts = [shift + (stains if defect is Defect.STAINS else 0.0) for defect in NETWORK]
    return Bet(bet.forest, tuple(round(need + one, 5) for need, one in zip(bet.needs, shifts, strict=True)))


def choose(pictures: Sequence[Marks], validation: Sequence[str]) -> tuple[Bet, dict[str, float]]:
    """The rule, moved as far to the safe side as undamaged pictures ask for, and what it does to photos it was not fitted to.

    validation: names of the photos that the network was not trained on either.
    """
    names = sorted({picture.photo for picture in pictures})
    order = sorted(names, key=lambda name: name not in validation)
    fold = {name: place % _FOLDS for place, name in enumerate(order)}
    without = [fit([p for p in pictures if fold[p.photo] != number]) for number in range(_FOLDS)]
    held = [(picture, without[fold[picture.photo]].scores(picture.marks, picture.area)) for picture in pictures]
    stain = NETWORK.index(Defect.STAINS)
    needs = [np.array([float(mark.channel == stain) for mark in picture.marks]) for picture in pictures]

    def told(shift: float, stains: float = 0.0) -> dict[str, float]:
        gains = [p.gain(scores - shift - stains * own) for (p, scores), own in zip(held, needs, strict=True)]
        lost = [(p.photo, -gain) for p, gain in zip(pictures, gains, strict=True) if p.whole]
        gained = [gain for p, gain in zip(pictures, gains, strict=True) if not p.whole and p.photo in validation]
        return {
            "shift": shift, "stains": stains,
            "lost": max((loss for name, loss in lost if name in validation), default=0.0),
            "harmed": sum(loss > HARMED for _, loss in lost) / max(1, len(lost)),
            "gained": float(np.mean(gained or [0.0])), "worst": min(gained or [0.0]),
        }  # fmt: skip

    every = map(told, SHIFTS)
    safe = next((one for one in every if one["lost"] <= MOST_LOST and one["harmed"] <= SELDOM), None)
    if safe is None:
        return Bet.never(), told(1e9)
    warier = (told(safe["shift"], stains) for stains in WARIER)
    made = next(one for one in warier if one["gained"] >= safe["gained"] - NEARLY)
    return moved(fit(pictures), made["shift"], made["stains"]), {name: round(value, 3) for name, value in made.items()}
