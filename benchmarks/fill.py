"""A 24-megapixel photo with a 2 % hole, filled by `auto` and by `exemplar`: seconds, memory, and the ratio of each to
PyPatchMatch's bare call on the same crop; and spots of 60 pixels as the heal brush mends them.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np

from benchmarks._rivals import bare
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines.contract import EngineSpec, FillRequest, FillResult, Progress, Silent
from inpaint_studio.engines.models import exemplar
from inpaint_studio.engines.planner import FillJob
from inpaint_studio.pixels.format import COVERAGE, Colour, PixelFormat
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.resources import resource as shipped
from inpaint_studio.settings import Settings
from inpaint_studio.storage.photo import Photo
from inpaint_studio.studio.jobs import HereRunner, WorkerRunner
from inpaint_studio.studio.studio import Studio

_ROUNDS = 3
_WIDTH, _HEIGHT = 6000, 4000
_SIDE = 693  # 2 % of 24 megapixels
_SPOT, _SPOTS = 60, 10


def _photo() -> np.ndarray:
    """The bundled sample at 24 megapixels, with grain, since no camera's pixels are as smooth as an enlargement."""
    sample = cv2.imread(str(shipped("samples/canyon-wren.jpg")))
    assert sample is not None
    large = cv2.resize(sample, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_CUBIC)
    grain = np.random.default_rng(0).normal(0, 3, (_HEIGHT, _WIDTH, 1)).astype(np.float32)
    return np.clip(large + grain, 0, 255).astype(np.uint8)


def _coverage() -> np.ndarray:
    coverage = np.zeros((_HEIGHT, _WIDTH), np.uint8)
    coverage[1600 : 1600 + _SIDE, 2300 : 2300 + _SIDE] = 255
    return coverage


class _Listening(HereRunner):
    """Keeps the request instead of filling it, so that the rival gets the very same crop."""

    requests: ClassVar[list[FillRequest]] = []

    def run(self, spec: EngineSpec, request: FillRequest, progress: Progress) -> FillResult:
        self.requests.append(request)
        return FillResult(request.image)


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _ours(engine: str) -> dict[str, float]:
    """One fill in this process: seconds from the job to the new layer, and memory above the decoded photo."""
    photo = Photo(_photo(), PixelFormat(Colour.RGB))
    studio = Studio.of(photo, Settings())
    masks = [studio.add_mask(_coverage())]
    exemplar.warm()
    before = _peak_mib()
    started = time.perf_counter()
    plan, filled = studio.run(studio.fill_job(masks, Recipe(engine=engine)), HereRunner(), Silent())
    studio.accept(plan, filled, masks)
    return {"seconds": time.perf_counter() - started, "mib": _peak_mib() - before}


def _crop() -> tuple[np.ndarray, np.ndarray]:
    """The crop that our engine gets, as the rival takes it."""
    studio = Studio.of(Photo(_photo(), PixelFormat(Colour.RGB)), Settings())
    runner = _Listening()
    studio.run(studio.fill_job([studio.add_mask(_coverage())], Recipe()), runner, Silent())
    (request,) = runner.requests
    return np.rint(request.image * 255).astype(np.uint8), request.mask > 0


def _heal_ms() -> float:
    """From the job of a round spot, 60 pixels wide, to what was made of it in the worker; the median of some places."""
    studio = Studio.of(Photo(_photo(), PixelFormat(Colour.RGB)), Settings())
    extent, took = studio.document.canvas, []
    spot = cv2.circle(np.zeros((_SPOT, _SPOT), np.uint8), (_SPOT // 2, _SPOT // 2), _SPOT // 2, 255, -1)[..., None]
    with WorkerRunner() as runner:
        for left, top in np.random.default_rng(1).integers(500, 3400, (_SPOTS + 1, 2)):
            coverage = TiledImage(COVERAGE, extent)
            coverage.write(Rect.of_size(_SPOT, _SPOT).moved(int(left), int(top)), spot)
            started = time.perf_counter()
            Studio.run(FillJob(studio.document.composite(), coverage, Recipe(feather=2)), runner, Silent())
            took.append((time.perf_counter() - started) * 1e3)
    return statistics.median(took[1:])  # with the first the worker starts


def run() -> dict[str, float]:
    """Medians of three rounds, ours and the rival's in turn, each in a fresh process."""
    image, hole = _crop()
    ours: dict[str, list[dict[str, float]]] = {"auto": [], "exemplar": []}
    theirs: list[float] = []
    for _ in range(_ROUNDS):
        for engine, found in ours.items():
            code = f"import json; from benchmarks import fill; print(json.dumps(fill._ours({engine!r})))"
            line = [sys.executable, "-c", code]
            done = subprocess.run(line, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1])
            found.append(json.loads(done.stdout))
        theirs.append(bare("patchmatch", image, hole)[0])
    ratios = {
        engine: statistics.median(o["seconds"] / t for o, t in zip(found, theirs, strict=True))
        for engine, found in ours.items()
    }
    return {
        "heal_60px_ms": round(_heal_ms()),
        "fill_24mp_s": round(statistics.median(figure["seconds"] for figure in ours["auto"]), 2),
        "fill_24mp_peak_mib": round(max(figure["mib"] for figure in ours["auto"])),
        "fill_24mp_crop_mp": round(hole.size / 1e6, 2),
        "exemplar_24mp_s": round(statistics.median(figure["seconds"] for figure in ours["exemplar"]), 2),
        "exemplar_24mp_peak_mib": round(max(figure["mib"] for figure in ours["exemplar"])),
        "pypatchmatch_bare_s": round(statistics.median(theirs), 2),
        "pypatchmatch_ratio": round(ratios["auto"], 3),
        "exemplar_ratio": round(ratios["exemplar"], 3),
    }
