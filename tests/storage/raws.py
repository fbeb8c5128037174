"""A digital negative as small as LibRaw takes it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile

#: What the camera's sensor answers to white, as the file says it.
NEUTRAL = (0.5, 1.0, 0.6)
#: XYZ to the camera's colours: those of sRGB.
_MATRIX = (3.2404542, -1.5371385, -0.4985314, -0.9692660, 1.8760108, 0.0415560, 0.0556434, -0.2040259, 1.0572252)
_BLACK, _WHITE = 512, 65535


def write_dng(path: Path, scene: np.ndarray, orientation: int = 1) -> Path:
    """`scene` (H×W×3, linear light in sRGB's primaries, 0..1) as a sensor with a Bayer filter RGGB sees it."""
    height, width = scene.shape[:2]
    camera = scene * np.array(NEUTRAL)
    y, x = np.mgrid[0:height, 0:width]
    channel = np.where(y % 2 == x % 2, np.where(y % 2 == 0, 0, 2), 1)
    seen = np.take_along_axis(camera, channel[..., None], axis=2)[..., 0]
    mosaic = np.rint(_BLACK + seen * (_WHITE - _BLACK)).astype(np.uint16)
    matrix = tuple(number for value in _MATRIX for number in (round(value * 10000), 10000))
    tags = [
        (50706, 1, 4, b"\1\4\0\0", True),  # DNG version 1.4
        (50707, 1, 4, b"\1\1\0\0", True),
        (50708, 2, 0, "Maker Model 1", True),
        (33421, 3, 2, (2, 2), True),
        (33422, 1, 4, b"\0\1\1\2", True),
        (50710, 1, 3, b"\0\1\2", True),
        (50711, 3, 1, 1, True),
        (50714, 3, 1, _BLACK, True),
        (50717, 3, 1, _WHITE, True),
        (50721, 10, 9, matrix, True),
        (50778, 3, 1, 21, True),  # daylight
        (50728, 5, 3, tuple(number for value in NEUTRAL for number in (round(value * 10), 10)), True),
        (274, 3, 1, orientation, True),
        (271, 2, 0, "Maker", True),
        (272, 2, 0, "Model 1", True),
    ]
    tifffile.imwrite(path, mosaic, photometric="cfa", metadata=None, extratags=tags, software=False)
    return path
