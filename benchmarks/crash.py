"""A program that edits at speed is killed with SIGKILL at random moments; what it had acknowledged must be there.

Strokes, fills, undo, redo, saves and exports go on at once through a `Session` when death comes. Then everything is
opened again as the next start of the program would: the journal (with all its undo), each project, each export.
`edit_commit` is the time from handing a step to the journal until it can't be lost, strokes of 20 to 500 pixels on 24
megapixels, one after the other; `record_gui` is the part of it that the window's thread spends.

INPAINT_STUDIO_CRASH_KILLS lowers the number of kills, INPAINT_STUDIO_CRASH_SEED gives other moments.
"""

from __future__ import annotations

import collections
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import cv2
import numpy as np

from benchmarks._autopsy import Report, examine
from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import Edit
from inpaint_studio.pixels import stroke_backend
from inpaint_studio.resources import resource
from inpaint_studio.settings import Settings
from inpaint_studio.studio.session import open_any
from inpaint_studio.tools.base import BrushSettings, PointerEvent
from inpaint_studio.tools.registry import TOOLS
from inpaint_studio.tools.stroke import StrokeTool

_KILLS = int(os.environ.get("INPAINT_STUDIO_CRASH_KILLS", "100"))
_SEED = int(os.environ.get("INPAINT_STUDIO_CRASH_SEED", "1"))
#: Seconds that a victim lives after its first word.
_SHORTEST, _LONGEST = 0.01, 1.5
_STROKES = 200


def _photo(path: Path, width: int, height: int) -> None:
    sample = cv2.imread(str(resource("samples/canyon-wren.jpg")))
    assert sample is not None
    cv2.imwrite(str(path), cv2.resize(sample, (width, height), interpolation=cv2.INTER_CUBIC))


def _kill_once(folder: Path, seed: int) -> Report:
    """Let a victim live for a random while, and look at what it left."""
    home, photo = folder / "home", folder / "photo.png"
    home.mkdir()
    _photo(photo, 700, 500)
    os.environ["XDG_DATA_HOME"] = str(home)
    line = [sys.executable, "-m", "benchmarks._victim", str(photo), str(seed)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]) as victim:
        assert victim.stdout is not None
        stdout, lines = victim.stdout, [victim.stdout.readline()]
        # the pipe is read all the time, or the victim would wait for us
        reader = threading.Thread(target=lambda: lines.extend(stdout))
        reader.start()
        time.sleep(random.Random(seed).uniform(_SHORTEST, _LONGEST))
        if victim.poll() is not None:
            raise RuntimeError(f"the victim {seed} died by itself")
        victim.kill()
        reader.join()
    return examine(folder, [one for one in lines if one.endswith("\n")])


def _commits() -> tuple[list[float], list[float]]:
    """Milliseconds of strokes on 24 megapixels: from record to acknowledged, and of record itself."""
    stroke_backend.warm()
    done, spent, total = threading.Event(), list[float](), list[float]()
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_DATA_HOME"] = f"{name}/home"
        _photo(Path(name, "photo.jpg"), 6000, 4000)
        session = open_any(Path(name, "photo.jpg"), Settings(), acknowledged=lambda _: done.set())
        studio, tool, rng = session.studio, TOOLS[0].make(), np.random.default_rng(_SEED)
        assert isinstance(tool, StrokeTool)
        mask = studio.add_mask(np.zeros((4000, 6000), np.uint8))
        session.writer.flush()
        while len(total) < _STROKES:
            edit = _stroke(tool, studio.document, mask, rng)
            if edit is None:  # where all was painted already
                continue
            done.clear()
            begin = time.perf_counter()
            studio.history.record(edit)
            spent.append((time.perf_counter() - begin) * 1e3)
            done.wait()
            total.append((time.perf_counter() - begin) * 1e3)
            time.sleep(0.01)
        session.close(discard=True)
    return total, spent


def _stroke(tool: StrokeTool, document: Document, mask: str, rng: np.random.Generator) -> Edit | None:
    """A straight stroke 600 pixels long."""
    tool.brush = BrushSettings(size=float(np.exp(rng.uniform(np.log(20), np.log(500)))), hardness=float(rng.random()))
    x, y, angle = rng.uniform(700, 5300), rng.uniform(700, 3300), rng.uniform(0, 2 * np.pi)
    way = [PointerEvent(x + far * np.cos(angle), y + far * np.sin(angle)) for far in range(0, 601, 20)]
    tool.press(document, mask, way[0])
    tool.move(way[1:])
    return tool.release(way[-1])


def run() -> dict[str, object]:
    """Kills and what they cost; gates: edits_lost, unopenable and torn 0, edit_commit_p95_ms 8."""
    reports = []
    for number in range(_KILLS):
        with tempfile.TemporaryDirectory() as name:
            reports.append(_kill_once(Path(name), _SEED * 1000 + number))
        if reports[-1].faults or reports[-1].stale:
            sys.stderr.write(f"kill {number}: {reports[-1]}\n")
    total, spent = _commits()
    return {
        "kills": len(reports),
        "kills_during": dict(collections.Counter(report.moment for report in reports)),
        "edits_acknowledged": sum(report.acknowledged for report in reports),
        "edits_lost": sum(report.lost for report in reports),
        "unopenable": sum(report.unopenable for report in reports),
        "torn": sum(report.torn for report in reports),
        "stale_files": sum(len(report.stale) for report in reports),
        "edit_commit_p50_ms": round(float(np.percentile(total, 50)), 2),
        "edit_commit_p95_ms": round(float(np.percentile(total, 95)), 2),
        "record_gui_p95_ms": round(float(np.percentile(spent, 95)), 2),
    }
