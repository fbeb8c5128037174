"""The entry: what is a command and what is a file."""

from __future__ import annotations

import pytest
import typer

from inpaint_studio import __main__ as entry
from inpaint_studio.cli import app


def test_the_entry_knows_every_command() -> None:
    command = typer.main.get_command(app.app)
    assert set(entry.COMMANDS) == set(command.commands)  # type: ignore[attr-defined]


def test_without_a_screen_it_shows_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert entry.main(["photo.jpg"]) == 0
    out = capsys.readouterr().out
    assert "no screen" in out
    assert "inpaint-studio fill PHOTO --mask MASK -o OUT" in out


def test_a_missing_system_library_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Qt is blocked in these tests: importing it fails just as it does without libEGL."""
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert entry.main([]) == 1
    error = capsys.readouterr().err
    assert "apt-get install" in error
    assert "libegl1" in error
    assert error.count("\n") == 1
