"""The rule of what is mended unseen is learned from what mending did to pictures whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from training.defects import bets
from training.defects.bets import HARMED, MOST_LOST, WARIER, Marks, choose, fit, moved
from training.defects.generator import Sample

from inpaint_studio.restore.defects import NETWORK, Defect
from inpaint_studio.restore.unseen import Bet, Mark

DUST, CRACKS, STAINS = (NETWORK.index(defect) for defect in (Defect.DUST, Defect.CRACKS, Defect.STAINS))
PLAIN, LEAVES = Mark(DUST, 0.9, 0.4, 0.01), Mark(DUST, 0.9, 0.4, 0.2)


def picture(photo: str, marks: dict[Mark, float], *, whole: bool = False, damaged: float = 0.01) -> Marks:
    """A picture whose own error is 1000; what filling each mark adds to it."""
    return Marks(photo, whole, 1000.0, tuple(marks), np.array(list(marks.values()), np.float64), damaged, 0.3)


def pictures() -> list[Marks]:
    """On a wall a mark is dust, among leaves it is a leaf; and in whole photos all are leaves, on a wall rather few."""
    made = []
    for number in range(8):
        made.append(picture(f"{number}", {PLAIN: -200.0, LEAVES: 150.0}))
        made.append(picture(f"{number}", {LEAVES: 300.0}, whole=True, damaged=0.0005))
    return made


def test_what_took_error_out_is_mended_and_what_added_some_is_left() -> None:
    bet = fit(pictures())
    assert (bet.scores([PLAIN, LEAVES], 0.01, 0.3) > 0).tolist() == [True, False]


def test_a_mark_counts_by_what_is_at_stake() -> None:
    """Three little gains on the wall do not outweigh a great loss there."""
    cheap = [picture(f"{number}", {PLAIN: -2.0}) for number in range(3)]
    dear = picture("dear", {PLAIN: 100.0})
    assert fit(cheap).scores([PLAIN], 0.01, 0.3)[0] > 0
    assert fit([*cheap, dear]).scores([PLAIN], 0.01, 0.3)[0] < 0


def test_without_marks_nothing_is_learned() -> None:
    assert fit([picture("a", {})]) == Bet.never()


def test_a_rule_is_moved_by_its_constants() -> None:
    bet = fit(pictures())
    before, after = (one.scores([PLAIN, LEAVES], 0.01, 0.3) for one in (bet, moved(bet, 0.7)))
    assert after == pytest.approx(before - 0.7, abs=1e-4)
    stain = Mark(STAINS, 0.9, 0.4, 0.01)
    before, after = (one.scores([PLAIN, stain], 0.01, 0.3) for one in (bet, moved(bet, 0.7, 0.5)))
    assert after == pytest.approx(before - [0.7, 1.2], abs=1e-4)


def test_stains_are_judged_as_warily_as_costs_nothing() -> None:
    stain = Mark(STAINS, 0.8, 0.4, 0.05)
    names = [f"{number}" for number in range(8)]
    free, dear = ([picture(name, {PLAIN: -200.0, stain: added}) for name in names] for added in (-0.5, -200.0))
    whole = [picture(name, {LEAVES: 300.0}, whole=True, damaged=0.0005) for name in names]
    assert choose([*free, *whole], names)[1]["stains"] == max(WARIER)
    bet, told = choose([*dear, *whole], names)
    assert bet.scores([stain], 0.01, 0.3)[0] > 0, "what gains is mended"
    assert told["gained"] == pytest.approx(10 * np.log10(1000 / 600), abs=0.06)


def test_the_rule_that_is_chosen_keeps_whole_photos_whole() -> None:
    names = [f"{number}" for number in range(8)]
    bet, told = choose(pictures(), names)
    assert told["lost"] <= MOST_LOST
    assert told["harmed"] == 0
    assert told["gained"] == pytest.approx(10 * np.log10(1000 / 800), abs=0.01)
    assert bet.scores([PLAIN], 0.01, 0.3)[0] > 0
    unlike = [picture("wall", {PLAIN: 500.0}, whole=True, damaged=0.01) for _ in range(2)]
    careful, warned = choose([*pictures(), *unlike], [*names, "wall"])
    assert careful.scores([PLAIN], 0.01, 0.3)[0] < 0, "a whole photo with marks like these must not lose so much"
    assert warned["shift"] > told["shift"]
    assert warned["gained"] < told["gained"]


def test_of_the_training_photos_a_few_may_lose() -> None:
    lost = 1000 * (10 ** (1.2 * HARMED / 10) - 1)
    crowd = [picture(f"t{number}", {}, whole=True) for number in range(20)]
    odd = picture("odd", {PLAIN: lost}, whole=True, damaged=0.01)
    bet, told = choose([*pictures(), *crowd, odd], [f"{number}" for number in range(8)])
    assert bet.scores([PLAIN], 0.01, 0.3)[0] > 0
    assert 0 < told["harmed"] <= 0.1


def test_where_no_rule_is_safe_nothing_is_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bets, "SHIFTS", (-1.0, 0.0))
    mad = [picture("a", {Mark(channel, 0.9, 0.4, 0.1): 900.0 for channel in range(4)}, whole=True)]
    other = [picture("b", {Mark(channel, 0.9, 0.4, 0.1): -900.0 for channel in range(4)}) for _ in range(40)]
    bet, told = choose([*mad, *other], ["a", "b"])
    assert bet == Bet.never()
    assert told["gained"] == 0


def test_a_picture_says_what_filling_its_marks_adds() -> None:
    image = np.full((80, 80, 3), 100, np.uint8)
    planes = np.zeros((80, 80, len(NETWORK)), np.uint8)
    planes[20:24, 20:24, DUST] = 250
    planes[60:64, 60:64, DUST] = 180
    planes[5:9, 60:64, DUST] = 60
    image[20:24, 20:24] = image[60:64, 60:64] = 220
    clean = image.copy()
    clean[20:24, 20:24] = 100
    labels = np.zeros((80, 80, 4), np.uint8)
    made = Marks.of_damaged("a", Sample(image, clean, labels, labels[..., 0]), planes, 0.2)
    assert len(made.marks) == 2, "what is faint is not judged"
    right, wrong = made.marks
    assert (right.certainty, wrong.certainty) == pytest.approx((250 / 255, 180 / 255))
    assert right.contrast == pytest.approx(120 / 255, abs=0.01)
    assert made.error == pytest.approx(16 * 3 * 120**2)
    assert made.added[0] < -0.9 * made.error
    assert made.added[1] > 0.9 * made.error
    assert made.damaged == pytest.approx(16 / 6400), "what is sure"
    assert made.even == pytest.approx(1 / 36)
    only_right = Bet(tuple(np.eye(len(NETWORK) + 11)[4] * 1.0))
    assert made.gain(moved(only_right, 2.0)) > 5
    assert made.gain(moved(only_right, -5.0)) < 1


def test_what_two_classes_mark_counts_once() -> None:
    image = np.full((60, 60, 3), 100, np.uint8)
    image[20:24, 20:24] = 220
    planes = np.zeros((60, 60, len(NETWORK)), np.uint8)
    planes[20:24, 20:24, DUST] = planes[20:24, 20:24, CRACKS] = 250
    labels = np.zeros((60, 60, 4), np.uint8)
    made = Marks.of_damaged("a", Sample(image, np.full_like(image, 100), labels, labels[..., 0]), planes, 0.4)
    assert made.added == pytest.approx([-made.error / 2] * 2, rel=0.05)


def test_a_whole_photo_is_off_by_what_storing_it_costs() -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (80, 80, 3), np.uint8)
    planes = np.zeros((80, 80, len(NETWORK)), np.uint8)
    planes[20:30, 20:30, STAINS] = 250
    made = Marks.of_whole("a", rgb, planes, 0.4)
    assert made.whole
    assert made.error > 80 * 80
    assert made.added[0] > 0
    assert made.damaged == 0, "a stain tells nothing of the photo"
