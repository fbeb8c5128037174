"""Named moments of the history, and the memory that it may use."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt

from inpaint_studio.settings import load_settings
from tests.acceptance.conftest import Run
from tests.acceptance.user import User


async def _snapshot(user: User, name: str) -> None:
    user.ctrl(Qt.Key.Key_H, shift=True)
    await user.until_there("dialog.snapshot")
    user.write("snapshot.name", name)
    user.key(Qt.Key.Key_Return)
    await user.window.settle()
    await user.back()


def test_undo_goes_past_a_snapshot_and_a_click_back_to_it(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.paint((100, 100), (200, 100))
        await _snapshot(user, "One line")
        assert user.steps[-1] == "◆ One line"
        user.paint((100, 200), (200, 200))
        user.ctrl(Qt.Key.Key_Z)
        assert user.steps[-1] == "◆ One line"
        user.ctrl(Qt.Key.Key_Z)
        assert user.steps == ("Add mask",), "undo takes the stroke back, not the name"
        user.ctrl(Qt.Key.Key_Z, shift=True)
        user.ctrl(Qt.Key.Key_Z, shift=True)
        assert user.steps == ("Add mask", "Brush stroke", "◆ One line", "Brush stroke")
        user.go_to_step(3)
        assert user.steps[-1] == "◆ One line"
        await _snapshot(user, "No")
        await user.told("undone would be lost")
        assert len(user.tab.studio.history.labels) == 4

    at_the_window(scenario, picture)


def test_a_snapshot_is_there_after_saving_and_opening(at_the_window: Run, picture: Path, tmp_path: Path) -> None:
    project = tmp_path / "kept.inpaint"

    async def scenario(user: User) -> None:
        user.paint((100, 100), (200, 100))
        await _snapshot(user, "Before the sky")
        await user.window.files.save(user.tab, project)

    async def again(user: User) -> None:
        assert "◆ Before the sky" in user.steps

    at_the_window(scenario, picture)
    at_the_window(again, project)


def test_the_memory_of_the_history_counts_at_once_and_for_good(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        await user.command("action.history_memory")
        await user.until_there("dialog.history_memory")
        user.write("history_memory.mib", "64")
        user.key(Qt.Key.Key_Return)
        await user.window.settle()
        assert load_settings().history_mib == 64
        assert user.tab.studio.history._limit == 64 << 20

    at_the_window(scenario, picture)
