"""Several masks: combined, merged, duplicated, shown alone, locked; each a step that can be undone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt

from inpaint_studio.document.layers import MaskLayer
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


def _do(user: User, name: str) -> None:
    user.window.actions_by_name[f"action.{name}"].trigger()


def test_the_mask_below_is_added_taken_away_or_intersected(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        lower, upper = _two_masks(user)
        for name, wanted in (
            ("combine_add", np.maximum(lower, upper)),
            ("combine_subtract", upper - np.minimum(lower, upper)),
            ("combine_intersect", np.minimum(lower, upper)),
        ):
            _do(user, name)
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
        _do(user, "solo_layer")
        assert [layer.visible for layer in user.layers] == [False, True]
        _do(user, "solo_layer")
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
