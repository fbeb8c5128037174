"""Models that were exchanged for something else after they were found: refused as they are opened, and nothing of them runs."""

from __future__ import annotations

import json
import pickle
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import pytest

from inpaint_studio.engines.contract import EngineSpec, FillRequest, Silent
from inpaint_studio.engines.library.installed import InstalledModel
from inpaint_studio.engines.models import diffusion, lama, migan
from inpaint_studio.engines.runtime.devices import choose_device
from inpaint_studio.engines.runtime.diffusion import Source, family_of, open_pipeline
from inpaint_studio.errors import InputError, StudioError
from tests.engines.requests import hole, photo

ASKED = FillRequest(photo(64, 64), hole(64, 64, 16, 16, 48, 48))


class Payload:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.touch, (self.mark,)


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """What appears when something was executed."""
    return tmp_path / "executed"


def pickled(mark: Path) -> bytes:
    return pickle.dumps(Payload(mark))


#: A folder of each family, and the part of it that draws.
FOLDERS = {"sd-inpaint": "unet", "sdxl-inpaint": "unet", "flux-fill": "transformer"}


@pytest.fixture(params=FOLDERS)
def folder(request: pytest.FixtureRequest, tmp_path: Path, library: list[InstalledModel]) -> InstalledModel:
    """A model folder of this test's own, found while it was sound."""
    model = next(model for model in library if model.id == request.param)
    return replace(model, path=Path(shutil.copytree(model.path, tmp_path / "model")))


def engine_of(model: InstalledModel) -> Any:
    found: list[EngineSpec] = [*diffusion.specs([model]), *lama.specs([model]), *migan.specs([model])]
    return found[0].load("cpu")


def assert_refused(model: InstalledModel, mark: Path) -> None:
    """Filling with it is refused in words that say what to do, and nothing of it has run."""
    with pytest.raises(InputError) as told:
        engine_of(model).fill(ASKED, Silent())
    assert told.value.hint
    assert not mark.exists()


def test_the_mark_would_appear(mark: Path) -> None:
    pickle.loads(pickled(mark))  # noqa: S301  this test's own
    assert mark.exists()


def test_weights_that_became_a_pickle(folder: InstalledModel, mark: Path) -> None:
    (weights,) = (folder.path / FOLDERS[folder.id]).glob("*.safetensors")
    weights.write_bytes(pickled(mark))
    assert_refused(folder, mark)


def test_weights_that_are_pickles_only(folder: InstalledModel, mark: Path) -> None:
    (weights,) = (folder.path / "vae").glob("*.safetensors")
    weights.unlink()
    weights.with_suffix(".bin").write_bytes(pickled(mark))
    assert_refused(folder, mark)


def test_a_folder_that_brings_code(folder: InstalledModel, mark: Path) -> None:
    (folder.path / FOLDERS[folder.id] / "my_unet.py").write_text(f"open({str(mark)!r}, 'w')")
    index = json.loads((folder.path / "model_index.json").read_text())
    index[FOLDERS[folder.id]] = ["my_unet", "MyUNet"]
    (folder.path / "model_index.json").write_text(json.dumps(index))
    assert_refused(folder, mark)


@pytest.mark.parametrize(
    "entry", [["my_unet", "MyUNet"], ["diffusers", "DDPMPipeline"], ["os", "system"], ["diffusers"]]
)
def test_loading_itself_takes_known_parts_only(folder: InstalledModel, entry: list[str]) -> None:
    index = json.loads((folder.path / "model_index.json").read_text())
    (folder.path / "model_index.json").write_text(json.dumps(index | {FOLDERS[folder.id]: entry}))
    family = family_of(folder.class_name, folder.in_channels)
    assert family is not None
    with pytest.raises(StudioError):
        open_pipeline(family, Source(folder.path, "folder", folder.in_channels), choose_device("cpu"), safety=True)


#: A single file of each family that comes as one.
FILES = ("sd-inpaint-single", "sd2-inpaint-single", "sdxl-inpaint-single", "big-lama", "migan-weights")


@pytest.fixture(params=FILES)
def file(request: pytest.FixtureRequest, library: list[InstalledModel]) -> InstalledModel:
    return next(model for model in library if model.id == request.param)


@pytest.mark.parametrize("name", ["model.ckpt", "model.pt", "model.bin", "model.safetensors"])
def test_a_single_file_that_became_a_pickle(name: str, file: InstalledModel, tmp_path: Path, mark: Path) -> None:
    path = tmp_path / name
    path.write_bytes(pickled(mark))
    assert_refused(replace(file, path=path), mark)


@pytest.mark.parametrize("name", ["model.ckpt", "model.pt", "model.safetensors"])
def test_a_single_file_that_became_a_zipped_pickle(name: str, file: InstalledModel, tmp_path: Path, mark: Path) -> None:
    path = tmp_path / name
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickled(mark))
    assert_refused(replace(file, path=path), mark)


def test_a_header_that_lies(file: InstalledModel, tmp_path: Path, mark: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes((1 << 40).to_bytes(8, "little") + file.path.read_bytes()[8:])
    assert_refused(replace(file, path=path), mark)


@pytest.mark.parametrize("name", ["migan-pipeline", "migan-network", "lama-fixed"])
def test_onnx_that_reads_outside_its_folder(
    name: str, tmp_path: Path, library: list[InstalledModel], mark: Path
) -> None:
    model = next(model for model in library if model.id == name)
    graph = onnx.load(model.path)
    tensor = graph.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../etc/passwd")
    (tmp_path / "model").mkdir()
    path = tmp_path / "model" / "migan.onnx"
    path.write_bytes(graph.SerializeToString())
    assert_refused(replace(model, path=path), mark)
