"""Habits of retouchers: opacity by digits, full screen, panels away, every command by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt

from tests.acceptance.conftest import User

Run = Callable[..., None]


def test_digits_set_the_opacity(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_3)
        assert user.window.toolbox.brush.opacity == 0.3
        user.paint((100, 100), (200, 100))
        layer = user.tab.mask_worked_on()
        assert layer is not None
        assert layer.coverage.read(user.tab.document.canvas).max() in range(75, 79)
        user.key(Qt.Key.Key_0)
        assert user.window.toolbox.brush.opacity == 1

    at_the_window(scenario, picture)


def test_tab_hides_the_panels_and_brings_them_back(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        before = user.tab.canvas.viewport().width()
        user.key(Qt.Key.Key_Tab)
        await user.until(lambda: user.tab.canvas.viewport().width() > before, user.tab.canvas.painted)
        assert not user.window.layers.isVisible()
        user.key(Qt.Key.Key_Tab)
        await user.until(lambda: user.tab.canvas.viewport().width() == before, user.tab.canvas.painted)
        assert user.window.layers.isVisible()

    at_the_window(scenario, picture)


def test_full_screen_and_back(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_F)
        assert user.window.isFullScreen()
        user.key(Qt.Key.Key_F)
        assert not user.window.isFullScreen()

    at_the_window(scenario, picture)


def test_a_command_by_name(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.scribble(200, 100, 300, 200, 20)
        layer = user.tab.mask_worked_on()
        assert layer is not None
        before = int((layer.coverage.read(user.tab.document.canvas) > 0).sum())
        user.ctrl(Qt.Key.Key_K)
        await user.until_there("dialog.palette")
        user.write("palette.text", "inv")
        user.key(Qt.Key.Key_Return)
        await user.until(lambda: user.tab.studio.history.labels[-1] == "Invert", user.tab.changed)
        after = int((layer.coverage.read(user.tab.document.canvas) > 0).sum())
        assert after > before
        await user.back()
        user.ctrl(Qt.Key.Key_K)
        await user.until_there("dialog.palette")
        user.key(Qt.Key.Key_Escape)
        await user.back()
        assert user.tab.studio.history.labels[-1] == "Invert"

    at_the_window(scenario, picture)
