"""Requests that every engine has to stand: sizes, channels, masks, contents."""

from __future__ import annotations

import numpy as np

from inpaint_studio.engines.contract import FillRequest, Float


def photo(height: int, width: int, channels: int = 3, seed: int = 1) -> Float:
    """A photo-like crop: gradients, an edge and some grain, float32 in 0..1."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / max(height, width)
    rng = np.random.default_rng(seed)
    planes = [0.2 + 0.5 * x, 0.3 + 0.4 * y, 0.4 + 0.2 * (x > y)][:channels]
    image = np.stack(planes, -1) + rng.normal(0, 0.02, (height, width, channels))
    return np.clip(image, 0, 1).astype(np.float32)


def hole(height: int, width: int, top: int, left: int, bottom: int, right: int) -> Float:
    mask = np.zeros((height, width), np.float32)
    mask[top:bottom, left:right] = 1
    return mask


def borders(height: int, width: int) -> Float:
    """A hole that touches all four borders and leaves the middle."""
    mask = np.ones((height, width), np.float32)
    mask[4:-4, 4:-4] = 0
    return mask


def scratches(height: int, width: int) -> Float:
    mask = np.zeros((height, width), np.float32)
    mask[height // 3, :] = 1
    mask[:, width // 2] = 1
    mask[2:5, 2:5] = 1
    return mask


#: Name → request; each must be filled.
FILLABLE = {
    "block": FillRequest(photo(64, 80), hole(64, 80, 20, 30, 40, 50)),
    "one pixel": FillRequest(photo(40, 40), hole(40, 40, 20, 20, 21, 21)),
    "corner pixel": FillRequest(photo(40, 40), hole(40, 40, 0, 0, 1, 1)),
    "four borders": FillRequest(photo(64, 64), borders(64, 64)),
    "scratches": FillRequest(photo(90, 70), scratches(90, 70)),
    "gray": FillRequest(photo(50, 60, 1), hole(50, 60, 10, 10, 30, 30)),
    "wide": FillRequest(photo(17, 300), hole(17, 300, 5, 100, 12, 160)),
    "avoid": FillRequest(photo(64, 64), hole(64, 64, 20, 20, 40, 40), avoid=hole(64, 64, 0, 40, 64, 64)),
    "soft": FillRequest(photo(64, 64), hole(64, 64, 20, 20, 40, 40) * np.float32(0.5)),
}

#: Requests for the engine's edges: a result or a StudioError.
EDGES = {
    "1×1": FillRequest(photo(1, 1), hole(1, 1, 0, 0, 1, 1)),
    "1×1 untouched": FillRequest(photo(1, 1), hole(1, 1, 0, 0, 0, 0)),
    "2×2": FillRequest(photo(2, 2), hole(2, 2, 0, 0, 1, 1)),
    "1×40": FillRequest(photo(1, 40), hole(1, 40, 0, 10, 1, 20)),
    "40×1": FillRequest(photo(40, 1), hole(40, 1, 10, 0, 20, 1)),
    "all": FillRequest(photo(30, 30), hole(30, 30, 0, 0, 30, 30)),
    "all but one": FillRequest(photo(30, 30), 1 - hole(30, 30, 15, 15, 16, 16)),
    "everything else avoided": FillRequest(
        photo(30, 30), hole(30, 30, 5, 5, 10, 10), avoid=1 - hole(30, 30, 5, 5, 10, 10)
    ),
}
