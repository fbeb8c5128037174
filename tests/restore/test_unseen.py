"""The rule of what is mended where nobody looks."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inpaint_studio.restore import network
from inpaint_studio.restore.defects import NETWORK, Defect
from inpaint_studio.restore.unseen import FEATURES, Bet, Mark, features, together
from tests.restore.rules import rule

DUST, STAINS = NETWORK.index(Defect.DUST), NETWORK.index(Defect.STAINS)
SPECK = Mark(
    DUST, y=0.5, x=0.5, pixels=12, wide=4, high=4, certainty=0.9, surest=0.97, least=0.8, other=0.1, elongation=1.2,
    contrast=0.5, texture=0.01, beyond=0.45, spread=0.02, colour=0.01, edge=0.4,
)  # fmt: skip
AREA = 1_000_000


def known(marks: list[Mark], area: int = AREA) -> list[dict[str, float]]:
    return [dict(zip(FEATURES, row, strict=True)) for row in features(marks, area).tolist()]


def test_each_column_is_what_its_name_says() -> None:
    speck, stain = known([SPECK, replace(SPECK, channel=STAINS, contrast=-0.3, pixels=900, wide=60, high=20)])
    assert (speck["dust"], speck["stains"], stain["dust"], stain["stains"]) == (1, 0, 0, 1)
    assert speck["certainty"] == pytest.approx(np.log(9))
    assert speck["surest"] > speck["certainty"] > speck["least"] > 0 > speck["other"]
    assert speck["size"] == pytest.approx(np.log(12))
    assert (speck["length"], stain["length"]) == pytest.approx((np.log(4), np.log(60)))
    assert speck["filled"] == pytest.approx(np.log(12 / 16))
    assert speck["elongation"] == pytest.approx(np.log(1.2))
    assert (speck["contrast"], stain["contrast"]) == (0.5, -0.3)
    assert (speck["stands_out"], stain["stands_out"]) == pytest.approx((np.log(0.52), np.log(0.32)))
    assert speck["texture"] == pytest.approx(np.log(0.015))
    assert [speck[name] for name in ("beyond", "spread", "colour", "edge")] == [0.45, 0.02, 0.01, 0.4]


def test_of_the_photo_a_mark_is_told_what_the_others_say() -> None:
    sure = [replace(SPECK, y=y, x=0.1, certainty=0.95) for y in (0.1, 0.4, 0.8)]
    faint = replace(SPECK, certainty=0.6, surest=0.7, x=0.9)
    stain = replace(SPECK, channel=STAINS, certainty=0.99, pixels=50_000)
    told = known([*sure, faint, stain])
    first, last = told[0], told[3]
    assert first["damaged"] == last["damaged"] == pytest.approx(np.log(36 / AREA + 3e-5)), (
        "a stain tells nothing of the photo"
    )
    assert first["damaged_else"] == pytest.approx(np.log(24 / AREA + 3e-5))
    assert last["damaged_else"] == last["damaged"], "it is not sure itself"
    assert (first["even"], last["even"]) == pytest.approx((3 / 36, 3 / 36))
    assert (first["even_else"], last["even_else"]) == pytest.approx((4 / 36, 4 / 36))
    assert last["others"] == pytest.approx(np.log(19)), "it lies among sure ones"
    assert first["others"] < last["others"], "and they beside it"
    assert first["others_of_class"] == first["others"]
    assert told[4]["others_of_class"] == -1, "no other stain"
    assert last["surest_else"] == pytest.approx(np.log(19))
    assert first["surest_else"] < last["surest_else"]
    assert told[4]["surest_else"] == last["surest_else"]
    assert first["many"] == pytest.approx(np.log(5))
    assert (first["many_sure"], last["many_sure"]) == pytest.approx((np.log(3), np.log(4)))
    assert (first["sure_share"], last["sure_share"]) == pytest.approx((2 / 3, 1))


def test_marks_lighter_than_their_ground_speak_for_each_other() -> None:
    light = [replace(SPECK, x=x) for x in (0.1, 0.3, 0.5)]
    told = known([*light, replace(SPECK, contrast=-0.5)])
    assert told[0]["alike"] > 0.5 > told[3]["alike"]


def test_a_mark_alone_is_told_so() -> None:
    (alone,) = known([SPECK])
    assert (alone["others"], alone["others_of_class"], alone["surest_else"]) == (-1, -1, -2)
    assert (alone["many"], alone["many_sure"], alone["sure_share"], alone["even_else"]) == (0, 0, 0, 0)


marks = st.builds(
    Mark, st.integers(0, 3), y=st.floats(0, 1), x=st.floats(0, 1), pixels=st.integers(1, 10**8), wide=st.integers(1, 10**5),
    high=st.integers(1, 10**5), certainty=st.floats(0, 1), surest=st.floats(0, 1), least=st.floats(0, 1), other=st.floats(0, 1),
    elongation=st.floats(1, 1e9), contrast=st.floats(-1, 1), texture=st.floats(0, 1), beyond=st.floats(-1, 1),
    spread=st.floats(0, 1), colour=st.floats(0, 4), edge=st.floats(0, 1),
)  # fmt: skip


@given(st.lists(marks, max_size=12), st.integers(1, 10**9))
def test_whatever_is_known_it_is_a_number(found: list[Mark], area: int) -> None:
    rows = features(found, area)
    assert rows.shape == (len(found), len(FEATURES))
    assert np.isfinite(rows).all()


@given(st.lists(marks, min_size=2, max_size=9), st.randoms())
def test_the_order_of_marks_does_not_matter(found: list[Mark], random: object) -> None:
    order = list(range(len(found)))
    random.shuffle(order)  # type: ignore[attr-defined]
    rows = features([found[place] for place in order], AREA)
    assert rows == pytest.approx(features(found, AREA)[order], abs=1e-6)


def test_the_others_are_weighed_without_the_mark_itself() -> None:
    """What is quick to compute from sums is what taking each mark out gives."""
    rng = np.random.default_rng(8)
    found = [
        replace(
            SPECK, channel=int(rng.integers(3)), certainty=float(p), surest=float(p), pixels=int(rng.integers(1, 90))
        )
        for p in rng.uniform(0.4, 0.99, 9)
    ]
    for place, told in enumerate(known(found)):
        rest = found[:place] + found[place + 1 :]
        odds = np.log([m.certainty / (1 - m.certainty) for m in rest])
        assert told["others"] == pytest.approx(np.average(odds, weights=np.sqrt([m.pixels for m in rest])))
        assert told["surest_else"] == pytest.approx(np.sort(odds)[-3:].mean())


def test_what_touches_a_good_bet_is_one_too() -> None:
    scores = together(np.array([-3.0, 2.0, -1.0, -5.0]), np.array([7, 7, 4, 4]))
    assert scores.tolist() == [2, 2, -1, -1]
    assert together(np.zeros(0), np.zeros(0, np.int64)).shape == (0,)


def test_each_class_needs_its_own() -> None:
    bet = rule(("certainty", 0.0, -1.0, 1.0))
    wary = replace(bet, needs=(0.0, 0.0, 0.0, 1.5))
    assert wary.scores([SPECK, replace(SPECK, channel=STAINS)], AREA).tolist() == [1, -0.5]


def test_never_is_never_and_nothing_is_nothing() -> None:
    found = [replace(SPECK, channel=channel) for channel in range(len(NETWORK))]
    assert (Bet.never().scores(found, AREA) < 0).all()
    assert Bet.never().scores([], AREA).shape == (0,)


def test_the_notes_of_a_model_hold_the_rule() -> None:
    bet = rule(("texture", -3.0, 2.0, -2.0), need=0.5)
    again = Bet.from_json(json.loads(json.dumps(bet.to_json())))
    assert again.needs == bet.needs
    assert again.scores([SPECK], AREA).tolist() == bet.scores([SPECK], AREA).tolist() == [1.5]
    with pytest.raises(KeyError):
        Bet.from_json({"forest": bet.forest.to_json(), "needs": {}})


def test_the_shipped_rule_mends_dust_among_dust_and_leaves_a_faint_stain_in_a_whole_photo_alone() -> None:
    if not network.available():
        pytest.skip("onnxruntime is not installed")
    regimes = network.regimes()
    assert regimes is not None
    rng = np.random.default_rng(2)
    dusty = [replace(SPECK, y=float(y), x=float(x), certainty=0.97, surest=0.99) for y, x in rng.uniform(0, 1, (60, 2))]
    assert (regimes.bet.scores(dusty, AREA) > 0).all()
    faint = replace(
        SPECK, channel=STAINS, certainty=0.55, surest=0.6, least=0.5, contrast=0.05, beyond=-0.1, texture=0.15
    )
    assert regimes.bet.scores([faint], AREA)[0] < 0
    alone = [replace(SPECK, certainty=p, surest=p, least=p - 0.1) for p in (0.55, 0.75, 0.95)]
    scores = [regimes.bet.scores([mark], AREA)[0] for mark in alone]
    assert scores == sorted(scores), "what is surer is the better bet"
