"""From process start to the first paint with input accepted: median of seven cold processes on the bundled sample photo."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from inpaint_studio.resources import resource

_ROUNDS = 7
#: The real program; once its window takes input it says when, and what is imported by then.
_PROGRAM = """
import json, os, sys, time
from inpaint_studio import app

def ready(window):
    heavy = [name for name in ("torch", "diffusers", "transformers", "onnxruntime", "skimage", "numba") if name in sys.modules]
    with open("/proc/self/stat", "rb") as stream:
        ticks = int(stream.read().rsplit(b")", 1)[1].split()[19])
    uptime = time.clock_gettime(time.CLOCK_BOOTTIME)
    print(json.dumps({"ms": (uptime - ticks / os.sysconf("SC_CLK_TCK")) * 1000, "heavy": heavy}), flush=True)
    os._exit(0)

app.main(sys.argv[1:], ready)
"""


def run() -> dict[str, object]:
    """startup_ms, and whether torch or another heavy library is imported on the way."""
    found = []
    environment = {**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    for _ in range(_ROUNDS):
        line = [sys.executable, "-c", _PROGRAM, str(resource("samples/canyon-wren.jpg"))]
        done = subprocess.run(
            line, env=environment, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1]
        )
        found.append(json.loads(done.stdout))
    return {
        "startup_ms": round(statistics.median(one["ms"] for one in found)),
        "startup_worst_ms": round(max(one["ms"] for one in found)),
        "startup_imports_torch": any("torch" in one["heavy"] for one in found),
        "startup_heavy_imports": sorted({name for one in found for name in one["heavy"]}),
    }
