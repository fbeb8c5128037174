"""Learned engines where they really run: the heavy worker, the command line, and what happens when memory runs out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from inpaint_studio.cli import app
from inpaint_studio.engines import catalog
from inpaint_studio.engines.contract import (
    Decision,
    EngineSpec,
    FillRequest,
    FillResult,
    Float,
    Payload,
    Prepares,
    Silent,
)
from inpaint_studio.engines.library.installed import InstalledModel
from inpaint_studio.engines.models import diffusion
from inpaint_studio.engines.models.diffusion import DiffusionOptions
from inpaint_studio.engines.runtime import memory
from inpaint_studio.engines.runtime.devices import Device, choose_device
from inpaint_studio.engines.runtime.loaded import LoadedEngines
from inpaint_studio.errors import Cancelled, EngineDiedError, InputError, OutOfMemoryError
from inpaint_studio.studio.jobs import HereRunner, WorkerRunner
from tests.engines.requests import hole, photo

ASKED = FillRequest(
    photo(64, 64), hole(64, 64, 16, 16, 48, 48), seed=3, options=DiffusionOptions(steps=2, prompt="the sky")
)
#: So many steps that a test is always quicker than the fill.
LONG = replace(ASKED, options=DiffusionOptions(steps=200))


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the worker, which has no fixture of its own."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture
def spec() -> EngineSpec:
    return catalog.specs()["diffusion/sd-inpaint"]


class Begun:
    """Does something at the `at`-th preview, from the thread that runs the fill."""

    def __init__(self, act: Callable[[], None], at: int = 2) -> None:
        self.act, self.left = act, at

    def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
        if preview is not None:
            self.left -= 1
            if self.left == 0:
                self.act()
        return Decision.CONTINUE


def test_the_heavy_worker_fills_is_cancelled_dies_and_fills_again(spec: EngineSpec) -> None:
    with WorkerRunner() as runner:
        there = runner.run(spec, ASKED, Silent()).image
        assert np.array_equal(there, HereRunner().run(spec, ASKED, Silent()).image)
        assert runner.pid is None
        first = runner.heavy_pid
        assert first is not None

        # cancelled at a step: the same process does the next fill
        with pytest.raises(Cancelled):
            runner.run(spec, LONG, Begun(runner.cancel))
        assert np.array_equal(runner.run(spec, ASKED, Silent()).image, there)
        assert runner.heavy_pid == first

        # killed by someone: with retry off one sentence, then a new process
        def kill() -> None:
            os.kill(runner.heavy_pid or 0, signal.SIGKILL)

        stubborn = replace(LONG, options=replace(LONG.options, retry=False))
        with pytest.raises(OutOfMemoryError) as told:
            runner.run(spec, stubborn, Begun(kill))
        assert told.value.hint
        assert np.array_equal(runner.run(spec, ASKED, Silent()).image, there)
        assert runner.heavy_pid != first


def test_models_are_opened_ahead_and_let_go_in_the_heavy_worker(spec: EngineSpec) -> None:
    with WorkerRunner() as runner:
        told = runner.task("heavy.probe", Payload(), Silent()).data
        assert told["open"] == []
        assert told["device"].startswith(told["kind"])
        assert told["free_mib"] is None or told["free_mib"] > 0
        first = runner.heavy_pid
        options = {"device": "cpu"}
        for engine in ("diffusion/sd-inpaint", "lama/big-lama", "migan/migan-weights"):
            known = options | ({"memory": "full"} if engine.startswith("diffusion") else {})
            opened = runner.task("heavy.load", Payload({"engine": engine, "options": known}), Silent()).data["open"]
        assert opened == ["diffusion/sd-inpaint", "lama/big-lama", "migan/migan-weights"]
        left = runner.task("heavy.unload", Payload({"engine": "lama/big-lama"}), Silent()).data["open"]
        assert left == ["diffusion/sd-inpaint", "migan/migan-weights"]
        # the embedded engines' process has nothing to do with it
        assert runner.pid is None
        assert runner.heavy_pid == first


def test_what_cannot_be_opened_is_told_and_does_not_stay(spec: EngineSpec) -> None:
    runner = HereRunner()
    with pytest.raises(InputError, match="no engine named"):
        runner.task("heavy.load", Payload({"engine": "diffusion/none", "options": {}}), Silent())
    with pytest.raises(InputError, match="has no option"):
        runner.task("heavy.load", Payload({"engine": spec.id, "options": {"abacus": "1"}}), Silent())

    class Unwilling:
        def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
            raise Cancelled

    with pytest.raises(Cancelled):
        runner.task("heavy.load", Payload({"engine": spec.id, "options": {"memory": "small"}}), Unwilling())
    assert spec.id not in runner.task("heavy.probe", Payload(), Silent()).data["open"]


def test_an_opened_model_fills_at_once(spec: EngineSpec) -> None:
    class Notes:
        def __init__(self) -> None:
            self.said: list[str] = []

        def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
            self.said.append(note)
            return Decision.CONTINUE

    engine = spec.load("cpu")
    opening, filling = Notes(), Notes()
    assert isinstance(engine, Prepares)
    engine.prepare(ASKED.options, opening)
    engine.fill(ASKED, filling)
    assert any(note.startswith("Loading") for note in opening.said)
    assert not any(note.startswith("Loading") for note in filling.said)


class Stub:
    """Attempts of a spec that fail as listed, before one works."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.ways: list[str] = []

    def run(self, _spec: EngineSpec, request: FillRequest, _progress: Any) -> FillResult:
        self.ways.append(request.options.memory)
        if self.failures:
            raise self.failures.pop(0)
        return FillResult(request.image)


@pytest.fixture
def with_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "likely_gpu", lambda: True)


def attempt(stub: Stub, monkeypatch: pytest.MonkeyPatch, spec: EngineSpec, **options: Any) -> FillResult:
    monkeypatch.setattr(catalog, "run_here", stub.run)
    return HereRunner().run(spec, replace(ASKED, options=DiffusionOptions(**options)), Silent())


@pytest.mark.usefixtures("with_gpu")
def test_memory_is_stepped_down_until_it_fits(spec: EngineSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    stub = Stub(MemoryError(), OutOfMemoryError("Full.", "Less."), MemoryError(), MemoryError())
    result = attempt(stub, monkeypatch, spec)
    assert stub.ways == ["auto", "offload", "group", "sequential", "small"]
    assert "Memory was short" in result.note


@pytest.mark.usefixtures("with_gpu")
def test_at_the_bottom_or_when_told_not_to_it_is_one_sentence(
    spec: EngineSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    for options, ways in (({"memory": "small"}, ["small"]), ({"retry": False}, ["auto"])):
        stub = Stub(*[MemoryError()] * 9)
        with pytest.raises(OutOfMemoryError) as told:
            attempt(stub, monkeypatch, spec, **options)
        assert stub.ways == ways
        assert told.value.message.endswith(".")
        assert told.value.hint


@pytest.mark.usefixtures("with_gpu")
def test_a_crash_is_tried_again_once(spec: EngineSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    stub = Stub(EngineDiedError("It crashed.", "Again."), EngineDiedError("It crashed.", "Again."))
    with pytest.raises(EngineDiedError):
        attempt(stub, monkeypatch, spec)
    assert stub.ways == ["auto", "offload"]


def test_without_a_gpu_there_is_only_a_smaller_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "likely_gpu", lambda: False)
    assert memory.less("auto") == "small"
    assert memory.less("small") is None


@pytest.mark.parametrize("way", memory.MEMORY)
def test_every_way_to_use_memory_fills(way: str, library: list[InstalledModel]) -> None:
    model = next(model for model in library if model.id == "sd-inpaint")
    (spec,) = diffusion.specs([model])
    asked = replace(ASKED, options=replace(ASKED.options, memory=way))
    result = spec.load("auto").fill(asked, Silent()).image
    assert (result != ASKED.image)[ASKED.mask > 0].mean() > 0.9


def test_torchs_words_for_no_memory_are_understood() -> None:
    for words in ("DefaultCPUAllocator: not enough memory: you tried", "CUDA out of memory. Tried to allocate"):
        with pytest.raises(MemoryError), memory.memory_errors():
            raise RuntimeError(words)
    with pytest.raises(RuntimeError, match="sizes"), memory.memory_errors():
        raise RuntimeError("sizes of tensors must match")


def test_a_model_that_does_not_fit_begins_lower() -> None:
    gpu = Device("cuda", "float16", free_mib=4000)
    assert memory.fitting("auto", gpu, 2000) == "full"
    assert memory.fitting("auto", gpu, 3500) == "offload"
    assert memory.fitting("full", gpu, 3500) == "full"
    assert memory.fitting("auto", Device("cpu", "float32", 4000), 3500) == "full"


def test_devices_are_chosen_and_shown() -> None:
    device = choose_device("cpu")
    assert (device.kind, device.dtype) == ("cpu", "float32")
    assert str(device).startswith("cpu (32-bit")
    with pytest.raises(InputError, match="no device"):
        choose_device("abacus")


@dataclass(frozen=True)
class Load:
    name: str

    def __call__(self, device: str) -> Any:
        return object()


def test_one_model_is_kept_and_others_go_by_use_and_memory() -> None:
    def heavy(name: str, mib: int, load: str = "") -> EngineSpec:
        return EngineSpec(name, 1, name, "MIT", Load(load or name), worker="heavy", memory_mib=mib)

    engines = LoadedEngines(room_mib=1000)
    a, b = engines.engine(heavy("a", 400)), engines.engine(heavy("b", 400))
    assert engines.engine(heavy("a", 400)) is a
    engines.engine(heavy("c", 400))
    assert engines.heavy == ("a", "c")
    engines.engine(heavy("huge", 5000))
    assert engines.heavy == ("huge",)
    assert engines.engine(heavy("b", 400)) is not b
    # another model under the same name
    other = engines.engine(heavy("b", 400, load="other"))
    assert engines.engine(heavy("b", 400, load="other")) is other
    assert engines.drop_others("b") is False


def test_whoever_brings_torch_in_is_offline() -> None:
    """Also a script that uses an engine without the program around it."""
    code = (
        "import os, socket; from inpaint_studio.engines.runtime.devices import choose_device; choose_device('cpu'); "
        "print(os.environ['HF_HUB_OFFLINE'], os.environ['TRANSFORMERS_OFFLINE'])\n"
        "try: socket.create_connection(('192.0.2.1', 443), timeout=1)\n"
        "except OSError as error: print(type(error).__name__)"
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "TRANSFORMERS_"))}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.split() == ["1", "1", "OfflineError"]


def test_the_command_line_fills_and_lists(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pixels = (photo(80, 100) * 65535).astype(np.uint16)
    mask = (hole(80, 100, 20, 30, 50, 70) * 255).astype(np.uint8)
    cv2.imwrite("photo.png", pixels)
    cv2.imwrite("mask.png", mask)
    assert app.main(["engines", "--json"]) == 0
    listed = {row["id"]: row for row in json.loads(capfd.readouterr().out)}
    assert listed["diffusion/sd-inpaint"]["available"]
    assert listed["diffusion/flux-fill"]["licence"]
    arguments = ["fill", "photo.png", "--mask", "mask.png", "-o", "out.png", "--engine", "diffusion/sd-inpaint",
                 "--option", "prompt=the sky", "--option", "steps=2", "--seed", "7", "--json"]  # fmt: skip
    assert app.main(arguments) == 0
    report = json.loads(capfd.readouterr().out)
    assert report["engine"] == "diffusion/sd-inpaint"
    assert report["changed_outside"] == 0
    assert report["filled_pixels"] == 30 * 40
    written = cv2.imread("out.png", cv2.IMREAD_UNCHANGED)
    assert written is not None
    assert written.dtype == np.uint16
    assert np.array_equal(written[mask == 0], pixels[mask == 0])
    assert app.main([*arguments[:-1], "--option", "scheduler=magic"]) == 2
    assert "no scheduler" in capfd.readouterr().err


def test_the_window_and_the_catalogue_bring_no_torch_along() -> None:
    code = "import sys; from inpaint_studio.engines import catalog; catalog.specs(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
