"""What may be mended unseen is chosen so that whole photos stay whole."""

from __future__ import annotations

import numpy as np
import pytest
from training.defects.generator import Sample
from training.defects.ground import MOST_LOST, Ground, Rule, choose

from inpaint_studio.restore.defects import NETWORK, Defect
from inpaint_studio.restore.prior import FINE, NEVER

DUST, STAINS = NETWORK.index(Defect.DUST), NETWORK.index(Defect.STAINS)


def ground_of(*marks: tuple[int, float, float, float, float], error: float = 1000.0) -> Ground:
    """Marks as channel, confidence, spread around, distance from it, error that filling adds."""
    return Ground(error, np.array(marks, np.float64).reshape(-1, 5))


def test_marks_are_mended_on_ground_as_plain_as_whole_photos_allow() -> None:
    damaged = [ground_of((DUST, 0.99, 0.012, 0.4, -500), (DUST, 0.99, 0.045, 0.4, -500))]
    whole = [ground_of((DUST, 0.99, 0.045, 0.4, 900))]
    rule = choose(damaged, whole)
    assert 0.012 <= rule.plain < 0.045
    assert rule.sure[Defect.DUST] <= 0.99
    assert choose(damaged, []).plain >= 0.045
    assert all(photo.spared(rule) for photo in whole)


def test_a_class_that_is_hardly_there_is_left_alone() -> None:
    crack = NETWORK.index(Defect.CRACKS)
    rule = choose([ground_of((DUST, 0.99, 0.01, 0.4, -990), (crack, 0.99, 0.01, 0.4, -10))], [])
    assert rule.sure[Defect.CRACKS] == NEVER
    assert rule.sure[Defect.DUST] < 1


def test_a_stain_has_to_be_further_off_than_what_was_wrong_in_any_picture() -> None:
    stains = ground_of((STAINS, 0.99, 0.1, 0.4, -5000), (STAINS, 0.99, 0.1, 0.14, 4000))
    rule = choose([stains], [])
    assert 1.4 < rule.distinct <= 4
    assert rule.sure[Defect.STAINS] < 1
    assert stains.added(rule) == -5000
    shirt = ground_of((STAINS, 0.99, 0.1, 0.4, 4000))
    assert choose([stains], [shirt]).sure[Defect.STAINS] == NEVER


def test_nothing_is_mended_where_nothing_gains() -> None:
    rule = choose([ground_of((DUST, 0.99, 0.01, 0.4, 300))], [])
    assert set(rule.sure.values()) == {NEVER}


def test_a_little_margin_is_kept() -> None:
    allowed = 1000 * (10 ** (MOST_LOST / 10) - 1)
    rule = Rule.of(FINE, 0.9, plain=0.03)
    assert ground_of((DUST, 0.95, 0.02, 0.4, 0.9 * allowed)).spared(rule)
    assert not ground_of((DUST, 0.95, 0.02, 0.4, 1.1 * allowed)).spared(rule)
    assert not ground_of((DUST, 0.95, 0.035, 0.4, 5 * allowed)).spared(rule), "on ground that is hardly less plain"


def test_a_picture_says_what_filling_its_marks_adds() -> None:
    image = np.full((80, 80, 3), 100, np.uint8)
    planes = np.zeros((80, 80, len(NETWORK)), np.uint8)
    planes[20:24, 20:24, DUST] = 250
    planes[60:64, 60:64, DUST] = 200
    image[20:24, 20:24] = image[60:64, 60:64] = 220
    clean = image.copy()
    clean[20:24, 20:24] = 100
    labels = np.zeros((80, 80, 4), np.uint8)
    made = Ground.damaged(Sample(image, clean, labels, labels[..., 0]), planes, 0.4)
    right, wrong = sorted(made.marks.tolist(), key=lambda mark: -mark[1])
    assert right[1] == pytest.approx(250 / 255)
    assert right[3] == pytest.approx(120 / 255, abs=0.01)
    assert right[4] < -0.9 * 16 * 3 * 120**2
    assert wrong[4] > 0.9 * 16 * 3 * 120**2
    photo = Ground.whole(np.random.default_rng(1).integers(0, 256, (80, 80, 3), np.uint8), planes, 0.4)
    assert photo.error > 0
