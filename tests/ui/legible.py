"""Whether lines over a photo can be seen: photos that hide lines, and what a line changes on the screen."""

from __future__ import annotations

import itertools
import math

import cv2
import numpy as np
from numpy.typing import NDArray

#: Levels of 255 that a line has to differ by from what it lies on.
ENOUGH = 100

Gray = NDArray[np.uint8]


def photos() -> dict[str, NDArray[np.uint8]]:
    """Light, dark and a checkerboard, 600×900×3: on each some line in a single tone vanishes."""
    y, x = np.mgrid[0:600, 0:900]
    checkers = ((x // 16 + y // 16) % 2 * 255).astype(np.uint8)
    tones = {
        "light": np.full((600, 900), 252, np.uint8),
        "dark": np.full((600, 900), 6, np.uint8),
        "checkers": checkers,
    }
    return {name: np.repeat(gray[..., None], 3, axis=2) for name, gray in tones.items()}


def along(*corners: tuple[float, float]) -> NDArray[np.float64]:
    """Places a pixel apart on the lines between `corners`."""
    parts = []
    for start, end in itertools.pairwise(corners):
        steps = max(1, round(math.dist(start, end)))
        share = np.arange(steps)[:, None] / steps
        parts.append(np.array(start) * (1 - share) + np.array(end) * share)
    return np.concatenate(parts)


def circle(middle: tuple[float, float], radius: float) -> NDArray[np.float64]:
    """Places about a pixel apart on a circle."""
    angles = np.linspace(0, 2 * np.pi, round(2 * np.pi * radius), endpoint=False)
    return np.stack([middle[0] + radius * np.cos(angles), middle[1] + radius * np.sin(angles)], 1)


def seen(before: Gray, after: Gray, places: NDArray[np.float64], reach: int) -> float:
    """Which share of `places` (x, y) has something within `reach` pixels that differs enough from what was there."""
    loud = (np.abs(after.astype(int) - before) >= ENOUGH).astype(np.uint8)
    near = cv2.dilate(loud, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    columns, rows = np.floor(places).astype(int).T
    return float(near[rows, columns].mean())
