"""Selecting in the window: a key for each tool, one step each, Enter closes a polygon before it fills."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QSpinBox

from inpaint_studio.document.layers import FillLayer, MaskLayer
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.settings import settings_path
from inpaint_studio.tools.selection import Combine
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
        user.click("wand.contiguous")
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


def _mode(user: User, name: str, how: Combine) -> None:
    """Choose what selections do to the mask, by the arrow keys."""
    box = user.widget(name)
    assert isinstance(box, QComboBox)
    box.setFocus()
    away = box.findData(how) - box.currentIndex()
    for _ in range(abs(away)):
        QTest.keyClick(box, Qt.Key.Key_Down if away > 0 else Qt.Key.Key_Up)
    assert box.currentData() == how
    user.tab.canvas.setFocus()


@pytest.mark.parametrize("tool", ["rectangle", "ellipse", "lasso", "polygon", "magnetic", "wand"])
def test_without_a_keyboard_a_selection_subtracts_and_intersects(at_the_window: Run, picture: Path, tool: str) -> None:
    """A pen alone can do what Alt does; each tool keeps its mode, and Alt subtracts in any."""
    corners = ((240, 140), (340, 140), (340, 240), (240, 240))

    def select(user: User) -> None:
        if tool in ("rectangle", "ellipse"):
            user.paint(corners[0], corners[2])
        elif tool == "lasso":
            user.paint(*corners)
        elif tool == "wand":
            _click(user, 290, 190)
        else:
            for corner in corners:
                _click(user, *corner)
            user.key(Qt.Key.Key_Return)

    async def scenario(user: User) -> None:
        await user.command("tool.rectangle")
        user.paint((200, 100), (400, 300))
        whole = _selected(user).astype(int).sum()
        await user.command(f"tool.{tool}")
        name = "wand.how" if tool == "wand" else "select.how"
        _mode(user, name, Combine.SUBTRACT)
        select(user)
        taken = _selected(user)
        assert user.steps[-1].endswith(": subtract")
        assert taken[190, 290] == 0
        assert taken[110, 210] == 255
        user.ctrl(Qt.Key.Key_Z)
        _mode(user, name, Combine.INTERSECT)
        select(user)
        assert user.steps[-1].endswith(": intersect")
        kept = _selected(user)
        assert kept[190, 290] == 255
        assert kept[110, 210] == 0
        assert abs(kept.astype(int).sum() + taken.astype(int).sum() - whole) <= 255
        await user.command("tool.lasso" if tool == "rectangle" else "tool.rectangle")
        box = user.widget("select.how")
        assert isinstance(box, QComboBox)
        assert box.currentData() == Combine.ADD
        await user.command(f"tool.{tool}")
        box = user.widget(name)
        assert isinstance(box, QComboBox)
        assert box.currentData() == Combine.INTERSECT

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


def test_the_wand_looks_at_all_layers_or_at_the_photo_alone(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_M)
        user.paint((240, 140), (340, 240))
        user.key(Qt.Key.Key_Return)
        await user.filled()
        user.key(Qt.Key.Key_W)
        _click(user, 290, 190)
        assert (_selected(user) > 127).sum() > 2 * 80 * 80, "the block is gone from what is seen"
        user.ctrl(Qt.Key.Key_D)
        all_layers = user.widget("wand.all_layers")
        assert isinstance(all_layers, QCheckBox)
        assert all_layers.isChecked()
        QTest.keyClick(all_layers, Qt.Key.Key_Space)
        user.tab.canvas.setFocus()
        _click(user, 290, 190)
        assert Rect.around(_selected(user) == 255) == Rect(250, 150, 330, 230)

    at_the_window(scenario, picture)


def test_how_tools_are_set_is_remembered(at_the_window: Run, picture: Path) -> None:
    async def set_up(user: User) -> None:
        user.key(Qt.Key.Key_W)
        user.write("wand.tolerance", "77")
        for name in ("wand.contiguous", "wand.all_layers"):
            QTest.keyClick(user.widget(name), Qt.Key.Key_Space)
        user.tab.canvas.setFocus()
        user.key(Qt.Key.Key_A)
        QTest.keyClick(user.widget("smart.by"), Qt.Key.Key_Down)
        user.write("smart.width", "21")
        ended: list[bool] = []
        user.window.ended.connect(lambda: ended.append(True))
        user.tab.canvas.setFocus()
        user.ctrl(Qt.Key.Key_Q)
        await user.until(lambda: ended, user.window.ended)

    async def come_back(user: User) -> None:
        user.key(Qt.Key.Key_W)
        tolerance, contiguous, all_layers = (
            user.widget(f"wand.{name}") for name in ("tolerance", "contiguous", "all_layers")
        )
        assert isinstance(tolerance, QSpinBox)
        assert isinstance(contiguous, QCheckBox)
        assert isinstance(all_layers, QCheckBox)
        assert (tolerance.value(), contiguous.isChecked(), all_layers.isChecked()) == (77, False, False)
        user.key(Qt.Key.Key_A)
        by, width = user.widget("smart.by"), user.widget("smart.width")
        assert isinstance(by, QComboBox)
        assert isinstance(width, QDoubleSpinBox)
        assert (by.currentIndex(), width.value()) == (1, 21)

    at_the_window(set_up, picture)
    at_the_window(come_back, picture)
    (settings_path().with_name("tools.json")).write_text("{nonsense", "utf-8")

    async def damaged(user: User) -> None:
        await user.told("tools.json")
        user.key(Qt.Key.Key_W)
        tolerance = user.widget("wand.tolerance")
        assert isinstance(tolerance, QSpinBox)
        assert tolerance.value() == 32

    at_the_window(damaged, picture)
