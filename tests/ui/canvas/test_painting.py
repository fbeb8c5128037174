"""Painting by mouse and pen."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QPointingDevice
from PySide6.QtTest import QTest

from inpaint_studio.document.edits import AddLayer
from inpaint_studio.document.layers import FillLayer, new_fill_planes
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.pixels.format import COVERAGE
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.tools.base import BrushSettings
from tests.ui.canvas.desk import RGB, Desk

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


@pytest.mark.parametrize("size", [(1, 60000), (60000, 1), (1, 1)])
def test_photos_of_odd_shapes_can_be_seen_and_painted(desk: Desk, size: tuple[int, int]) -> None:
    desk.open(_gray(*size), RGB, BrushSettings(size=100, hardness=1))
    x, y = size[0] / 2, size[1] / 2
    assert _near(desk.colour(x, y), _PLAIN)
    desk.drag(desk.at(x, y), desk.at(x, y))
    assert _near(desk.colour(x, y), _RED) or size != (1, 1)
    assert desk.coverage().any()


def test_a_large_round_brush_tells_less_than_the_square_around_it(desk: Desk) -> None:
    document = desk.open(np.full((2600, 2600, 3), 128, np.uint8), RGB, BrushSettings(size=1500, hardness=0.5))
    seen, told = desk.coverage(), []

    def hear(rect: Rect) -> None:
        nonlocal seen
        now = desk.coverage()
        differs = now != seen
        for part in document.changed_parts:
            assert rect.contains(part)
            differs[part.slices] = False
        assert not differs.any(), "nothing changed that was not told"
        told.append(sum(part.area for part in document.changed_parts) / rect.area)
        seen = now

    document.subscribe(hear)
    desk.drag(desk.at(1200, 1300), *[desk.at(1200 + 20 * step, 1300 + 7 * step) for step in range(1, 6)])
    assert min(told) < 0.75
    document.changed(document.canvas)
    assert document.changed_parts == (document.canvas,)
