"""The view is rotated in the window: by dragging with R, by keys, back with Esc; and one goes on working in it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from tests.acceptance.conftest import Run
from tests.acceptance.user import User

_LEFT, _NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def _drag(user: User, *places: QPoint) -> None:
    port = user.tab.canvas.viewport()
    QTest.mousePress(port, _LEFT, _NONE, places[0])
    for place in places[1:]:
        user.move(place, held=_LEFT)
    QTest.mouseRelease(port, _LEFT, _NONE, places[-1])


def _middle(user: User) -> QPoint:
    x, y = user.tab.canvas.view.middle
    return QPoint(x, y)


def _colour(user: User, x: float, y: float) -> tuple[int, int, int]:
    image = user.tab.canvas.viewport().grab().toImage()
    colour = image.pixelColor(user.on_screen(x, y) * user.tab.canvas.devicePixelRatioF())
    return colour.red(), colour.green(), colour.blue()


def test_r_and_a_drag_rotate_and_esc_brings_it_upright(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        canvas, action = user.tab.canvas, user.window.actions_by_name["action.rotate_view"]
        assert user.text("status.angle") == ""
        upright = canvas.view
        user.key(Qt.Key.Key_R)
        assert action.isChecked()
        middle = _middle(user)
        _drag(user, middle + QPoint(150, 0), middle + QPoint(100, 100))
        assert canvas.view.angle == pytest.approx(45, abs=0.5)
        assert user.text("status.angle").startswith("Rotated 4")
        assert user.steps == (), "nothing was painted"
        await user.until_seen(lambda: _colour(user, 290, 190) == (220, 30, 30))
        await user.until_seen(lambda: _colour(user, 290, 120) != (220, 30, 30))
        user.key(Qt.Key.Key_Escape)
        assert canvas.view == upright
        assert not action.isChecked()
        assert user.text("status.angle") == ""

    at_the_window(scenario, picture)


def test_what_is_painted_in_a_rotated_view_is_filled_there(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_R)
        middle = _middle(user)
        _drag(user, middle + QPoint(0, -150), middle + QPoint(-120, -60))
        user.key(Qt.Key.Key_B)
        assert not user.tab.canvas.turning
        assert user.tab.canvas.view.angle == pytest.approx(-63, abs=1)
        user.scribble(245, 145, 335, 235, 12)
        assert user.covered(290, 190) == 255
        assert user.covered(200, 190) == user.covered(290, 90) == 0
        user.key(Qt.Key.Key_Return)
        await user.filled()
        assert (user.shown()[160:220, 260:320, 0] < 200).all(), "the red block is gone"
        await user.until_seen(lambda: _colour(user, 290, 190)[0] < 200)

    at_the_window(scenario, picture)


def test_keys_rotate_by_steps(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        view = user.tab.canvas
        user.ctrl(Qt.Key.Key_BracketRight)
        user.ctrl(Qt.Key.Key_BracketRight)
        assert view.view.angle == 30
        user.ctrl(Qt.Key.Key_BracketLeft)
        assert view.view.angle == 15
        view.turn_to(22)
        user.ctrl(Qt.Key.Key_Comma)
        assert view.view.angle == 15
        user.ctrl(Qt.Key.Key_Period)
        assert view.view.angle == 30
        user.ctrl(Qt.Key.Key_0)
        for x in (0, 600):
            for y in (0, 400):
                assert view.viewport().rect().adjusted(-1, -1, 1, 1).contains(user.on_screen(x, y)), "all of it is seen"
        await user.command("action.rotate_reset")
        assert view.view.angle == 0

    at_the_window(scenario, picture)


def test_esc_is_the_strokes_and_the_fills_first(at_the_window: Run, long_picture: Path) -> None:
    async def scenario(user: User) -> None:
        canvas = user.tab.canvas
        user.ctrl(Qt.Key.Key_BracketRight)
        port = canvas.viewport()
        QTest.mousePress(port, _LEFT, _NONE, _middle(user))
        user.move(_middle(user) + QPoint(40, 30), held=_LEFT)
        user.key(Qt.Key.Key_Escape)
        QTest.mouseRelease(port, _LEFT, _NONE, _middle(user))
        assert canvas.view.angle == 15
        assert not any(layer.planes["coverage"].tiles for layer in user.layers)
        user.key(Qt.Key.Key_M)
        user.paint((300, 300), (1700, 1700))
        user.key(Qt.Key.Key_Return)
        await user.filling()
        user.key(Qt.Key.Key_Escape)
        assert canvas.view.angle == 15
        await user.until(lambda: user.window.fills.tab is None, user.window.fills.running)
        await user.window.settle()
        user.key(Qt.Key.Key_Escape)
        assert canvas.view.angle == 0

    at_the_window(scenario, long_picture)


def test_all_that_compares_rotates_along(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        canvas = user.tab.canvas
        user.key(Qt.Key.Key_Y, Qt.KeyboardModifier.ShiftModifier)
        twin = user.tab.twin
        assert twin is not None
        await user.until_seen(lambda: twin.width() > 0 and twin.isVisible())
        user.key(Qt.Key.Key_F8)
        small = await user.until_there("navigator")
        await user.until_seen(lambda: small.grab().toImage().pixelColor(small.rect().center()).lightness() > 60)
        canvas.zoom_to(2.5)
        upright = small.grab().toImage()
        user.key(Qt.Key.Key_R)
        _drag(user, _middle(user) + QPoint(100, 0), _middle(user) + QPoint(80, 70))
        assert twin.view.angle == canvas.view.angle != 0
        assert math.dist(twin.view.to_photo(50, 60), canvas.view.to_photo(50, 60)) * canvas.view.zoom < 1.5
        assert small.grab().toImage() != upright
        QTest.mouseClick(small, _LEFT, _NONE, small.rect().center() + QPoint(20, 10))
        aim = canvas.view.to_photo(canvas.view.width / 2, canvas.view.height / 2)
        scale = small.width() / 600 if small.width() * 400 < small.height() * 600 else small.height() / 400
        assert math.dist(aim, (300 + 20 / scale, 200 + 10 / scale)) < 8
        user.key(Qt.Key.Key_Escape)
        assert twin.view.angle == canvas.view.angle == 0

    at_the_window(scenario, picture)
