"""The choice of thresholds from pictures in which it is known what is right."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
from training.defects.calibrate import calibrated
from training.defects.evaluate import Score
from training.defects.generator import Sample
from training.defects.levels import Choice, Fit, Picture

from inpaint_studio.restore.defects import NETWORK, Defect
from inpaint_studio.restore.prior import Regimes

SIDE = 160


def drawn(marks: list[tuple[int, float]], seed: int) -> np.ndarray:
    """Planes in which a class has marks of 4×4 pixels: (channel, confidence) each, none touching another."""
    planes = np.zeros((SIDE, SIDE, len(NETWORK)), np.uint8)
    places = np.random.default_rng(seed).permutation((SIDE // 8) ** 2)[: len(marks)]
    for place, (channel, confidence) in zip(places.tolist(), marks, strict=True):
        y, x = 8 * (place // (SIDE // 8)) + 2, 8 * (place % (SIDE // 8)) + 2
        planes[y : y + 4, x : x + 4, channel] = round(255 * confidence)
    return planes


def damaged(seed: int) -> tuple[np.ndarray, Sample]:
    """Thirty specks, half of them seen faintly; and what the network made of them."""
    planes = drawn([(0, 0.95)] * 15 + [(0, 0.55)] * 15, seed)
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    return planes, Sample(image, image, (planes > 0).astype(np.uint8), np.zeros((SIDE, SIDE), np.uint8))


def whole(seed: int) -> np.ndarray:
    """An eyelash or two, as faint as half of the dust."""
    return drawn([(0, 0.55)] * 6, seed)


def test_faint_marks_count_in_a_damaged_photo_and_not_in_a_whole_one() -> None:
    found = calibrated([damaged(seed) for seed in range(3)], [whole(seed) for seed in range(10, 13)])
    assert found.thresholds["dust"][1] > 0.55
    rules = found.choice.regimes()
    assert rules.damaged[Defect.DUST] <= 0.55
    assert found.validation["f1"] == 1.0
    assert found.undamaged_percent == [0, 0, 0]
    assert rules.low < 15 * 16 / SIDE**2, "no damaged photo may pass for a whole one"
    again = Regimes.from_json(json.loads(json.dumps(rules.to_json())))
    assert again.to_json() == rules.to_json()
    assert replace(again, bet=rules.bet) == rules


def test_without_whole_photos_that_look_alike_all_is_shown() -> None:
    found = calibrated([damaged(0)], [np.zeros((SIDE, SIDE, 4), np.uint8)])
    assert found.thresholds["dust"][1] <= 0.55


def test_counting_packed_masks_is_counting() -> None:
    rng = np.random.default_rng(3)
    planes = rng.integers(0, 256, (SIDE, SIDE, 4)).astype(np.uint8)
    labels = (rng.random((SIDE, SIDE, 4)) < 0.02).astype(np.uint8)
    ignore = rng.random((SIDE, SIDE)) < 0.1
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    fit = Fit([Picture.of(planes, 0.4, Sample(image, image, labels, ignore.astype(np.uint8)))], [])
    choice = Choice(dict.fromkeys(NETWORK, 0.4), dict.fromkeys(NETWORK, 0.4), 0.001, 0.01)
    score, plain = fit.score(choice), Score()
    marked = (planes[..., :3] >= 102).any(2)
    plain.add(marked, labels[..., :3].any(2), ignore | (labels[..., 3] > 0))
    assert score == plain
