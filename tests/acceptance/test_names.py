"""The names that ARCHITECTURE.md promises to tests and screen readers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QSlider

from inpaint_studio.ui.actions import COMMANDS, FIRST_OF_A_GROUP
from tests.acceptance.conftest import User

ROOT = Path(__file__).parents[2]
_ACTION_CALL = re.compile(r"\.(trigger|toggle|setChecked|setValue)\(")


def test_architecture_names_every_action() -> None:
    listed = (ROOT / "ARCHITECTURE.md").read_text()
    assert {command.name for command in COMMANDS if f"`{command.name}`" not in listed} == set()


def test_acceptance_tests_send_events_and_call_no_actions() -> None:
    calls = {path.name for path in Path(__file__).parent.glob("*.py") if _ACTION_CALL.search(path.read_text("utf-8"))}
    assert calls == set()


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
