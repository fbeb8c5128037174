"""How fills grow with the photo, 1 to 100 megapixels: processor time, memory above the photo, what is heard meanwhile.

Two masks: scratches 3 to 6 pixels wide over 1 % of the photo, filled by `auto`, and a square hole of 2 %, filled by
`exemplar` and by `auto`. Each is filled in a process of its own. `GROWTH_MEGAPIXELS=1,24` makes a run short.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines.contract import Decision, Float
from inpaint_studio.engines.models import exemplar
from inpaint_studio.pixels import rays
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.resources import resource as shipped
from inpaint_studio.settings import Settings
from inpaint_studio.storage.photo import Photo
from inpaint_studio.studio.jobs import HereRunner
from inpaint_studio.studio.studio import Studio

_CASES = (("scratches", "auto"), ("hole", "exemplar"), ("hole", "auto"))


class _Listener:
    """Notes the first preview and the longest time between two steps."""

    def __init__(self) -> None:
        self.began = self._last = time.perf_counter()
        self.first_preview = self.silence = 0.0

    def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
        now = time.perf_counter()
        self.silence = max(self.silence, now - self._last)
        self._last = now
        return Decision.CONTINUE

    def show(self, rect: object, samples: object) -> None:
        """A preview is ready to be looked at."""
        self.first_preview = self.first_preview or time.perf_counter() - self.began


def photo(megapixels: float) -> np.ndarray:
    """The bundled sample at that size, 3:2, with grain, since no camera's pixels are as smooth as an enlargement."""
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    sample = cv2.imread(str(shipped("samples/canyon-wren.jpg")))
    assert sample is not None
    large = cv2.resize(sample, (height * 3 // 2, height), interpolation=cv2.INTER_CUBIC)
    rng = np.random.default_rng(0)
    for top in range(0, height, 512):
        part = large[top : top + 512]
        grain = rng.normal(0, 3, (*part.shape[:2], 1)).astype(np.float32)
        large[top : top + 512] = np.clip(part + grain, 0, 255).astype(np.uint8)
    return large


def mask(kind: str, height: int, width: int) -> np.ndarray:
    coverage = np.zeros((height, width), np.uint8)
    if kind == "hole":
        side = round((0.02 * height * width) ** 0.5)
        coverage[height * 2 // 5 :, width * 2 // 5 :][:side, :side] = 255
        return coverage
    rng = np.random.default_rng(0)
    while (coverage > 0).mean() < 0.01:
        point, angle = rng.random(2) * (width, height), rng.random() * np.pi * 2
        points = [point]
        for _ in range(rng.integers(20, 160)):
            angle += rng.normal(0, 0.06)
            point = point + np.array([np.cos(angle), np.sin(angle)]) * 8
            points.append(point)
        cv2.polylines(
            coverage, [np.array(points, np.int32)], isClosed=False, color=255, thickness=int(rng.integers(3, 7))
        )
    return coverage


def fill(kind: str, engine: str, megapixels: float) -> dict[str, float]:
    """One fill in this process."""
    exemplar.warm()
    rays.warm()
    image = photo(megapixels)
    studio = Studio.of(Photo(image, PixelFormat(Colour.RGB)), Settings())
    masks = [studio.add_mask(mask(kind, *image.shape[:2]))]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    heard, cpu = _Listener(), time.process_time()
    plan, filled = studio.run(studio.fill_job(masks, Recipe(engine=engine)), HereRunner(), heard)
    studio.accept(plan, filled, masks)
    figures = {
        "s": time.perf_counter() - heard.began,
        "cpu_s": time.process_time() - cpu,
        "mib": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024,
    }
    if engine == "exemplar":
        figures |= {"first_preview_ms": heard.first_preview * 1000, "silence_ms": heard.silence * 1000}
    return figures


def run() -> dict[str, float]:
    """KIND_ENGINE_MPmp_s, _cpu_s, _mib, and for exemplar _first_preview_ms and _silence_ms: how long a cancel may wait."""
    figures = {}
    for megapixels in map(float, os.environ.get("GROWTH_MEGAPIXELS", "1,6,24,100").split(",")):
        for kind, engine in _CASES:
            call = f"growth.fill({kind!r}, {engine!r}, {megapixels})"
            code = f"import json; from benchmarks import growth; print(json.dumps({call}))"
            line = [sys.executable, "-c", code]
            done = subprocess.run(line, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1])
            for name, value in json.loads(done.stdout.splitlines()[-1]).items():
                figures[f"{kind}_{engine}_{megapixels:g}mp_{name}"] = round(value, 2)
            sys.stderr.write(f"{kind} {engine} {megapixels:g}\n")
    return figures
