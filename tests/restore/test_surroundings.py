"""What is mended unseen depends on what lies around it."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from inpaint_studio.document.layers import layer_from
from inpaint_studio.engines.contract import Payload, Progress, Silent
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.restore import network
from inpaint_studio.restore.defects import NETWORK, Defect, Threshold
from inpaint_studio.restore.finding import Found, Search, search
from inpaint_studio.restore.proposal import Proposal, Sliders, layer_of
from inpaint_studio.restore.surroundings import View, around, mark_of
from inpaint_studio.restore.unseen import Bet, Mark
from tests.restore.conftest import search_of
from tests.restore.rules import rule
from tests.restore.test_prior import RULES

SIDE = 240
PLAIN, LEAVES = (40, 60), (40, 180)
"""y and x of two specks: one on a wall, one among leaves."""


#: Mends where the ground's tones spread by less than 0.03, or anywhere in a photo of which half a percent is surely damaged.
WARY = rule(("texture", float(np.log(0.035)), 1.0, -1.0), ("damaged", float(np.log(0.005)), 0.0, 5.0))


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
    monkeypatch: pytest.MonkeyPatch, job: Search, channel: int, places: list[tuple[slice, slice]], rule: Bet = WARY,
    value: int = 250,
) -> Found:  # fmt: skip
    """A search whose network is sure of some places, in one class."""

    def run(name: str, payload: Payload, progress: Progress) -> Payload:
        found = np.zeros((SIDE, SIDE, len(NETWORK)), np.uint8)
        for place in places:
            found[(*place, channel)] = value
        return Payload({}, {"found": found})

    monkeypatch.setattr(network, "available", lambda: True)
    monkeypatch.setattr(network, "thresholds", lambda: dict.fromkeys(NETWORK, Threshold(0.2, 0.9)))
    monkeypatch.setattr(network, "regimes", lambda: replace(RULES, bet=rule))
    return search(job, run, Silent())


def proposal(found: Found, *, alone: bool) -> Proposal:
    return Proposal(layer_from(layer_of(found, "a", "Damage", Sliders(), alone=alone)))  # type: ignore[arg-type]


def seen(gray: np.ndarray, own: np.ndarray, other: np.ndarray | None = None, channel: int = 0) -> Mark:
    """What is known of a mark `own` in a gray picture, beside others of another class."""
    found = np.zeros((*gray.shape, len(NETWORK)), np.uint8)
    found[own, channel] = 204
    if other is not None:
        found[other, 3] = 128
    ys, xs = np.nonzero(own)
    rect = Rect(int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1)
    view = View.of(np.repeat(gray[..., None], 3, 2).astype(np.float32), found)
    return mark_of(view, own, channel, rect, int(own.sum()), Rect.of_size(gray.shape[1], gray.shape[0]))


def speck() -> tuple[np.ndarray, np.ndarray]:
    """A gray wall with a white speck, and where that is."""
    gray, own = np.full((40, 40), 0.25, np.float32), np.zeros((40, 40), bool)
    own[18:22, 18:22] = True
    gray[own] = 1.0
    return gray, own


def test_the_ring_around_a_mark_tells_its_ground() -> None:
    gray, own = speck()
    plain = seen(gray, own)
    assert (plain.texture, plain.contrast, plain.beyond) == pytest.approx((0, 0.75, 0.75), abs=1e-5)
    other = np.zeros((40, 40), bool)
    other[10:14, 10:30] = True
    dusty = np.where(other, np.float32(1), gray)
    assert seen(dusty, own).texture > 0.1
    beside = seen(dusty, own, other)
    assert (beside.texture, beside.contrast) == pytest.approx((0, 0.75), abs=1e-5), "what is marked too is no ground"
    assert seen(dusty, own, ~own).texture > 0.1, "unless nothing else is there"
    gray[:, ::2] += 0.2
    striped = seen(np.where(own, np.float32(1), gray), own)
    assert striped.texture == pytest.approx(0.1, abs=0.01)
    assert striped.contrast == pytest.approx(0.65, abs=0.02)
    assert striped.beyond == pytest.approx(0.55, abs=0.01), "from the lighter stripes"
    all_of_it = seen(gray, np.ones((40, 40), bool))
    assert (all_of_it.contrast, all_of_it.colour) == pytest.approx((0, 0), abs=1e-6), "nothing lies around it"


def test_what_is_darker_than_its_ground_has_a_contrast_below_zero() -> None:
    gray, own = speck()
    dark = seen(1 - gray, own)
    assert (dark.contrast, dark.beyond) == pytest.approx((-0.75, 0.75), abs=1e-5)
    between = gray.copy()
    between[own], between[:, ::2] = 0.35, 0.5
    between[own] = 0.35
    assert seen(between, own).beyond < 0, "tones like its own lie around it"


def test_the_network_says_how_sure_it_is_of_the_pixels() -> None:
    gray, own = speck()
    found = np.zeros((40, 40, len(NETWORK)), np.uint8)
    found[18:22, 18:22, 0] = np.arange(16).reshape(4, 4) * 10 + 100
    found[18:20, 18:22, 2] = 200
    view = View.of(np.repeat(gray[..., None], 3, 2), found)
    mark = mark_of(view, own, 0, Rect(118, 218, 122, 222), 16, Rect(100, 200, 140, 240))
    assert (mark.certainty, mark.surest) == pytest.approx((175 / 255, 250 / 255))
    assert mark.least == pytest.approx(137.5 / 255)
    assert mark.other == pytest.approx(100 / 255)
    assert (mark.y, mark.x) == (0.5, 0.5)


def test_the_shape_of_a_mark() -> None:
    gray, own = speck()
    square_one = seen(gray, own)
    assert (square_one.pixels, square_one.wide, square_one.high) == (16, 4, 4)
    assert square_one.elongation == pytest.approx(1)
    line = np.eye(40, dtype=bool)
    line[:5] = line[-5:] = False
    assert seen(gray, line).elongation > 100, "also across"
    dot = np.zeros((40, 40), bool)
    dot[20, 20] = True
    assert seen(gray, dot).elongation == 1


def test_hue_and_outline() -> None:
    gray, own = speck()
    assert seen(gray, own).colour == pytest.approx(0, abs=1e-3)
    rgb = np.repeat(np.full((40, 40, 1), 0.4, np.float32), 3, 2)
    rgb[own] = (0.8, 0.2, 0.1)
    found = np.zeros((40, 40, len(NETWORK)), np.uint8)
    found[own, 0] = 200
    stamp = mark_of(View.of(rgb, found), own, 0, Rect(18, 18, 22, 22), 16, Rect(0, 0, 40, 40))
    assert stamp.colour > 0.5
    sharp, soft = seen(gray, own).edge, seen(cv2.GaussianBlur(gray, (0, 0), 3), own).edge
    assert sharp > 3 * soft


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
    found = look(monkeypatch, search_of(image), 3, [place], rule(("beyond", 0.1, -1.0, 1.0)))
    assert proposal(found, alone=True).all_chosen().tolist() == [mended]
    assert proposal(found, alone=False).all_chosen().all()


@pytest.mark.parametrize("value", [127, 128, 250])
def test_never_is_never(monkeypatch: pytest.MonkeyPatch, value: int) -> None:
    """Also for a mark whose confidence is kept as 50 % and is a little less."""
    found = look(monkeypatch, search_of(photo()), 0, [square(PLAIN)], Bet.never(), value=value)
    assert not proposal(found, alone=True).all_chosen().any()
    if value == 250:
        assert proposal(found, alone=False).all_chosen().all()


def test_what_touches_a_good_bet_is_mended_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    image = photo()
    beside = (slice(PLAIN[0], PLAIN[0] + 5), slice(PLAIN[1] + 5, PLAIN[1] + 30))
    image[beside] = np.random.default_rng(1).integers(0, 256, (5, 25, 1))
    found = np.zeros((SIDE, SIDE, len(NETWORK)), np.uint8)
    found[(*square(PLAIN), 0)] = found[(*beside, 2)] = found[(*square(LEAVES), 2)] = 250
    rules = rule(("dust", 0.5, -1.0, 1.0))
    monkeypatch.setattr(network, "available", lambda: True)
    monkeypatch.setattr(network, "thresholds", lambda: dict.fromkeys(NETWORK, Threshold(0.2, 0.9)))
    monkeypatch.setattr(network, "regimes", lambda: replace(RULES, bet=rules))
    made = search(search_of(image), lambda *_: Payload({}, {"found": found}), Silent())
    mask = proposal(made, alone=True).mask()
    alone = mask.read(mask.extent)[..., 0] > 0
    assert alone[square(PLAIN)].all()
    assert alone[beside].all(), "the crack that touches it"
    assert not alone[square(LEAVES)].any(), "but not one elsewhere"
