"""Small photos with damage whose place is known."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.restore.finding import Search


def scene(height: int, width: int) -> np.ndarray:
    """A smooth RGB scene without anything small in it, float32 0..1."""
    yy, xx = np.mgrid[0:height, 0:width].astype(np.float32)
    light = 0.35 + 0.15 * np.sin(xx / 90) + 0.1 * np.cos(yy / 70)
    grain = np.random.default_rng(5).normal(0, 0.008, (height, width)).astype(np.float32)
    return np.clip(np.stack([light + grain, light * 0.9 + grain, light * 0.8 + grain], 2), 0, 1).astype(np.float32)


@dataclass(frozen=True)
class Scan:
    """image: float32 H×W×3. truth: bool H×W, where the damage is."""

    image: np.ndarray
    truth: np.ndarray


def scratched(height: int, width: int) -> Scan:
    """The scene with white specks and scratches."""
    image, fine = scene(height, width), np.zeros((height, width), np.uint8)
    rng = np.random.default_rng(3)
    for _ in range(max(6, height * width // 8000)):
        x, y = int(rng.integers(8, width - 8)), int(rng.integers(8, height - 8))
        cv2.circle(fine, (x, y), int(rng.integers(1, 4)), 255, -1, cv2.LINE_AA)
    for _ in range(3):
        ends = [(int(rng.integers(0, width)), int(rng.integers(0, height))) for _ in range(2)]
        cv2.line(fine, ends[0], ends[1], 255, 2, cv2.LINE_AA)
    a = fine[..., None].astype(np.float32) / 255
    return Scan(image + (0.95 - image) * a, fine > 100)


def search_of(image: np.ndarray, **options: object) -> Search:
    """The search of an 8-bit or 16-bit picture H×W×C."""
    colour = Colour.GRAY if image.shape[2] == 1 else Colour.RGB
    pixel_format = PixelFormat(colour, str(image.dtype))
    return Search(
        read=lambda rect: image[rect.slices],
        extent=Rect.of_size(image.shape[1], image.shape[0]),
        format=pixel_format,
        **options,  # type: ignore[arg-type]
    )


@pytest.fixture(scope="session")
def scan() -> Scan:
    return scratched(400, 600)
