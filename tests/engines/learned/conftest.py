"""A library of tiny models of every kind, built once a run; each test's user has it in a folder of theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the learned engines need the extra `diffusion`")
pytest.importorskip("diffusers", reason="the learned engines need the extra `diffusion`")

import torch

from inpaint_studio.engines import catalog
from inpaint_studio.engines.contract import Decision, Float
from inpaint_studio.engines.library.installed import InstalledModel, installed
from inpaint_studio.settings import Settings, save_settings
from tests.engines.learned import tiny_diffusion, tiny_lama, tiny_migan, tiny_onnx, tiny_single_files

# contended threads make tiny networks fifty times slower
torch.set_num_threads(1)

#: What others' code says about itself is no failure of ours.
_THEIRS = "ignore::{}:(diffusers|transformers|torch|accelerate|huggingface_hub)"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            for kind in ("DeprecationWarning", "FutureWarning", "UserWarning"):
                item.add_marker(pytest.mark.filterwarnings(_THEIRS.format(kind)))


#: Kinds that are there as a single file too, which fills as the folder does.
SINGLE = ("sd-inpaint", "sd-base", "sd2-inpaint", "sdxl-inpaint", "sdxl-base")
#: Side at which every tiny model draws.
NATIVE = 64


@pytest.fixture(scope="session")
def models_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One of each: diffusers folders, single files, LaMa and MI-GAN as weights and as ONNX."""
    folder = tmp_path_factory.mktemp("models")
    for kind in tiny_diffusion.KINDS:
        tiny_diffusion.build(kind, folder / kind)
    for kind in SINGLE:
        tiny_single_files.build_single_file(folder / kind, folder / f"{kind}-single.safetensors")
    tiny_lama.write_weights(folder / "big-lama.safetensors")
    tiny_onnx.write_lama(folder / "lama-fixed.onnx")
    tiny_onnx.write_migan(folder / "migan-pipeline.onnx")
    tiny_onnx.write_migan_network(folder / "migan-network.onnx")
    tiny_migan.write_weights(folder / "migan-weights.safetensors", side=64)
    return folder


@pytest.fixture(autouse=True)
def library(models_folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[InstalledModel]:
    """The models, which this test's user has added. In this process they draw at `NATIVE`, whatever their family does."""
    save_settings(Settings(model_folders=(str(models_folder),)))
    found = [replace(model, native=NATIVE) for model in installed()]
    monkeypatch.setattr(catalog, "installed", lambda: found)
    return found


class Watching:
    """A progress that remembers what it was told, and answers as asked."""

    def __init__(self, answer: Callable[[int], Decision] = lambda _number: Decision.CONTINUE) -> None:
        self.answer = answer
        self.fractions: list[float | None] = []
        self.notes: list[str] = []
        self.previews: list[Float] = []

    def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
        self.fractions.append(fraction)
        self.notes.append(note)
        if preview is not None:
            self.previews.append(preview.copy())
        return self.answer(len(self.previews))


@pytest.fixture
def watching() -> type[Watching]:
    return Watching
