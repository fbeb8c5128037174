"""Shortcuts: edited in a dialog with a word about conflicts, kept, reset, and reachable on German and French keyboards."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTreeWidget

from inpaint_studio.studio.preferences import load_shortcuts, save_shortcuts
from inpaint_studio.ui.actions import COMMANDS
from inpaint_studio.ui.shortcuts import portable, usual_keys, with_changes
from tests.acceptance.conftest import Run
from tests.acceptance.user import User

#: What the keyboards type without AltGr.
_GERMAN = set("abcdefghijklmnopqrstuvwxyzäöüß1234567890^\u00b4+#-.,<°!\"§$%&/()=?`*'_:;>")
_FRENCH = set("abcdefghijklmnopqrstuvwxyz&é\"'(-è_çà)=^$ù*,;:!<1234567890°+¨£%µ?./§>")


@pytest.mark.parametrize("keyboard", [_GERMAN, _FRENCH], ids=["german", "french"])
def test_every_command_with_a_key_has_one_on_the_keyboard(keyboard: set[str]) -> None:
    for command in COMMANDS:
        last = [key.removesuffix("+").rpartition("+")[2] if key != "+" else key for key in command.keys]
        reached = [key for key in last if len(key) > 1 or (key or "+").lower() in keyboard]
        assert reached or not command.keys, command


def _choose(user: User, name: str) -> None:
    found = user.widget("shortcuts.list")
    assert isinstance(found, QTreeWidget)
    text = user.window.actions_by_name[name].text()
    found.setCurrentItem(found.findItems(f" ▸ {text}", Qt.MatchFlag.MatchEndsWith)[0])


async def _open(user: User) -> None:
    await user.command("action.shortcuts")
    await user.until_there("dialog.shortcuts")


def test_a_key_is_changed_with_a_word_about_the_conflict_and_kept(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        await _open(user)
        _choose(user, "tool.lasso")
        QTest.keyClick(user.widget("shortcuts.key"), Qt.Key.Key_B)
        assert "Brush" in user.text("shortcuts.conflict")
        user.click("shortcuts.set")
        user.click("shortcuts.ok")
        await user.window.settle()
        assert load_shortcuts() == {"tool.brush": (), "tool.lasso": ("B",)}
        await user.back()
        user.key(Qt.Key.Key_E)
        user.key(Qt.Key.Key_B)
        assert user.window.toolbox.tool_id == "lasso"
        assert user.window.actions_by_name["tool.lasso"].toolTip().endswith("(B)")
        await _open(user)
        _choose(user, "tool.brush")
        user.click("shortcuts.reset")
        user.click("shortcuts.ok")
        await user.window.settle()
        await user.back()
        user.key(Qt.Key.Key_B)
        assert user.window.toolbox.tool_id == "brush"
        await _open(user)
        user.click("shortcuts.reset_all")
        user.click("shortcuts.ok")
        await user.window.settle()
        assert load_shortcuts() == {}

    at_the_window(scenario, picture)


def test_cancel_and_a_second_key(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        await _open(user)
        _choose(user, "action.undo")
        QTest.keyClick(user.widget("shortcuts.key"), Qt.Key.Key_F9)
        user.click("shortcuts.add")
        user.click("shortcuts.cancel")
        await user.window.settle()
        assert load_shortcuts() == {}
        await user.back()
        await _open(user)
        _choose(user, "action.undo")
        QTest.keyClick(user.widget("shortcuts.key"), Qt.Key.Key_F9)
        user.click("shortcuts.add")
        user.click("shortcuts.ok")
        await user.window.settle()
        await user.back()
        user.paint((100, 100), (200, 100))
        assert user.steps == ("Add mask", "Brush stroke")
        user.key(Qt.Key.Key_F9)
        assert user.steps == ("Add mask",)
        user.ctrl(Qt.Key.Key_Z)
        assert user.steps == ()

    at_the_window(scenario, picture)


def test_kept_keys_count_from_the_start(at_the_window: Run, picture: Path) -> None:
    save_shortcuts({"tool.wand": ("B",), "gone.command": ("Q",)})

    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_B)
        assert user.window.toolbox.tool_id == "wand"

    at_the_window(scenario, picture)


def test_no_key_is_left_with_two_commands() -> None:
    keys = with_changes({"tool.wand": ("B", "Ctrl+Z")})
    given = [key for keys_of in keys.values() for key in keys_of]
    assert len(given) == len(set(given))
    assert keys["tool.wand"] == ("B", "Ctrl+Z")
    assert usual_keys()["tool.brush"] == ("B",)
    assert portable("ctrl+z") == "Ctrl+Z"
