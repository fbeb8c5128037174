"""What our way costs around a diffusion pipeline: our fill against the pipeline's bare call on the same crop, in one run.

The model is random, with a UNet of some 20 million parameters: its pictures mean nothing, its time is that of a real step.
The window is one of its own, with a heartbeat of 5 ms as in `responsiveness`.
`DIFFUSION_STEPS`, `_DEVICE`, `_ROUNDS` and `_CANCELS` change what is measured; the figures say what was.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks._machine import Witnesses
from inpaint_studio.engines import catalog
from inpaint_studio.engines.contract import Decision, EngineSpec, FillRequest, Float, Silent
from inpaint_studio.engines.models.diffusion import DiffusionOptions
from inpaint_studio.engines.runtime.devices import choose_device
from inpaint_studio.errors import Cancelled
from inpaint_studio.settings import Settings, save_settings
from inpaint_studio.studio.jobs import WorkerRunner
from tests.engines.learned import tiny_diffusion

_SIDE = 512
_STEPS = int(os.environ.get("DIFFUSION_STEPS", "20"))
_DEVICE = os.environ.get("DIFFUSION_DEVICE", "auto")
_ROUNDS = int(os.environ.get("DIFFUSION_ROUNDS", "3"))
_CANCELS = int(os.environ.get("DIFFUSION_CANCELS", "10"))
_ENGINE = "diffusion/random-20m"
#: Of the fill in the window.
_WINDOW_STEPS = min(_STEPS, 6)


def _request(steps: int = _STEPS) -> FillRequest:
    rng = np.random.default_rng(0)
    image = rng.random((_SIDE, _SIDE, 3), np.float32)
    mask = np.zeros((_SIDE, _SIDE), np.float32)
    mask[128:384, 128:384] = 1
    options = DiffusionOptions(prompt="the sky", steps=steps, scheduler="ddim", device=_DEVICE)
    return FillRequest(image, mask, seed=1, options=options)


def _bare(request: FillRequest, pipe: Any) -> None:
    """The pipeline's own call, with the same picture, prompt and number of steps."""
    import diffusers
    import torch

    pipe.scheduler = diffusers.DDIMScheduler.from_config(pipe.scheduler.config)
    pipe(
        prompt=request.options.prompt,
        image=torch.from_numpy(request.image).permute(2, 0, 1)[None],
        mask_image=torch.from_numpy(request.mask)[None, None],
        height=_SIDE,
        width=_SIDE,
        num_inference_steps=request.options.steps,
        guidance_scale=7.5,
        generator=torch.Generator("cpu").manual_seed(1),
        output_type="np",
    )


def _overhead(spec: EngineSpec) -> dict[str, float | str]:
    """Ours and theirs in turn, in this process, on the same opened pipeline."""
    request = _request()
    engine: Any = catalog.engine_of(spec)
    engine.fill(_request(2), Silent())
    sampler = engine._sampler(request.options, Silent())
    ours, theirs = [], []
    for _ in range(_ROUNDS):
        ours.append(_seconds(lambda: engine.fill(request, Silent())))
        theirs.append(_seconds(lambda: _bare(request, sampler.pipe)))
    wall, cpu = (statistics.median(o[at] / t[at] for o, t in zip(ours, theirs, strict=True)) for at in (0, 1))
    return {
        "fill_s": round(statistics.median(wall for wall, _ in ours), 3),
        "bare_s": round(statistics.median(wall for wall, _ in theirs), 3),
        "overhead_ratio": round(wall, 3),
        "overhead_cpu_ratio": round(cpu, 3),
        "steps": _STEPS,
        "unet_m_parameters": round(sum(p.numel() for p in sampler.pipe.unet.parameters()) / 1e6, 1),
        "device": str(choose_device(_DEVICE)),
    }


def _seconds(work: Any) -> tuple[float, float]:
    """Wall and processor time of `work()`; on a busy machine the second one tells more."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


class _Acting:
    """Does something once at the second preview, from another thread, as a window does."""

    def __init__(self, act: Any) -> None:
        self._act, self._seen = act, 0

    def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
        self._seen += preview is not None
        if self._seen == 2 and preview is not None:
            threading.Thread(target=self._act).start()
        return Decision.CONTINUE


class _Waiting:
    """Remembers when the worker first said a word."""

    def __init__(self) -> None:
        self.first: float | None = None

    def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
        self.first = self.first or time.perf_counter()
        return Decision.CONTINUE


def _worker(spec: EngineSpec) -> dict[str, float]:
    """How soon a cancel frees its caller, and how soon the next fill is under way after the worker was killed."""
    cancelled, recovered = [], []
    with WorkerRunner() as runner:
        runner.run(spec, _request(1), Silent())
        idle = psutil.Process(runner.heavy_pid).memory_info().rss / 2**20
        for _ in range(_CANCELS):
            asked: list[float] = []

            def cancel(asked: list[float] = asked) -> None:
                asked.append(time.perf_counter())
                runner.cancel()

            try:
                runner.run(spec, _request(200), _Acting(cancel))
            except Cancelled:
                cancelled.append(time.perf_counter() - asked[0])
        for _ in range(3):
            runner.run(spec, _request(1), Silent())
            process = psutil.Process(runner.heavy_pid)
            killed = time.perf_counter()
            process.send_signal(signal.SIGKILL)
            while runner.heavy_pid is not None:  # until the program has noticed
                time.sleep(0.005)
            waiting = _Waiting()
            runner.run(spec, _request(1), waiting)
            recovered.append((waiting.first or time.perf_counter()) - killed)
    return {
        "worker_cancel_p95_ms": round(float(np.percentile(cancelled, 95)) * 1e3, 1),
        "crash_recovery_ms": round(statistics.median(recovered) * 1e3),
        "worker_idle_mib": round(idle),
    }


def _window() -> dict[str, object]:
    """The window's stalls while torch is imported and the model loaded, runs and is cancelled; what it takes itself."""
    line = [sys.executable, "-m", "benchmarks._window_diffusion", _ENGINE, str(_WINDOW_STEPS), str(_CANCELS)]
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ}
    with Witnesses() as witnesses:
        done = subprocess.run(
            line, env=environment, check=True, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
        )
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    own = [(end - begin - witnesses.stolen(begin, end)) * 1e3 for _, begin, end in told["gaps"]]
    figures: dict[str, object] = {
        "max_stall_ms": round(max(told["stalls"].values()), 1),
        "max_stall_own_ms": round(max(own, default=0.0), 1),
    }
    for phase, stall in told["stalls"].items():
        figures[f"{phase}_stall_ms"] = round(stall, 1)
        figures[f"{phase}_stall_in_queue_ms"] = round(told["waited"][phase], 1)
    return figures | {
        "cancel_p95_ms": round(told["cancel_p95_ms"], 1),
        "gui_mib": round(told["gui_mib"]),
        "gui_before_mib": round(told["gui_before_mib"]),
        "gui_imports_torch": told["gui_imports_torch"],
    }


def run() -> dict[str, object]:
    """All figures; needs the extra `diffusion`."""
    with tempfile.TemporaryDirectory(prefix="diffusion-bench-") as name:
        for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "HF_HOME"):
            os.environ[variable] = str(Path(name) / variable.lower())
        model = tiny_diffusion.build_slow(Path(name) / "random-20m", _SIDE)
        save_settings(Settings(model_folders=(str(model),)))
        spec = catalog.specs()[_ENGINE]
        return {
            **_overhead(spec),
            **_worker(spec),
            **_window(),
            "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        }
