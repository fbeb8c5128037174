"""The benchmarks' memory: one line a run, and a picture that is well-formed."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

from benchmarks._history import keep


def test_a_line_a_run_and_a_picture_of_all(tmp_path: Path) -> None:
    keep("canvas", {"pan_p95_ms": 3.0, "by_zoom": {"100%": 1}}, tmp_path)
    lines = keep("canvas", {"pan_p95_ms": 1.5, "new_ms": 7, "by_zoom": {}}, tmp_path)
    runs = [json.loads(line) for line in lines.read_text().splitlines()]
    assert [run["figures"]["pan_p95_ms"] for run in runs] == [3.0, 1.5]
    drawn = ET.fromstring((tmp_path / "canvas.svg").read_text())  # noqa: S314  our own
    texts = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"pan_p95_ms", "1.5", "new_ms", "7"} <= set(texts)
    assert "by_zoom" not in texts
