"""The entry: what is a command and what is a file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from inpaint_studio import __main__ as entry
from inpaint_studio import __version__
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


_NUMPY = """
import os, sys
from inpaint_studio import app
assert "numpy" not in sys.modules
app._import_numpy()
print(sys.modules["numpy"]._core.multiarray._set_madvise_hugepage(False), os.environ.get("NUMPY_MADVISE_HUGEPAGE"))
"""


@pytest.mark.parametrize(("told", "expected"), [(None, "False None"), ("1", "True 1")])
def test_numpy_keeps_small_pages_in_the_window_alone(told: str | None, expected: str) -> None:
    """A fresh array of many megabytes in huge pages stops the whole process. Who says otherwise is heard."""
    kept = {name: value for name, value in os.environ.items() if name != "NUMPY_MADVISE_HUGEPAGE"}
    environment = kept | ({} if told is None else {"NUMPY_MADVISE_HUGEPAGE": told})
    done = subprocess.run(
        [sys.executable, "-c", _NUMPY], env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.stderr == ""
    assert done.stdout.strip() == expected


def test_a_missing_system_library_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Qt is blocked in these tests: importing it fails just as it does without libEGL."""
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert entry.main([]) == 1
    error = capsys.readouterr().err
    assert "apt-get install" in error
    assert "libegl1" in error
    assert error.count("\n") == 1


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["--version"]) == 0
    assert __version__ in capsys.readouterr().out


def test_a_mistyped_command_opens_no_window(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert entry.main(["restor", "box"]) == 2
    error = capsys.readouterr().err
    assert "restor" in error
    assert "restore" in error
    assert error.count("\n") == 1


def test_a_word_that_is_a_file_is_opened(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scan").write_bytes(b"")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert entry.main(["scan"]) == 0
    assert "no screen" in capsys.readouterr().out
