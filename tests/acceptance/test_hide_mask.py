"""A fill layer that is painted on: the eraser brings the original back, the brush the fill."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from inpaint_studio.document.layers import FillLayer, MaskLayer
from inpaint_studio.storage.project import leftovers
from tests.acceptance.conftest import Run
from tests.acceptance.test_main_path import red
from tests.acceptance.test_recovery import die, start_page
from tests.acceptance.user import User

_BLOCK = (245, 145, 335, 235, 20)


async def filled(user: User) -> FillLayer:
    user.scribble(*_BLOCK)
    user.key(Qt.Key.Key_Return)
    await user.filled()
    fill = user.layers[-1]
    assert isinstance(fill, FillLayer)
    return fill


def test_the_eraser_brings_the_original_back_and_the_brush_the_fill(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        fill = await filled(user)
        clean = user.shown()
        assert red(clean) == 0
        user.choose(fill.id)
        user.tab.canvas.setFocus()
        user.key(Qt.Key.Key_E)
        user.scribble(*_BLOCK)
        assert red(user.shown()) == 80 * 80
        assert user.steps[3:] == ("Bring original back",)
        user.ctrl(Qt.Key.Key_Z)
        assert np.array_equal(user.shown(), clean)
        user.ctrl(Qt.Key.Key_Y)
        user.key(Qt.Key.Key_B)
        user.paint((250, 190), (330, 190))
        assert 0 < red(user.shown()) < 80 * 80
        user.scribble(225, 125, 355, 255, 20)
        assert np.array_equal(user.shown(), clean)

    at_the_window(scenario, picture)


def test_what_was_brought_back_survives_the_program(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        fill = await filled(user)
        user.choose(fill.id)
        user.tab.canvas.setFocus()
        user.key(Qt.Key.Key_E)
        user.scribble(*_BLOCK)
        shown, steps = user.shown(), user.steps
        await die(user)
        assert leftovers()[0].steps == 4
        await start_page(user)
        user.click("welcome.recover")
        await user.opened(1)
        assert user.steps == steps
        assert np.array_equal(user.shown(), shown)
        user.ctrl(Qt.Key.Key_Z)
        assert red(user.shown()) == 0
        await user.window.settle()

    at_the_window(scenario, picture)


def test_after_a_fill_its_row_is_chosen_and_the_next_stroke_is_a_mask(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        fill = await filled(user)
        assert user.is_there("layers.run_again")
        user.paint((100, 100), (150, 100))
        *_, last = user.layers
        assert isinstance(last, MaskLayer)
        assert last.coverage.read(user.tab.document.canvas)[100, 120, 0] == 255
        assert not fill.hidden.tiles
        user.key(Qt.Key.Key_Return)
        await user.filled()
        assert sum(isinstance(layer, FillLayer) for layer in user.layers) == 2

    at_the_window(scenario, picture)


def test_enter_on_a_fill_says_how_to_go_on(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        fill = await filled(user)
        user.choose(fill.id)
        user.tab.canvas.setFocus()
        steps = user.steps
        user.key(Qt.Key.Key_Return)
        assert "Ctrl+Shift+N" in await user.told("working on a fill")
        assert user.steps == steps
        await user.quiet()
        user.tab.canvas.setFocus()
        # a stroke that does nothing there may have been meant for a mask
        user.paint((100, 100), (150, 100))
        await user.told("painting on a fill")
        assert user.steps == steps
        # with a mask in sight Enter fills that
        await user.quiet()
        user.tab.canvas.setFocus()
        user.ctrl(Qt.Key.Key_N, shift=True)
        user.paint((100, 100), (150, 100))
        user.choose(fill.id)
        user.tab.canvas.setFocus()
        user.key(Qt.Key.Key_Return)
        await user.filled()
        assert user.steps[-1] == "Fill"

    at_the_window(scenario, picture)


@pytest.mark.parametrize("way", ["click", "keyboard"])
def test_a_fill_whose_row_is_chosen_already_can_be_painted_on(at_the_window: Run, picture: Path, way: str) -> None:
    async def scenario(user: User) -> None:
        fill = await filled(user)
        if way == "click":
            user.choose(fill.id)
        else:
            rows = user.widget("layers.list")
            rows.setFocus()
            user.key(Qt.Key.Key_Down)
            user.key(Qt.Key.Key_Up)
        user.tab.canvas.setFocus()
        user.key(Qt.Key.Key_E)
        user.paint((260, 190), (320, 190))
        assert red(user.shown()) > 0
        # hidden, it is shown when it is painted on
        user.choose(fill.id)
        user.key(Qt.Key.Key_Space)
        user.tab.canvas.setFocus()
        user.paint((260, 210), (320, 210))
        assert user.layers[-1].visible

    at_the_window(scenario, picture)


def test_another_run_of_the_fill_that_is_painted_on_is_painted_on(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        fill = await filled(user)
        user.choose(fill.id)
        user.click("layers.run_again")
        await user.until_there("dialog.run_again")
        user.click("run_again.run")
        await user.filled()
        await user.back()
        assert user.tab.active == user.layers[-1].id != fill.id
        user.key(Qt.Key.Key_E)
        user.paint((260, 190), (320, 190))
        assert red(user.shown()) > 0

    at_the_window(scenario, picture)
