"""Zoom, pan, cursor."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from tests.ui.canvas.desk import RGB, Desk

_PRESS, _MOVE, _RELEASE = QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove, QEvent.Type.MouseButtonRelease


def _gray(width: int, height: int) -> np.ndarray:
    return np.full((height, width, 3), 128, np.uint8)


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
