"""A diffusion model in the window: chosen, seen at each step, stopped and kept, undone."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from inpaint_studio.document.layers import FillLayer
from inpaint_studio.settings import Settings, save_settings
from tests.acceptance.conftest import Run
from tests.acceptance.user import User

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


@pytest.mark.usefixtures("model")
def test_stop_here_and_keep_this(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.scribble(245, 145, 335, 235, 20)
        engines = user.widget("fill.engine")
        engines.setFocus()
        assert engines.findData("diffusion/tiny-inpaint") >= 0, [engines.itemData(i) for i in range(engines.count())]
        engines.setCurrentIndex(engines.findData("diffusion/tiny-inpaint"))
        await user.until_there("fill.option.prompt")
        user.write("fill.option.prompt", "a bird")
        user.write("fill.option.steps", "200")
        before = user.shown()
        canvas = user.tab.canvas
        user.click("fill.button")
        for _ in range(5):  # torch and diffusers take their time on a busy machine
            with suppress(TimeoutError):
                await user.until(lambda: canvas.preview_shown, user.window.engine.progressed)
                break
        assert canvas.preview_shown
        if _SHOTS:
            user.window.grab().save(str(Path(_SHOTS) / "learned.png"))
        user.window.actions_by_name["action.finish"].trigger()
        await user.filled()
        assert not canvas.preview_shown
        fill = user.layers[-1]
        assert isinstance(fill, FillLayer)
        assert fill.recipe.engine == "diffusion/tiny-inpaint"
        assert fill.recipe.options["prompt"] == "a bird"
        assert not np.array_equal(user.shown(), before)
        user.ctrl(Qt.Key.Key_Z)
        assert not any(isinstance(layer, FillLayer) for layer in user.layers)
        assert "torch" not in sys.modules

    at_the_window(scenario, picture)
