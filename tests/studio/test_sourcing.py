"""Masks that say where fills may copy from."""

from __future__ import annotations

import numpy as np
import pytest

from inpaint_studio.document.edits import SetLayer
from inpaint_studio.document.layers import MaskLayer, layer_from
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.document.sourcing import Sourcing
from inpaint_studio.engines import catalog, planner
from inpaint_studio.engines.contract import Silent
from inpaint_studio.errors import InputError
from inpaint_studio.pixels.format import COVERAGE, Colour, PixelFormat
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.settings import Settings
from inpaint_studio.storage.photo import Photo
from inpaint_studio.studio.jobs import HereRunner
from inpaint_studio.studio.studio import Studio
from inpaint_studio.tools.bound import BoundTool
from inpaint_studio.tools.heal import HealTool
from inpaint_studio.tools.selection import LateHeal

_HEIGHT, _WIDTH = 240, 420
_HOLE, _RED, _BLUE = Rect(60, 90, 110, 140), Rect(112, 60, 200, 180), Rect(340, 20, 400, 200)
_COPYING = ["exemplar", "patchmatch"]


def _studio() -> Studio:
    """Grainy gray with a red place beside the hole and a blue one far away."""
    image = np.full((_HEIGHT, _WIDTH, 3), 120, np.float32)
    image[_RED.slices], image[_BLUE.slices] = (220, 40, 40), (40, 60, 220)
    image += np.random.default_rng(0).normal(0, 4, image.shape)
    return Studio.of(Photo(np.clip(image, 0, 255).astype(np.uint8), PixelFormat(Colour.RGB)), Settings())


def _mask(studio: Studio, rect: Rect, role: str = "fill") -> str:
    coverage = np.zeros((_HEIGHT, _WIDTH), np.uint8)
    coverage[rect.slices] = 255
    layer_id = studio.add_mask(coverage)
    studio.history.apply(SetLayer.of(studio.document, layer_id, {"role": role}, "Role"))
    return layer_id


def _coverage(rect: Rect) -> TiledImage:
    plane = np.zeros((_HEIGHT, _WIDTH, 1), np.uint8)
    plane[rect.slices] = 255
    return TiledImage.from_array(plane, COVERAGE)


def _filled(studio: Studio, mask: str, engine: str) -> np.ndarray:
    plan, made = studio.run(studio.fill_job([mask], Recipe(engine=engine)), HereRunner(), Silent())
    assert plan.chosen
    return made.pixels.read(_HOLE).astype(np.float64)


@pytest.mark.parametrize("engine", _COPYING)
def test_the_fill_copies_only_from_the_source_however_far_it_lies(engine: str) -> None:
    studio = _studio()
    mask = _mask(studio, _HOLE)
    assert np.abs(_filled(studio, mask, engine) - 120).mean() < 30
    _mask(studio, _BLUE, "source")
    assert np.abs(_filled(studio, mask, engine) - (40, 60, 220)).mean() < 12


@pytest.mark.parametrize("engine", _COPYING)
def test_the_fill_copies_nothing_from_what_is_to_be_avoided(engine: str) -> None:
    studio = _studio()
    # half of the hole lies in red
    mask = _mask(studio, Rect(90, 90, 140, 140))
    red = [studio.run(studio.fill_job([mask], Recipe(engine=engine)), HereRunner(), Silent())[1].pixels]
    _mask(studio, _RED, "avoid")
    red.append(studio.run(studio.fill_job([mask], Recipe(engine=engine)), HereRunner(), Silent())[1].pixels)
    before, after = ((plane.read(plane.extent)[90:140, 90:140, 0] > 170).mean() for plane in red)
    assert before > 0.2
    assert after < 0.01


def test_the_heal_brush_copies_nothing_from_what_is_to_be_avoided() -> None:
    studio = _studio()
    late = LateHeal(_coverage(Rect(90, 90, 140, 140)), "", Recipe(engine="exemplar"))
    red = []
    for avoided in (False, True):
        if avoided:
            _mask(studio, _RED, "avoid")
        edit = BoundTool(studio.document, HealTool(), None).mend(late)
        assert edit is not None
        red.append((studio.document.composite().read(Rect(90, 90, 140, 140))[..., 0] > 170).mean())
        edit.revert(studio.document)
    assert red[0] > 0.2
    assert red[1] < 0.01


def test_a_hidden_mask_and_an_empty_one_say_nothing() -> None:
    studio = _studio()
    avoid = _mask(studio, _RED, "avoid")
    _mask(studio, Rect(0, 0, 0, 0), "source")
    where = Sourcing.of(studio.document)
    assert where.avoid is not None
    assert where.only is None
    studio.history.apply(SetLayer.of(studio.document, avoid, {"visible": False}, "Hide"))
    assert Sourcing.of(studio.document) == (None, None)


def test_a_mask_that_says_where_to_copy_from_is_not_filled() -> None:
    studio = _studio()
    avoid = _mask(studio, _RED, "avoid")
    with pytest.raises(InputError, match="not what to fill") as caught:
        studio.fill_job([avoid], Recipe())
    assert caught.value.hint


@pytest.mark.parametrize("engine", ["auto", *_COPYING])
def test_masks_that_leave_no_source_are_told_in_one_sentence(engine: str) -> None:
    studio = _studio()
    mask = _mask(studio, _HOLE)
    _mask(studio, Rect.of_size(_WIDTH, _HEIGHT), "avoid")
    # a smooth place is continued by auto without copying: that it may do, so the hole lies at an edge
    edge = _mask(studio, Rect(90, 90, 140, 140))
    for wanted in [edge] if engine == "auto" else [mask, edge]:
        with pytest.raises(InputError, match="leave nothing to copy") as caught:
            planner.plan(studio.fill_job([wanted], Recipe(engine=engine)), catalog.specs())
        assert "layers" in caught.value.hint


def test_the_role_is_kept_and_checked() -> None:
    studio = _studio()
    layer = studio.document.layer(_mask(studio, _RED, "avoid"))
    again = layer_from(layer.state())
    assert isinstance(again, MaskLayer)
    assert again.role == "avoid"
    with pytest.raises(ValueError, match="no role"):
        again.set_properties({"role": "eat"})
    old = layer.state().properties
    del old["role"]
    assert layer_from(layer.state().__class__("mask", "L9", old, layer.state().planes)).properties()["role"] == "fill"
