"""What is mended unseen depends on what lies around it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inpaint_studio.document.layers import layer_from
from inpaint_studio.engines.contract import Payload, Progress, Silent
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.restore import network
from inpaint_studio.restore.defects import NETWORK, Defect, Threshold
from inpaint_studio.restore.finding import Found, Search, search
from inpaint_studio.restore.proposal import Proposal, Sliders, layer_of
from inpaint_studio.restore.surroundings import around, ground
from inpaint_studio.restore.unseen import FEATURES, Bet
from tests.restore.conftest import search_of
from tests.restore.test_prior import RULES

SIDE = 240
PLAIN, LEAVES = (40, 60), (40, 180)
"""y and x of two specks: one on a wall, one among leaves."""


def bet(constant: float, **weights: float) -> Bet:
    """A rule with the same constant for all classes."""
    return Bet(tuple(constant if name in NETWORK else weights.get(name, 0.0) for name in FEATURES))


#: Mends on ground that is plainer the less of the photo is damaged: at 0.1 % its tones may spread by 0.03.
WARY = bet(np.log(0.035) - np.log(0.001 + 3e-5), texture=-1.0, damaged=1.0)


def square(at: tuple[int, int], size: int = 5) -> tuple[slice, slice]:
    return slice(at[0], at[0] + size), slice(at[1], at[1] + size)


def photo() -> np.ndarray:
    """Gray, with leaves on the right half and two white specks."""
    image = np.full((SIDE, SIDE, 3), 90, np.uint8)
    image[:, SIDE // 2 :] = np.random.default_rng(5).integers(0, 180, (SIDE, SIDE // 2, 1))
    for at in (PLAIN, LEAVES):
        image[square(at)] = 255
    return image


def look(
    monkeypatch: pytest.MonkeyPatch, job: Search, channel: int, places: list[tuple[slice, slice]], rule: Bet = WARY
) -> Found:
    """A search whose network is sure of some places, in one class."""

    def run(name: str, payload: Payload, progress: Progress) -> Payload:
        found = np.zeros((SIDE, SIDE, len(NETWORK)), np.uint8)
        for place in places:
            found[(*place, channel)] = 250
        return Payload({}, {"found": found})

    monkeypatch.setattr(network, "available", lambda: True)
    monkeypatch.setattr(network, "thresholds", lambda: dict.fromkeys(NETWORK, Threshold(0.2, 0.9)))
    monkeypatch.setattr(network, "regimes", lambda: replace(RULES, bet=rule))
    return search(job, run, Silent())


def proposal(found: Found, *, alone: bool) -> Proposal:
    return Proposal(layer_from(layer_of(found, "a", "Damage", Sliders(), alone=alone)))  # type: ignore[arg-type]


def test_the_ring_around_a_mark_tells_its_ground() -> None:
    gray = np.full((40, 40), 0.25, np.float32)
    own = np.zeros((40, 40), bool)
    own[18:22, 18:22] = True
    gray[own] = 1.0
    assert ground(gray, own, own) == pytest.approx((0, 0.75))
    other = np.zeros((40, 40), bool)
    other[10:14, 10:30] = True
    dusty = np.where(other, np.float32(1), gray)
    assert ground(dusty, own, own)[0] > 0.1
    assert ground(dusty, own, own | other) == pytest.approx((0, 0.75)), "what is marked too is no ground"
    assert ground(dusty, own, np.ones((40, 40), bool))[0] > 0.1, "unless nothing else is there"
    gray[:, ::2] += 0.2
    spread, apart = ground(np.where(own, np.float32(1), gray), own, own)
    assert spread == pytest.approx(0.1, abs=0.01)
    assert apart == pytest.approx(0.65, abs=0.02)
    assert ground(gray, np.ones((40, 40), bool), own) == (0, 0), "nothing lies around it"


def test_what_is_read_stays_in_the_photo() -> None:
    extent = Rect(0, 0, 100, 50)
    assert around(Rect(4, 20, 30, 48), (6, 20), extent) == Rect(0, 10, 40, 50)
    long = around(Rect(100, 100, 9000, 9100), (5000, 100), Rect(0, 0, 10000, 10000))
    assert long.area < 1025 * 1025, "of a crack through all of a large scan a piece is looked at"
    assert long.left < 5000 < long.right


def test_in_a_whole_photo_a_speck_on_plain_ground_is_mended_and_one_among_leaves_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = look(monkeypatch, search_of(photo()), 0, [square(PLAIN), square(LEAVES)])
    assert found.looks_whole
    mask = proposal(found, alone=True).mask()
    assert mask.read(mask.extent)[PLAIN].all()
    assert not mask.read(mask.extent)[LEAVES].any()
    assert proposal(found, alone=False).all_chosen().all(), "who looks is shown both"


def test_in_a_damaged_photo_both_are_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    scratches = [(slice(100, 220), slice(x, x + 4)) for x in (20, 50, 80)]
    found = look(monkeypatch, search_of(photo()), 0, [square(PLAIN), square(LEAVES), *scratches])
    assert not found.looks_whole
    assert proposal(found, alone=True).all_chosen().all()


def test_what_the_infrared_picture_shows_is_dust_whatever_it_lies_on(monkeypatch: pytest.MonkeyPatch) -> None:
    infrared = np.full((SIDE, SIDE), 60_000, np.uint16)
    for at in (PLAIN, LEAVES):
        infrared[square(at)] = 8_000
    job = replace(search_of(photo()), infrared=lambda: infrared)
    assert Defect.DUST in job.classes
    found = look(monkeypatch, job, 0, [])
    assert "Dust was taken from the infrared picture." in found.notes
    assert proposal(found, alone=True).all_chosen().sum() >= 2


@pytest.mark.parametrize(("tone", "mended"), [(255, True), (110, False)])
def test_a_stain_is_mended_unseen_where_it_is_unlike_all_around_it(
    monkeypatch: pytest.MonkeyPatch, tone: int, mended: bool
) -> None:
    place = (slice(100, 140), slice(160, 200))
    image = photo()
    image[place] = tone
    found = look(monkeypatch, search_of(image), 3, [place], bet(0.0, contrast=1.0, texture=-1.0))
    assert proposal(found, alone=True).all_chosen().tolist() == [mended]
    assert proposal(found, alone=False).all_chosen().all()


def test_never_is_never(monkeypatch: pytest.MonkeyPatch) -> None:
    found = look(monkeypatch, search_of(photo()), 0, [square(PLAIN)], Bet.never())
    assert not proposal(found, alone=True).all_chosen().any()
    assert proposal(found, alone=False).all_chosen().all()
