"""Colour range in the window: picked in the small picture, shown while it is set, one step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox

from inpaint_studio.pixels.rect import Rect
from tests.acceptance.conftest import Run
from tests.acceptance.user import User


def _selected(user: User) -> np.ndarray:
    layer = user.tab.mask_worked_on()
    assert layer is not None
    return layer.coverage.read(user.tab.document.canvas)[..., 0]


def test_the_colour_under_the_pointer_then_another_then_ok(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.point_at(290, 190)
        user.key(Qt.Key.Key_I)
        await user.until_there("dialog.colour_range")
        block = Rect(250, 150, 330, 230)
        await user.until(lambda: Rect.around(_selected(user) == 255) == block, user.tab.canvas.painted)
        assert user.steps == ("Add mask",), "a preview is no step"
        small = user.widget("range.picture")
        QTest.mouseClick(
            small,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.ShiftModifier,
            QPoint(small.width() * 3 // 4, small.height() // 2),
        )
        await user.until(lambda: (_selected(user) > 0).mean() > 0.5, user.tab.canvas.painted)
        user.write("range.tolerance", "200")
        await user.until(lambda: (_selected(user) > 0).all(), user.tab.canvas.painted)
        user.key(Qt.Key.Key_Return)
        await user.until(lambda: user.steps[-1] == "Colour range", user.tab.changed)
        await user.back()
        user.ctrl(Qt.Key.Key_Z)
        assert not _selected(user).any()

    at_the_window(scenario, picture)


def test_subtract_and_cancel(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.ctrl(Qt.Key.Key_A)
        await user.window.settle()
        user.point_at(290, 190)
        user.key(Qt.Key.Key_I)
        await user.until_there("dialog.colour_range")
        how = user.widget("range.how")
        assert isinstance(how, QComboBox)
        how.setFocus()
        QTest.keyClick(how, Qt.Key.Key_Down)
        await user.until(lambda: _selected(user)[190, 290] == 0, user.tab.canvas.painted)
        assert _selected(user)[10, 10] == 255
        user.key(Qt.Key.Key_Escape)
        await user.window.settle()
        assert (_selected(user) == 255).all()
        assert user.steps[-1] == "Select All"

    at_the_window(scenario, picture)
