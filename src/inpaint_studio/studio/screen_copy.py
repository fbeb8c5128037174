"""A copy of a document at the size of a screen; renewing it costs what changed, not what there is."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from inpaint_studio.document.composite import Composite
from inpaint_studio.pixels.display_samples import eight_bit
from inpaint_studio.pixels.format import Samples
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.smaller import smaller
from inpaint_studio.pixels.tiled import TILE, TileKey, tile_keys
from inpaint_studio.storage.project.preview import SIDE

#: What a tile shows besides the photo: the tiles of each fill over it, and the fill's opacity. Tiles of a frozen
#: composite are never written again, so the same objects are the same pixels.
_Look = tuple[tuple[Samples | None, Samples, Samples | None, float], ...]


class ScreenCopy:
    """Each of its pixels is the mean of a square of the document's, at 8 bits and in the document's own colours."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._canvas = Rect(0, 0, 0, 0)
        self._step = 1
        self._pixels: NDArray[np.uint8] = np.zeros((0, 0, 1), np.uint8)
        self._looks: dict[TileKey, _Look] = {}

    def renewed(self, composite: Composite, canvas: Rect) -> NDArray[np.uint8]:
        """What `composite` shows in `canvas`, h×w×C with alpha, at most `SIDE` a side. Any thread may call it.

        The first time it reads every pixel, 0.6 s for 100 megapixels; later only tiles in which a fill is another.
        """
        with self._lock:
            if canvas != self._canvas or composite.format.channels != self._pixels.shape[2]:
                self._begin(composite, canvas)
                stale: Iterable[TileKey] = tile_keys(canvas)
                looks = _looks(composite, canvas)
            else:
                looks = _looks(composite, canvas)
                stale = [key for key in looks.keys() | self._looks.keys() if not _same(looks, self._looks, key)]
            for rect in _runs(stale):
                self._renew(composite, rect.clipped(canvas))
            self._looks = looks
            return self._pixels.copy()

    def _begin(self, composite: Composite, canvas: Rect) -> None:
        self._canvas = canvas
        self._step = max(1, -(-max(canvas.width, canvas.height) // SIDE))
        height, width = -(-canvas.height // self._step), -(-canvas.width // self._step)
        self._pixels = np.zeros((height, width, composite.format.channels), np.uint8)

    def _renew(self, composite: Composite, rect: Rect) -> None:
        """Make all pixels anew that show something of `rect`."""
        step, origin = self._step, self._canvas
        near = rect.moved(-origin.left, -origin.top)
        small = Rect(near.left // step, near.top // step, -(-near.right // step), -(-near.bottom // step))
        whole = Rect(small.left * step, small.top * step, small.right * step, small.bottom * step)
        inside = whole.moved(origin.left, origin.top).clipped(origin)
        samples = composite.read(inside)
        missing = whole.height - inside.height, whole.width - inside.width
        if any(missing):  # at the right and bottom borders squares are cut off
            samples = np.pad(samples, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")
        self._pixels[small.slices] = eight_bit(smaller(samples, small.width, small.height) if step > 1 else samples)


def _looks(composite: Composite, canvas: Rect) -> dict[TileKey, _Look]:
    """The look of every tile of `canvas` that shows more than the photo."""
    looks: dict[TileKey, _Look] = {}
    for fill in composite.fills:
        for key, alpha in fill.alpha.tiles.items():
            part = fill.pixels.tile(key), alpha, fill.hidden.tile(key), fill.opacity
            looks[key] = (*looks.get(key, ()), part)
    inside = set(tile_keys(canvas))
    return {key: look for key, look in looks.items() if key in inside}


def _same(one: dict[TileKey, _Look], other: dict[TileKey, _Look], key: TileKey) -> bool:
    first, second = one.get(key, ()), other.get(key, ())
    return len(first) == len(second) and all(
        all(a is b for a, b in zip(left[:3], right[:3], strict=True)) and left[3] == right[3]
        for left, right in zip(first, second, strict=True)
    )


def _runs(keys: Iterable[TileKey]) -> Iterator[Rect]:
    """Rectangles that hold the tiles `keys`, one for each run of neighbours in a row."""
    ordered = sorted(keys)
    for _, run in groupby(enumerate(ordered), lambda entry: (entry[1][0], entry[1][1] - entry[0])):
        tiles = [key for _, key in run]
        row, first, last = tiles[0][0], tiles[0][1], tiles[-1][1]
        yield Rect(first * TILE, row * TILE, (last + 1) * TILE, (row + 1) * TILE)
