"""Outlines of real film defects and drawn damage textures (FilmDamageSimulator, MIT, © 2022 Daniela Ivanova), ready to draw."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float32]

TEXTURE_CLASS = {
    "dirt": 0, "dots": 3, "hair": 1, "hair-short": 1, "lint": 1,
    "scratches": 1, "smut": 3, "spots": 0, "sprinkles": 0, "stain": 3,
}  # fmt: skip
"""Which label channel each folder of textures belongs to ("dots" are solid patches)."""


class Outlines:
    """Centred outlines by label, in pixels of a 4K scan, and 400² opacity textures by kind."""

    def __init__(self, annotations: Path, overlays: Path) -> None:
        self.shapes: dict[str, list[Points]] = {}
        for entry in json.loads(annotations.read_text()):
            points = np.asarray(entry["points"], np.float32)
            self.shapes.setdefault(entry["label"], []).append(points - (points.min(0) + points.max(0)) / 2)
        self.textures = {
            kind: [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in sorted((overlays / kind).glob("*.png"))]
            for kind in TEXTURE_CLASS
        }

    def outline(self, rng: np.random.Generator, label: str, scale: float) -> Points:
        """A real outline, scaled, turned and mirrored, around (0, 0)."""
        shapes = self.shapes[label]
        angle = rng.uniform(0, 2 * np.pi)
        c, s = scale * np.cos(angle), scale * np.sin(angle)
        flip = 1 if rng.random() < 0.5 else -1
        return shapes[int(rng.integers(len(shapes)))] @ np.array([[c, s], [-s * flip, c * flip]], np.float32)

    def texture(self, rng: np.random.Generator, kind: str, side: int, scale: float) -> npt.NDArray[np.uint8]:
        """A damage texture, turned and scaled, centred anywhere in a `side`² crop."""
        textures = self.textures[kind]
        turn = cv2.getRotationMatrix2D((200, 200), rng.uniform(0, 360), scale)
        turn[:, 2] += rng.uniform(0, side, 2) - 200
        if rng.random() < 0.5:
            turn[0] = -turn[0]
            turn[0, 2] += side
        picture = textures[int(rng.integers(len(textures)))]
        if scale < 0.6:  # an even halving first, or fine specks alias away
            picture = cv2.resize(picture, (200, 200), interpolation=cv2.INTER_AREA)
            turn[:, :2] *= 2
        return cv2.warpAffine(picture, turn, (side, side), flags=cv2.INTER_LINEAR)
