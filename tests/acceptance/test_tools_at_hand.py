"""Tools at the window: smart select, quick mask, the brush by the right button, named brushes, the hand."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox

from inpaint_studio.pixels.rect import Rect
from inpaint_studio.studio import preferences
from inpaint_studio.tools.base import BrushSettings
from inpaint_studio.tools.registry import TOOLS
from tests.acceptance.conftest import Run
from tests.acceptance.user import User

_NONE, _ALT, _SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
_RIGHT = Qt.MouseButton.RightButton


@pytest.fixture(autouse=True)
def own_preferences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preferences, "settings_path", lambda: tmp_path / "preferences" / "settings.json")


def _selected(user: User) -> np.ndarray:
    layer = user.tab.mask_worked_on()
    assert layer is not None
    return layer.coverage.read(user.tab.document.canvas)[..., 0]


def _right(user: User, kind: QEvent.Type, place: QPoint, held: Qt.KeyboardModifier) -> None:
    port = user.tab.canvas.viewport()
    button = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseMove else _RIGHT
    buttons = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseButtonRelease else _RIGHT
    event = QMouseEvent(kind, QPointF(place), QPointF(port.mapToGlobal(place)), button, buttons, held)
    QApplication.sendEvent(port, event)


def _alt_drag(user: User, dx: int, dy: int) -> None:
    start = user.on_screen(300, 200)
    _right(user, QEvent.Type.MouseButtonPress, start, _ALT)
    for share in (0.3, 0.7, 1.0):
        _right(user, QEvent.Type.MouseMove, start + QPoint(round(dx * share), round(dy * share)), _ALT)
    _right(user, QEvent.Type.MouseButtonRelease, start + QPoint(dx, dy), _ALT)


def test_a_box_round_the_object_selects_it_and_alt_takes_it_away(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_A)
        assert user.window.actions_by_name["tool.smart_select"].isChecked()
        user.paint((230, 130), (300, 200), (350, 250))
        await user.until(lambda: "Smart select" in user.steps, user.tab.changed)
        block = np.zeros((400, 600), bool)
        block[150:230, 250:330] = True
        found = _selected(user) > 127
        assert (found & block).sum() > 0.97 * (found | block).sum()
        user.paint((230, 130), (350, 250), modifiers=_ALT)
        await user.until(lambda: "Smart select: subtract" in user.steps, user.tab.changed)
        assert (_selected(user) > 127).sum() < 0.03 * block.sum()
        user.ctrl(Qt.Key.Key_Z)
        assert np.array_equal(_selected(user) > 127, found)

    at_the_window(scenario, picture)


@pytest.mark.parametrize("way", ["Alt", "the choice in the row of options"])
def test_a_scribble_on_the_background_leaves_a_part_out(at_the_window: Run, tmp_path: Path, way: str) -> None:
    path = tmp_path / "pair.png"
    image = np.full((400, 600, 3), (70, 120, 80), np.float32)
    image[120:280, 180:330] = (50, 50, 210)
    image[120:280, 330:420] = (200, 60, 50)
    image += np.random.default_rng(0).normal(0, 4, image.shape)
    cv2.imwrite(str(path), np.clip(image, 0, 255).astype(np.uint8))
    kept, part = Rect(184, 124, 326, 276), Rect(334, 124, 416, 276)

    def share(user: User, rect: Rect) -> float:
        return float((_selected(user)[rect.slices] > 127).mean())

    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_A)
        user.paint((160, 100), (300, 200), (440, 300))
        await user.until(lambda: user.steps[-1:] == ("Smart select",), user.tab.changed)
        assert share(user, kept) > 0.97
        assert share(user, part) > 0.97
        by = user.widget("smart.by")
        assert isinstance(by, QComboBox)
        by.setFocus()
        QTest.keyClick(by, Qt.Key.Key_Down if way == "Alt" else Qt.Key.Key_End)
        assert ("leave out" in by.currentText()) == (way != "Alt")
        user.tab.canvas.setFocus()
        user.paint((370, 150), (372, 200), (380, 250), modifiers=_ALT if way == "Alt" else _NONE)
        await user.until(lambda: user.steps[-1:] == ("Smart select: leave out",), user.tab.changed)
        assert share(user, kept) > 0.97
        assert share(user, part) < 0.03
        user.ctrl(Qt.Key.Key_Z)
        assert share(user, part) > 0.97
        assert user.steps == ("Add mask", "Smart select")

    at_the_window(scenario, path)


def test_a_click_on_the_object_is_a_scribble(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_A)
        QTest.mouseClick(user.tab.canvas.viewport(), Qt.MouseButton.LeftButton, _NONE, user.on_screen(290, 190))
        await user.until(lambda: "Smart select" in user.steps, user.tab.changed)
        box = Rect.around(_selected(user) > 127)
        assert abs(box.left - 250) <= 2
        assert abs(box.bottom - 230) <= 2

    at_the_window(scenario, picture)


def test_an_object_found_during_a_stroke_waits_for_the_pen(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_A)
        user.paint((230, 130), (350, 250))
        user.key(Qt.Key.Key_B)
        port = user.tab.canvas.viewport()
        QTest.mousePress(port, Qt.MouseButton.LeftButton, _NONE, user.on_screen(60, 60))
        user.move(user.on_screen(90, 60), held=Qt.MouseButton.LeftButton)
        await user.recording()
        assert "Smart select" not in user.steps
        QTest.mouseRelease(port, Qt.MouseButton.LeftButton, _NONE, user.on_screen(90, 60))
        await user.until(lambda: user.steps[-1:] == ("Smart select",), user.tab.changed)
        assert user.steps == ("Add mask", "Brush stroke", "Smart select")
        user.ctrl(Qt.Key.Key_Z)
        user.ctrl(Qt.Key.Key_Z)
        assert not _selected(user).any()

    at_the_window(scenario, picture)


def test_nothing_there_says_so(at_the_window: Run, tmp_path: Path) -> None:
    path = tmp_path / "flat.png"
    cv2.imwrite(str(path), np.full((300, 400, 3), 90, np.uint8))

    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_A)
        user.paint((-90, -90), (-20, -20))
        await user.told("No object")
        assert user.steps == ()

    at_the_window(scenario, path)


def test_q_looks_without_the_mask_and_paints_again(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.scribble(200, 100, 300, 200, 20)
        user.key(Qt.Key.Key_Q)
        assert not user.tab.canvas.overlay_shown
        assert user.window.toolbox.tool_id == "hand"
        left = user.tab.canvas.view.left
        user.tab.canvas.zoom_to(4.0)
        left = user.tab.canvas.view.left
        steps = user.steps
        user.paint((300, 200), (290, 200))
        assert user.tab.canvas.view.left != left, "the hand moves the photo"
        assert user.steps == steps
        user.key(Qt.Key.Key_W)
        user.key(Qt.Key.Key_Q)
        assert user.tab.canvas.overlay_shown
        assert user.window.toolbox.tool_id == "brush"
        user.key(Qt.Key.Key_Q)
        assert user.window.toolbox.tool_id == "wand"

    at_the_window(scenario, picture)


def test_x_swaps_and_d_gives_the_default_brush(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_X)
        assert user.window.toolbox.tool_id == "eraser"
        user.key(Qt.Key.Key_X)
        assert user.window.toolbox.tool_id == "brush"
        user.window.toolbox.change_brush(size=200.0, opacity=0.2)
        user.key(Qt.Key.Key_D)
        assert user.window.toolbox.brush == BrushSettings()

    at_the_window(scenario, picture)


def test_alt_and_the_right_button_size_and_harden_the_brush(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        zoom = user.tab.canvas.view.zoom
        user.window.toolbox.change_brush(size=60.0, hardness=0.5)
        _alt_drag(user, 40, 0)
        assert user.window.toolbox.brush.size == pytest.approx(60 + 80 / zoom, abs=1)
        assert user.window.toolbox.brush.hardness == 0.5
        _alt_drag(user, 0, -60)
        assert user.window.toolbox.brush.hardness == pytest.approx(0.2)
        _alt_drag(user, -9000, 9000)
        assert (user.window.toolbox.brush.size, user.window.toolbox.brush.hardness) == (1, 1)
        assert user.layers == ()
        assert not user.is_there("brush.popup")

    at_the_window(scenario, picture)


def test_the_right_button_shows_the_brush_and_names_last(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        place = user.on_screen(300, 200)
        _right(user, QEvent.Type.MouseButtonPress, place, _NONE)
        _right(user, QEvent.Type.MouseButtonRelease, place, _NONE)
        popup = await user.until_there("brush.popup")
        user.write("popup.size", "123", popup)
        user.write("popup.smoothing", "40", popup)
        user.write("popup.pressure_gamma", "2", popup)
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        brush = user.window.toolbox.brush
        assert (brush.size, brush.smoothing, brush.pressure_gamma) == (123, 0.4, 2)
        names = popup.findChild(QComboBox, "popup.names")
        QTest.keyClicks(names.lineEdit(), "Dust")
        user.click("popup.save")
        assert preferences.load_brushes() == {"Dust": brush}
        user.window.toolbox.change_brush(size=10.0)
        names.setFocus()
        names.setCurrentIndex(-1)
        QTest.keyClick(names, Qt.Key.Key_Down)
        assert user.window.toolbox.brush == brush
        user.click("popup.delete")
        assert preferences.load_brushes() == {}
        QTest.keyClick(popup, Qt.Key.Key_Escape)
        assert not user.is_there("brush.popup")
        assert user.layers == ()

    at_the_window(scenario, picture)


def test_the_status_bar_says_how_to_use_the_tool(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        hints = set()
        for entry in TOOLS:
            await user.command(f"tool.{entry.id}")
            assert user.text("status.hint")
            hints.add(user.text("status.hint"))
        assert len(hints) == len(TOOLS)
        user.key(Qt.Key.Key_S)
        assert "Alt+click" in user.text("status.hint")

    at_the_window(scenario, picture)


@pytest.mark.parametrize("tool", ["brush", "eraser", "soft_edge"])
def test_a_stroke_beside_the_photo_makes_no_mask(at_the_window: Run, picture: Path, tool: str) -> None:
    async def scenario(user: User) -> None:
        user.tab.canvas.zoom_to(0.5)
        await user.command(f"tool.{tool}")
        user.paint((-120, 50))
        user.paint((-120, 50), (-100, 350), (-90, 200))
        assert user.steps == ()
        assert user.layers == ()
        assert not user.tab.canvas.stroke_running

    at_the_window(scenario, picture)


def test_a_stroke_that_comes_to_the_photo_from_beside_it_paints(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.tab.canvas.zoom_to(0.5)
        user.paint((-150, 200), (-120, 200), (60, 200))
        assert user.steps == ("Add mask", "Brush stroke")
        (mask,) = user.layers
        painted = mask.planes["coverage"].read(user.tab.document.canvas)[..., 0]
        assert (painted[200, :60] > 0).all()
        user.ctrl(Qt.Key.Key_Z)
        user.ctrl(Qt.Key.Key_Z)
        # so fast that no place is reported on the photo
        user.paint((-150, 200), (750, 200))
        assert (user.layers[0].planes["coverage"].read(user.tab.document.canvas)[200] > 0).all()

    at_the_window(scenario, picture)
