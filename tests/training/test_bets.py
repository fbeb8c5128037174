"""The rule of what is mended unseen is learned from what mending did to pictures whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from training.defects import bets
from training.defects.bets import HARMED, MOST_LOST, SELDOM, WARIER, Marks, choose, fit, moved
from training.defects.generator import Sample

from inpaint_studio.restore.defects import NETWORK, Defect
from inpaint_studio.restore.unseen import Bet, Mark

DUST, CRACKS, STAINS = (NETWORK.index(defect) for defect in (Defect.DUST, Defect.CRACKS, Defect.STAINS))
PLAIN = Mark(
    DUST, y=0.5, x=0.5, pixels=12, wide=4, high=4, certainty=0.9, surest=0.97, least=0.8, other=0.1, elongation=1.2,
    contrast=0.4, texture=0.01, beyond=0.35, spread=0.02, colour=0.01, edge=0.3,
)  # fmt: skip
LEAVES = replace(PLAIN, texture=0.2, beyond=-0.1)
STAIN = replace(PLAIN, channel=STAINS, pixels=900, wide=30, high=30, texture=0.05)
AREA = 250_000


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pictures here are simple."""
    monkeypatch.setattr(bets, "TREES", 30)


def picture(photo: str, marks: dict[Mark, float], *, whole: bool = False) -> Marks:
    """A picture whose own error is 1000; what filling each mark adds to it."""
    added = np.array(list(marks.values()), np.float64)
    return Marks(photo, whole, 1000.0, tuple(marks), added, np.arange(len(marks)), AREA)


def pictures() -> list[Marks]:
    """On a wall a mark is dust, among leaves it is a leaf; and in whole photos all are leaves."""
    made = []
    for number in range(8):
        made.append(picture(f"{number}", {PLAIN: -200.0, LEAVES: 150.0}))
        made.append(picture(f"{number}", {LEAVES: 300.0}, whole=True))
    return made


def mended(bet: Bet, *marks: Mark) -> list[bool]:
    return (bet.scores(marks, AREA) > 0).tolist()


def test_what_took_error_out_is_mended_and_what_added_some_is_left() -> None:
    assert mended(fit(pictures()), PLAIN, LEAVES) == [True, False]


def test_the_forest_that_travels_says_what_the_library_says(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(6)
    found = []
    for number in range(30):
        marks = {
            replace(PLAIN, certainty=float(p), texture=float(t), contrast=float(c)): float(
                rng.normal(100 * (t - p), 40)
            )
            for p, t, c in rng.uniform(0.05, 0.95, (12, 3))
        }
        found.append(picture(f"{number}", marks))
    heard = []
    boosting = bets.HistGradientBoostingClassifier

    class Heard(boosting):  # type: ignore[misc, valid-type]
        def fit(self, *arguments: object, **options: object) -> Heard:
            heard.append(self)
            return super().fit(*arguments, **options)  # type: ignore[no-any-return]

    monkeypatch.setattr(bets, "HistGradientBoostingClassifier", Heard)
    bet = fit(found)
    rows = np.concatenate([one.rows() for one in found])
    said = np.mean([one.decision_function(rows) for one in heard], 0)
    assert len(heard) > 1
    assert said.std() > 0.3
    scores = np.concatenate([bet.scores(one.marks, AREA) for one in found])
    assert scores == pytest.approx(said, abs=1e-6)


def test_a_mark_counts_by_what_is_at_stake() -> None:
    """Three little gains on the wall do not outweigh a great loss there."""
    cheap = [picture(f"{number}", {PLAIN: -2.0}) for number in range(3)]
    dear = picture("dear", {PLAIN: 100.0})
    assert mended(fit(cheap), PLAIN) == [True]
    assert mended(fit([*cheap, dear]), PLAIN) == [False]


def test_without_marks_nothing_is_learned() -> None:
    assert mended(fit([picture("a", {})]), PLAIN) == [False]


def test_a_rule_is_moved_by_what_it_needs() -> None:
    bet = fit([*pictures(), *(picture(f"{number}", {STAIN: -100.0}) for number in range(8))])
    both = [PLAIN, STAIN]
    before, after = (one.scores(both, AREA) for one in (bet, moved(bet, 0.7)))
    assert after == pytest.approx(before - 0.7, abs=1e-4)
    after = moved(bet, 0.7, 0.5).scores(both, AREA)
    assert after == pytest.approx(before - [0.7, 1.2], abs=1e-4)


def test_stains_are_judged_as_warily_as_costs_nothing() -> None:
    names = [f"{number}" for number in range(8)]
    free, dear = ([picture(name, {PLAIN: -200.0, STAIN: added}) for name in names] for added in (-0.5, -200.0))
    whole = [picture(name, {LEAVES: 300.0}, whole=True) for name in names]
    assert choose([*free, *whole], names)[1]["stains"] == max(WARIER)
    bet, told = choose([*dear, *whole], names)
    assert bet.scores([PLAIN, STAIN], AREA)[1] > 0, "what gains is mended"
    assert told["gained"] == pytest.approx(10 * np.log10(1000 / 600), abs=0.06)


def test_the_rule_that_is_chosen_keeps_whole_photos_whole() -> None:
    names = [f"{number}" for number in range(8)]
    bet, told = choose(pictures(), names)
    assert told["lost"] <= MOST_LOST
    assert told["harmed"] == 0
    assert told["gained"] == pytest.approx(10 * np.log10(1000 / 800), abs=0.01)
    assert mended(bet, PLAIN, LEAVES) == [True, False]
    unlike = [picture("wall", {PLAIN: 500.0, LEAVES: 0.0}, whole=True) for _ in range(2)]
    careful, warned = choose([*pictures(), *unlike], [*names, "wall"])
    assert mended(careful, PLAIN, LEAVES) == [False, False], "a whole photo with marks like these must not lose so much"
    assert warned["shift"] > told["shift"]
    assert warned["gained"] < told["gained"]


def test_of_the_undamaged_pictures_a_few_may_lose() -> None:
    lost = 1000 * (10 ** (1.2 * HARMED / 10) - 1)
    crowd = [picture(f"t{number}", {}, whole=True) for number in range(40)]
    odd = picture("odd", {PLAIN: lost}, whole=True)
    bet, told = choose([*pictures(), *crowd, odd], [f"{number}" for number in range(8)])
    assert mended(bet, PLAIN) == [True]
    assert 0 < told["harmed"] <= SELDOM


def test_where_no_rule_is_safe_nothing_is_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bets, "SHIFTS", (-1.0, 0.0))
    mad = [picture("a", {replace(LEAVES, channel=channel): 900.0 for channel in range(4)}, whole=True)]
    other = [picture("b", {replace(LEAVES, channel=channel): -900.0 for channel in range(4)}) for _ in range(40)]
    bet, told = choose([*mad, *other], ["a", "b"])
    assert mended(bet, PLAIN, LEAVES, STAIN) == [False] * 3
    assert told["gained"] == 0


def test_what_touches_a_good_bet_is_filled_with_it() -> None:
    made = replace(picture("a", {PLAIN: -300.0, LEAVES: -200.0, STAIN: 400.0}), groups=np.array([5, 5, 6]))
    assert made.gain(np.array([1.0, -2.0, -1.0])) == pytest.approx(10 * np.log10(2))


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
    assert (right.y, right.x, right.pixels) == (22 / 80, 22 / 80, 16)
    assert made.error == pytest.approx(16 * 3 * 120**2)
    assert made.added[0] < -0.9 * made.error
    assert made.added[1] > 0.9 * made.error
    assert made.area == 6400
    assert made.groups[0] != made.groups[1]
    assert made.gain(np.array([1.0, -1.0])) > 5
    assert made.gain(np.array([1.0, 1.0])) < 1


def test_what_two_classes_mark_counts_once() -> None:
    image = np.full((60, 60, 3), 100, np.uint8)
    image[20:24, 20:24] = 220
    planes = np.zeros((60, 60, len(NETWORK)), np.uint8)
    planes[20:24, 20:24, DUST] = planes[20:24, 20:24, CRACKS] = 250
    labels = np.zeros((60, 60, 4), np.uint8)
    made = Marks.of_damaged("a", Sample(image, np.full_like(image, 100), labels, labels[..., 0]), planes, 0.4)
    assert made.added == pytest.approx([-made.error / 2] * 2, rel=0.05)
    assert made.groups[0] == made.groups[1]
    assert made.gain(np.array([1.0, -1.0])) > 5, "one is filled with the other"


def test_a_whole_photo_is_off_by_what_storing_it_costs() -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (80, 80, 3), np.uint8)
    planes = np.zeros((80, 80, len(NETWORK)), np.uint8)
    planes[20:30, 20:30, STAINS] = 250
    made = Marks.of_whole("a", rgb, planes, 0.4)
    assert made.whole
    assert made.error > 80 * 80
    assert made.added[0] > 0
