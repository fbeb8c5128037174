"""Selecting by mouse and keys: outlines while it goes on, and what ends it."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from inpaint_studio.pixels.rect import Rect
from inpaint_studio.tools.bound import BoundTool
from inpaint_studio.tools.registry import TOOLS
from tests.ui.canvas.desk import RGB, Desk

_PRESS, _MOVE, _RELEASE = QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove, QEvent.Type.MouseButtonRelease
_DOUBLE = QEvent.Type.MouseButtonDblClick
_ALT, _SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier


def _take(desk: Desk, tool: str, width: int = 600, height: int = 400, shade: int = 128) -> None:
    desk.open(np.full((height, width, 3), shade, np.uint8), RGB)
    _switch(desk, tool)


def _switch(desk: Desk, tool: str) -> None:
    made = next(entry for entry in TOOLS if entry.id == tool).make()
    desk.canvas.pointer = BoundTool(desk.document, made, "L1")
    desk.canvas.set_brush_size(None)


def _click(desk: Desk, x: float, y: float) -> None:
    QTest.mouseClick(desk.viewport, Qt.MouseButton.LeftButton, pos=desk.at(x, y).toPoint())


def _box(desk: Desk) -> Rect:
    return Rect.around(desk.coverage() > 127)


def _drawn(desk: Desk, x: float, y: float) -> set[int]:
    """The shades within two pixels of a place of the photo."""
    image = desk.viewport.grab().toImage()
    left, top = (round(value) for value in desk.canvas.view.to_viewport(x, y))
    around = ((i, j) for i in range(-2, 3) for j in range(-2, 3))
    return {image.pixelColor(left + i, top + j).green() for i, j in around}


@pytest.mark.parametrize("zoom", [0.12, 0.5, 0.71, 1.0, 2.0, 3.7, 16.0])
@pytest.mark.parametrize("tool", ["rectangle", "ellipse", "lasso"])
def test_what_is_dragged_is_selected_at_every_zoom(desk: Desk, tool: str, zoom: float) -> None:
    _take(desk, tool, 3000, 2000)
    desk.canvas.zoom_to(zoom)
    desk.settle()
    view = desk.canvas.view
    (x, y), (x2, y2) = view.to_photo(330, 200), view.to_photo(470, 320)
    desk.drag(QPointF(330, 200), QPointF(470, 200), QPointF(470, 320))
    box = Rect.around(desk.coverage() > 0)
    assert abs(box.left - x) <= 1
    assert abs(box.top - y) <= 1
    assert abs(box.right - x2) <= 1
    assert abs(box.bottom - y2) <= 1
    assert len(desk.edits) == 1


@pytest.mark.parametrize("shade", [0, 128, 255])
@pytest.mark.parametrize("tool", ["rectangle", "ellipse", "lasso", "polygon"])
def test_the_outline_is_seen_on_any_photo_and_goes(desk: Desk, tool: str, shade: int) -> None:
    _take(desk, tool, shade=shade)
    plain = desk.viewport.grab().toImage()
    where = desk.at(200, 150), desk.at(300, 150), desk.at(300, 250), desk.at(200, 250)
    if tool == "polygon":
        for place in where[:3]:
            QTest.mouseClick(desk.viewport, Qt.MouseButton.LeftButton, pos=place.toPoint())
        desk.mouse(_MOVE, where[3], Qt.MouseButton.NoButton)
    else:
        desk.mouse(_PRESS, where[0])
        for place in where[1:3]:
            desk.mouse(_MOVE, place)
    desk.settle()
    at = (300, 200) if tool != "ellipse" else (250, 150)
    assert {0, 255} <= _drawn(desk, *at)
    assert not desk.coverage().any(), "nothing is selected yet"
    QTest.keyClick(desk.canvas, Qt.Key.Key_Escape)
    desk.settle()
    assert desk.viewport.grab().toImage() == plain
    desk.mouse(_MOVE, where[2])
    desk.mouse(_RELEASE, where[2])
    desk.settle()
    assert desk.viewport.grab().toImage() == plain
    assert not desk.edits


def test_modifiers_add_subtract_intersect_and_square(desk: Desk) -> None:
    _take(desk, "rectangle")

    def drag(left: float, top: float, right: float, bottom: float, held: Qt.KeyboardModifier) -> None:
        desk.mouse(_PRESS, desk.at(left, top), modifiers=held)
        desk.mouse(_MOVE, desk.at(right, bottom), modifiers=held)
        desk.mouse(_RELEASE, desk.at(right, bottom), modifiers=held)

    drag(100, 100, 200, 130, _SHIFT)
    assert _box(desk) == Rect(100, 100, 200, 200)
    drag(200, 100, 300, 200, Qt.KeyboardModifier.NoModifier)
    assert _box(desk) == Rect(100, 100, 300, 200)
    drag(0, 0, 150, 300, _ALT)
    assert _box(desk) == Rect(150, 100, 300, 200)
    drag(100, 120, 250, 180, _ALT | _SHIFT)
    assert _box(desk) == Rect(150, 120, 250, 180)
    assert [edit.label for edit in desk.edits] == [
        "Rectangle", "Rectangle", "Rectangle: subtract", "Rectangle: intersect",
    ]  # fmt: skip


@pytest.mark.parametrize("end", ["enter", "return", "double click", "first corner"])
def test_a_polygon_is_clicked(desk: Desk, end: str) -> None:
    _take(desk, "polygon")
    for corner in ((100, 100), (300, 100), (300, 300)):
        _click(desk, *corner)
    assert not desk.edits
    if end == "first corner":
        _click(desk, 103, 102)
    elif end == "double click":
        desk.mouse(_DOUBLE, desk.at(300, 300))
        desk.mouse(_RELEASE, desk.at(300, 300))
    else:
        QTest.keyClick(desk.canvas, Qt.Key.Key_Enter if end == "enter" else Qt.Key.Key_Return)
    (edit,) = desk.edits
    assert edit.label == "Polygon"
    assert abs(desk.coverage().sum() / 255 - 20_000) < 10
    assert desk.canvas.pointer is not None
    assert not desk.canvas.pointer.active


def test_backspace_takes_corners_back_one_by_one(desk: Desk) -> None:
    _take(desk, "polygon")
    for corner in ((100, 100), (300, 100), (20, 20), (300, 300)):
        _click(desk, *corner)
    for _ in range(2):
        QTest.keyClick(desk.canvas, Qt.Key.Key_Backspace)
    _click(desk, 300, 300)
    QTest.keyClick(desk.canvas, Qt.Key.Key_Return)
    assert abs(desk.coverage().sum() / 255 - 20_000) < 10


def test_keys_of_a_line_are_no_shortcuts_only_while_there_is_one(desk: Desk) -> None:
    def taken(key: Qt.Key) -> bool:
        event = QKeyEvent(QEvent.Type.ShortcutOverride, key, Qt.KeyboardModifier.NoModifier)
        event.ignore()
        QApplication.sendEvent(desk.canvas, event)
        return event.isAccepted()

    _take(desk, "polygon")
    assert not taken(Qt.Key.Key_Return)
    _click(desk, 100, 100)
    assert taken(Qt.Key.Key_Return)
    assert taken(Qt.Key.Key_Enter)
    assert taken(Qt.Key.Key_Backspace)
    assert not taken(Qt.Key.Key_B)
    desk.canvas.cancel_stroke()
    assert not taken(Qt.Key.Key_Return)


def test_the_view_moves_and_zooms_between_the_corners(desk: Desk) -> None:
    _take(desk, "polygon")
    _click(desk, 100, 100)
    _click(desk, 300, 100)
    desk.drag(QPointF(300, 300), QPointF(260, 270), button=Qt.MouseButton.MiddleButton)
    desk.canvas.zoom_to(2, QPointF(400, 300))
    desk.settle()
    _click(desk, 300, 300)
    QTest.keyClick(desk.canvas, Qt.Key.Key_Return)
    assert abs(desk.coverage().sum() / 255 - 20_000) < 300


def test_a_line_stays_behind_when_the_canvas_is_hidden(desk: Desk) -> None:
    _take(desk, "polygon")
    _click(desk, 100, 100)
    desk.canvas.hide()
    assert desk.canvas.pointer is not None
    assert not desk.canvas.pointer.active
    desk.canvas.show()
    QTest.qWaitForWindowExposed(desk.canvas)
    desk.settle()


def test_two_quick_clicks_of_the_brush_are_two_dots(desk: Desk) -> None:
    desk.open(np.full((400, 600, 3), 128, np.uint8), RGB)
    _click(desk, 100, 100)
    desk.mouse(_DOUBLE, desk.at(102, 100))
    desk.mouse(_RELEASE, desk.at(102, 100))
    assert [edit.label for edit in desk.edits] == ["Brush stroke"] * 2


def test_the_wand_selects_at_the_click(desk: Desk) -> None:
    photo = np.full((400, 600, 3), 60, np.uint8)
    photo[100:200, 100:300] = 160
    desk.open(photo, RGB)
    _switch(desk, "wand")
    _click(desk, 150, 150)
    assert Rect.around(desk.coverage() == 255) == Rect(100, 100, 300, 200)
    _click(desk, 599.9, -5)
    assert len(desk.edits) == 1


def test_tools_that_do_not_paint_have_a_cross(desk: Desk) -> None:
    _take(desk, "lasso")
    assert desk.viewport.cursor().shape() == Qt.CursorShape.CrossCursor
    desk.canvas.set_brush_size(50)
    assert desk.viewport.cursor().shape() == Qt.CursorShape.BlankCursor


_SCALED = """
import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
application = QApplication([])
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.tools.bound import BoundTool
from inpaint_studio.tools.polygon import PolygonTool
from inpaint_studio.tools.shapes import rectangle_tool
from inpaint_studio.ui.canvas import Canvas
from tests.ui.canvas.desk import RGB, Desk
canvas = Canvas()
canvas.resize(800, 600)
canvas.show()
desk = Desk(canvas)
QTest.qWaitForWindowExposed(canvas)
desk.open(np.full((1500, 2000, 3), 128, np.uint8), RGB)
ratio = desk.viewport.devicePixelRatioF()
left = Qt.MouseButton.LeftButton
for zoom in (0.5, 1.0, 4.0):
    canvas.zoom_to(zoom)
    desk.settle()
    corners = [canvas.view.to_photo(x * ratio, y * ratio) for x, y in ((300, 200), (500, 350))]
    wanted = np.array(corners).ravel()
    canvas.pointer = BoundTool(desk.document, rectangle_tool(), "L1")
    QTest.mousePress(desk.viewport, left, pos=QPoint(300, 200))
    QTest.mouseMove(desk.viewport, QPoint(500, 350))
    desk.settle()
    image = desk.viewport.grab().toImage()
    column = {image.pixelColor(round(500 * ratio) + i, round(280 * ratio) + j).red()
              for i in range(-2, 3) for j in range(20)}
    assert {0, 255} <= column, column
    QTest.mouseRelease(desk.viewport, left, pos=QPoint(500, 350))
    box = Rect.around(desk.coverage() > 127)
    assert np.abs(np.array([box.left, box.top, box.right, box.bottom]) - wanted).max() <= 1, (box, wanted)
    desk.edits.pop().revert(desk.document)
    canvas.pointer = BoundTool(desk.document, PolygonTool(), "L1")
    for x, y in ((300, 200), (500, 200), (500, 350)):
        QTest.mouseClick(desk.viewport, left, pos=QPoint(x, y))
    desk.mouse(QEvent.Type.MouseMove, QPointF(300, 350), Qt.MouseButton.NoButton)
    desk.settle()
    image = desk.viewport.grab().toImage()
    row = {image.pixelColor(round(400 * ratio) + i, round(350 * ratio) + j).red()
           for i in range(20) for j in range(-2, 3)}
    assert {0, 255} <= row, row
    QTest.mouseClick(desk.viewport, left, pos=QPoint(304, 203))
    area = desk.coverage().sum() / 255
    (x, y), (x2, y2) = corners
    assert abs(area / ((x2 - x) * (y2 - y) / 2) - 1) < 0.02, area
    desk.edits.pop().revert(desk.document)
print(ratio)
"""


@pytest.mark.parametrize("scale", ["1", "1.5", "2"])
def test_display_scales(scale: str) -> None:
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
