"""Our engines and every rival on the evaluation set, interleaved in one run; nothing grown, nothing feathered.

Each rival gets the crop that exemplar's request shows, in a fresh process of its own environment; its seconds are those of
the bare call, ours those of the engine in this process, kernels loaded. Means over seeds 0 to 4 where a seed matters.
`ENGINES_SEEDS=1` and `ENGINES_SETS=retouch` make a run short; the figures then say less.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from benchmarks._rivals import bare
from benchmarks.quality import scoring
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines.contract import EngineSpec, FillRequest, FillResult, Progress, Silent
from inpaint_studio.engines.models import exemplar
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.settings import Settings
from inpaint_studio.storage.photo import Photo
from inpaint_studio.studio.jobs import HereRunner
from inpaint_studio.studio.studio import Studio

#: Which of ours fills which set, beside the rivals that can, who get the crop of the last one.
_OURS = {"retouch": ("auto", "exemplar"), "freeform": ("auto", "exemplar"), "scratch": ("thin",)}
_RIVALS = {
    "retouch": ("patchmatch", "telea", "navier_stokes"),
    "freeform": ("patchmatch", "telea", "navier_stokes"),
    "scratch": ("patchmatch", "telea", "navier_stokes", "biharmonic", "fsr_fast"),
}
_SEEDED = {"auto", "patchmatch", "exemplar", "thin"}


class _Timed(HereRunner):
    """Times the engine and keeps what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def run(self, spec: EngineSpec, request: FillRequest, progress: Progress) -> FillResult:
        started = time.perf_counter()
        result = super().run(spec, request, progress)
        self.seconds += time.perf_counter() - started
        return result


def ours(engine: str, photo: np.ndarray, hole: np.ndarray, seed: int) -> tuple[float, np.ndarray, tuple[slice, slice]]:
    """Seconds of the engine, the filled photo, and the box of its crops."""
    studio = Studio.of(Photo(photo, PixelFormat(Colour.RGB)), Settings())
    masks, runner = [studio.add_mask(hole.astype(np.uint8) * 255)], _Timed()
    plan, made = studio.run(studio.fill_job(masks, Recipe(engine=engine, seed=seed)), runner, Silent())
    studio.accept(plan, made, masks)
    top, left = min(s.rect.top for s in plan.steps), min(s.rect.left for s in plan.steps)
    bottom, right = max(s.rect.bottom for s in plan.steps), max(s.rect.right for s in plan.steps)
    filled = studio.document.composite().read(studio.document.canvas)
    return runner.seconds, filled, (slice(top, bottom), slice(left, right))


def _case(dataset: str, photo: np.ndarray, hole: np.ndarray, seed: int) -> Iterator[tuple[str, float, np.ndarray]]:
    """Every engine and rival on one photo with its hole grayed out: name, seconds, result."""
    given = photo.copy()
    given[hole] = 127
    box = (slice(None), slice(None))
    for engine in _OURS[dataset]:
        if seed == 0 or engine in _SEEDED:
            seconds, filled, box = ours(engine, given, hole, seed)
            yield engine, seconds, filled
    for rival in _RIVALS[dataset]:
        if seed == 0 or rival in _SEEDED:
            image, mask = np.ascontiguousarray(given[box]), np.ascontiguousarray(hole[box])
            seconds, part = bare(rival, image, mask, seed)
            filled = given.copy()
            filled[box][mask] = part[mask]
            yield ("pypatchmatch" if rival == "patchmatch" else rival), seconds, filled


def run() -> dict[str, float]:
    """SET_ENGINE_psnr, _ssim, _gmsd, _swd, _changed_outside and _s; SET_auto_time_ratio and _exemplar_: to PyPatchMatch's."""
    score, figures = scoring(), {}
    exemplar.warm()
    seeds = range(int(os.environ.get("ENGINES_SEEDS", "5")))
    for dataset in os.environ.get("ENGINES_SETS", ",".join(score.SETS)).split(","):
        found: dict[str, list[float]] = defaultdict(list)
        for name, photo, hole in score.cases(dataset):
            for seed in seeds:
                sys.stderr.write(f"\r{dataset} {name} {seed}   ")
                try:
                    for engine, seconds, filled in _case(dataset, photo, hole, seed):
                        found[f"{engine}_s"].append(seconds)
                        for key, value in score.scores(filled, photo, hole).items():
                            found[f"{engine}_{key}"].append(value)
                except subprocess.CalledProcessError as error:
                    sys.exit(f"A rival failed: {error.stderr}")
        figures |= {f"{dataset}_{key}": round(statistics.mean(values), 4) for key, values in found.items()}
        for engine in set(_OURS[dataset]) & {"auto", "exemplar"}:
            ratios = (o / t for o, t in zip(found[f"{engine}_s"], found["pypatchmatch_s"], strict=True))
            figures[f"{dataset}_{engine}_time_ratio"] = round(statistics.median(ratios), 3)
    sys.stderr.write("\n")
    return figures
