"""The review: what sliders hide, what verdicts and painting change, and that every change can be undone."""

from __future__ import annotations

import json

import numpy as np
import pytest

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import AddLayer, Paint
from inpaint_studio.document.history import History
from inpaint_studio.document.layers import ProposalLayer
from inpaint_studio.errors import InputError
from inpaint_studio.pixels.format import COVERAGE, Colour, PixelFormat
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TILE, TiledImage
from inpaint_studio.restore.defects import Defect, Threshold
from inpaint_studio.restore.finding import Found
from inpaint_studio.restore.parts import find_parts
from inpaint_studio.restore.proposal import Proposal, Sliders, Verdict, as_array, layer_of, needed, share_marked

EXTENT = Rect.of_size(TILE + 60, 120)
LEVELS = {Defect.DUST: Threshold(0.3, 0.6), Defect.LINES: Threshold(0.3, 0.6), Defect.TEXT: Threshold(0.5, 0.6)}
#: class, box, probability
BLOBS = [
    (Defect.DUST, Rect(10, 10, 14, 14), 0.95),
    (Defect.DUST, Rect(40, 10, 50, 20), 0.4),
    (Defect.LINES, Rect(TILE - 30, 60, TILE + 30, 63), 0.8),
    (Defect.TEXT, Rect(100, 90, 130, 110), 0.9),
]
FAINT, SPECK, LINE, STAMP = 1, 0, 2, 3


def found() -> Found:
    planes = {defect: TiledImage(COVERAGE, EXTENT) for defect in LEVELS}
    for defect, box, probability in BLOBS:
        planes[defect].write(box, np.full((box.height, box.width, 1), round(probability * 255), np.uint8))
    parts = [part for defect in LEVELS for part in find_parts(planes[defect], defect, LEVELS[defect].pixel)]
    order = [next(i for i, part in enumerate(parts) if part.rect == box) for _, box, _ in BLOBS]
    return Found(planes, tuple(parts[i] for i in order), LEVELS)


class Review:
    """A document with the proposal as its only layer."""

    def __init__(self) -> None:
        photo = np.zeros((EXTENT.height, EXTENT.width, 1), np.uint8)
        self.document = Document(TiledImage.from_array(photo, PixelFormat(Colour.GRAY)))
        self.history = History(self.document, 1 << 24)
        self.history.apply(AddLayer(layer_of(found(), self.document.new_id(), "Damage", Sliders()), 0))

    @property
    def proposal(self) -> Proposal:
        layer = self.document.layers[0]
        assert isinstance(layer, ProposalLayer)
        return Proposal(layer)

    def chosen(self) -> set[int]:
        return {i for i in range(len(BLOBS)) if self.proposal.chosen(i)}


@pytest.fixture
def review() -> Review:
    return Review()


def test_usual_sliders_show_what_is_certain_and_never_text(review: Review) -> None:
    assert review.chosen() == {SPECK, LINE}


@pytest.mark.parametrize(
    ("sliders", "shown"),
    [
        (Sliders(sensitivity=1), {SPECK, FAINT, LINE}),
        (Sliders(sensitivity=0), set()),
        (Sliders(smallest=17), {LINE}),
        (Sliders(largest=16), {SPECK}),
        (Sliders(classes=frozenset({Defect.DUST})), {SPECK}),
        (Sliders(classes=frozenset({Defect.TEXT})), {STAMP}),
        (Sliders(classes=frozenset()), set()),
    ],
)
def test_sliders_hide_at_once_and_as_an_edit(review: Review, sliders: Sliders, shown: set[int]) -> None:
    proposal = review.proposal
    proposal.looked(sliders)
    assert {i for i in range(len(BLOBS)) if proposal.chosen(i)} == shown
    review.history.apply(review.proposal.with_sliders(sliders))
    assert review.chosen() == shown
    assert review.proposal.sliders == sliders
    review.history.undo()
    assert review.chosen() == {SPECK, LINE}


def test_more_sensitivity_never_hides() -> None:
    needs = [needed(Threshold(0.3, 0.6), s) for s in np.linspace(0, 1, 21)]
    assert needs == sorted(needs, reverse=True)
    assert needed(Threshold(0.3, 0.6), 0.5) == pytest.approx(0.6)
    assert needed(Threshold(0.3, 0.6), 1) == pytest.approx(0.3)


def test_sensitivity_out_of_range_is_refused() -> None:
    with pytest.raises(InputError):
        Sliders(sensitivity=1.5)


def test_verdicts_are_above_sliders(review: Review) -> None:
    review.history.apply(review.proposal.with_verdict([FAINT], Verdict.ACCEPTED))
    review.history.apply(review.proposal.with_verdict([LINE], Verdict.DROPPED))
    assert review.chosen() == {SPECK, FAINT}
    review.history.apply(review.proposal.with_sliders(Sliders(sensitivity=0)))
    assert review.chosen() == {FAINT}
    review.history.apply(review.proposal.with_verdict([FAINT], Verdict.OPEN))
    assert review.chosen() == set()
    for _ in range(4):
        review.history.undo()
    assert review.chosen() == {SPECK, LINE}


def test_accepting_what_is_shown_keeps_it(review: Review) -> None:
    review.history.apply(review.proposal.accept_shown())
    review.history.apply(review.proposal.with_sliders(Sliders(sensitivity=0)))
    assert review.chosen() == {SPECK, LINE}


def test_the_mask_is_the_chosen_parts_across_tiles(review: Review) -> None:
    expected = np.zeros((EXTENT.height, EXTENT.width), np.uint8)
    for index in (SPECK, LINE):
        expected[BLOBS[index][1].slices] = 255
    mask = review.proposal.mask()
    assert np.array_equal(as_array(mask), expected)
    assert share_marked(mask) == pytest.approx((expected > 0).mean())


def test_painting_adds_and_takes_away_last(review: Review) -> None:
    for plane, rect in (("added", Rect(200, 20, 220, 40)), ("removed", Rect(8, 8, 12, 12))):
        tile = np.zeros((TILE, TILE, 1), np.uint8)
        tile[rect.slices] = 255
        review.history.apply(Paint.of(review.document, review.proposal.layer.id, plane, {(0, 0): tile}, "Correct"))
    mask = as_array(review.proposal.mask())
    assert mask[20:40, 200:220].all()
    assert not mask[8:12, 8:12].any()
    assert mask[12:14, 12:14].all()


def test_a_part_is_found_under_the_pointer(review: Review) -> None:
    assert review.proposal.part_at(TILE, 61) == LINE
    assert review.proposal.part_at(TILE, 66, reach=4) == LINE
    assert review.proposal.part_at(45, 15) is None, "it is hidden"
    assert review.proposal.part_at(0, 119) is None


def test_next_goes_round_by_size_and_skips_dropped(review: Review) -> None:
    proposal = review.proposal
    assert proposal.listed() == [LINE, SPECK]
    assert proposal.next(None) == LINE
    assert proposal.next(LINE) == SPECK
    assert proposal.next(SPECK) == LINE
    assert proposal.next(LINE, back=True) == SPECK
    review.history.apply(proposal.with_verdict([LINE], Verdict.DROPPED))
    assert review.proposal.next(SPECK) == SPECK
    review.history.apply(review.proposal.with_verdict([SPECK], Verdict.DROPPED))
    assert review.proposal.next(None) is None


def test_the_layer_is_json(review: Review) -> None:
    layer = review.proposal.layer
    assert json.loads(json.dumps(layer.properties())) == layer.properties()


@pytest.mark.parametrize(
    "damage", [{"parts": [[1]]}, {"verdicts": {"x": "accepted"}}, {"settings": {"classes": ["?"]}}]
)
def test_damage_in_a_file_is_told(review: Review, damage: dict[str, object]) -> None:
    layer = review.proposal.layer
    layer.set_properties(damage)
    with pytest.raises(InputError, match="damaged"):
        Proposal(layer)
