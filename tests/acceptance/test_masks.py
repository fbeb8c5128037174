"""Operations on whole masks: live, as one step, and a way out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt

from tests.acceptance.conftest import User

Run = Callable[..., None]


def selected(user: User) -> np.ndarray:
    layer = user.tab.mask_worked_on()
    assert layer is not None
    return layer.coverage.read(user.tab.document.canvas)[..., 0]


def test_feather_shows_while_the_number_is_set_and_is_one_step(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.scribble(200, 100, 300, 200, 20)
        before = selected(user)
        steps = user.tab.studio.history.position
        user.key(Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
        await user.until_there("dialog.mask")
        changes: list[object] = []
        forget = user.tab.document.subscribe(changes.append)
        user.write("mask.value", "30")
        await user.until(lambda: changes, user.tab.canvas.painted)
        forget()
        assert user.tab.studio.history.position == steps, "a preview is no step"
        assert not np.array_equal(selected(user), before)
        user.key(Qt.Key.Key_Return)
        await user.until(lambda: user.tab.studio.history.position == steps + 1, user.tab.changed)
        feathered = selected(user)
        assert ((feathered > 0) & (feathered < 255)).sum() > 2 * ((before > 0) & (before < 255)).sum()
        await user.back()
        user.ctrl(Qt.Key.Key_Z)
        assert np.array_equal(selected(user), before)

    at_the_window(scenario, picture)


def test_esc_leaves_the_mask_as_it_was(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.scribble(200, 100, 300, 200, 20)
        before, steps = selected(user), user.tab.studio.history.position
        await user.command("action.mask_grow")
        await user.until_there("dialog.mask")
        user.write("mask.value", "25")
        await user.until(lambda: not np.array_equal(selected(user), before), user.tab.canvas.painted)
        user.key(Qt.Key.Key_Escape)
        await user.window.settle()
        assert np.array_equal(selected(user), before)
        assert user.tab.studio.history.position == steps

    at_the_window(scenario, picture)


def test_invert_and_all_by_key(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.scribble(200, 100, 300, 200, 20)
        before = selected(user)
        user.ctrl(Qt.Key.Key_I)
        await user.window.settle()
        assert np.array_equal(selected(user), 255 - before)
        user.ctrl(Qt.Key.Key_A)
        await user.window.settle()
        assert (selected(user) == 255).all()

    at_the_window(scenario, picture)


def test_a_mask_goes_into_a_file_and_comes_back(at_the_window: Run, picture: Path, tmp_path: Path) -> None:
    async def scenario(user: User) -> None:
        user.scribble(200, 100, 300, 200, 20)
        before = selected(user)
        await user.command("action.mask_export")
        await user.until_there("save.dialog")
        user.write("fileNameEdit", str(tmp_path / "mask.png"))
        user.key(Qt.Key.Key_Return)
        await user.window.settle()
        written = cv2.imread(str(tmp_path / "mask.png"), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(written, before)

        cv2.imwrite(str(tmp_path / "half.png"), cv2.resize(before, None, fx=0.5, fy=0.5))
        await user.back()
        await user.command("action.mask_import")
        await user.until_there("open.dialog")
        user.write("fileNameEdit", str(tmp_path / "half.png"))
        user.key(Qt.Key.Key_Return)
        question = await user.until_there("question")
        assert "300×200" in question.text()
        user.key(Qt.Key.Key_Return)
        await user.window.settle()
        assert np.abs(selected(user).astype(int) - before).mean() < 5
        assert user.tab.document.layers[-1].name == "half"

    at_the_window(scenario, picture)


@pytest.mark.parametrize("answer", ["Alpha Channel", "Picture", "Cancel"])
def test_the_mask_of_a_picture_with_an_alpha_channel(
    at_the_window: Run, picture: Path, tmp_path: Path, answer: str
) -> None:
    alpha = np.zeros((400, 600), np.uint8)
    alpha[100:200, 50:400] = np.linspace(0, 255, 350)
    bright = np.full((400, 600, 3), 128, np.uint8)
    cv2.imwrite(str(tmp_path / "cutout.png"), np.dstack([bright, alpha]))
    cv2.imwrite(str(tmp_path / "black.png"), np.dstack([0 * bright, alpha]))

    async def choose(user: User, name: str) -> None:
        await user.command("action.mask_import")
        await user.until_there("open.dialog")
        user.write("fileNameEdit", str(tmp_path / name))
        user.key(Qt.Key.Key_Return)

    async def scenario(user: User) -> None:
        await choose(user, "cutout.png")
        assert "alpha channel" in (await user.until_there("question")).text()
        user.answer(answer)
        await user.window.settle()
        if answer == "Cancel":
            assert user.layers == ()
        else:
            wanted = alpha if answer == "Alpha Channel" else np.rint(alpha * (128 / 255))
            assert np.array_equal(selected(user), wanted)
        await user.back()
        await choose(user, "black.png")
        await user.until(lambda: user.layers and user.layers[-1].name == "black", user.tab.changed)
        await user.window.settle()
        assert np.array_equal(selected(user), alpha), "there is nothing to ask"

    at_the_window(scenario, picture)
