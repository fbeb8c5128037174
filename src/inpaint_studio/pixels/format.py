"""What a raster's samples mean: colour model, alpha, sample type. Stated once, never guessed from a channel count."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: A raster in memory: H×W×C, uint8, uint16 or float32.
Samples = NDArray[Any]

_DEPTHS: dict[str, tuple[type[np.generic], int]] = {
    "uint8": (np.uint8, 8),
    "uint16": (np.uint16, 16),
    "float32": (np.float32, 32),
}


class Colour(StrEnum):
    """The colour model of a raster's colour channels."""

    GRAY = "gray"
    RGB = "rgb"
    CMYK = "cmyk"

    @property
    def channels(self) -> int:
        return {"gray": 1, "rgb": 3, "cmyk": 4}[self.value]


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """Colour model, optional alpha (always the last channel, not premultiplied) and sample type of a raster.

    `bits` are the significant bits of an integer sample: a 12-bit scan in 16-bit words has dtype "uint16" and bits 12.
    """

    colour: Colour
    dtype: str = "uint8"
    alpha: bool = False
    bits: int = 0

    def __post_init__(self) -> None:
        if self.dtype not in _DEPTHS:
            raise ValueError(f"unsupported sample type {self.dtype}")
        if self.bits == 0:
            object.__setattr__(self, "bits", _DEPTHS[self.dtype][1])

    @property
    def channels(self) -> int:
        """Colour channels plus one for alpha."""
        return self.colour.channels + self.alpha

    @property
    def numpy(self) -> np.dtype[Any]:
        return np.dtype(_DEPTHS[self.dtype][0])

    @property
    def white(self) -> int:
        """The sample value of full intensity: 255, 65535, or 1 for float."""
        return 1 if self.dtype == "float32" else int(np.iinfo(self.dtype).max)

    def without_alpha(self) -> PixelFormat:
        return PixelFormat(self.colour, self.dtype, alpha=False, bits=self.bits)


#: The format of mask coverage: 0 = not selected, 255 = fully selected.
COVERAGE = PixelFormat(Colour.GRAY, "uint8")
#: The format of a fill's opacity.
ALPHA16 = PixelFormat(Colour.GRAY, "uint16")


def to_float(samples: Samples) -> NDArray[np.float32]:
    """Samples of any depth as float32, full intensity = 1. Float samples come back unscaled."""
    if samples.dtype.kind == "f":
        return samples.astype(np.float32, copy=False)
    return np.asarray(samples * np.float32(1 / np.iinfo(samples.dtype).max), np.float32)


def from_float(values: NDArray[np.float32], dtype: np.dtype[Any]) -> Samples:
    """Float samples (full intensity = 1) rounded to `dtype`; integers are clipped to their range, floats kept."""
    if dtype.kind == "f":
        return values.astype(dtype, copy=False)
    white = np.iinfo(dtype).max
    # float64: a float32 product of 65535 rounds the last bit of a 16-bit sample wrongly now and then
    return np.asarray(np.rint(np.clip(values.astype(np.float64) * white, 0, white)), dtype)
