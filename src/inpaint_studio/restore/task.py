"""The worker task "detect": the probabilities of one region, by the network or, without it, by the classical detector."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inpaint_studio.engines.contract import Payload, Progress
from inpaint_studio.restore import classical, network


def detect_task(payload: Payload, progress: Progress) -> Payload:
    """Array "image" (float32 H×W×3 in 0..1) and "scale" become the array "found" (uint8 H×W×4, 255 = certain)."""
    progress.step(None, "Looking for damage")
    image, scale = payload.arrays["image"], float(payload.data["scale"])
    detector = network if payload.data["network"] else classical
    found = detector.probabilities(image, scale)
    return Payload({}, {"found": as_bytes(found)})


def as_bytes(found: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Probabilities 0..1 as they are kept: 255 is certain."""
    return np.asarray(np.rint(np.clip(found, 0, 1) * 255), np.uint8)
