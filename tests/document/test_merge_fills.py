"""Merged layers of pixels show what they showed, to the last bit, and undo brings them all back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import Edit
from inpaint_studio.document.layers import CloneLayer, FillLayer, PixelLayer, new_fill_planes
from inpaint_studio.document.merge_fills import Merging
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.errors import Cancelled
from inpaint_studio.pixels.format import COVERAGE, Colour, PixelFormat, Samples
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TILE, TiledImage
from tests.document.generators import clones, documents, fills, fingerprint, masks, opacities, through_bytes
from tests.pixels.strategies import FORMATS, name_of

every_format = pytest.mark.parametrize("photo_format", FORMATS, ids=name_of)
_RGB = PixelFormat(Colour.RGB)


def shown(document: Document) -> Samples:
    return document.composite().read(document.canvas)


def merge(document: Document, layers: list[PixelLayer]) -> Edit:
    merging = Merging.of(document, layers)
    edit = merging.edit(document, merging.planes(), "Merge")
    edit.apply(document)
    return edit


def filled(
    document: Document, rect: Rect, value: float, opacity: float = 1.0, recipe: Recipe | None = None
) -> FillLayer:
    """A fill of one value in `rect` on top of `document`."""
    pixels, alpha = new_fill_planes(document.format, document.canvas)
    shape = rect.height, rect.width
    pixels.write(rect, np.full((*shape, pixels.format.channels), value, pixels.format.numpy))
    alpha.write(rect, np.full((*shape, 1), round(65535 * opacity), np.uint16))
    mask = TiledImage(COVERAGE, document.canvas)
    mask.write(rect, np.full((*shape, 1), 255, np.uint8))
    layer = FillLayer.made(document.new_id(), f"Fill {value}", pixels, alpha, mask, recipe or Recipe())
    document.insert(layer, len(document.layers))
    return layer


def flat(value: int = 100, side: int = 40) -> Document:
    return Document(TiledImage.from_array(np.full((side, side, 3), value, np.uint8), _RGB))


@every_format
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_nothing_looks_different_and_undo_is_exact(photo_format: PixelFormat, data: st.DataObject) -> None:
    document = data.draw(documents(st.just(photo_format)))
    for _ in range(data.draw(st.integers(2, 4))):
        document.insert(data.draw(st.one_of(fills(document), clones(document))), len(document.layers))
        document.layers[-1].opacity = data.draw(opacities)
        document.insert(data.draw(masks(document)), len(document.layers))
    layers = [layer for layer in document.layers if isinstance(layer, PixelLayer)]
    first = data.draw(st.integers(0, len(layers) - 2))
    chosen = layers[first : data.draw(st.integers(first + 2, len(layers)))]
    before, look, rest = fingerprint(document), shown(document), len(document.layers) - len(chosen) + 1
    edit = merge(document, chosen)
    assert shown(document).tobytes() == look.tobytes()
    assert len(document.layers) == rest
    after = fingerprint(document)
    again = through_bytes(edit)
    again.revert(document)
    assert fingerprint(document) == before
    again.apply(document)
    assert fingerprint(document) == after


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_thousands_of_soft_layers_over_each_other(dtype: str) -> None:
    """Every pixel is a case of its own: faint layers, extreme samples, which a single rounding would miss."""
    rng = np.random.default_rng(3)
    kind = PixelFormat(Colour.RGB, dtype)
    extent = Rect.of_size(TILE, TILE)

    def samples() -> Samples:
        values = rng.random((TILE, TILE, 3)) ** rng.choice([0.02, 1, 30], (TILE, TILE, 1))
        return (
            (values * kind.white).astype(kind.numpy)
            if dtype == "float32"
            else np.rint(values * kind.white).astype(kind.numpy)
        )

    document = Document(TiledImage.from_array(samples(), kind))
    layers = []
    for _ in range(4):
        layer = CloneLayer.empty(document.new_id(), "L", kind, extent)
        layer.pixels.write(extent, samples())
        opacity = rng.random((TILE, TILE, 1)) ** rng.choice([0.05, 1, 40], (TILE, TILE, 1))
        layer.alpha.write(extent, np.rint(opacity * 65535).astype(np.uint16))
        document.insert(layer, len(document.layers))
        layers.append(layer)
    look, parts = shown(document), [layer.alpha.read(extent).astype(float) / 65535 for layer in layers]
    merge(document, list(layers))
    assert shown(document).tobytes() == look.tobytes()
    together = 1 - np.prod([1 - part for part in parts], axis=0)
    (merged,) = document.layers
    assert isinstance(merged, PixelLayer)
    off = np.abs(merged.alpha.read(extent) / 65535 - together)
    assert (off < 0.01).mean() > 0.99, "it is as transparent as they were"


def test_it_stays_transparent() -> None:
    document = flat()
    rect = Rect(5, 5, 25, 25)
    layers = [filled(document, rect, 200, 0.5), filled(document, rect, 40, 0.25)]
    merge(document, list(layers))
    (merged,) = document.layers
    assert isinstance(merged, PixelLayer)
    assert abs(int(merged.alpha.read(rect)[3, 3, 0]) / 65535 - 0.625) < 0.01
    merged.opacity = 0.0
    assert (shown(document) == 100).all()


def test_a_tile_of_one_layer_is_shared() -> None:
    document = flat(side=2 * TILE)
    one, other = filled(document, Rect(0, 0, 20, 20), 9), filled(document, Rect(TILE, 0, TILE + 20, 20), 7)
    tiles = one.pixels.tile((0, 0)), other.alpha.tile((0, 1))
    merge(document, [one, other])
    (merged,) = document.layers
    assert isinstance(merged, PixelLayer)
    assert merged.pixels.tile((0, 0)) is tiles[0]
    assert merged.alpha.tile((0, 1)) is tiles[1]


def test_fills_made_alike_can_be_run_again_together() -> None:
    document = flat()
    recipes = [Recipe("auto", seed=seed, grow=3, chosen={"thin": seed, "membrane": 1}) for seed in (1, 2)]
    layers = [
        filled(document, Rect(0, 0, 9, 9), 1, recipe=recipes[0]),
        filled(document, Rect(20, 20, 29, 29), 2, recipe=recipes[1]),
    ]
    merge(document, list(layers))
    (merged,) = document.layers
    assert isinstance(merged, FillLayer)
    assert merged.name == "Fill 1"
    assert merged.recipe == Recipe("auto", seed=2, grow=3, chosen={"thin": 3, "membrane": 2})
    assert merged.variants == []
    assert int((merged.mask.read(document.canvas) == 255).sum()) == 2 * 81


@pytest.mark.parametrize(
    "other", [Recipe("auto", grow=4), Recipe("patchmatch", grow=3), Recipe("auto", grow=3, grain=False), None]
)
def test_what_was_made_differently_can_not_be_run_again_but_is_on_record(other: Recipe | None) -> None:
    document = flat()
    below = filled(document, Rect(0, 0, 9, 9), 1, recipe=Recipe("auto", grow=3, chosen={"lama/big": 2}))
    assert below.recipe.can_run
    above: PixelLayer
    if other is None:
        above = CloneLayer.empty(document.new_id(), "Retouching", _RGB, document.canvas)
        above.alpha.write(Rect(20, 20, 25, 25), np.full((5, 5, 1), 7, np.uint16))
        document.insert(above, 1)
    else:
        above = filled(document, Rect(20, 20, 25, 25), 1, recipe=other)
    merge(document, [below, above])
    (merged,) = document.layers
    assert isinstance(merged, FillLayer)
    assert not merged.recipe.can_run
    assert merged.recipe.chosen["lama/big"] == 2
    assert len(merged.recipe.chosen) == (1 if other is None else 2)
    assert int((merged.mask.read(document.canvas) == 255).sum()) == 81 + 25


def test_retouching_merged_with_retouching_stays_that() -> None:
    document = flat()
    layers = [CloneLayer.empty(document.new_id(), name, _RGB, document.canvas) for name in ("One", "Two")]
    for place, layer in enumerate(layers):
        document.insert(layer, place)
    merge(document, list(layers))
    assert [(type(layer), layer.name) for layer in document.layers] == [(CloneLayer, "One")]


def test_it_can_be_cancelled() -> None:
    document = flat()
    layers = [filled(document, Rect(0, 0, 9, 9), value) for value in (1, 2)]
    with pytest.raises(Cancelled):
        Merging.of(document, list(layers)).planes(lambda: True)
