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
from inpaint_studio.restore.unseen import FEATURES, Bet, Mark, evenness, features

DUST, STAINS = NETWORK.index(Defect.DUST), NETWORK.index(Defect.STAINS)
SPECK = Mark(DUST, certainty=0.9, contrast=0.5, texture=0.01)


def weighing(**weights: float) -> Bet:
    return Bet(tuple(weights.get(name, 0.0) for name in FEATURES))


def test_each_weight_is_about_what_its_name_says() -> None:
    rows = features([SPECK, replace(SPECK, channel=STAINS)], damaged=0.01, even=0.5)
    speck, stain = (dict(zip(FEATURES, row, strict=True)) for row in rows.tolist())
    assert (speck["dust"], speck["stains"], stain["dust"], stain["stains"]) == (1, 0, 0, 1)
    assert speck["certainty"] == pytest.approx(np.log(9))
    assert speck["contrast"] == pytest.approx(np.log(0.52))
    assert speck["texture"] == pytest.approx(np.log(0.015))
    assert speck["damaged"] == pytest.approx(np.log(0.01003))
    assert speck["even"] == 0.5
    assert speck["contrast_texture"] == pytest.approx(np.log(0.52) * np.log(0.015))
    assert speck["stain_certainty"] == speck["stain_contrast"] == speck["stain_texture"] == 0
    assert [stain[f"stain_{name}"] for name in ("certainty", "contrast", "texture")] == [
        speck[name] for name in ("certainty", "contrast", "texture")
    ]


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_whatever_is_known_the_score_is_a_number(
    certainty: float, contrast: float, texture: float, damaged: float, even: float
) -> None:
    bet = weighing(**dict.fromkeys(FEATURES, 1.0))
    assert np.isfinite(bet.scores([Mark(STAINS, certainty, contrast, texture)], damaged, even)).all()


def test_never_is_never_and_nothing_is_nothing() -> None:
    marks = [Mark(channel, 1.0, 1.0, 0.0) for channel in range(len(NETWORK))]
    assert (Bet.never().scores(marks, 1.0, 1.0) < 0).all()
    assert Bet.never().scores([], 0.0, 0.0).shape == (0,)


def test_damage_that_falls_anywhere_is_even_and_what_gathers_is_not() -> None:
    steps = (np.arange(6) + 0.5) / 6
    anywhere = np.stack(np.meshgrid(steps, steps), 2).reshape(-1, 2)
    assert evenness(anywhere) == 1
    assert evenness(anywhere * 0.3) == pytest.approx(4 / 36)
    assert evenness(np.zeros((0, 2))) == 0
    assert evenness(np.ones((3, 2))) == pytest.approx(1 / 36), "the far corner belongs to the last cell"


def test_the_notes_of_a_model_hold_the_rule_by_name() -> None:
    bet = weighing(dust=1.5, texture=-2.0)
    told = json.loads(json.dumps(bet.to_json()))
    assert told["texture"] == -2
    assert Bet.from_json(told) == bet
    with pytest.raises(KeyError):
        Bet.from_json(dict.fromkeys(FEATURES[1:], 1.0))


def test_the_shipped_rule_mends_dust_on_a_wall_and_leaves_a_faint_stain_in_a_whole_photo_alone() -> None:
    if not network.available():
        pytest.skip("onnxruntime is not installed")
    regimes = network.regimes()
    assert regimes is not None
    assert regimes.bet.scores([SPECK], damaged=0.01, even=0.6)[0] > 0
    assert regimes.bet.scores([Mark(STAINS, 0.6, 0.05, 0.15)], damaged=0.0, even=0.0)[0] < 0
    surer = regimes.bet.scores([SPECK, replace(SPECK, certainty=0.6)], damaged=0.002, even=0.2)
    assert surer[0] > surer[1], "what is surer is the better bet"
