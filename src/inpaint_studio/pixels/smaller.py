"""Pictures made smaller by means of areas, of any number of channels: OpenCV takes four at most."""

from __future__ import annotations

import cv2
import numpy as np

from inpaint_studio.pixels.format import Samples

_MOST_CHANNELS = 4


def smaller(samples: Samples, width: int, height: int) -> Samples:
    """`samples` (H×W×C) as `height` × `width` × C of the same type, each pixel the mean of those that it stands for."""
    parts = [samples[..., at : at + _MOST_CHANNELS] for at in range(0, samples.shape[2], _MOST_CHANNELS)]
    made = [cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA) for part in parts]
    shaped = [np.asarray(part).reshape(height, width, -1) for part in made]
    return shaped[0] if len(shaped) == 1 else np.concatenate(shaped, axis=2)
