"""Fills of the evaluation set, scored over the hole; means over seeds 0 to 4. Needs the set beside the repository."""

from __future__ import annotations

import importlib.util
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines.contract import Silent
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.settings import Settings
from inpaint_studio.storage.photo import Photo
from inpaint_studio.studio.jobs import HereRunner
from inpaint_studio.studio.studio import Studio

EVALUATION = Path(__file__).parents[2] / "shared" / "eval"
SEEDS = range(5)


def scoring() -> Any:
    """The evaluation set's own module `score`."""
    if not EVALUATION.is_dir():
        sys.exit(f"The evaluation set is not there: {EVALUATION.name}/ belongs beside the repository, in shared/.")
    spec = importlib.util.spec_from_file_location("score", EVALUATION / "score.py")
    assert spec is not None
    assert spec.loader is not None
    score = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(score)
    return score


def run() -> dict[str, float]:
    """psnr, ssim, gmsd, swd and changed_outside of the default engine on each set that has a truth."""
    score = scoring()
    figures: dict[str, float] = {}
    for dataset in score.SETS:
        found, seconds = defaultdict(list), []
        for name, photo, hole in score.cases(dataset):
            for seed in SEEDS:
                sys.stderr.write(f"\r{dataset} {name} {seed}   ")
                started = time.perf_counter()
                filled = _fill(photo, hole, seed)
                seconds.append(time.perf_counter() - started)
                for key, value in score.scores(filled, photo, hole).items():
                    found[key].append(value)
        figures |= {f"{dataset}_{key}": round(statistics.mean(values), 4) for key, values in found.items()}
        figures[f"{dataset}_s"] = round(statistics.median(seconds), 3)
    sys.stderr.write("\n")
    return figures


def _fill(photo: np.ndarray, hole: np.ndarray, seed: int) -> np.ndarray:
    """`photo` with its hole grayed out, as `score.py --inputs` writes it, then filled."""
    given = photo.copy()
    given[hole] = 127
    studio = Studio.of(Photo(given, PixelFormat(Colour.RGB)), Settings())
    masks = [studio.add_mask(hole.astype(np.uint8) * 255)]
    plan, made = studio.run(studio.fill_job(masks, Recipe(seed=seed)), HereRunner(), Silent())
    studio.accept(plan, made, masks)
    return studio.document.composite().read(studio.document.canvas)
