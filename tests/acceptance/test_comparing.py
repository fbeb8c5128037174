"""Before and after: a split with a movable line, the original beside, the fills alone, the pixel grid, the navigator."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from inpaint_studio.document.edits import AddLayer
from inpaint_studio.document.layers import FillLayer, new_fill_planes
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.pixels.format import COVERAGE
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from tests.acceptance.conftest import Run
from tests.acceptance.user import User

_LEFT, _NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
_GREEN = (0, 255, 0)


def _fill_green(user: User) -> None:
    """A fill over the whole photo."""
    document = user.tab.document
    pixels, alpha = new_fill_planes(document.format, document.canvas)
    pixels.write(document.canvas, np.full((document.canvas.height, document.canvas.width, 3), _GREEN, np.uint8))
    alpha.write(document.canvas, np.full((document.canvas.height, document.canvas.width, 1), 65535, np.uint16))
    mask = TiledImage(COVERAGE, document.canvas)
    layer = FillLayer.made(document.new_id(), "Fill", pixels, alpha, mask, Recipe())
    user.tab.do(AddLayer(layer.state(), 0, "Fill"))


def _colour(user: User, x: float, y: float) -> tuple[int, int, int]:
    image = user.tab.canvas.viewport().grab().toImage()
    ratio = user.tab.canvas.devicePixelRatioF()
    place = user.on_screen(x, y) * ratio
    colour = image.pixelColor(place)
    return colour.red(), colour.green(), colour.blue()


def test_left_of_the_line_is_before_and_the_line_moves(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        _fill_green(user)
        user.key(Qt.Key.Key_Y)
        canvas = user.tab.canvas
        assert canvas.split == 0.5
        await user.until_seen(lambda: _colour(user, 500, 200) == _GREEN)
        assert _colour(user, 100, 200) != _GREEN
        port = canvas.viewport()
        middle = QPoint(port.width() // 2, port.height() // 3)
        QTest.mousePress(port, _LEFT, _NONE, middle)
        user.move(user.on_screen(590, 100), held=_LEFT)
        QTest.mouseRelease(port, _LEFT, _NONE, user.on_screen(590, 100))
        await user.until_seen(lambda: _colour(user, 500, 200) != _GREEN)
        assert user.steps == ("Fill",), "the line is no stroke"
        user.key(Qt.Key.Key_Y)
        await user.until_seen(lambda: _colour(user, 100, 200) == _GREEN)

    at_the_window(scenario, picture)


def test_the_original_beside_goes_where_the_canvas_goes(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        _fill_green(user)
        user.key(Qt.Key.Key_Y, Qt.KeyboardModifier.ShiftModifier)
        twin = user.tab.twin
        assert twin is not None
        await user.until_seen(lambda: twin.width() > 0 and twin.isVisible())
        user.ctrl(Qt.Key.Key_Plus)
        user.ctrl(Qt.Key.Key_Plus)
        view, other = user.tab.canvas.view, twin.view
        assert (view.zoom, view.left, view.top) == (other.zoom, other.left, other.top)
        QTest.mousePress(twin.viewport(), _LEFT, _NONE, QPoint(200, 200))
        user.move(QPoint(150, 180), held=_LEFT, on=twin.viewport())
        QTest.mouseRelease(twin.viewport(), _LEFT, _NONE, QPoint(150, 180))
        moved = user.tab.canvas.view
        assert (moved.left, moved.top) == (twin.view.left, twin.view.top)
        assert (moved.left, moved.top) != (view.left, view.top)
        image = twin.viewport().grab().toImage()
        assert image.pixelColor(image.width() // 2, image.height() // 2).getRgb()[:3] != _GREEN
        user.key(Qt.Key.Key_Y, Qt.KeyboardModifier.ShiftModifier)
        assert user.tab.twin is None

    at_the_window(scenario, picture)


def test_the_fills_alone(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        await user.command("action.fills_alone")
        await user.until_seen(lambda: _colour(user, 100, 200) == (0, 0, 0))
        _fill_green(user)
        await user.until_seen(lambda: _colour(user, 100, 200) == _GREEN)
        user.ctrl(Qt.Key.Key_Z)
        await user.until_seen(lambda: _colour(user, 100, 200) == (0, 0, 0))

    at_the_window(scenario, picture)


def test_a_grid_parts_the_pixels_above_800_percent(at_the_window: Run, tmp_path: Path) -> None:
    path = tmp_path / "white.png"
    cv2.imwrite(str(path), np.full((200, 200, 3), 255, np.uint8))

    async def scenario(user: User) -> None:
        canvas = user.tab.canvas

        def tones() -> set[int]:
            image = canvas.viewport().grab().toImage()
            middle = image.height() // 2
            return {image.pixelColor(x, middle).red() for x in range(200, 260)}

        canvas.zoom_to(8.0)
        await user.until_seen(lambda: tones() == {255})
        canvas.zoom_to(16.0)
        await user.until_seen(lambda: len(tones()) == 2)
        await user.command("action.pixel_grid")
        await user.until_seen(lambda: tones() == {255})

    at_the_window(scenario, path)


def test_the_navigator_shows_where_one_is_and_goes_there(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_F8)
        small = await user.until_there("navigator")
        await user.until_seen(
            lambda: len({small.grab().toImage().pixel(x, small.height() // 2) for x in range(0, small.width(), 3)}) > 4
        )
        user.tab.canvas.zoom_to(4.0)
        QTest.mouseClick(small, _LEFT, _NONE, QPoint(small.width() // 2, small.height() // 2))
        view = user.tab.canvas.view
        x, y = view.to_photo(view.width / 2, view.height / 2)
        assert abs(x - 300) < 12
        assert abs(y - 200) < 12
        left = view.left
        QTest.keyClick(small, Qt.Key.Key_Right)
        assert user.tab.canvas.view.left > left
        assert Rect(0, 0, 600, 400) == user.tab.document.canvas

    at_the_window(scenario, picture)
