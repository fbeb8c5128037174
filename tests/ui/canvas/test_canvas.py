import gc
import os
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QPointingDevice
from PySide6.QtTest import QTest
from tests.ui.canvas.desk import RGB, Desk

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import AddLayer, RemoveLayer, SetLayer
from inpaint_studio.document.layers import FillLayer, MaskLayer, new_fill_planes
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.pixels.format import COVERAGE, Colour, PixelFormat
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.tools.base import BrushSettings
from inpaint_studio.ui.canvas import Canvas

_PRESS, _MOVE, _RELEASE = QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove, QEvent.Type.MouseButtonRelease
_RED = (192, 63, 63)
_PLAIN = (128, 128, 128)


def _gray(width: int, height: int) -> np.ndarray:
    return np.full((height, width, 3), 128, np.uint8)


def _near(colour: tuple[int, int, int], wanted: tuple[int, int, int]) -> bool:
    return max(abs(a - b) for a, b in zip(colour, wanted, strict=True)) <= 2


@pytest.mark.parametrize("zoom", [0.12, 0.5, 0.71, 1.0, 1.5, 2.0, 3.7, 16.0])
def test_paint_appears_where_it_was_clicked(desk: Desk, zoom: float) -> None:
    desk.open(_gray(3000, 2000), RGB, BrushSettings(size=max(20 / zoom, 4), hardness=1))
    desk.canvas.zoom_to(zoom)
    desk.settle()
    at = QPointF(430, 250)
    x, y = desk.canvas.view.to_photo(430, 250)
    QTest.mouseClick(desk.viewport, Qt.MouseButton.LeftButton, pos=at.toPoint())
    desk.settle()
    assert _near(desk.colour(x, y), _RED)
    radius = max(20 / zoom, 4) / 2
    assert _near(desk.colour(x - radius - 1.5 - 3 / zoom, y), _PLAIN)
    painted = Rect.around(desk.coverage() > 127)
    assert abs((painted.left + painted.right) / 2 - x) <= 1
    assert abs((painted.top + painted.bottom) / 2 - y) <= 1
    assert [edit.label for edit in desk.edits] == ["Brush stroke"]


def test_all_input_points_are_kept(desk: Desk) -> None:
    desk.open(_gray(800, 600), RGB, BrushSettings(size=3, hardness=1))
    desk.canvas.zoom_100()
    desk.settle()
    points = [QPointF(100 + 2 * i + 0.25, 300 + 150 * (-1) ** i + 0.25) for i in range(300)]
    desk.drag(*points)
    places = [desk.canvas.view.to_photo(point.x(), point.y()) for point in points]
    coverage = desk.coverage()
    assert all(coverage[int(y), int(x)] == 255 for x, y in places)
    assert len(desk.edits) == 1


def test_escape_takes_the_running_stroke_back(desk: Desk) -> None:
    desk.open(_gray(600, 400), RGB)
    desk.drag(desk.at(100, 100), desk.at(200, 120))
    before = desk.coverage()
    desk.mouse(_PRESS, desk.at(300, 200))
    desk.mouse(_MOVE, desk.at(350, 250))
    desk.settle()
    assert not np.array_equal(desk.coverage(), before)
    desk.mouse(_MOVE, desk.at(390, 250))
    QTest.keyClick(desk.canvas, Qt.Key.Key_Escape)
    assert np.array_equal(desk.coverage(), before)
    desk.mouse(_MOVE, desk.at(100, 350))
    desk.mouse(_RELEASE, desk.at(100, 350))
    desk.settle()
    assert np.array_equal(desk.coverage(), before)
    assert _near(desk.colour(300, 200), _PLAIN)
    assert len(desk.edits) == 1


def test_undo_and_redo_are_painted(desk: Desk) -> None:
    document = desk.open(_gray(600, 400), RGB)
    desk.drag(desk.at(100, 100), desk.at(200, 100))
    (edit,) = desk.edits
    edit.revert(document)
    desk.settle()
    assert _near(desk.colour(150, 100), _PLAIN)
    edit.apply(document)
    desk.settle()
    assert _near(desk.colour(150, 100), _RED)


@pytest.mark.parametrize("start", [0.1, 0.6, 1.0, 5.0])
def test_zooming_keeps_the_point_under_the_cursor(desk: Desk, start: float) -> None:
    desk.open(_gray(4000, 3000), RGB)
    desk.canvas.zoom_to(start)
    desk.settle()
    at = QPointF(500, 200)
    for delta in (120, 120, 360, -240, -600, 15):
        before, zoom = desk.canvas.view.to_photo(at.x(), at.y()), desk.canvas.view.zoom
        desk.wheel(at, delta, Qt.KeyboardModifier.ControlModifier)
        after = desk.canvas.view.to_photo(at.x(), at.y())
        assert (desk.canvas.view.zoom > zoom) == (delta > 0)
        slack = 0.6 / desk.canvas.view.zoom
        assert abs(after[0] - before[0]) <= slack
        assert abs(after[1] - before[1]) <= slack


def test_zoom_keys_and_clicks(desk: Desk) -> None:
    desk.open(_gray(4000, 3000), RGB)
    zooms: list[float] = []
    desk.canvas.zoomChanged.connect(zooms.append)
    control = Qt.KeyboardModifier.ControlModifier
    fit = desk.canvas.view.zoom
    assert fit == pytest.approx(0.2)
    QTest.keyClick(desk.canvas, Qt.Key.Key_1, control)
    assert desk.canvas.view.zoom == 1
    QTest.keyClick(desk.canvas, Qt.Key.Key_Plus, control)
    QTest.keyClick(desk.canvas, Qt.Key.Key_Minus, control)
    assert desk.canvas.view.zoom == 1
    QTest.keyPress(desk.canvas, Qt.Key.Key_Z)
    QTest.mouseClick(desk.viewport, Qt.MouseButton.LeftButton, pos=QPoint(300, 300))
    assert desk.canvas.view.zoom > 1
    QTest.mouseClick(desk.viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.AltModifier, QPoint(300, 300))
    QTest.keyRelease(desk.canvas, Qt.Key.Key_Z)
    assert desk.canvas.view.zoom == 1
    QTest.keyClick(desk.canvas, Qt.Key.Key_0, control)
    assert desk.canvas.view.zoom == pytest.approx(fit)
    desk.canvas.zoom_to(1e9)
    assert desk.canvas.view.zoom == 64
    desk.canvas.zoom_to(0)
    assert desk.canvas.view.zoom == 0.01
    assert zooms[0] == 1
    assert not desk.edits


def test_space_and_the_middle_button_pan(desk: Desk) -> None:
    desk.open(_gray(4000, 3000), RGB)
    desk.canvas.zoom_100()
    desk.settle()
    before = desk.canvas.view
    desk.drag(QPointF(400, 300), QPointF(350, 280), button=Qt.MouseButton.MiddleButton)
    assert (desk.canvas.view.left - before.left, desk.canvas.view.top - before.top) == (50, 20)
    QTest.keyPress(desk.canvas, Qt.Key.Key_Space)
    desk.drag(QPointF(400, 300), QPointF(430, 300))
    QTest.keyRelease(desk.canvas, Qt.Key.Key_Space)
    assert desk.canvas.view.left - before.left == 20
    assert not desk.edits
    assert not desk.coverage().any()


def test_wheel_trackpad_and_scroll_bars_pan(desk: Desk) -> None:
    desk.open(_gray(4000, 3000), RGB)
    desk.canvas.zoom_100()
    desk.settle()
    top, left = desk.canvas.view.top, desk.canvas.view.left
    desk.wheel(QPointF(300, 300), -120)
    assert desk.canvas.view.top > top
    desk.wheel(QPointF(300, 300), -120, Qt.KeyboardModifier.ShiftModifier)
    assert desk.canvas.view.left > left
    top = desk.canvas.view.top
    desk.wheel(QPointF(300, 300), 120, pixels=QPoint(0, 7))
    assert desk.canvas.view.top == top - 7
    desk.canvas.verticalScrollBar().setValue(100)
    assert desk.canvas.view.top == 100
    desk.canvas.pan(10**6, 10**6)
    view = desk.canvas.view
    assert view.left < 4000
    assert view.top < 3000


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


def test_painting_on_a_fill_brings_the_original_back_on_the_screen(desk: Desk) -> None:
    document = desk.open(_gray(600, 400), RGB)
    pixels, alpha = new_fill_planes(document.format, document.canvas)
    pixels.write(document.canvas, np.full((400, 600, 3), (10, 200, 30), np.uint8))
    alpha.write(document.canvas, np.full((400, 600, 1), 65535, np.uint16))
    fill = FillLayer.made(document.new_id(), "Fill", pixels, alpha, TiledImage(COVERAGE, document.canvas), Recipe())
    AddLayer(fill.state(), 1).apply(document)
    desk.settle()
    desk.canvas.pointer.layer_id = fill.id  # type: ignore[union-attr]
    desk.mouse(_PRESS, desk.at(100, 100), modifiers=Qt.KeyboardModifier.AltModifier)
    desk.mouse(_MOVE, desk.at(200, 100))
    desk.mouse(_RELEASE, desk.at(200, 100))
    desk.settle()
    assert _near(desk.colour(150, 100), _PLAIN)
    assert _near(desk.colour(150, 200), (10, 200, 30))


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


def test_a_pen_has_pressure_and_an_eraser(desk: Desk) -> None:
    desk.open(_gray(800, 600), RGB, BrushSettings(size=80, hardness=1, pressure_size=True))
    desk.canvas.zoom_100()
    desk.settle()
    pen = QPointingDevice.PointerType.Pen
    assert desk.tablet(QEvent.Type.TabletPress, desk.at(100, 300), 0.25, pen).isAccepted()
    desk.tablet(QEvent.Type.TabletMove, desk.at(500, 300), 1.0, pen)
    desk.tablet(QEvent.Type.TabletRelease, desk.at(500, 300), 0.0, pen)
    desk.settle()
    widths = (desk.coverage() > 127).sum(0)
    assert abs(int(widths[100]) - 20) <= 3
    assert abs(int(widths[500]) - 80) <= 2
    eraser = QPointingDevice.PointerType.Eraser
    desk.tablet(QEvent.Type.TabletPress, desk.at(300, 300), 1.0, eraser)
    desk.tablet(QEvent.Type.TabletRelease, desk.at(300, 300), 0.0, eraser)
    assert desk.coverage()[300, 300] == 0
    assert [edit.label for edit in desk.edits] == ["Brush stroke", "Erase"]


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


@pytest.mark.parametrize("size", [(1, 60000), (60000, 1), (1, 1)])
def test_photos_of_odd_shapes_can_be_seen_and_painted(desk: Desk, size: tuple[int, int]) -> None:
    desk.open(_gray(*size), RGB, BrushSettings(size=100, hardness=1))
    x, y = size[0] / 2, size[1] / 2
    assert _near(desk.colour(x, y), _PLAIN)
    desk.drag(desk.at(x, y), desk.at(x, y))
    assert _near(desk.colour(x, y), _RED) or size != (1, 1)
    assert desk.coverage().any()


def test_preview_and_outline_come_and_go(desk: Desk) -> None:
    desk.open(_gray(600, 400), RGB)
    rect = Rect(100, 100, 200, 200)
    desk.canvas.set_preview(rect, np.full((50, 50, 3), (0, 1, 0), np.float32))
    desk.settle()
    assert _near(desk.colour(150, 150), (0, 255, 0))
    assert _near(desk.colour(250, 150), _PLAIN)
    desk.canvas.clear_preview()
    desk.canvas.set_outline(rect, np.ones((100, 100), np.bool_))
    desk.settle()
    assert desk.colour(150, 100) == (255, 255, 255)
    assert desk.colour(100, 150) == (255, 255, 255)
    assert desk.colour(200, 150) == (255, 255, 255)
    assert _near(desk.colour(150, 150), _PLAIN)
    desk.canvas.clear_outline()
    desk.settle()
    assert _near(desk.colour(150, 100), _PLAIN)


def test_the_cursor_is_told_in_photo_coordinates(desk: Desk) -> None:
    desk.open(_gray(4000, 3000), RGB)
    seen: list[tuple[float, float]] = []
    desk.canvas.cursorMoved.connect(lambda x, y: seen.append((x, y)))
    desk.mouse(_MOVE, QPointF(300.5, 200.25), Qt.MouseButton.NoButton)
    assert seen == [desk.canvas.view.to_photo(300.5, 200.25)]


def test_the_brush_circle_has_the_real_size_and_leaves_no_trace(desk: Desk) -> None:
    desk.open(_gray(800, 600), RGB)
    desk.canvas.zoom_100()
    desk.canvas.set_brush_size(100)
    desk.settle()
    before = desk.viewport.grab().toImage()
    desk.mouse(_MOVE, QPointF(400, 300), Qt.MouseButton.NoButton)
    desk.settle()
    image = desk.viewport.grab().toImage()
    rim = [x for x in range(300, 500) if image.pixelColor(x, 300) != before.pixelColor(x, 300)]
    assert {round((rim[-1] - rim[0]) / 4) * 4} == {100}
    QTest.mouseMove(desk.viewport, QPoint(600, 500))
    desk.mouse(_MOVE, QPointF(650, 500), Qt.MouseButton.NoButton)
    desk.settle()
    assert desk.viewport.grab().toImage().pixelColor(rim[0], 300) == before.pixelColor(rim[0], 300)


def test_held_keys_end_with_the_focus(desk: Desk) -> None:
    desk.open(_gray(600, 400), RGB)
    QTest.keyPress(desk.canvas, Qt.Key.Key_Space)
    desk.canvas.clearFocus()
    desk.canvas.setFocus()
    desk.drag(desk.at(100, 100), desk.at(150, 100))
    assert desk.coverage().any()


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
    for zoom in (0.3, 0.77, 1.0, 1.6, 3.3):
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


_SCALED = """
import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
application = QApplication([])
from inpaint_studio.tools.base import BrushSettings
from inpaint_studio.ui.canvas import Canvas
from tests.ui.canvas.desk import RGB, Desk
canvas = Canvas()
canvas.resize(800, 600)
canvas.show()
desk = Desk(canvas)
QTest.qWaitForWindowExposed(canvas)
photo = np.full((1500, 2000, 3), 128, np.uint8)
photo[::2, ::2] = 0
desk.open(photo, RGB, BrushSettings(size=30, hardness=1))
ratio = desk.viewport.devicePixelRatioF()
for zoom in (0.5, 1.0, 4.0):
    canvas.zoom_to(zoom)
    desk.settle()
    assert canvas.view.width == round(desk.viewport.width() * ratio), canvas.view
    x, y = canvas.view.to_photo(430 * ratio, 250 * ratio)
    QTest.mouseClick(desk.viewport, Qt.MouseButton.LeftButton, pos=QPointF(430, 250).toPoint())
    desk.settle()
    box = np.argwhere(desk.coverage() > 127)
    assert np.abs((box.min(0) + box.max(0) + 1) / 2 - (y, x)).max() <= 1, (box.min(0), box.max(0), x, y)
    shown = desk.colour(x, y)
    assert shown[0] > shown[1] + 50, shown
    desk.edits.pop().revert(desk.document)
canvas.zoom_100()
desk.settle()
image = desk.viewport.grab().toImage()
left, top = (int(value) for value in canvas.view.to_viewport(900, 700))
assert image.devicePixelRatio() == ratio
block = [[image.pixelColor(left + x, top + y).red() for x in range(4)] for y in range(4)]
assert block == [[0, 128, 0, 128], [128] * 4] * 2, block
print(ratio)
"""


@pytest.mark.parametrize("scale", ["1", "1.25", "1.5", "2"])
def test_display_scales(scale: str) -> None:
    """At every scale 100 % is one photo pixel on one pixel of the screen."""
    root = str(Path(__file__).parents[3])
    result = subprocess.run(
        [sys.executable, "-c", _SCALED],
        env={**os.environ, "QT_SCALE_FACTOR": scale, "PYTHONPATH": os.pathsep.join([root, *sys.path])},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    assert float(result.stdout) == float(scale)
