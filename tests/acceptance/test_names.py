"""The names that ARCHITECTURE.md promises to tests and screen readers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QSlider

from inpaint_studio.ui.actions import COMMANDS, FIRST_OF_A_GROUP
from tests.acceptance.conftest import User

ROOT = Path(__file__).parents[2]


def test_architecture_names_every_action() -> None:
    listed = (ROOT / "ARCHITECTURE.md").read_text()
    assert {command.name for command in COMMANDS if f"`{command.name}`" not in listed} == set()


def test_groups_of_menus_begin_with_commands_that_there_are() -> None:
    assert {command.name for command in COMMANDS} >= FIRST_OF_A_GROUP


def test_no_two_commands_share_a_key() -> None:
    keys = [key for command in COMMANDS for key in command.keys]
    assert sorted(keys) == sorted(set(keys))


def test_every_control_has_a_name_and_says_what_it_is(at_the_window: Callable[..., None], picture: Path) -> None:
    async def scenario(user: User) -> None:
        for kind in (QAbstractSpinBox, QComboBox, QSlider):
            for control in user.window.findChildren(kind):
                if control.isVisible() and not control.objectName().startswith("qt_"):
                    assert control.objectName(), control
                    assert control.accessibleName(), control.objectName()
        for button in user.window.findChildren(QAbstractButton):
            if button.isVisible() and button.objectName() and not button.objectName().startswith("qt_"):
                assert button.accessibleName() or button.text() or button.toolTip(), button.objectName()

    at_the_window(scenario, picture)
