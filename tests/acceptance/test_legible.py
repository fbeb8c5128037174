"""What is drawn over a photo can be seen on any: light, dark, and a checkerboard, upright and rotated."""

from __future__ import annotations

import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from tests.acceptance.conftest import Run
from tests.acceptance.user import User
from tests.ui.legible import along, circle, photos, seen

_LEFT, _NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
#: Upright, along the diagonals, and in between.
_LASSO = ((200, 150), (320, 270), (440, 150), (440, 350), (380, 420), (240, 420))
#: How far from the line its loudest part may be: its own width, and half a gap between two dashes.
_REACH = 3


def _gray(user: User) -> np.ndarray:
    image = user.tab.canvas.viewport().grab().toImage()
    image = image.convertToFormat(image.Format.Format_Grayscale8)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return pixels[:, : image.width()].copy()


def _places(user: User, *corners: tuple[float, float]) -> np.ndarray:
    view = user.tab.canvas.view
    return along(*(view.to_viewport(*corner) for corner in corners))


@pytest.mark.parametrize("angle", [0, 30])
@pytest.mark.parametrize("name", ["light", "dark", "checkers"])
def test_the_lines_of_tools_and_of_the_fill(at_the_window: Run, tmp_path: Path, name: str, angle: int) -> None:
    path = tmp_path / f"{name}.png"
    cv2.imwrite(str(path), photos()[name])

    async def scenario(user: User) -> None:
        canvas = user.tab.canvas
        canvas.zoom_100()
        canvas.turn_to(angle)
        # what is turned needs more room, and the scroll bars take some
        bars = canvas.horizontalScrollBar(), canvas.verticalScrollBar()
        await user.until_seen(lambda: all(bar.isVisible() == bool(angle) for bar in bars))
        user.point_away()
        before = _gray(user)
        # the brush
        port, middle = canvas.viewport(), QPoint(400, 300)
        user.move(middle)
        radius = user.window.toolbox.brush.size / 2
        assert seen(before, _gray(user), circle((400.5, 300.5), radius), _REACH) > 0.97
        user.point_away()
        # a lasso on its way
        user.key(Qt.Key.Key_L)
        places = [user.on_screen(*corner) for corner in _LASSO]
        QTest.mousePress(port, _LEFT, _NONE, places[0])
        for place in places[1:]:
            user.move(place, held=_LEFT)
        await user.until_seen(lambda: seen(before, _gray(user), _places(user, *_LASSO), _REACH) > 0.97)
        drawn = _gray(user)
        for start, end in itertools.pairwise(_LASSO):
            assert seen(before, drawn, _places(user, start, end), _REACH) > 0.9, "on every side of it"
        QTest.mouseRelease(port, _LEFT, _NONE, places[-1])
        # what would be filled: without the red, so that the line alone counts
        user.write("fill.grow", "0")
        user.write("fill.feather", "0")
        canvas.setFocus()
        user.key(Qt.Key.Key_O)
        user.point_away()
        await user.until_seen(lambda: seen(before, _gray(user), _places(user, *_LASSO, _LASSO[0]), _REACH) > 0.99)
        user.ctrl(Qt.Key.Key_D)
        await user.until_seen(lambda: np.abs(_gray(user).astype(int) - before).max() <= 1)

    at_the_window(scenario, path)
