from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpaint_studio.document.codec import Encoded
from inpaint_studio.document.document import Document
from inpaint_studio.document.layers import (
    LAYER_KINDS,
    FillLayer,
    Layer,
    LayerState,
    MaskLayer,
    layer_from,
    new_fill_planes,
)
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.errors import InputError
from inpaint_studio.pixels.format import ALPHA16, COVERAGE, Colour, PixelFormat
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from tests.document.generators import EXTENT, LAYERS, documents, layer_fingerprint
from tests.pixels.strategies import FORMATS, name_of, noise

kinds = pytest.mark.parametrize("kind", sorted(LAYER_KINDS))
any_layer = documents().flatmap(lambda document: st.one_of([generator(document) for generator in LAYERS.values()]))


def test_every_kind_of_layer_has_a_generator() -> None:
    assert LAYERS.keys() == LAYER_KINDS.keys()
    assert all(layer.kind == kind for kind, layer in LAYER_KINDS.items())


@kinds
@settings(max_examples=25)
@given(data=st.data(), document=documents())
def test_a_layer_comes_back_from_its_bytes(kind: str, data: st.DataObject, document: Document) -> None:
    layer = data.draw(LAYERS[kind](document))
    state = LayerState.decode(Encoded.from_bytes(layer.state().encode().to_bytes()))
    back = layer_from(state)
    assert type(back) is LAYER_KINDS[kind]
    assert layer_fingerprint(back) == layer_fingerprint(layer)
    assert back.planes.keys() == LAYER_KINDS[kind].plane_names
    assert back.covered == layer.covered


@settings(max_examples=25)
@given(any_layer)
def test_a_state_hears_of_no_later_change(layer: Layer) -> None:
    state = layer.state()
    before = layer_fingerprint(layer_from(state))
    back = layer_from(state)
    for one in (layer, back):
        one.name += "!"
        for plane in one.planes.values():
            plane.write(plane.extent, noise(plane.extent.height, plane.extent.width, plane.format, 5))
    assert layer_fingerprint(layer_from(state)) == before


@kinds
@settings(max_examples=5)
@given(data=st.data(), document=documents())
def test_a_layer_of_a_newer_version_is_refused(kind: str, data: st.DataObject, document: Document) -> None:
    stored = data.draw(LAYERS[kind](document)).state().encode()
    with pytest.raises(InputError, match="newer version") as caught:
        LayerState.decode(Encoded(kind, stored.version + 1, stored.data, stored.blobs))
    assert caught.value.hint


def test_an_unknown_kind_of_layer_is_refused() -> None:
    with pytest.raises(InputError, match="newer version"):
        LayerState.decode(Encoded("a kind of the future", 1, {}))


@settings(max_examples=25)
@given(any_layer)
def test_properties_are_set_all_or_none(layer: Layer) -> None:
    before = layer.properties()
    with pytest.raises(KeyError, match="no such property"):
        layer.set_properties({"name": "new", "no such property": 1})
    assert layer.properties() == before
    if isinstance(layer, FillLayer):
        with pytest.raises(InputError):
            layer.set_properties({"name": "new", "recipe": {"version": 99}})
        assert layer.properties() == before
    layer.set_properties({**before, "name": "new"})
    assert layer.properties() == {**before, "name": "new"}


def test_an_empty_mask_covers_nothing() -> None:
    layer = MaskLayer.empty("L1", "Mask", EXTENT)
    assert layer.covered.empty
    layer.coverage.write(Rect(3, 4, 5, 6), np.full((2, 2, 1), 255, np.uint8))
    assert layer.covered.contains(Rect(3, 4, 5, 6))


@pytest.mark.parametrize("photo", FORMATS, ids=name_of)
def test_a_new_fill_has_planes_like_its_photo(photo: PixelFormat) -> None:
    pixels, alpha = new_fill_planes(photo, EXTENT)
    layer = FillLayer.made("L1", "Fill", pixels, alpha, TiledImage(COVERAGE, EXTENT), Recipe())
    assert (layer.pixels.format, layer.alpha.format) == (photo.without_alpha(), ALPHA16)
    assert (layer.hidden.format, layer.mask.format) == (COVERAGE, COVERAGE)
    assert layer.covered.empty


@pytest.mark.parametrize("wrong", range(3))
def test_a_fill_with_planes_in_other_formats_is_refused(wrong: int) -> None:
    formats = [PixelFormat(Colour.RGB), ALPHA16, COVERAGE]
    formats[wrong] = PixelFormat(Colour.RGB, alpha=True)
    pixels, alpha, mask = (TiledImage(pixel_format, EXTENT) for pixel_format in formats)
    with pytest.raises(ValueError, match="a fill is"):
        FillLayer.made("L1", "Fill", pixels, alpha, mask, Recipe())
