"""What the canvas shows."""

import gc
import weakref

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import AddLayer, RemoveLayer, SetLayer
from inpaint_studio.document.layers import FillLayer, MaskLayer, new_fill_planes
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.pixels.format import COVERAGE, Colour, PixelFormat
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.tools.base import BrushSettings
from inpaint_studio.ui.canvas import Canvas
from inpaint_studio.ui.canvas.outline import Outline
from tests.ui.canvas.desk import RGB, Desk

_RED = (192, 63, 63)
_PLAIN = (128, 128, 128)


def _gray(width: int, height: int) -> np.ndarray:
    return np.full((height, width, 3), 128, np.uint8)


def _near(colour: tuple[int, int, int], wanted: tuple[int, int, int]) -> bool:
    return max(abs(a - b) for a, b in zip(colour, wanted, strict=True)) <= 2


def test_overlay_toggle_and_the_view_before(desk: Desk) -> None:
    document = desk.open(_gray(600, 400), RGB)
    pixels, alpha = new_fill_planes(document.format, document.canvas)
    area = Rect(200, 100, 300, 200)
    pixels.write(area, np.full((100, 100, 3), (10, 200, 30), np.uint8))
    alpha.write(area, np.full((100, 100, 1), 65535, np.uint16))
    fill = FillLayer.made(document.new_id(), "Fill", pixels, alpha, TiledImage(COVERAGE, document.canvas), Recipe())
    AddLayer(fill.state(), 0).apply(document)
    desk.drag(desk.at(100, 150), desk.at(250, 150))
    assert _near(desk.colour(280, 150), (10, 200, 30))
    assert _near(desk.colour(150, 150), _RED)
    QTest.keyClick(desk.canvas, Qt.Key.Key_O)
    desk.settle()
    assert _near(desk.colour(150, 150), _PLAIN)
    assert _near(desk.colour(250, 150), (10, 200, 30))
    QTest.keyPress(desk.canvas, Qt.Key.Key_Backslash)
    desk.settle()
    assert _near(desk.colour(280, 150), _PLAIN)
    QTest.keyRelease(desk.canvas, Qt.Key.Key_Backslash)
    QTest.keyClick(desk.canvas, Qt.Key.Key_O)
    desk.settle()
    assert _near(desk.colour(150, 150), _RED)
    SetLayer.of(document, fill.id, {"visible": False}).apply(document)
    desk.settle()
    assert _near(desk.colour(280, 150), _PLAIN)


def test_layers_come_and_go_and_the_active_one_lies_on_top(desk: Desk) -> None:
    document = desk.open(_gray(600, 400), RGB)
    desk.drag(desk.at(100, 100), desk.at(200, 100))
    other = MaskLayer.empty(document.new_id(), "Other", document.canvas)
    other.colour = 0x0000FF
    other.coverage.write(Rect(0, 0, 300, 300), np.full((300, 300, 1), 255, np.uint8))
    AddLayer(other.state(), 1).apply(document)
    desk.settle()
    assert _near(desk.colour(250, 250), (63, 63, 192))
    assert desk.colour(150, 100)[0] > 150, "the active mask lies on top"
    desk.canvas.set_active_layer(other.id)
    desk.settle()
    assert desk.colour(150, 100)[2] > 150
    SetLayer.of(document, other.id, {"opacity": 0.5}).apply(document)
    desk.settle()
    assert _near(desk.colour(250, 250), (96, 96, 160))
    RemoveLayer.of(document, other.id).apply(document)
    desk.settle()
    assert _near(desk.colour(250, 250), _PLAIN)
    assert _near(desk.colour(150, 100), _RED)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("colour", [Colour.GRAY, Colour.RGB])
@pytest.mark.parametrize("alpha", [False, True])
def test_every_kind_of_photo_shows_right(desk: Desk, dtype: str, colour: Colour, alpha: bool) -> None:
    pixel_format = PixelFormat(colour, dtype, alpha=alpha)
    values = {Colour.GRAY: (90,), Colour.RGB: (90, 120, 30)}[colour] + (255,) * alpha
    scale = {"uint8": 1, "uint16": 257, "float32": 1 / 255}[dtype]
    samples = np.empty((300, 400, len(values)), pixel_format.numpy)
    samples[:] = (np.array(values) * scale).astype(pixel_format.numpy)
    if alpha:
        samples[:, 200:, -1] = 0
    desk.open(samples, pixel_format)
    assert _near(desk.colour(100, 150), (90, 90, 90) if colour is Colour.GRAY else (90, 120, 30))
    if alpha:
        assert {desk.colour(x, 150)[0] for x in range(300, 332)} <= {204, 153}


def test_preview_and_outline_come_and_go(desk: Desk) -> None:
    desk.open(_gray(600, 400), RGB)
    rect = Rect(100, 100, 200, 200)
    desk.canvas.set_preview(rect, np.full((50, 50, 3), (0, 1, 0), np.float32))
    desk.settle()
    assert _near(desk.colour(150, 150), (0, 255, 0))
    assert _near(desk.colour(250, 150), _PLAIN)
    desk.canvas.clear_preview()
    inside = TiledImage(COVERAGE, Rect.of_size(600, 400))
    inside.write(rect, np.full((100, 100, 1), 255, np.uint8))
    desk.canvas.set_outline(Outline(inside))
    desk.settle()
    for x, y, outer_x, outer_y in ((150, 100, 150, 99), (100, 150, 99, 150), (199, 150, 200, 150)):
        assert desk.colour(x, y) == (255, 255, 255)
        assert desk.colour(outer_x, outer_y) == (0, 0, 0)
    assert _near(desk.colour(150, 150), _PLAIN)
    desk.canvas.clear_outline()
    desk.settle()
    assert _near(desk.colour(150, 100), _PLAIN)


def test_a_document_lets_go_of_its_canvas(desk: Desk) -> None:
    document = desk.open(_gray(600, 400), RGB)
    other = Document(TiledImage.from_array(_gray(10, 10), RGB))
    desk.canvas.set_document(other)
    assert not document._listeners
    assert len(other._listeners) == 1
    forgotten = Canvas()
    forgotten.set_document(document)
    gone = weakref.ref(forgotten._scene)
    forgotten.deleteLater()
    del forgotten
    QTest.qWait(10)
    gc.collect()
    assert gone() is None
    document.changed(document.canvas)


def test_partly_repainted_looks_like_wholly_repainted(desk: Desk) -> None:
    rng = np.random.default_rng(7)
    desk.open(rng.integers(0, 256, (1500, 2000, 3), np.uint8), RGB, BrushSettings(size=150, hardness=0.3))
    for zoom in (0.3, 0.77, 1.0, 1.6, 2.37, 3.3, 4.71, 11.3):
        desk.canvas.zoom_to(zoom)
        desk.settle()
        view = desk.canvas.view
        desk.drag(*[QPointF(*rng.uniform((50, 50), (view.width - 50, view.height - 50))) for _ in range(5)])
        partly = desk.viewport.grab().toImage()
        desk.canvas.set_document(desk.document)
        desk.canvas.set_active_layer("L1")
        desk.canvas._set_view(view)
        desk.settle()
        assert desk.viewport.grab().toImage() == partly


def test_a_closed_document_goes_without_a_collection(desk: Desk) -> None:
    # the window freezes what it has loaded, so a cycle around a large document might stay for good
    gone = weakref.ref(desk.open(_gray(600, 400), RGB))
    desk.settle()
    gc.collect()
    gc.disable()
    try:
        desk.canvas.set_document(None)
        desk.canvas.pointer = None
        del desk.document
        assert gone() is None
    finally:
        gc.enable()
