"""How long the window's event loop is held up while it opens, paints, fills, cancels, saves, exports and closes.

The real program on a 24-megapixel JPEG and a 24-megapixel 16-bit TIFF, driven by mouse and key events, with a heartbeat
of 5 ms: a stall is the time between two beats. Each round is a process of its own; the figures are medians of three
rounds, the worst beside them. `in_queue_ms` is the part of the longest stall in which the system gave the window's
thread no processor: what the machine's other work adds. `max_stall_own_ms` leaves out the moments at which a witness on one
of the processors could not run either: the machine itself stood still.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tifffile

from benchmarks._machine import Witnesses
from inpaint_studio import app
from inpaint_studio.pixels import compiled
from inpaint_studio.resources import resource

_ROUNDS = int(os.environ.get("INPAINT_STUDIO_BENCH_ROUNDS", "3"))
_WIDTH, _HEIGHT = 6000, 4000
_PHASES = ("worker_start", "open", "paint", "fill", "cancel", "save", "export", "close")


def _photos(folder: Path) -> None:
    """The bundled sample at 24 megapixels, with grain, as a camera's JPEG and as a scanner's 16-bit TIFF."""
    sample = cv2.imread(str(resource("samples/canyon-wren.jpg")))
    assert sample is not None
    large = cv2.resize(sample, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    large += np.random.default_rng(0).normal(0, 3, (_HEIGHT, _WIDTH, 1)).astype(np.float32)
    large = large.clip(0, 255)
    cv2.imwrite(str(folder / "photo.jpg"), large.astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 93])
    deep = (large[..., ::-1] * 257).astype(np.uint16)
    tifffile.imwrite(folder / "scan.tif", deep, photometric="rgb", compression="lzw", predictor=True, rowsperstrip=64)


def _round(folder: Path) -> dict[str, Any]:
    """One life of a window in a process of its own, with a user's folders of its own."""
    with tempfile.TemporaryDirectory() as home:
        environment = {
            "QT_QPA_PLATFORM": "offscreen",
            # as the program has it; here numpy is imported before it
            **app._SMALL_PAGES,
            # compiled by `make`, so that a round sees what a user sees
            "NUMBA_CACHE_DIR": str(compiled.folder()),
            **os.environ,
            **{f"XDG_{kind}_HOME": f"{home}/{kind.lower()}" for kind in ("DATA", "CACHE", "CONFIG", "STATE")},
        }
        line = [sys.executable, "-m", "benchmarks._window_life", str(folder)]
        with Witnesses() as witnesses:
            done = subprocess.run(
                line, env=environment, check=True, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
            )
    for left in [*folder.glob("*.inpaint"), *folder.glob("*.filled.*")]:
        left.unlink()
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    own = [(end - begin - witnesses.stolen(begin, end)) * 1e3 for _, begin, end in result.pop("gaps")]
    result["own_ms"] = max(own, default=0.0)
    sys.stderr.write(f"{json.dumps(result)}\n")
    return result


def run() -> dict[str, object]:
    """max_stall_ms (gate 50), one figure a phase, and how long Esc takes to free the window."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _photos(folder)
        rounds = [_round(folder) for _ in range(_ROUNDS)]
    longest = [max(one["stalls"].values()) for one in rounds]
    figures: dict[str, object] = {
        "max_stall_ms": round(statistics.median(longest), 1),
        "max_stall_worst_ms": round(max(longest), 1),
        "max_stall_own_ms": round(statistics.median(one["own_ms"] for one in rounds), 1),
    }
    for phase in _PHASES:
        stalls = [one["stalls"][phase] for one in rounds]
        figures[f"{phase}_stall_ms"] = round(statistics.median(stalls), 1)
        figures[f"{phase}_stall_worst_ms"] = round(max(stalls), 1)
        figures[f"{phase}_stall_in_queue_ms"] = round(statistics.median(one["waited"][phase] for one in rounds), 1)
    figures["cancel_free_ms"] = round(max(one["cancel_free_ms"] for one in rounds), 1)
    return figures
