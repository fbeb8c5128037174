"""The table of habits in the documentation is the program's own."""

from __future__ import annotations

import re
from pathlib import Path

from inpaint_studio.ui.actions import COMMANDS
from inpaint_studio.ui.shortcuts import portable

_ROOT = Path(__file__).parents[2]
_TEXT = (_ROOT / "docs/habits.md").read_text("utf-8")
_ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| `((?:action|tool)\.\w+)` \| `([^`]+)` \|$", re.MULTILINE)


def test_every_key_of_the_table_is_its_commands_own() -> None:
    commands = {command.name: command for command in COMMANDS}
    rows = _ROW.findall(_TEXT)
    assert len(rows) > 40
    for habit, key, name, _ in rows:
        assert portable(key) in {portable(own) for own in commands[name].keys}, habit


def test_every_test_that_the_tables_name_is_there() -> None:
    for path in set(re.findall(r"`(tests/[^`]+)`", _TEXT)):
        assert (_ROOT / path).is_file(), path


def test_no_tool_is_left_out() -> None:
    named = {name for _, _, name, _ in _ROW.findall(_TEXT)}
    assert {command.name for command in COMMANDS if command.name.startswith("tool.")} <= named
