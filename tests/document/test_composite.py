from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpaint_studio.document.document import Document
from inpaint_studio.document.layers import FillLayer, MaskLayer
from inpaint_studio.pixels.blend import blend, fade, hide
from inpaint_studio.pixels.format import ALPHA16, COVERAGE, PixelFormat, Samples
from inpaint_studio.pixels.masks import OPAQUE
from inpaint_studio.pixels.rect import Rect
from tests.document.generators import documents, fills, layers, masks
from tests.pixels.strategies import FORMATS, name_of, noise, rects

every_format = pytest.mark.parametrize("photo_format", FORMATS, ids=name_of)


def shown(document: Document) -> Samples:
    return document.composite().read(document.canvas)


@st.composite
def filled(draw: st.DrawFn, photo_format: PixelFormat) -> tuple[Document, FillLayer]:
    """A document with one visible fill and masks around it."""
    document = draw(documents(st.just(photo_format)))
    layer = draw(fills(document))
    for new in (draw(masks(document)), layer, draw(masks(document))):
        document.insert(new, len(document.layers))
    return document, layer


@every_format
@settings(max_examples=15)
@given(data=st.data())
def test_outside_its_opacity_a_fill_changes_nothing(photo_format: PixelFormat, data: st.DataObject) -> None:
    document, layer = data.draw(filled(photo_format))
    layer.opacity = data.draw(st.floats(0, 1))
    photo, result = document.photo.read(document.canvas), shown(document)
    outside = layer.alpha.read(document.canvas)[..., 0] == 0
    assert result[outside].tobytes() == photo[outside].tobytes()


@every_format
@settings(max_examples=15)
@given(data=st.data())
def test_a_fill_shows_where_it_is_opaque_and_never_in_the_photos_alpha(
    photo_format: PixelFormat, data: st.DataObject
) -> None:
    document, layer = data.draw(filled(photo_format))
    colours = photo_format.colour.channels
    rect = Rect(5, 5, 260, 20)
    layer.alpha.write(rect, np.full((15, 255, 1), OPAQUE, np.uint16))
    layer.pixels.write(rect, noise(15, 255, layer.pixels.format, 7))
    layer.hidden.exchange(dict.fromkeys(layer.hidden.tiles))
    assert np.array_equal(document.composite().read(rect)[..., :colours], layer.pixels.read(rect))
    assert np.array_equal(shown(document)[..., colours:], document.photo.read(document.canvas)[..., colours:])


@every_format
@settings(max_examples=10)
@given(data=st.data())
def test_what_is_hidden_is_the_original_again(photo_format: PixelFormat, data: st.DataObject) -> None:
    document, layer = data.draw(filled(photo_format))
    canvas = document.canvas
    layer.hidden.write(canvas, np.full((canvas.height, canvas.width, 1), 255, np.uint8))
    assert shown(document).tobytes() == document.photo.read(canvas).tobytes()
    layer.hidden.write(Rect(0, 0, 9, 9), np.zeros((9, 9, 1), np.uint8))
    elsewhere = shown(document)
    elsewhere[:9, :9] = document.photo.read(Rect(0, 0, 9, 9))
    assert elsewhere.tobytes() == document.photo.read(canvas).tobytes()


@settings(max_examples=40)
@given(data=st.data(), opacity=st.floats(0, 1))
def test_a_fill_is_laid_over_with_its_opacity(data: st.DataObject, opacity: float) -> None:
    document, layer = data.draw(filled(data.draw(st.sampled_from(FORMATS))))
    layer.opacity = opacity
    canvas, colours = document.canvas, document.format.colour.channels
    alpha, hidden = layer.alpha.read(canvas)[..., 0], layer.hidden.read(canvas)[..., 0]
    expected = document.photo.read(canvas)
    expected[..., :colours] = blend(
        expected[..., :colours], layer.pixels.read(canvas), fade(hide(alpha, hidden), opacity)
    )
    assert shown(document).tobytes() == expected.tobytes()
    layer.opacity = 0
    assert shown(document).tobytes() == document.photo.read(canvas).tobytes()


@settings(max_examples=30)
@given(data=st.data(), document=documents())
def test_a_part_reads_as_in_the_whole(data: st.DataObject, document: Document) -> None:
    for _ in range(3):
        document.insert(data.draw(layers(document)), 0)
    rect = data.draw(rects(-20, 300))
    composite = document.composite()
    around = Rect(-20, -20, 300, 300)
    assert np.array_equal(
        composite.read(rect), composite.read(around)[rect.within(around).slices][: rect.height, : rect.width]
    )


@settings(max_examples=30)
@given(data=st.data(), document=documents())
def test_only_visible_fills_below_are_shown(data: st.DataObject, document: Document) -> None:
    lower, upper = data.draw(fills(document)), data.draw(fills(document))
    for layer in (lower, upper):
        document.insert(layer, len(document.layers))
    below_upper = document.composite(below=upper.id).read(document.canvas)
    below_lower = document.composite(below=lower.id).read(document.canvas)
    upper.visible = False
    assert shown(document).tobytes() == below_upper.tobytes()
    lower.visible = False
    assert shown(document).tobytes() == below_lower.tobytes() == document.photo.read(document.canvas).tobytes()


@settings(max_examples=30)
@given(data=st.data(), document=documents())
def test_a_composite_hears_of_no_later_change(data: st.DataObject, document: Document) -> None:
    layer = data.draw(fills(document))
    document.insert(layer, 0)
    composite = document.composite()
    before = composite.read(document.canvas)
    layer.opacity, layer.visible = 0.3, False
    for plane in layer.planes.values():
        plane.write(plane.extent, noise(plane.extent.height, plane.extent.width, plane.format, 9))
    document.take_out(0)
    assert composite.read(document.canvas).tobytes() == before.tobytes()


@given(documents())
def test_masks_are_not_in_the_picture(document: Document) -> None:
    layer = MaskLayer.empty(document.new_id(), "Mask", document.canvas)
    layer.coverage.write(document.canvas, noise(document.canvas.height, document.canvas.width, COVERAGE, 1))
    document.insert(layer, 0)
    assert shown(document).tobytes() == document.photo.read(document.canvas).tobytes()
    assert ALPHA16.white == OPAQUE
