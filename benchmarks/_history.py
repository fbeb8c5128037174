"""What earlier runs gave: one line a run in `history/NAME.jsonl`, and all lines as a picture, `history/NAME.svg`."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

FOLDER = Path(__file__).parent / "history"

_WIDE, _ROW, _LEFT, _LINE = 760, 34, 300, 360
#: Runs that the picture shows at most.
_SHOWN = 40


def keep(name: str, figures: Mapping[str, object], folder: Path = FOLDER) -> Path:
    """Add a run and draw the picture anew; the file with the lines."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = folder / f"{name}.jsonl"
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    run = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} processors",
        "load": None if load is None else round(load, 1),
        "figures": dict(figures),
    }
    with lines.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(run) + "\n")
    runs = [json.loads(line) for line in lines.read_text("utf-8").splitlines()]
    (folder / f"{name}.svg").write_text(picture(name, runs[-_SHOWN:]), "utf-8")
    return lines


def picture(name: str, runs: Sequence[Mapping[str, Any]]) -> str:
    """An SVG: for each figure that is a number its name, its latest value and a line through all runs, each from zero."""
    names = [key for key, value in runs[-1]["figures"].items() if isinstance(value, (int, float))]
    height = 40 + _ROW * len(names)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDE}" height="{height}" font-family="sans-serif" font-size="13">',
        f'<rect width="{_WIDE}" height="{height}" fill="#ffffff"/>',
        f'<text x="12" y="24" font-size="15">{escape(name)}: {len(runs)} runs, the last {escape(runs[-1]["when"])}</text>',
    ]
    for row, key in enumerate(names):
        values = [(place, run["figures"].get(key)) for place, run in enumerate(runs)]
        known = [(place, float(value)) for place, value in values if isinstance(value, (int, float))]
        bottom = 40 + _ROW * (row + 1) - 8
        most = max((value for _, value in known), default=0) or 1
        step = _LINE / max(1, len(runs) - 1)
        points = [(_LEFT + place * step, bottom - value / most * (_ROW - 12)) for place, value in known]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<text x="12" y="{bottom}">{escape(key)}</text>')
        parts.append(f'<line x1="{_LEFT}" y1="{bottom}" x2="{_LEFT + _LINE}" y2="{bottom}" stroke="#dddddd"/>')
        parts.append(f'<polyline points="{line}" fill="none" stroke="#2f6db5" stroke-width="1.5"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="#2f6db5"/>' for x, y in points]
        parts.append(f'<text x="{_WIDE - 12}" y="{bottom}" text-anchor="end">{known[-1][1]:g}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
