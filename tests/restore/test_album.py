"""What scans of a box have in common: learned from several, offered in each."""

from __future__ import annotations

import numpy as np
import pytest

from inpaint_studio.document.layers import layer_from
from inpaint_studio.engines.contract import Payload, Progress, Silent
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.restore import text
from inpaint_studio.restore.album import Album, Known, Seen, visible, zone_rect
from inpaint_studio.restore.defects import Defect
from inpaint_studio.restore.finding import search
from inpaint_studio.restore.offering import offer
from inpaint_studio.restore.parts import Part
from inpaint_studio.restore.proposal import Proposal, Sliders, layer_of
from tests.restore.conftest import scene, search_of
from tests.restore.test_finding import run

SIZE = (300, 200)
GLASS = ((50, 60, 5), (210, 150, 7))
STAMP = (0.72, 0.88, 0.95, 0.94)


def scan(number: int, *, shaken: int = 0, dusty: bool = True) -> Seen:
    """A scan with dust of its own and, a little off, the dust of the glass."""
    rng = np.random.default_rng(number)
    own = [(int(x), int(y), 4) for x, y in zip(rng.integers(0, 300, 12), rng.integers(0, 200, 12), strict=True)]
    off = rng.integers(-shaken, shaken + 1, (len(GLASS), 2))
    glass = [(x + int(dx), y + int(dy), side) for (x, y, side), (dx, dy) in zip(GLASS, off, strict=True)]
    return Seen(SIZE, (*own, *glass) if dusty else tuple(own))


def album(scans: list[Seen]) -> Album:
    made = Album()
    for number, one in enumerate(scans):
        made.add(str(number), one)
    return made


@pytest.mark.parametrize("shaken", [0, 2])
def test_what_lies_at_one_place_in_most_scans_is_on_the_glass(shaken: int) -> None:
    known = album([scan(number, shaken=shaken, dusty=number % 4 != 3) for number in range(8)]).known(SIZE)
    assert len(known.specks) == len(GLASS)
    for (x, y, side), (tx, ty, own) in zip(known.specks, GLASS, strict=True):
        assert max(abs(x - tx), abs(y - ty)) <= 2
        assert side == own


def test_two_scans_say_nothing_and_other_sizes_neither() -> None:
    assert album([scan(0), scan(1)]).known(SIZE) == Known()
    assert album([scan(number) for number in range(5)]).known((200, 300)) == Known()


def test_dust_in_few_of_many_scans_is_their_own() -> None:
    assert not album([scan(number, dusty=number < 4) for number in range(12)]).known(SIZE).specks


def test_a_crowd_of_specks_is_no_coincidence() -> None:
    """Thousands of parts in each scan: what meets by chance is not taken for the glass's."""
    rng = np.random.default_rng(0)
    scans = [
        Seen((6000, 4000), tuple((int(x), int(y), 3) for x, y in rng.integers(0, 4000, (400, 2)))) for _ in range(12)
    ]
    assert not album(scans).known((6000, 4000)).specks


def test_text_at_one_place_in_several_photos_is_a_stamp() -> None:
    def photo(number: int) -> Seen:
        lettering = tuple(np.random.default_rng(number).uniform(0.05, 0.3, 4))
        off = 0.02 * (number % 3 - 1)
        stamp = tuple(side + off for side in STAMP)
        return Seen((300 + number, 200), stamps=(lettering, stamp) if number % 2 else (lettering,))  # type: ignore[arg-type]

    zones = album([photo(number) for number in range(8)]).known((400, 300)).zones
    assert len(zones) == 1
    assert np.allclose(zones[0], STAMP, atol=0.03)
    assert album([photo(number) for number in range(8)]).known((300, 400)).zones == (), (
        "portraits are stamped elsewhere"
    )
    wide = zone_rect(zones[0], Rect.of_size(1000, 800))
    assert wide.contains(Rect(720, 704, 950, 752))
    assert Rect.of_size(1000, 800).contains(wide)


def test_what_was_seen_outlives_the_program() -> None:
    seen = Seen(SIZE, GLASS, (STAMP,))
    assert Seen.from_json(seen.to_json()) == seen
    known = Known(GLASS, (STAMP,))
    assert Known.from_json(known.to_json()) == known
    for damaged in ({}, {"size": [1], "specks": [], "stamps": []}, {"size": [1, 2], "specks": [[1]], "stamps": []}):
        with pytest.raises((KeyError, TypeError, ValueError)):
            Seen.from_json(damaged)


def test_more_known_covers_less() -> None:
    less, more = Known(GLASS[:1]), Known(GLASS, (STAMP,))
    assert more.covers(less)
    assert not less.covers(more)
    assert Known().covers(Known())


def test_letters_are_joined_to_a_line_in_its_corner() -> None:
    letters = [
        Part(Defect.TEXT, Rect(200 + 12 * i, 180, 208 + 12 * i, 192), (200 + 12 * i, 180), 40, 0.9) for i in range(6)
    ]
    sign = Part(Defect.TEXT, Rect(140, 90, 180, 110), (140, 90), 300, 0.9)
    stamps = Seen.of([*letters, sign], Rect.of_size(*SIZE)).stamps
    assert len(stamps) == 1, "what stands in the middle is no stamp"
    assert stamps[0] == pytest.approx((200 / 300, 0.9, 268 / 300, 0.96), abs=1e-3)


def test_a_speck_is_seen_only_where_something_is() -> None:
    rng = np.random.default_rng(1)
    ground = (0.5 + rng.normal(0, 0.01, (27, 27))).astype(np.float32)
    assert visible(ground, 5) is None
    ground[12:15, 12:15] += 0.2
    mask = visible(ground, 5)
    assert mask is not None
    assert mask[12:15, 12:15].all()
    assert mask.sum() < 60
    edge = np.where(np.arange(27)[None] < 13, 0.2, 0.8).repeat(27, 0).astype(np.float32)
    assert visible(edge, 5) is None, "an edge of the scene is none"


def faint_scan() -> np.ndarray:
    """A photo in which the glass's dust is too faint to be found by itself."""
    image = scene(200, 300)
    for x, y, _ in GLASS:
        image[y - 2 : y + 3, x - 2 : x + 3] += 0.045
    return np.rint(image * 255).astype(np.uint8)


def test_faint_dust_of_the_glass_is_offered() -> None:
    job = search_of(faint_scan(), classes=frozenset({Defect.DUST}))
    found = offer(search(job, run, Silent()), job, Known(GLASS), run, Silent())
    assert any("glass" in note for note in found.notes)
    proposal = Proposal(layer_from(layer_of(found, "a", "Damage", Sliders(sensitivity=0), alone=True)))  # type: ignore[arg-type]
    mask = proposal.mask().read(Rect.of_size(300, 200))[..., 0] > 0
    for x, y, _ in GLASS:
        assert mask[y, x]
    assert mask.sum() < 250


def test_nothing_is_offered_where_nothing_is_seen() -> None:
    job = search_of(np.rint(scene(200, 300) * 255).astype(np.uint8))
    found = search(job, run, Silent())
    assert offer(found, job, Known(GLASS, (STAMP,)), run, Silent()) == found


def test_a_stamp_that_was_missed_is_looked_for_closely() -> None:
    """The detector is a stand-in: it finds the letters only when it is asked to look closely."""
    image = np.full((400, 600, 3), 90, np.uint8)
    image[352:372, 450:456] = image[352:372, 470:476] = 240
    asked: list[bool] = []

    def half_blind(name: str, payload: Payload, progress: Progress) -> Payload:
        if name != "detect_text":
            return run(name, payload, progress)
        closely = bool(payload.data.get("closely"))
        asked.append(closely)
        height, width = payload.arrays["image"].shape[:2]
        box = np.array([[[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]]], np.float32) * [width, height]
        boxes = box.astype(np.float32) if closely else np.zeros((0, 4, 2), np.float32)
        return Payload({"scores": [0.4] * len(boxes)}, {"boxes": boxes})

    if not text.available():
        pytest.skip("onnxruntime is not installed")
    job = search_of(image, classes=frozenset({Defect.TEXT}))
    found = search(job, half_blind, Silent())
    assert not found.parts
    found = offer(found, job, Known(zones=((0.74, 0.87, 0.8, 0.94),)), half_blind, Silent())
    assert asked == [False, True]
    plane = found.planes[Defect.TEXT].read(job.extent)[..., 0]
    assert plane[360, 453] > 0
    assert plane[:300].max() == 0
    assert found.accepted == frozenset(range(len(found.parts)))
    assert found.parts
