"""Hostile files: each is refused or opened safely, within 5 seconds and 1 GB, and writes nothing where it has no business."""

from __future__ import annotations

import json
import os
import resource
import selectors
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks._hostile_files import make

_SECONDS = 5.0
_BYTES = 1 << 30


def run() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as home:
        os.environ.update({f"XDG_{kind}_HOME": str(Path(home, kind)) for kind in ("DATA", "CONFIG", "CACHE", "STATE")})
        folder = Path(home, "files")
        folder.mkdir()
        files = list(make(folder))
        before = sorted(folder.iterdir())
        results = _tried([path for _, path in files])
        strangers = sorted(set(folder.iterdir()) - set(before))
    outcomes = Counter(result["outcome"] for result in results)
    formats = Counter(name.lstrip(".") for name, _ in files)
    for result in results:
        if result["outcome"] in ("crashed", "hung"):
            print(result, file=sys.stderr)
    return {
        "tried": len(files),
        **{name: outcomes[name] for name in ("refused", "opened", "crashed", "hung")},
        "written_elsewhere": len(strangers),
        "slowest_s": round(max(result["seconds"] for result in results), 2),
        "most_memory_mib": max(result["mib"] for result in results),
        **{f"tried_{name}": count for name, count in sorted(formats.items())},
    }


def _tried(paths: list[Path]) -> list[dict]:
    """What became of each file, in one process after another: a new one after a crash or a hang."""
    results: list[dict] = []
    while len(results) < len(paths):
        results += _batch(paths[len(results) :])
    return results


def _batch(paths: list[Path]) -> list[dict]:
    command = [sys.executable, "-m", "benchmarks.hostile", *map(str, paths)]
    results: list[dict] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        selector = selectors.DefaultSelector()
        selector.register(process.stdout, selectors.EVENT_READ)
        limit = 60.0  # for its imports
        for path in [None, *paths]:
            if not selector.select(limit):
                process.kill()
                return [*results, {"outcome": "hung", "seconds": _SECONDS, "mib": 0, "file": str(path)}]
            line = process.stdout.readline()
            if not line:
                process.wait()
                said = process.stderr.read()[-500:] if process.stderr is not None else ""
                ended = {"outcome": "crashed", "seconds": 0.0, "mib": 0, "file": str(path)}
                return [*results, ended | {"code": process.returncode, "said": said}]
            limit = 2 * _SECONDS
            if path is not None:
                results.append(json.loads(line))
                if results[-1]["seconds"] > _SECONDS:
                    results[-1]["outcome"] = "hung"
    return results


def _child(paths: list[str]) -> None:
    """Open each file and say how it went, a line of JSON each."""
    from inpaint_studio.errors import InputError
    from inpaint_studio.settings import Settings
    from inpaint_studio.storage.files import pages
    from inpaint_studio.storage.project import is_project, read_preview
    from inpaint_studio.studio.session import open_any

    said = Path("/proc/self/statm").read_text().split()[0]
    limit = int(said) * resource.getpagesize() + _BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    print(json.dumps({"ready": True}), flush=True)
    for path in paths:
        started, outcome = time.perf_counter(), "opened"
        try:
            # as the window opens it: the picture of a project first, the pages of a photo first
            if is_project(Path(path)):
                read_preview(Path(path))
                page = 0
            else:
                page = pages(Path(path))[-1]
            open_any(Path(path), Settings(), page=page).close(discard=True)
        except InputError as error:
            outcome = "refused" if error.message and error.hint else "crashed"
        seconds = time.perf_counter() - started
        mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps({"outcome": outcome, "seconds": round(seconds, 3), "mib": mib, "file": path}), flush=True)


if __name__ == "__main__":
    _child(sys.argv[1:])
