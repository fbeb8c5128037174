"""Where parts lie, at every zoom, against the parts themselves."""

from __future__ import annotations

import numpy as np

from inpaint_studio.document.layers import ProposalLayer, layer_from
from inpaint_studio.pixels.format import COVERAGE
from inpaint_studio.pixels.pyramid import shrunk
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.restore.defects import Defect, Threshold
from inpaint_studio.restore.finding import Found
from inpaint_studio.restore.parts import find_parts
from inpaint_studio.restore.places import Places
from inpaint_studio.restore.proposal import Proposal, Sliders, Verdict, layer_of

EXTENT = Rect(0, 0, 700, 2300)
LEVEL = Threshold(0.4, 0.6)


def proposal() -> Proposal:
    """Two classes; one part crosses tiles and the bands in which parts are labelled."""
    rng = np.random.default_rng(2)
    planes = {}
    for defect in (Defect.DUST, Defect.CRACKS):
        picture = np.zeros((EXTENT.height, EXTENT.width), np.uint8)
        for _ in range(40):
            x, y = int(rng.integers(0, 690)), int(rng.integers(0, 2290))
            picture[y : y + 6, x : x + 8] = rng.integers(110, 255)
        if defect is Defect.CRACKS:
            picture[300:2200, 250:260] = 200
        plane = TiledImage(COVERAGE, EXTENT)
        plane.write(EXTENT, picture[..., None])
        plane.drop_blank_tiles()
        planes[defect] = plane
    parts = [part for defect in planes for part in find_parts(planes[defect], defect, LEVEL.pixel)]
    layer = layer_from(layer_of(Found(planes, tuple(parts), dict.fromkeys(planes, LEVEL)), "L1", "Damage", Sliders()))
    assert isinstance(layer, ProposalLayer)
    return Proposal(layer)


def test_each_part_is_where_its_pixels_are() -> None:
    own = proposal()
    places = Places.of(own)
    for index in range(len(own.parts)):
        codes = np.zeros(len(own.parts) + 1, np.uint8)
        codes[index] = 5
        rect, pixels = own.pixels(index)
        drawn = places.codes(0, EXTENT, codes)
        assert drawn is not None
        expected = np.zeros((EXTENT.height, EXTENT.width), np.bool_)
        expected[rect.slices] = pixels
        assert np.array_equal(drawn == 5, expected)


def test_coarser_levels_lose_nothing() -> None:
    own = proposal()
    places, codes = Places.of(own), np.full(len(own.parts) + 1, 1, np.uint8)
    fine = places.codes(0, EXTENT, codes)
    assert fine is not None
    for level in (1, 3, 5):
        small = shrunk(EXTENT, level)
        drawn = places.codes(level, small, codes)
        assert drawn is not None
        rows, columns = np.nonzero(fine)
        expected = np.zeros((small.height, small.width), np.bool_)
        expected[rows >> level, columns >> level] = True
        assert np.array_equal(drawn > 0, expected)


def test_nothing_is_drawn_of_what_has_no_code() -> None:
    own = proposal()
    assert Places.of(own).codes(0, EXTENT, np.zeros(len(own.parts) + 1, np.uint8)) is None


def test_what_is_painted_is_there_and_what_is_erased_is_not() -> None:
    own = proposal()
    added, removed = TiledImage(COVERAGE, EXTENT), TiledImage(COVERAGE, EXTENT)
    added.write(Rect(10, 10, 30, 20), np.full((10, 20, 1), 90, np.uint8))
    removed.write(Rect(0, 1000, 700, 1100), np.full((100, 700, 1), 255, np.uint8))
    codes = np.full(len(own.parts) + 1, 1, np.uint8)
    codes[-1] = 2
    drawn = Places.of(own).corrected(added, removed, len(own.parts)).codes(0, EXTENT, codes)
    assert drawn is not None
    assert (drawn[10:20, 10:30] == 2).all()
    assert not drawn[1000:1100].any()
    assert (drawn[900:990, 250:260] == 1).all()


def test_all_at_once_says_what_each_says() -> None:
    own = proposal()
    own.layer.verdicts = {"0": "dropped", "1": "accepted"}
    own.follow()
    own.looked(Sliders(0.6, smallest=20, classes=frozenset({Defect.CRACKS})))
    every = range(len(own.parts))
    assert own.shown().tolist() == [own.shows(index) for index in every]
    assert own.all_chosen().tolist() == [own.chosen(index) for index in every]
    assert own.said(Verdict.DROPPED).tolist() == [index == 0 for index in every]
