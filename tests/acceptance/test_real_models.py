"""A model that is not here, in the real program on a real screen: chosen, read about, fetched, filled with, stopped, kept."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from inpaint_studio.engines.library.installed import find_installed
from inpaint_studio.engines.library.staging import unfinished
from inpaint_studio.storage.project import journals_folder
from tests.acceptance.screen import FolderWatch, missing, program, screen
from tests.acceptance.test_main_path import red
from tests.acceptance.test_real_window import kinds, see
from tests.engines.library.hub_server import HubServer

pytestmark = [pytest.mark.skipif(bool(missing()), reason=missing() or "all there"), pytest.mark.network]

REPOSITORY = "stable-diffusion-v1-5/stable-diffusion-inpainting"
#: With empty caches kernels are compiled and torch is imported before it.
FIRST_FILL_S = 400
#: Where the list of engines is on a screen of 1440×960.
ENGINES = (1227, 104)
#: Where it says what is being done.
STAGE = np.s_[834:856, :150]
_BUILD = """
import sys
from pathlib import Path
from tests.engines.learned.tiny_diffusion import build_slow
build_slow(Path(sys.argv[1]), 256)
"""


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """A hub with a random model of 76 MB in the place of Stable Diffusion 1.5; it stops in the midst of it at first."""
    if find_spec("diffusers") is None:
        pytest.skip("the learned engines need the extra `diffusion`")
    line = [sys.executable, "-c", _BUILD, str(tmp_path / "hub" / REPOSITORY)]
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "torch"))
    subprocess.run(line, check=True, capture_output=True, cwd=Path(__file__).parents[2])
    monkeypatch.setenv("INPAINT_STUDIO_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with HubServer(tmp_path / "hub") as server:
        server.stall["diffusion_pytorch_model.safetensors"] = 30_000_000
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


@pytest.mark.timeout(FIRST_FILL_S + 200, method="thread")
def test_from_the_list_of_engines_to_a_fill_that_is_kept(picture: Path, tmp_path: Path, hub: HubServer) -> None:
    journals_folder().mkdir(parents=True)
    (tmp_path / "models").mkdir()
    journals, models = FolderWatch(journals_folder()), FolderWatch(tmp_path / "models")
    with screen() as on, program(on, picture, temporary=tmp_path / "temporary") as process:
        window = on.window("garden.png")
        photo = see(on, tmp_path)
        photo.cover(on)
        on.until_title(window, "garden.png*")
        masked = on.look_until(photo.is_masked, tmp_path / "painted.png")

        # what is not here is in the list of engines, and leads to what it is
        on.tool("mousemove", *ENGINES, "click", 1)
        on.look_until(
            lambda image: not np.array_equal(image[150:300, 1150:], masked[150:300, 1150:]), tmp_path / "list.png"
        )
        on.write("Get Sta")
        on.press("Return")
        library = on.window("^Models$")
        on.look(tmp_path / "about.png")
        assert hub.asked == []
        on.press("space")
        on.window("^Inpaint Studio$")
        on.look(tmp_path / "question.png")
        on.press("Return")

        # its progress is seen in the midst of it, and nothing half is listed
        assert hub.stalled.wait(60)
        on.tool("windowfocus", "--sync", library)
        on.look(tmp_path / "progress.png")
        assert [left.id for left in unfinished()] == ["sd15-inpaint"]
        assert find_installed("sd15-inpaint") is None
        hub.released.set()
        models.until(lambda: find_installed("sd15-inpaint") is not None)
        on.press("Escape")

        # its engine is chosen already
        on.tool("windowfocus", "--sync", window)
        on.look_until(photo.is_masked, tmp_path / "chosen.png")
        on.press("Return")
        # the loud block is gone, whatever colours a random model draws in its place
        most = photo.width * photo.height
        on.look_until(lambda image: red(photo.around(image, 0)) < most / 2, tmp_path / "preview.png", FIRST_FILL_S)
        assert kinds() == ["mask"]
        on.press("ctrl+k")
        on.window("Commands")
        on.write("keep this")
        on.look(tmp_path / "keeping.png")
        on.press("Return")
        journals.until(lambda: "fill" in kinds())
        on.tool("windowfocus", "--sync", window)
        # nothing is under way any more, and what was drawn is there
        kept = on.look_until(lambda image: np.array_equal(image[STAGE], masked[STAGE]), tmp_path / "kept.png")
        assert red(photo.around(kept, 0)) < most / 2
        assert np.array_equal(photo.above(kept), photo.above(masked))
        on.press("ctrl+z")
        on.look_until(photo.is_masked, tmp_path / "undone.png")
        on.press("ctrl+z", "ctrl+z", "ctrl+q")
        assert process.wait(30) == 0
    journals.close()
    models.close()
