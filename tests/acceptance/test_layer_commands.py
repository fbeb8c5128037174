"""Several masks: combined, merged, duplicated, shown alone, locked; each a step that can be undone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from inpaint_studio.document.layers import CloneLayer, FillLayer, MaskLayer
from tests.acceptance.conftest import Run
from tests.acceptance.user import User


def _planes(user: User) -> list[np.ndarray]:
    canvas = user.tab.document.canvas
    return [layer.coverage.read(canvas)[..., 0] for layer in user.layers if isinstance(layer, MaskLayer)]


def _two_masks(user: User) -> tuple[np.ndarray, np.ndarray]:
    """One rectangle a mask; the upper one is at hand."""
    user.key(Qt.Key.Key_M)
    user.paint((50, 50), (200, 200))
    user.ctrl(Qt.Key.Key_N, shift=True)
    user.paint((150, 150), (300, 300))
    lower, upper = _planes(user)
    return lower, upper


def test_the_mask_below_is_added_taken_away_or_intersected(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        lower, upper = _two_masks(user)
        for name, wanted in (
            ("combine_add", np.maximum(lower, upper)),
            ("combine_subtract", upper - np.minimum(lower, upper)),
            ("combine_intersect", np.minimum(lower, upper)),
        ):
            await user.command(f"action.{name}")
            assert np.array_equal(_planes(user)[1], wanted), name
            assert np.array_equal(_planes(user)[0], lower)
            user.ctrl(Qt.Key.Key_Z)
            assert np.array_equal(_planes(user)[1], upper)

    at_the_window(scenario, picture)


def test_merge_and_duplicate(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        lower, upper = _two_masks(user)
        user.ctrl(Qt.Key.Key_E)
        assert len(user.layers) == 1
        assert np.array_equal(_planes(user)[0], np.maximum(lower, upper))
        assert user.tab.active == user.layers[0].id
        user.ctrl(Qt.Key.Key_Z)
        assert np.array_equal(_planes(user)[1], upper)
        user.choose(user.layers[0].id)
        user.tab.canvas.setFocus()
        user.ctrl(Qt.Key.Key_J)
        assert [layer.name for layer in user.layers] == ["Mask 1", "Mask 1 copy", "Mask 2"]
        assert np.array_equal(_planes(user)[1], lower)
        user.ctrl(Qt.Key.Key_D)
        assert np.array_equal(_planes(user)[0], lower), "the copy shares nothing that is painted"
        assert not _planes(user)[1].any()

    at_the_window(scenario, picture)


def test_one_layer_alone_and_all_again(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        _two_masks(user)
        steps = len(user.steps)
        await user.command("action.solo_layer")
        assert [layer.visible for layer in user.layers] == [False, True]
        await user.command("action.solo_layer")
        assert [layer.visible for layer in user.layers] == [True, True]
        assert len(user.steps) == steps + 2

    at_the_window(scenario, picture)


def test_a_locked_layer_takes_no_paint_and_says_why(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_M)
        user.paint((50, 50), (200, 200))
        before = _planes(user)[0]
        user.ctrl(Qt.Key.Key_Slash)
        assert user.layers[0].locked
        steps = user.steps
        user.paint((300, 300), (400, 390))
        await user.told("locked")
        user.key(Qt.Key.Key_E)
        user.scribble(60, 60, 190, 190, 20)
        user.ctrl(Qt.Key.Key_D)
        user.ctrl(Qt.Key.Key_I)
        await user.window.settle()
        user.choose(user.layers[0].id)
        user.key(Qt.Key.Key_Delete)
        assert np.array_equal(_planes(user)[0], before)
        assert user.steps == steps
        user.tab.canvas.setFocus()
        user.ctrl(Qt.Key.Key_Slash)
        user.ctrl(Qt.Key.Key_D)
        assert not _planes(user)[0].any()

    at_the_window(scenario, picture)


def test_one_mask_alone_can_not_be_merged(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_M)
        user.paint((50, 50), (200, 200))
        steps = user.steps
        user.ctrl(Qt.Key.Key_E)
        await user.told("two masks")
        assert user.steps == steps

    at_the_window(scenario, picture)


async def _fill(user: User, left: int, top: int, right: int, bottom: int) -> FillLayer:
    """Fill a rectangle; its mask is gone again, so that the fills lie one above another."""
    user.key(Qt.Key.Key_M)
    user.ctrl(Qt.Key.Key_N, shift=True)
    user.paint((left, top), (right, bottom))
    user.key(Qt.Key.Key_Return)
    await user.filled()
    await user.window.settle()
    fill = user.layers[-1]
    assert isinstance(fill, FillLayer)
    return fill


def test_fills_made_alike_are_merged_and_run_again_together(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        lower, upper = await _fill(user, 240, 140, 300, 240), await _fill(user, 280, 140, 340, 240)
        shown, steps, names = user.shown(), user.steps, [layer.id for layer in user.layers]
        user.choose(upper.id)
        user.tab.canvas.setFocus()
        user.ctrl(Qt.Key.Key_E)
        await user.window.settle()
        (merged,) = (layer for layer in user.layers if isinstance(layer, FillLayer))
        assert user.steps == (*steps, "Merge fills")
        assert np.array_equal(user.shown(), shown)
        assert merged.recipe.grow == lower.recipe.grow
        assert user.window.layers.selected == [merged.id]
        user.click("layers.run_again")
        await user.until_there("dialog.run_again")
        user.key(Qt.Key.Key_Return)
        await user.filled()
        await user.window.settle()
        (again,) = (layer for layer in user.layers if isinstance(layer, FillLayer))
        canvas = user.tab.document.canvas
        assert (again.mask.read(canvas)[150:230, 250:330] == 255).all(), "both places are filled, at once"
        await user.back()
        user.ctrl(Qt.Key.Key_Z)
        user.ctrl(Qt.Key.Key_Z)
        assert [layer.id for layer in user.layers] == names
        assert np.array_equal(user.shown(), shown)

    at_the_window(scenario, picture)


def test_a_fill_is_merged_with_retouching_and_can_not_be_run_again(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        fill = await _fill(user, 240, 140, 340, 240)
        user.key(Qt.Key.Key_S)
        user.paint((450, 300), modifiers=Qt.KeyboardModifier.AltModifier)
        user.paint((100, 300), (150, 300))
        assert isinstance(user.layers[-1], CloneLayer)
        user.choose(fill.id)
        rows = user.choose(user.layers[-1].id)
        QTest.keyClick(rows, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
        assert user.window.layers.selected == [fill.id, user.layers[-1].id]
        shown = user.shown()
        user.ctrl(Qt.Key.Key_E)
        await user.told("can't be run again")
        await user.window.settle()
        merged = user.layers[-1]
        assert isinstance(merged, FillLayer)
        assert np.array_equal(user.shown(), shown)
        assert user.window.layers.selected == [merged.id]
        assert not user.is_there("layers.run_again")
        # the original can still be painted back
        user.choose(merged.id)
        user.tab.canvas.setFocus()
        user.key(Qt.Key.Key_E)
        user.scribble(240, 140, 340, 240, 20)
        assert (user.shown()[150:230, 250:330, 0] > 200).all()

    at_the_window(scenario, picture)


def test_what_can_not_be_merged_says_why(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        lower = await _fill(user, 20, 20, 60, 60)
        user.choose(lower.id)
        user.ctrl(Qt.Key.Key_E)
        await user.told("two fills")
        await user.quiet()
        middle, upper = await _fill(user, 100, 20, 140, 60), await _fill(user, 180, 20, 220, 60)
        steps = user.steps

        async def refused(why: str, *ids: str) -> None:
            user.choose(ids[0])
            for layer_id in ids[1:]:
                user.choose(layer_id, Qt.KeyboardModifier.ControlModifier)
            user.ctrl(Qt.Key.Key_E)
            await user.told(why)
            await user.quiet()
            assert user.steps == steps

        await refused(f"{middle.name} lies between them", lower.id, upper.id)
        mask = next(layer for layer in user.layers if isinstance(layer, MaskLayer))
        await refused("Masks and fills", mask.id, upper.id)
        user.choose(middle.id)
        user.key(Qt.Key.Key_Space)
        steps = user.steps
        await refused(f"{middle.name} is hidden", middle.id, upper.id)
        user.choose(lower.id)
        user.ctrl(Qt.Key.Key_Slash)
        steps = user.steps
        await refused(f"{lower.name} is locked", lower.id, upper.id)

    at_the_window(scenario, picture)
