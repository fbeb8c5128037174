"""The command line as a user runs it: a process, its two streams and its exit code."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest

from inpaint_studio.cli import app
from tests.engines.requests import hole, photo


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


Command = Callable[..., Outcome]


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """Run a command in this process, in `tmp_path`."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Outcome:
        capfd.readouterr()
        code = app.main([str(argument) for argument in arguments])
        return Outcome(code, *capfd.readouterr())

    return run


@pytest.fixture
def process(tmp_path: Path) -> Command:
    """Run a command in a process of its own, in `tmp_path`."""

    def run(*arguments: object, **options: object) -> Outcome:
        line = [sys.executable, "-m", "inpaint_studio", *map(str, arguments)]
        done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120, **options)  # type: ignore[call-overload]
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A folder with photo.png (16-bit RGB), photo8.png, mask.png, black.png, white.png and small.png."""
    image = photo(120, 160)
    cv2.imwrite(str(tmp_path / "photo.png"), np.rint(image[..., ::-1] * 65535).astype(np.uint16))
    cv2.imwrite(str(tmp_path / "photo8.png"), np.rint(image[..., ::-1] * 255).astype(np.uint8))
    mask = (hole(120, 160, 40, 50, 80, 90) * 255).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    cv2.imwrite(str(tmp_path / "black.png"), np.zeros_like(mask))
    cv2.imwrite(str(tmp_path / "white.png"), np.full_like(mask, 255))
    cv2.imwrite(str(tmp_path / "small.png"), mask[:60, :60])
    return tmp_path
