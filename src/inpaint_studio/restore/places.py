"""Where the parts of a proposal lie, at every zoom: what outlines are drawn from while the sliders move.

Pixels are stored once for each level of a pyramid with the number of their part. Which parts are seen, and how, is a small
table of codes, so that moving a slider changes the table and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.pixels.pyramid import LEVELS, shrunk
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TILE, TiledImage, TileKey, tile_keys, tile_rect
from inpaint_studio.restore.defects import Defect
from inpaint_studio.restore.parts import labelled
from inpaint_studio.restore.proposal import Proposal

Whole = NDArray[np.int32]
#: For each part, and after them for what was painted by hand, how it is seen; 0 is not at all.
Codes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Level:
    """Pixels sorted by tile. offsets: row · 256 + column within it."""

    slices: dict[TileKey, slice]
    offsets: NDArray[np.uint16]
    parts: Whole


class Places:
    """The pixels of numbered parts on a canvas. Never changed once it is made; any thread may make it."""

    def __init__(self, x: Whole, y: Whole, parts: Whole, extent: Rect) -> None:
        """x, y: pixels of the canvas `extent`, each with the number of its part."""
        self.extent = extent
        self.rect = Rect(0, 0, 0, 0)
        if len(x):
            self.rect = Rect(int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1)
        levels = []
        for _ in range(LEVELS):
            x, y, parts, level = _sorted(x, y, parts)
            levels.append(level)
            x, y = x >> 1, y >> 1
        self._levels = tuple(levels)

    @classmethod
    def of(cls, proposal: Proposal) -> Self:
        """The pixels of all parts of `proposal`, whatever its sliders say."""
        extent = proposal.layer.planes["added"].extent
        found = [_of_class(proposal, defect) for defect in Defect]
        x, y, parts = (np.concatenate([one[place] for one in found]) for place in range(3))
        return cls(x, y, parts, extent)

    def corrected(self, added: TiledImage, removed: TiledImage, painted: int) -> Places:
        """Without the pixels that are wholly in `removed`, and with those of `added` as the part `painted`."""
        if not added.tiles and not removed.tiles:
            return self
        base = self._levels[0]
        kept = np.ones(len(base.parts), np.bool_)
        for key, where in base.slices.items():
            tile = removed.tile(key)
            if tile is not None:
                kept[where] = tile.reshape(-1)[base.offsets[where]] < 255
        x, y = _places(base)
        more_x, more_y = _painted(added, removed)
        return Places(
            np.concatenate([x[kept], more_x]),
            np.concatenate([y[kept], more_y]),
            np.concatenate([base.parts[kept], np.full(len(more_x), painted, np.int32)]),
            self.extent,
        )

    def codes(self, level: int, rect: Rect, codes: Codes) -> NDArray[np.uint8] | None:
        """The codes of the pixels of `rect` at `level`, uint8 H×W; None when nothing is seen there.

        Where parts lie on one pixel the last is seen, and the highest code of all before any other.
        """
        kept, result = self._levels[level], None
        for key in tile_keys(rect.clipped(shrunk(self.extent, level))):
            where = kept.slices.get(key)
            if where is None:
                continue
            seen = codes[kept.parts[where]]
            own = np.flatnonzero(seen)
            if not len(own):
                continue
            offsets, seen, area = kept.offsets[where][own].astype(np.int32), seen[own], tile_rect(key)
            y, x = (offsets >> 8) + (area.top - rect.top), (offsets & 255) + (area.left - rect.left)
            if not rect.contains(area):
                inside = (x >= 0) & (y >= 0) & (x < rect.width) & (y < rect.height)
                y, x, seen = y[inside], x[inside], seen[inside]
            if not len(seen):
                continue
            if result is None:
                result = np.zeros((rect.height, rect.width), np.uint8)
            result[y, x] = seen
            top = seen == codes.max()
            result[y[top], x[top]] = seen[top]
        return result


def _sorted(x: Whole, y: Whole, parts: Whole) -> tuple[Whole, Whole, Whole, _Level]:
    """Each pixel of each part once, sorted by tile, row and column."""
    across = int(x.max()) // TILE + 1 if len(x) else 1
    tiles = (y // TILE).astype(np.int64) * across + x // TILE
    spots = tiles << 16 | (y % TILE).astype(np.int64) << 8 | (x % TILE)
    most = int(parts.max()) + 1 if len(parts) else 1
    keys = np.sort(spots * most + parts)
    keys = keys[np.flatnonzero(np.diff(keys, prepend=-1))]
    spots, owners = np.divmod(keys, most)
    tiles, offsets = spots >> 16, (spots & 0xFFFF).astype(np.uint16)
    begins = np.flatnonzero(np.diff(tiles, prepend=-1))
    numbers = tiles[begins]
    ends = [*begins[1:].tolist(), len(tiles)]
    slices = {
        (int(number) // across, int(number) % across): slice(int(begin), int(end))
        for number, begin, end in zip(numbers, begins, ends, strict=True)
    }
    level = _Level(slices, offsets, owners.astype(np.int32))
    return *_places(level), level.parts, level


def _places(level: _Level) -> tuple[Whole, Whole]:
    x, y = np.empty(len(level.parts), np.int32), np.empty(len(level.parts), np.int32)
    for (row, column), where in level.slices.items():
        offsets = level.offsets[where]
        y[where] = (offsets >> 8) + np.int32(row * TILE)
        x[where] = (offsets & 255) + np.int32(column * TILE)
    return x, y


def _of_class(proposal: Proposal, defect: Defect) -> tuple[Whole, Whole, Whole]:
    """x, y and part of the pixels of one class; what belongs to no part is left out."""
    plane = proposal.layer.planes[defect.value]
    x, y, seeds = labelled(plane, proposal.lowest(defect))
    own = np.flatnonzero(proposal.classes == list(Defect).index(defect))
    if not len(own):
        return x[:0], y[:0], np.zeros(0, np.int32)
    seeds_x, seeds_y = proposal.parts.seeds[own].T
    known = seeds_y * plane.extent.right + seeds_x
    order = np.argsort(known)
    found = np.minimum(np.searchsorted(known[order], seeds), len(own) - 1)
    there = known[order][found] == seeds
    return x[there], y[there], np.asarray(own[order][found[there]], np.int32)


def _painted(added: TiledImage, removed: TiledImage) -> tuple[Whole, Whole]:
    xs, ys = [np.zeros(0, np.int32)], [np.zeros(0, np.int32)]
    for key, tile in added.tiles.items():
        inside, less = tile[..., 0] > 0, removed.tile(key)
        if less is not None:
            inside = inside & (less[..., 0] < 255)
        rows, columns = np.nonzero(inside)
        ys.append((rows + key[0] * TILE).astype(np.int32))
        xs.append((columns + key[1] * TILE).astype(np.int32))
    return np.concatenate(xs), np.concatenate(ys)


#: Hears the places of what has been found so far, in the searching thread.
Watcher = Callable[["Places"], None]


class Sketch:
    """What a search has found so far, for whoever watches: the likely parts of each region, numbered by class."""

    def __init__(self, extent: Rect, watcher: Watcher, levels: dict[Defect, tuple[int, int]]) -> None:
        """levels: for each class of a region's last axis, in order, the least value (1..255) of a pixel and of a part."""
        self._extent, self._watcher, self._levels = extent, watcher, levels
        self._found: list[tuple[Whole, Whole, Whole]] = []

    def hear(self, region: Rect, found: NDArray[np.uint8]) -> None:
        """Take in the probabilities (H×W×classes) of a region."""
        before = len(self._found)
        for place, (defect, (pixel, part)) in enumerate(self._levels.items()):
            values = found[..., place]
            if not (values >= part).any():
                continue
            _, labels = cv2.connectedComponents((values >= pixel).view(np.uint8), connectivity=8)
            likely = np.zeros(int(labels.max()) + 1, np.bool_)
            likely[labels[values >= part]] = True
            rows, columns = np.nonzero(likely[labels])
            x, y = (columns + region.left).astype(np.int32), (rows + region.top).astype(np.int32)
            self._found.append((x, y, np.full(len(x), list(Defect).index(defect), np.int32)))
        if len(self._found) > before:
            x, y, parts = (np.concatenate([one[place] for one in self._found]) for place in range(3))
            self._watcher(Places(x, y, parts, self._extent))
