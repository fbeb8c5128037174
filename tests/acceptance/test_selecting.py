"""Selecting in the window: a key for each tool, one step each, Enter closes a polygon before it fills."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QSpinBox

from inpaint_studio.document.layers import FillLayer, MaskLayer
from inpaint_studio.pixels.rect import Rect
from tests.acceptance.conftest import Run
from tests.acceptance.user import User

_NONE, _SHIFT, _ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


def _selected(user: User) -> np.ndarray:
    layer = user.tab.mask_worked_on()
    assert layer is not None
    return layer.coverage.read(user.tab.document.canvas)[..., 0]


def _click(user: User, x: float, y: float) -> None:
    QTest.mouseClick(user.tab.canvas.viewport(), Qt.MouseButton.LeftButton, _NONE, user.on_screen(x, y))


@pytest.mark.parametrize(
    ("tool", "key", "held", "label"),
    [
        ("rectangle", Qt.Key.Key_M, _NONE, "Rectangle"),
        ("ellipse", Qt.Key.Key_M, _SHIFT, "Ellipse"),
        ("lasso", Qt.Key.Key_L, _NONE, "Lasso"),
    ],
)
def test_a_key_a_drag_a_step(
    at_the_window: Run, picture: Path, tool: str, key: Qt.Key, held: Qt.KeyboardModifier, label: str
) -> None:
    async def scenario(user: User) -> None:
        user.key(key, held)
        assert user.window.actions_by_name[f"tool.{tool}"].isChecked()
        user.paint((240, 140), (340, 140), (340, 240))
        box = Rect.around(_selected(user) > 127)
        assert (
            max(
                abs(a - b)
                for a, b in zip((box.left, box.top, box.right, box.bottom), (240, 140, 340, 240), strict=True)
            )
            <= 2
        )
        assert user.steps == ("Add mask", label)
        user.paint((200, 100), (400, 100), (400, 400), modifiers=_ALT)
        user.ctrl(Qt.Key.Key_Z)
        assert user.steps == ("Add mask", label)
        assert Rect.around(_selected(user) > 127) == box

    at_the_window(scenario, picture)


def test_a_polygon_is_closed_by_enter_and_the_next_enter_fills(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_L, _SHIFT)
        for corner in ((240, 140), (340, 140), (340, 240), (240, 240)):
            _click(user, *corner)
        assert user.steps == ()
        user.key(Qt.Key.Key_Return)
        assert user.steps == ("Add mask", "Polygon")
        assert user.window.fills.tab is None
        user.key(Qt.Key.Key_Return)
        await user.filled()
        assert isinstance(user.layers[-1], FillLayer)

    at_the_window(scenario, picture)


def test_escape_another_tool_and_undo_leave_a_polygon_and_nothing_else(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        for leave in (
            lambda: user.key(Qt.Key.Key_Escape),
            lambda: user.key(Qt.Key.Key_B),
            lambda: user.window.tab.undo(),
        ):
            user.key(Qt.Key.Key_L, _SHIFT)
            for corner in ((240, 140), (340, 140), (340, 240)):
                _click(user, *corner)
            leave()
            pointer = user.tab.canvas.pointer
            assert pointer is not None
            assert not pointer.active
            assert user.layers == ()
            assert user.tab.studio.history.labels == ()

    at_the_window(scenario, picture)


def test_a_cancelled_or_empty_shape_makes_no_mask(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_M)
        port = user.tab.canvas.viewport()
        QTest.mousePress(port, Qt.MouseButton.LeftButton, _NONE, user.on_screen(100, 100))
        user.move(user.on_screen(200, 200))
        user.key(Qt.Key.Key_Escape)
        QTest.mouseRelease(port, Qt.MouseButton.LeftButton, _NONE, user.on_screen(200, 200))
        user.paint((50, 50))
        user.paint((100, 100), (200, 200), modifiers=_ALT)
        assert user.layers == ()
        assert user.tab.studio.history.labels == ()

    at_the_window(scenario, picture)


def test_after_a_fill_a_selection_goes_into_a_mask_again(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_M)
        user.paint((240, 140), (340, 240))
        user.key(Qt.Key.Key_Return)
        await user.filled()
        fill = user.layers[-1]
        assert isinstance(fill, FillLayer)
        user.tab.activate(fill.id)
        user.paint((20, 20), (90, 90))
        assert not fill.planes["hidden"].tiles
        mask = user.tab.document.layer(user.tab.active or "")
        assert isinstance(mask, MaskLayer)
        assert mask.visible
        assert Rect.around(_selected(user) > 127).right <= 92

    at_the_window(scenario, picture)


def test_the_wand_has_options_of_its_own(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_W)
        assert not user.is_there("brush.size")
        _click(user, 290, 190)
        block = _selected(user) == 255
        assert Rect.around(block) == Rect(250, 150, 330, 230)
        tolerance, contiguous = user.widget("wand.tolerance"), user.widget("wand.contiguous")
        assert isinstance(tolerance, QSpinBox)
        assert isinstance(contiguous, QCheckBox)
        assert (tolerance.value(), contiguous.isChecked()) == (32, True)
        user.write("wand.tolerance", "255")
        user.tab.canvas.setFocus()
        _click(user, 290, 190)
        assert (_selected(user) == 255).all()
        user.ctrl(Qt.Key.Key_D)
        user.write("wand.tolerance", "0")
        contiguous.click()
        user.tab.canvas.setFocus()
        _click(user, 10, 10)
        shown = user.shown()
        assert ((_selected(user) == 255) == (shown == shown[10, 10]).all(-1)).sum() > 0.99 * shown[..., 0].size
        user.key(Qt.Key.Key_B)
        assert user.is_there("brush.size")
        assert not user.is_there("wand.tolerance")
        user.key(Qt.Key.Key_L)
        assert not user.is_there("brush.size")
        assert not user.is_there("wand.tolerance")

    at_the_window(scenario, picture)


def test_the_brush_keeps_its_size_through_other_tools(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_B)
        size = user.window.toolbox.brush.size
        user.key(Qt.Key.Key_L)
        viewport = user.tab.canvas.viewport()
        assert viewport.cursor().shape() == Qt.CursorShape.CrossCursor
        user.key(Qt.Key.Key_B)
        assert user.window.toolbox.brush.size == size
        assert viewport.cursor().shape() == Qt.CursorShape.BlankCursor

    at_the_window(scenario, picture)
