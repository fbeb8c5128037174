"""Several results for one hole, kept in one fill."""

from __future__ import annotations

import numpy as np
import pytest

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import AddLayer, Edit, decode_edit
from inpaint_studio.document.layers import FillLayer, LayerState, layer_from
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines import catalog
from inpaint_studio.pixels.format import ALPHA16, COVERAGE, Colour, PixelFormat
from inpaint_studio.pixels.judging import incoherence
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.studio.candidates import MOST, candidates, choose, discard, hold, recipes, rivals, score

_CANVAS = Rect.of_size(300, 200)
_HOLE = Rect(100, 60, 180, 130)


def _photo() -> np.ndarray:
    rng = np.random.default_rng(0)
    return (np.arange(300)[None, :, None] // 8 % 2 * 100 + 60 + rng.normal(0, 3, (200, 300, 3))).astype(np.uint8)


def _plane(values: np.ndarray) -> TiledImage:
    plane = TiledImage(PixelFormat(Colour.RGB), _CANVAS)
    plane.write(_HOLE, values[_HOLE.slices])
    return plane


def _document(pixels: np.ndarray) -> Document:
    document = Document(TiledImage.from_array(_photo(), PixelFormat(Colour.RGB)))
    alpha, mask = TiledImage(ALPHA16, _CANVAS), TiledImage(COVERAGE, _CANVAS)
    alpha.write(_HOLE, np.full((70, 80, 1), 65535, np.uint16))
    mask.write(_HOLE, np.full((70, 80, 1), 255, np.uint8))
    layer = FillLayer.made(document.new_id(), "Fill", _plane(pixels), alpha, mask, Recipe(seed=3))
    AddLayer(layer.state(), 0).apply(document)
    return document


def _do(document: Document, edit: Edit | None) -> None:
    assert edit is not None
    again = decode_edit(edit.encode())
    again.apply(document)


def _fill(document: Document) -> FillLayer:
    layer = document.layers[0]
    assert isinstance(layer, FillLayer)
    return layer


def _shown(document: Document) -> np.ndarray:
    return document.composite().read(_HOLE)


_GRAY, _SHIFTED = np.full((200, 300, 3), 110, np.uint8), np.roll(_photo(), 4, axis=1)


def test_seeds_follow_each_other_and_a_race_takes_the_engines_in_turn() -> None:
    recipe = Recipe(engine="patchmatch", seed=4, options={"patch_radius": 2})
    assert [made.seed for made in recipes(recipe, 3)] == [4, 5, 6]
    raced = recipes(recipe, 5, ["exemplar", "patchmatch"])
    assert [(made.engine, made.seed) for made in raced] == [
        ("patchmatch", 4), ("exemplar", 4), ("patchmatch", 5), ("exemplar", 5), ("patchmatch", 6),
    ]  # fmt: skip
    assert [made.options for made in raced[:2]] == [{"patch_radius": 2}, {}]
    assert len(recipes(recipe, 99)) == MOST


def test_rivals_are_the_engines_for_objects() -> None:
    specs = catalog.specs()
    assert rivals("exemplar", specs) == ["patchmatch"]
    assert rivals("auto", specs) == ["exemplar"], "auto takes patchmatch for objects itself"
    assert rivals("thin", specs) == ["exemplar", "patchmatch"]


def _score(document: Document, pixels: np.ndarray) -> float:
    return score(document.composite(below="L1"), _fill(document).alpha, _plane(pixels))


def _three() -> Document:
    document = _document(_GRAY)
    for seed, pixels in ((3, _GRAY), (4, _photo()), (5, _SHIFTED)):
        _do(document, hold(document, "L1", _plane(pixels), Recipe(seed=seed), _score(document, pixels)))
    return document


def test_candidates_come_ranked_the_true_one_first() -> None:
    found = candidates(_fill(_three()))
    assert [candidate.recipe.seed for candidate in found] == [4, 5, 3]
    assert found[0].score < 0.7 * found[1].score
    assert found[1].score < found[2].score


def test_choosing_shows_a_candidate_with_its_recipe_and_undoes() -> None:
    document = _three()
    before = _shown(document)
    edit = choose(document, "L1", 1)
    edit.apply(document)
    assert np.array_equal(_shown(document), _photo()[_HOLE.slices])
    assert _fill(document).recipe.seed == 4
    assert _fill(document).variant == 1
    edit.revert(document)
    assert np.array_equal(_shown(document), before)
    assert _fill(document).recipe.seed == 3
    with pytest.raises(ValueError, match="no candidate"):
        choose(document, "L1", 7)


def test_a_discarded_candidate_gives_way_to_the_best_other_and_can_come_back() -> None:
    document = _three()
    choose(document, "L1", 1).apply(document)
    edit = discard(document, "L1", 1)
    assert edit is not None
    edit.apply(document)
    assert [candidate.number for candidate in candidates(_fill(document))] == [2, 0]
    assert _fill(document).variant == 2
    assert not _fill(document).planes["variant.1"].tiles
    edit.revert(document)
    assert np.array_equal(_shown(document), _photo()[_HOLE.slices])
    assert len(candidates(_fill(document))) == 3


def test_the_last_one_stays_and_there_is_an_end_to_them() -> None:
    document = _document(_GRAY)
    for seed in range(MOST):
        _do(document, hold(document, "L1", _plane(_GRAY), Recipe(seed=seed), 0.5))
    assert hold(document, "L1", _plane(_GRAY), Recipe(), 0.5) is None
    for number in range(MOST - 1):
        _do(document, discard(document, "L1", number))
    assert discard(document, "L1", MOST - 1) is None


def test_candidates_are_stored_with_their_fill() -> None:
    document = _three()
    again = layer_from(LayerState.decode(document.layers[0].state().encode()))
    assert isinstance(again, FillLayer)
    assert again.variants == _fill(document).variants
    for name in FillLayer.VARIANTS:
        assert again.planes[name].same_pixels(document.layers[0].planes[name])


def test_recipes_differ_by_their_seed_alone() -> None:
    assert [recipe.seed for recipe in recipes(Recipe(seed=5, engine="exemplar"), 3)] == [5, 6, 7]
    assert len(recipes(Recipe(), 99)) == MOST


@pytest.mark.parametrize("channels", [1, 3])
def test_incoherence_tells_smears_and_seams_from_texture(channels: int) -> None:
    truth = _photo()[..., :channels].astype(np.float32) / 255
    hole = np.zeros((200, 300), np.bool_)
    hole[_HOLE.slices] = True
    smear, seam = truth.copy(), truth.copy()
    smear[hole] = truth[hole].mean(0)
    seam[hole] = np.roll(truth, 4, axis=1)[hole]
    good, seamy, smeared = (incoherence(image, hole) for image in (truth, seam, smear))
    assert good < 0.8 * seamy
    assert good < 0.5 * smeared
    assert incoherence(truth, hole) == good


def test_incoherence_has_an_answer_where_there_is_nothing_to_compare() -> None:
    assert incoherence(np.zeros((5, 300, 3), np.float32), np.ones((5, 300), np.bool_)) == 0
    assert incoherence(np.zeros((50, 50, 3), np.float32), np.ones((50, 50), np.bool_)) == 0
    assert incoherence(np.zeros((50, 50, 3), np.float32), np.zeros((50, 50), np.bool_)) == 0
