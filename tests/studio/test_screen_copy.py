"""A renewed copy is the copy that would be made from the beginning, and costs what changed."""

from __future__ import annotations

import numpy as np
import pytest

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import AddLayer, Paint, RemoveLayer, SetLayer
from inpaint_studio.document.layers import FillLayer, new_fill_planes
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.pixels.display_samples import eight_bit
from inpaint_studio.pixels.format import COVERAGE, Colour, PixelFormat
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TILE, TiledImage
from inpaint_studio.studio.screen_copy import ScreenCopy
from tests.pixels.strategies import FORMATS, name_of, noise


def _document(height: int, width: int, pixel_format: PixelFormat) -> Document:
    return Document(TiledImage.from_array(noise(height, width, pixel_format, 1), pixel_format))


def _fill(document: Document, where: Rect, seed: int) -> AddLayer:
    pixels, alpha = new_fill_planes(document.format, document.canvas)
    pixels.write(where, noise(where.height, where.width, pixels.format, seed))
    alpha.write(where, np.full((where.height, where.width, 1), 65535, np.uint16))
    layer = FillLayer.made(document.new_id(), "Fill", pixels, alpha, TiledImage(COVERAGE, document.canvas), Recipe())
    return AddLayer(layer.state(), len(document.layers), "Fill")


def _anew(document: Document) -> np.ndarray:
    return ScreenCopy().renewed(document.composite(), document.canvas)


@pytest.mark.parametrize("pixel_format", FORMATS, ids=name_of)
def test_a_small_document_is_copied_as_it_is(pixel_format):
    document = _document(300, 420, pixel_format)
    assert np.array_equal(_anew(document), eight_bit(document.composite().read(document.canvas)))


@pytest.mark.parametrize("size", [(1, 9000), (5000, 3), (4101, 2777)])
def test_each_pixel_is_the_mean_of_a_square(size):
    document = _document(*size, PixelFormat(Colour.GRAY))
    copy = _anew(document)
    step = -(-max(size) // 2048)
    assert copy.shape == (-(-size[0] // step), -(-size[1] // step), 1)
    samples = document.photo.read(document.canvas)
    for y, x in ((0, 0), (copy.shape[0] // 2, copy.shape[1] // 2)):
        square = samples[y * step : (y + 1) * step, x * step : (x + 1) * step]
        missing = step - square.shape[0], step - square.shape[1]
        square = np.pad(square[..., 0], ((0, missing[0]), (0, missing[1])), mode="edge")
        assert abs(int(copy[y, x, 0]) - square.mean()) <= 1


def test_renewed_after_every_kind_of_step_it_is_what_it_would_be_anew():
    document = _document(2600, 2300, PixelFormat(Colour.RGB))
    copy = ScreenCopy()
    copy.renewed(document.composite(), document.canvas)
    first = _fill(document, Rect(100, 200, 900, 700), 2)
    steps = [first, lambda: _fill(document, Rect(800, 600, 2290, 2590), 3)]
    for step in (
        *steps,
        lambda: SetLayer.of(document, "L1", {"opacity": 0.5}, "Fade"),
        lambda: Paint.of(document, "L1", "hidden", {(1, 1): np.full((TILE, TILE, 1), 255, np.uint8)}, "Hide"),
        lambda: SetLayer.of(document, "L2", {"visible": False}, "Hide layer"),
        lambda: RemoveLayer.of(document, "L1"),
    ):
        edit = step() if callable(step) else step
        before = copy.renewed(document.composite(), document.canvas)
        edit.apply(document)
        assert np.array_equal(copy.renewed(document.composite(), document.canvas), _anew(document)), edit.label
        edit.revert(document)
        assert np.array_equal(copy.renewed(document.composite(), document.canvas), before), edit.label
        edit.apply(document)


def test_only_what_changed_is_read():
    document = _document(2600, 2300, PixelFormat(Colour.GRAY))
    copy = ScreenCopy()
    copy.renewed(document.composite(), document.canvas)
    _fill(document, Rect(300, 300, 400, 400), 2).apply(document)
    composite, read = document.composite(), []

    class Listening:
        photo, fills, format = composite.photo, composite.fills, composite.format

        @staticmethod
        def read(rect: Rect) -> np.ndarray:
            read.append(rect.area)
            return composite.read(rect)

    copy.renewed(Listening(), document.canvas)
    assert 0 < sum(read) < 2 * TILE * TILE
    copy.renewed(Listening(), document.canvas)
    assert sum(read) < 2 * TILE * TILE
