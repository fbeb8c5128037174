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
            await user.command(f"tool.{tool}")
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


@pytest.mark.parametrize("answer", ["Scale to Fit", "Centre"])
@pytest.mark.parametrize("kind", ["one pixel", "16 bits", "float", "one bit", "larger", "wide"])
def test_masks_of_other_sizes_and_depths(
    at_the_window: Run, picture: Path, tmp_path: Path, kind: str, answer: str
) -> None:
    ramp = np.tile(np.linspace(0, 1, 300, dtype=np.float32), (200, 1))
    images = {
        "one pixel": np.full((1, 1), 255, np.uint8),
        "16 bits": np.rint(ramp * 65535).astype(np.uint16),
        "float": ramp,
        "one bit": np.where(ramp > 0.5, 255, 0).astype(np.uint8),
        "larger": np.full((1900, 2500), 99, np.uint8),
        "wide": np.full((3, 5000), 200, np.uint8),
    }
    path = tmp_path / f"mask.{'tif' if kind == 'float' else 'png'}"
    parameters = [cv2.IMWRITE_PNG_BILEVEL, 1] if kind == "one bit" else []
    assert cv2.imwrite(str(path), images[kind], parameters)

    async def scenario(user: User) -> None:
        await user.command("action.mask_import")
        await user.until_there("open.dialog")
        user.write("fileNameEdit", str(path))
        user.key(Qt.Key.Key_Return)
        await user.until_there("question")
        user.answer(answer)
        await user.window.settle()
        found = _mask(user)
        assert found.shape == (400, 600)
        assert user.steps == ("Add mask",)
        if kind in ("16 bits", "float") and answer == "Centre":
            assert np.array_equal(found[100:300, 150:450], np.rint(ramp * 255).astype(np.uint8))
        elif kind == "one pixel":
            assert (found > 0).sum() == (400 * 400 if answer == "Scale to Fit" else 1)
        elif kind == "larger":
            assert (found == 99).sum() >= 400 * 526
        await user.back()
        user.ctrl(Qt.Key.Key_Z)
        assert user.layers == ()

    at_the_window(scenario, picture)


@pytest.mark.parametrize(
    "tool", ["brush", "eraser", "soft_edge", "rectangle", "ellipse", "lasso", "polygon", "magnetic"]
)
def test_a_press_without_a_move(at_the_window: Run, picture: Path, tool: str) -> None:
    async def scenario(user: User) -> None:
        await user.command(f"tool.{tool}")
        user.paint((300, 200))
        user.key(Qt.Key.Key_Escape)
        await user.window.settle()
        # a dot of the brush is wanted; there is nothing to erase, and no area to select
        assert user.steps == (("Add mask", "Brush stroke") if tool == "brush" else ())
        assert not user.tab.canvas.stroke_running
        await user.command("tool.brush")
        user.paint((100, 100), (150, 100))
        assert user.steps[-1] == "Brush stroke"

    at_the_window(scenario, picture)


async def _block_filled(user: User) -> str:
    """The id of a fill of the block."""
    user.key(Qt.Key.Key_M)
    user.paint((240, 140), (340, 240))
    user.key(Qt.Key.Key_Return)
    await user.filled()
    await user.window.settle()
    return user.layers[-1].id


@pytest.mark.parametrize("meanwhile", ["delete", "undo", "merge"])
def test_a_fill_that_is_gone_when_it_has_been_run_again(at_the_window: Run, picture: Path, meanwhile: str) -> None:
    async def scenario(user: User) -> None:
        fill = await _block_filled(user)
        if meanwhile == "merge":
            user.ctrl(Qt.Key.Key_J)
        user.choose(fill)
        user.click("layers.run_again")
        await user.until_there("dialog.run_again")
        user.key(Qt.Key.Key_Return)
        await user.until(lambda: user.window.fills.tab is not None, user.window.fills.running)
        await user.back()
        if meanwhile == "delete":
            user.choose(fill)
            user.key(Qt.Key.Key_Delete)
        elif meanwhile == "undo":
            user.ctrl(Qt.Key.Key_Z)
        else:
            user.choose(user.layers[-1].id)
            user.ctrl(Qt.Key.Key_E)
        await user.until(lambda: all(layer.id != fill for layer in user.layers), user.tab.changed)
        others = [layer.id for layer in user.layers]
        await user.until(lambda: user.window.fills.tab is None, user.window.fills.running)
        await user.window.settle()
        added = [layer for layer in user.layers if layer.id not in others]
        assert [type(layer) for layer in added] == [FillLayer], "what was paid for is kept"
        assert user.layers[-1] is added[0]
        user.tab.canvas.setFocus()
        user.ctrl(Qt.Key.Key_Z)
        assert [layer.id for layer in user.layers] == others

    at_the_window(scenario, picture)


def test_a_mask_that_is_gone_when_its_object_is_found(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.paint((50, 50), (60, 60))
        user.key(Qt.Key.Key_A)
        user.paint((230, 130), (350, 250))
        user.ctrl(Qt.Key.Key_Z)
        user.ctrl(Qt.Key.Key_Z)
        assert user.layers == ()
        await user.until(lambda: "Smart select" in user.steps, user.tab.changed)
        box = Rect.around(_mask(user) > 127)
        assert abs(box.left - 250) <= 3
        assert user.steps == ("Add mask", "Smart select"), "in a mask of its own"

    at_the_window(scenario, picture)


def test_undo_while_fills_are_merged(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        fill = await _block_filled(user)
        user.choose(fill)
        user.tab.canvas.setFocus()
        user.ctrl(Qt.Key.Key_J)
        steps = user.steps
        user.choose(user.layers[-1].id)
        user.ctrl(Qt.Key.Key_E)
        # the copy is gone before the merging has begun, and there is nothing to merge with any more
        user.ctrl(Qt.Key.Key_Z)
        await user.told("No layer" if not user.layers else "two fills")
        assert user.steps == steps[:-1]
        assert [layer.id for layer in user.layers if isinstance(layer, FillLayer)] == [fill]

    at_the_window(scenario, picture)
