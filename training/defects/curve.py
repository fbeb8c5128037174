"""The curve of a run as an SVG: `python -m training.defects.curve --run FOLDER --out curve.svg`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

WIDTH, HEIGHT, LEFT, BOTTOM = 640, 300, 50, 40


def svg(curve: list[tuple[int, float, float]]) -> str:
    """Loss (dark) and learning rate (light) over steps."""
    steps = [row[0] for row in curve]
    low, high = min(row[1] for row in curve), max(row[1] for row in curve)
    last, fastest = max(steps), max(row[2] for row in curve)

    def line(values: list[float], bottom: float, top: float, colour: str) -> str:
        xs = [LEFT + (WIDTH - LEFT - 10) * step / last for step in steps]
        ys = [10 + (HEIGHT - BOTTOM - 10) * (1 - (value - bottom) / (top - bottom)) for value in values]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))
        return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>'

    words = [
        (LEFT, HEIGHT - 22, "0"), (WIDTH - 50, HEIGHT - 22, f"{last}"), (250, HEIGHT - 6, "steps; blue: loss, amber: rate"),
        (4, 18, f"{high:.2f}"), (4, HEIGHT - BOTTOM, f"{low:.2f}"),
    ]  # fmt: skip
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        line([row[2] for row in curve], 0, fastest, "#e0a030"),
        line([row[1] for row in curve], low, high, "#2060c0"),
        *(f'<text x="{x:.0f}" y="{y:.0f}">{word}</text>' for x, y, word in words),
        "</svg>\n",
    ])  # fmt: skip


def main() -> None:
    """Draw the curve that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    curve = json.loads((arguments.run / "curve.json").read_text())
    best = [row for row in curve if row[0] > 0]
    arguments.out.write_text(svg(best), encoding="utf-8")


if __name__ == "__main__":
    main()
