"""Which parts touch: a stain, the dust on its rim and the crack through it are one piece of damage, seen as three classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from inpaint_studio.pixels.format import COVERAGE
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.restore.parts import Part, labelled


def groups(planes: Iterable[TiledImage], parts: Sequence[Part]) -> NDArray[np.int64]:
    """For each part a number; those with the same one touch, if need be through others.

    planes: of the parts' classes, of one extent, 0 where no part is.
    """
    if not parts:
        return np.zeros(0, np.int64)
    union: TiledImage | None = None
    for plane in planes:
        union = union or TiledImage(COVERAGE, plane.extent)
        for key, tile in plane.tiles.items():
            own = union.writable(key)
            np.maximum(own, tile, out=own)
    if union is None:
        raise ValueError("parts without a plane")
    width = union.extent.right
    x, y, wholes = labelled(union, 1)
    places = y.astype(np.int64) * width + x
    order = np.argsort(places)
    seeds = np.array([part.seed[1] * width + part.seed[0] for part in parts], np.int64)
    return np.asarray(wholes[order[np.searchsorted(places, seeds, sorter=order)]], np.int64)
