"""`inpaint-studio settings` and `setup`."""

from __future__ import annotations

import pytest

from inpaint_studio.settings import load_settings, settings_path
from tests.cli.conftest import Command


def test_a_setting_is_kept(command: Command) -> None:
    assert command("settings", "max_megapixels", "123").code == 0
    assert load_settings().max_megapixels == 123
    assert command("settings", "max_megapixels").out == "max_megapixels = 123.0\n"


@pytest.mark.parametrize(
    "arguments", ["nonsense", "nonsense 3", "max_megapixels many", "max_megapixels -1", "history_mib 0.5"]
)
def test_nonsense_is_refused_and_changes_nothing(command: Command, arguments: str) -> None:
    done = command("settings", *arguments.split())
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert not settings_path().exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 99}', '{"version": 1, "max_megapixels": -4}'])
def test_a_broken_settings_file_is_told(command: Command, text: str) -> None:
    settings_path().parent.mkdir(parents=True)
    settings_path().write_text(text)
    done = command("settings")
    assert done.code == 2
    assert "Traceback" not in done.err


def test_help_without_arguments(command: Command) -> None:
    done = command()
    assert done.code == 0
    assert "fill" in done.out
