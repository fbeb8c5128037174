"""What a user would not expect to work, and what must do no harm: each leaves a window that goes on."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from inpaint_studio.document.edits import AddLayer, Group
from inpaint_studio.document.layers import FillLayer, MaskLayer
from inpaint_studio.pixels.rect import Rect
from tests.acceptance.conftest import Run
from tests.acceptance.user import User

_LEFT, _NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def _begin_stroke(user: User) -> None:
    port = user.tab.canvas.viewport()
    QTest.mousePress(port, _LEFT, _NONE, user.on_screen(100, 100))
    user.move(user.on_screen(200, 150), held=_LEFT)
    user.move(user.on_screen(250, 120), held=_LEFT)


def _end_stroke(user: User) -> None:
    QTest.mouseRelease(user.tab.canvas.viewport(), _LEFT, _NONE, user.on_screen(250, 120))


def _mask(user: User) -> np.ndarray:
    layer = user.tab.mask_worked_on()
    assert layer is not None
    return layer.coverage.read(user.tab.document.canvas)[..., 0]


def test_undo_in_mid_stroke_takes_the_stroke_back(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.paint((50, 50), (60, 60))
        before, steps = _mask(user), user.steps
        _begin_stroke(user)
        user.ctrl(Qt.Key.Key_Z)
        _end_stroke(user)
        assert np.array_equal(_mask(user), before)
        assert user.steps == steps
        user.ctrl(Qt.Key.Key_Z)
        assert not _mask(user).any()

    at_the_window(scenario, picture)


def test_a_tool_switched_in_mid_stroke_finishes_with_the_old_one(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        _begin_stroke(user)
        user.key(Qt.Key.Key_W)
        _end_stroke(user)
        assert user.steps == ("Add mask", "Brush stroke")
        QTest.mouseClick(user.tab.canvas.viewport(), _LEFT, _NONE, user.on_screen(290, 190))
        assert user.steps[-1] == "Magic wand"

    at_the_window(scenario, picture)


@pytest.mark.parametrize("after", ["undo", "delete"])
def test_a_mask_that_is_gone_when_its_fill_is_done(at_the_window: Run, picture: Path, after: str) -> None:
    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_M)
        user.paint((240, 140), (340, 240))
        mask = user.layers[0].id
        user.key(Qt.Key.Key_Return)
        await user.until(lambda: user.window.fills.tab is not None, user.window.fills.running)
        if after == "undo":
            user.ctrl(Qt.Key.Key_Z)
            user.ctrl(Qt.Key.Key_Z)
        else:
            user.choose(mask)
            user.key(Qt.Key.Key_Delete)
        assert user.layers == ()
        await user.filled()
        assert [type(layer) for layer in user.layers] == [FillLayer], "what was paid for is kept"
        user.tab.canvas.setFocus()
        user.ctrl(Qt.Key.Key_Z)
        assert not any(isinstance(layer, FillLayer) for layer in user.layers)
        assert user.window.fills.tab is None

    at_the_window(scenario, picture)


def test_three_hundred_layers(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        document = user.tab.document
        edits = [
            AddLayer(MaskLayer.empty(document.new_id(), f"Mask {number}", document.canvas).state(), number)
            for number in range(300)
        ]
        user.tab.do(Group("Many", tuple(edits)))
        user.tab.activate(user.layers[150].id)
        user.paint((100, 100), (200, 150))
        assert user.steps == ("Many", "Brush stroke")
        assert user.layers[150].planes["coverage"].tiles
        user.choose(user.layers[3].id)
        user.key(Qt.Key.Key_Delete)
        assert len(user.layers) == 299
        user.tab.canvas.setFocus()
        user.ctrl(Qt.Key.Key_Z)
        user.ctrl(Qt.Key.Key_Z)
        assert not any(layer.planes["coverage"].tiles for layer in user.layers)

    at_the_window(scenario, picture)


def test_the_wand_on_noise(at_the_window: Run, tmp_path: Path) -> None:
    path = tmp_path / "noise.png"
    cv2.imwrite(str(path), np.random.default_rng(1).integers(0, 256, (900, 1200, 3), np.uint8))

    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_W)
        for tolerance in ("0", "90", "255"):
            user.write("wand.tolerance", tolerance)
            user.tab.canvas.setFocus()
            QTest.mouseClick(user.tab.canvas.viewport(), _LEFT, _NONE, user.on_screen(600, 450))
        assert (_mask(user) == 255).all()

    at_the_window(scenario, path)


def test_tools_on_a_panorama_of_one_row(at_the_window: Run, tmp_path: Path) -> None:
    path = tmp_path / "row.png"
    cv2.imwrite(str(path), np.random.default_rng(1).integers(0, 256, (1, 60_000, 3), np.uint8))

    async def scenario(user: User) -> None:
        port = user.tab.canvas.viewport()
        middle, far = port.rect().center(), port.rect().bottomRight()
        for tool in ("brush", "rectangle", "lasso", "ellipse", "wand", "smart_select"):
            user.window.actions_by_name[f"tool.{tool}"].trigger()
            QTest.mousePress(port, _LEFT, _NONE, middle)
            user.move((middle + far) / 2, held=_LEFT)
            user.move(far, held=_LEFT)
            QTest.mouseRelease(port, _LEFT, _NONE, far)
            await user.window.settle()
        user.ctrl(Qt.Key.Key_A)
        await user.window.settle()
        assert _mask(user).shape == (1, 60_000)
        assert (_mask(user) == 255).all()

    at_the_window(scenario, path)


def test_a_lasso_outside_and_a_press_without_a_move(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_L)
        user.paint((-40, -40), (-10, -40), (-10, -10))
        assert user.layers == ()
        user.paint((-40, 200), (200, -40), (200, 200))
        box = Rect.around(_mask(user) > 0)
        assert user.tab.document.canvas.contains(box)
        user.key(Qt.Key.Key_B)
        steps = len(user.steps)
        user.paint((400, 300))
        assert user.steps[steps:] == ("Brush stroke",), "a click is a dot"

    at_the_window(scenario, picture)
