"""How damaged a photo is decides how sure a mark in it has to be."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inpaint_studio.document.layers import layer_from
from inpaint_studio.engines.contract import Payload, Progress, Silent
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.restore import network, unseen
from inpaint_studio.restore.defects import NETWORK, Defect, Threshold
from inpaint_studio.restore.finding import Found, search
from inpaint_studio.restore.parts import Part
from inpaint_studio.restore.prior import Regimes, fine, looks_whole, part_level, settled, shares, unattended
from inpaint_studio.restore.proposal import Proposal, Sliders, layer_of
from inpaint_studio.restore.unseen import FAINT, Bet
from tests.restore.conftest import search_of
from tests.restore.rules import rule

RULES = Regimes(
    sure=0.8,
    low=0.001,
    high=0.01,
    damaged=dict.fromkeys(NETWORK, 0.4),
    bet=Bet.never(),
)
#: Mends in a photo of which more than a tenth of a percent is surely damaged.
CAREFUL = rule(("damaged", float(np.log(0.001 + 3e-5)), -1.0, 1.0))
LEVELS = {**dict.fromkeys(NETWORK, Threshold(0.2, 0.9)), Defect.TEXT: Threshold(0.5, 0.6)}


def seen(**covered: float) -> dict[Defect, float]:
    return {Defect(name): share for name, share in covered.items()}


def test_only_sure_parts_tell_of_the_photo() -> None:
    box = Rect(0, 0, 10, 10)
    parts = [
        Part(Defect.DUST, box, (0, 0), 50, 0.95),
        Part(Defect.DUST, box, (0, 0), 400, 0.5),
        Part(Defect.STAINS, box, (0, 0), 100, 0.8),
        Part(Defect.TEXT, box, (0, 0), 900, 0.99),
    ]
    covered = shares(parts, 1000, 0.8)
    assert covered == seen(dust=0.05, lines=0, cracks=0, stains=0.1)
    assert fine(covered) == 0.05


def test_a_whole_photo_needs_what_it_needed_and_a_damaged_one_less() -> None:
    assert part_level(0.9, RULES, Defect.DUST, seen(dust=0.0005)) == pytest.approx(0.9)
    assert part_level(0.9, RULES, Defect.DUST, seen(dust=0.02)) == pytest.approx(0.4)
    halfway = part_level(0.9, RULES, Defect.DUST, seen(dust=10**-2.5))
    odds = [np.log(p / (1 - p)) for p in (0.9, halfway, 0.4)]
    assert odds[1] == pytest.approx((odds[0] + odds[2]) / 2)


@given(st.lists(st.floats(0, 0.2), min_size=2, max_size=5), st.sampled_from(NETWORK))
def test_more_damage_never_asks_for_more(covered: list[float], defect: Defect) -> None:
    levels = [part_level(0.9, RULES, defect, seen(dust=share)) for share in sorted(covered)]
    assert all(one >= other - 1e-12 for one, other in pairwise(levels))


def test_a_stain_does_not_vouch_for_itself() -> None:
    assert part_level(0.9, RULES, Defect.STAINS, seen(stains=0.2)) == pytest.approx(0.9)
    assert part_level(0.9, RULES, Defect.STAINS, seen(stains=0.2, lines=0.03)) == pytest.approx(0.4)


def test_text_is_left_as_it_is() -> None:
    assert settled(LEVELS, RULES, seen(dust=0.05))[Defect.TEXT] == LEVELS[Defect.TEXT]
    assert unattended(LEVELS)[Defect.TEXT] == LEVELS[Defect.TEXT]


def test_a_photo_looks_whole_up_to_the_share_at_which_its_thresholds_begin_to_fall() -> None:
    assert looks_whole(RULES, seen(dust=0.001))
    assert not looks_whole(RULES, seen(dust=0.0008, lines=0.0004))
    assert looks_whole(RULES, seen(stains=0.5)), "a pale thing may always be a shirt"


def test_where_nobody_looks_all_but_what_is_faint_is_judged() -> None:
    assert unattended(LEVELS)[Defect.DUST] == Threshold(0.2, FAINT)
    assert unattended({Defect.DUST: Threshold(0.6, 0.9)})[Defect.DUST] == Threshold(0.6, 0.6)


def test_the_notes_of_a_model_hold_it() -> None:
    rules = replace(RULES, bet=CAREFUL)
    again = Regimes.from_json(json.loads(json.dumps(rules.to_json())))
    assert replace(again, bet=rules.bet) == rules
    assert again.bet.to_json() == CAREFUL.to_json()


def detector(speckled: np.ndarray):  # type: ignore[no-untyped-def]
    """A worker whose network is sure of the white pixels and unsure of the gray ones."""

    def run(name: str, payload: Payload, progress: Progress) -> Payload:
        values = payload.arrays["image"][..., 0]
        found = np.zeros((*values.shape, len(NETWORK)), np.uint8)
        found[..., 0] = np.where(values > 0.9, 255, np.where(values > 0.6, 150, 0))
        return Payload({}, {"found": found})

    return run


def picture(sure: int) -> np.ndarray:
    """A photo with `sure` certain marks and one that may be damage."""
    image = np.full((200, 200, 3), 90, np.uint8)
    image[0, :60] = 0  # tones from black to white: nothing is stretched
    for number in range(sure):
        x, y = 10 + 18 * (number % 10), 20 + 18 * (number // 10)
        image[y : y + 4, x : x + 4] = 255
    image[190:194, 100:104] = 180
    return image


def look(monkeypatch: pytest.MonkeyPatch, sure: int) -> Found:
    monkeypatch.setattr(network, "available", lambda: True)
    monkeypatch.setattr(network, "thresholds", lambda: dict.fromkeys(NETWORK, Threshold(0.2, 0.9)))
    monkeypatch.setattr(network, "regimes", lambda: replace(RULES, bet=CAREFUL))
    image = picture(sure)
    return search(search_of(image), detector(image), Silent())


def listed(found: Found, *, sensitivity: float = 0.5) -> int:
    layer = layer_from(layer_of(found, "a", "Damage", Sliders(sensitivity=sensitivity)))
    return len(Proposal(layer).listed())  # type: ignore[arg-type]


def chosen(found: Found, *, alone: bool = False, sensitivity: float = 0.5) -> int:
    layer = layer_from(layer_of(found, "a", "Damage", Sliders(sensitivity=sensitivity), alone=alone))
    return int(Proposal(layer).all_chosen().sum())  # type: ignore[arg-type]


def test_the_same_mark_is_shown_among_many_and_hidden_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert listed(look(monkeypatch, 40)) == 41
    assert listed(look(monkeypatch, 1)) == 1
    assert listed(look(monkeypatch, 1), sensitivity=1) == 2


def test_a_photo_that_looks_whole_is_mended_by_who_looks_only(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, hurt = look(monkeypatch, 1), look(monkeypatch, 40)
    assert whole.looks_whole
    assert not hurt.looks_whole
    assert listed(whole) == 1
    assert chosen(whole, alone=True) == 0
    assert chosen(hurt, alone=True) == chosen(hurt) == 41


def test_how_good_a_bet_has_to_be_follows_the_sensitivity(monkeypatch: pytest.MonkeyPatch) -> None:
    found = replace(look(monkeypatch, 3), bets={0: 3.0, 1: 0.5, 2: -2.0})
    assert len(found.parts) == 4, "the last one is not judged"
    assert [chosen(found, alone=True, sensitivity=s) for s in (0, 0.2, 0.5, 0.8, 1)] == [0, 1, 2, 3, 3]
    everything = replace(found, bets=None)
    assert chosen(everything, alone=True, sensitivity=1) == 4, "where no rule judges, the thresholds do"


def test_what_the_rule_does_not_judge_is_never_mended_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unseen, "FAINT", 0.7)
    found = look(monkeypatch, 40)
    faint = [index for index, part in enumerate(found.parts) if part.confidence < 0.7]
    assert len(faint) == 1
    assert faint[0] not in (found.bets or {})
    assert chosen(found, alone=True, sensitivity=1) == 40


def test_who_looks_for_stains_only_has_seen_them(monkeypatch: pytest.MonkeyPatch) -> None:
    look(monkeypatch, 0)
    image = picture(1)
    found = search(search_of(image, classes=frozenset({Defect.STAINS})), detector(image), Silent())
    assert not found.looks_whole
    assert found.alone == found.thresholds


def test_a_model_without_regimes_keeps_its_thresholds(monkeypatch: pytest.MonkeyPatch) -> None:
    look(monkeypatch, 0)
    monkeypatch.setattr(network, "regimes", lambda: None)
    image = picture(40)
    found = search(search_of(image), detector(image), Silent())
    assert listed(found) == chosen(found, alone=True) == 40
