"""EXIF orientation: between pixels as stored and pixels as shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from inpaint_studio.pixels.format import Samples

#: Orientations that swap width and height.
SIDEWAYS = frozenset({5, 6, 7, 8})


def valid(value: int) -> int:
    """`value` when it is an orientation, otherwise 1, as viewers take it."""
    return value if 1 <= value <= 8 else 1


def shown(stored: Samples, orientation: int) -> Samples:
    """Pixels H×W×C as stored, turned to how they are shown."""
    match orientation:
        case 2:
            turned = stored[:, ::-1]
        case 3:
            turned = stored[::-1, ::-1]
        case 4:
            turned = stored[::-1]
        case 5:
            turned = stored.swapaxes(0, 1)
        case 6:
            turned = stored[::-1].swapaxes(0, 1)
        case 7:
            turned = stored[::-1, ::-1].swapaxes(0, 1)
        case 8:
            turned = stored[:, ::-1].swapaxes(0, 1)
        case _:
            turned = stored
    return np.ascontiguousarray(turned)


def stored(upright: Samples, orientation: int) -> Samples:
    """The inverse of `shown`."""
    return shown(upright, {6: 8, 8: 6}.get(orientation, orientation))
