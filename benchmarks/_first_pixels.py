"""A child process for `files`: the real window opens a project; when it shows pixels, and when the document is there."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

_ROUNDS = 3
_PATIENCE_S = 120


def first_pixels(project: Path) -> dict[str, float]:
    """From asking the window for `project` to its picture, and to the document: the median of three processes."""
    environment = {**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    line = [sys.executable, "-m", "benchmarks._first_pixels", str(project)]
    found = []
    for _ in range(_ROUNDS):
        done = subprocess.run(line, env=environment, check=True, capture_output=True, text=True)
        found.append(json.loads(done.stdout))
    middle = sorted(one["pixels_ms"] for one in found)[_ROUNDS // 2]
    return {
        "project_first_pixels_ms": middle,
        "project_first_pixels_worst_ms": max(one["pixels_ms"] for one in found),
        "project_open_ms": sorted(one["open_ms"] for one in found)[_ROUNDS // 2],
    }


def _main(project: Path) -> None:
    from inpaint_studio import app
    from inpaint_studio.ui.window import MainWindow

    async def measured(window: MainWindow) -> None:
        await asyncio.sleep(1)  # the start's own work is over
        seen: list[float] = []
        window.early.painted.connect(lambda: seen.append(time.perf_counter()))
        started = time.perf_counter()
        await asyncio.wait_for(window.file_commands.open_files([project]), _PATIENCE_S)
        tab = window.tab
        assert tab is not None
        tab.canvas.viewport().repaint()
        opened = time.perf_counter()
        shown = [*seen, opened][0]
        figures = {"pixels_ms": round((shown - started) * 1000), "open_ms": round((opened - started) * 1000)}
        sys.stdout.write(json.dumps(figures))
        sys.stdout.flush()
        tab.session.close(discard=True)
        os._exit(0)

    app.main([], lambda window: window.spawn(measured(window)))


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
