"""A diffusion model in the window: chosen, seen at each step, stopped and kept, undone; candidates by several seeds."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from inpaint_studio.document.layers import FillLayer
from inpaint_studio.settings import Settings, save_settings
from tests.acceptance.conftest import Run
from tests.acceptance.user import User

ENGINE = "diffusion/tiny-inpaint"
_SHOTS = os.environ.get("INPAINT_STUDIO_SHOTS", "")
_BUILD = """
import sys
from pathlib import Path
from tests.engines.learned.tiny_diffusion import build
build("sd-inpaint", Path(sys.argv[1]))
"""


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny random model in a folder that the user has added; built elsewhere, so that no torch comes into this process."""
    if find_spec("diffusers") is None:
        pytest.skip("the learned engines need the extra `diffusion`")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "torch"))
    folder = tmp_path / "models" / "tiny-inpaint"
    line = [sys.executable, "-c", _BUILD, str(folder)]
    subprocess.run(line, check=True, capture_output=True, cwd=Path(__file__).parents[2])
    save_settings(Settings(model_folders=(str(folder),)))
    return folder


async def choose(user: User, **options: str) -> None:
    """Paint a mask, and choose the tiny model with some options."""
    user.scribble(245, 145, 335, 235, 20)
    user.choose_engine(ENGINE)
    await user.until_there("fill.option.prompt")
    for name, value in options.items():
        user.write(f"fill.option.{name}", value)


async def patiently(user: User, condition: Callable[[], object]) -> None:
    """Wait for what begins with torch and diffusers: they take their time on a busy machine."""
    for _ in range(5):
        with suppress(TimeoutError):
            await user.until_seen(condition)
            break
    assert condition()


async def preview(user: User) -> None:
    """Wait for the first; torch and diffusers take their time on a busy machine."""
    for _ in range(5):
        with suppress(TimeoutError):
            await user.until(lambda: user.tab.canvas.preview_shown, user.window.engine.progressed)
            break
    assert user.tab.canvas.preview_shown


def fill_of(user: User) -> FillLayer:
    fill = user.layers[-1]
    assert isinstance(fill, FillLayer)
    return fill


@pytest.mark.usefixtures("model")
def test_stop_here_and_keep_this(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        await choose(user, prompt="a bird", steps="200")
        before = user.shown()
        user.click("fill.button")
        await user.until_there("progress.cancel")
        assert not user.is_there("progress.finish")
        await preview(user)
        await user.until_there("progress.finish")
        if _SHOTS:
            user.window.grab().save(str(Path(_SHOTS) / "learned.png"))
        user.click("progress.finish")
        await user.filled()
        assert not user.tab.canvas.preview_shown
        assert not user.is_there("progress.finish")
        assert fill_of(user).recipe.engine == ENGINE
        assert fill_of(user).recipe.options["prompt"] == "a bird"
        assert not np.array_equal(user.shown(), before)
        user.ctrl(Qt.Key.Key_Z)
        assert not any(isinstance(layer, FillLayer) for layer in user.layers)
        assert "torch" not in sys.modules

    at_the_window(scenario, picture)


@pytest.mark.usefixtures("model")
def test_candidates_of_a_model_come_into_the_strip(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        await choose(user, prompt="a bird", steps="2")
        QTest.keyClick(user.widget("fill.candidates"), Qt.Key.Key_Up)
        user.click("fill.button")
        await preview(user)
        await user.filled()
        await user.until_there("candidates.list")
        held = fill_of(user).variants
        assert [variant["recipe"]["seed"] for variant in held] == [0, 1]
        assert {variant["recipe"]["engine"] for variant in held} == {ENGINE}
        if _SHOTS:
            user.window.grab().save(str(Path(_SHOTS) / "candidates.png"))

    at_the_window(scenario, picture)


@pytest.mark.usefixtures("model")
def test_a_model_is_opened_ahead_and_let_go_in_the_library(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        await user.command("action.models")
        await user.until_there("models.load.tiny-inpaint")
        assert not user.is_there("models.unload.tiny-inpaint")
        user.click("models.device.look")
        await patiently(user, lambda: "compute on" in user.text("models.device.text"))
        user.click("models.load.tiny-inpaint")
        await user.until_there("models.cancel.tiny-inpaint")
        await patiently(user, lambda: user.is_there("models.unload.tiny-inpaint"))
        if _SHOTS:
            user.widget("dialog.models").grab().save(str(Path(_SHOTS) / "library.png"))
        user.click("models.unload.tiny-inpaint")
        await patiently(user, lambda: user.is_there("models.load.tiny-inpaint"))
        assert "torch" not in sys.modules

    at_the_window(scenario, picture)
