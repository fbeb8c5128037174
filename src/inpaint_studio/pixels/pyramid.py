"""Smaller and smaller copies of a raster, made a tile at a time when they are looked at."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from inpaint_studio.pixels.format import Samples
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.smaller import smaller
from inpaint_studio.pixels.tiled import TILE, TileKey, tile_keys

#: Reads a rectangle that lies within one tile of the full-size raster, H×W×C; None where it is blank.
Read = Callable[[Rect], Samples | None]

#: Level 7 shows 1 % of the full size with pixels to spare.
LEVELS = 8

#: Rectangles that wait one by one; more become the one around them.
_MOST_WAITING = 64
_QUARTERS = ((0, 0), (0, 1), (1, 0), (1, 1))


def shrunk(rect: Rect, level: int) -> Rect:
    """The pixels of `level` that `rect` of level 0 touches; a pixel of level n stands for 2ⁿ × 2ⁿ."""
    step = 1 << level
    return Rect(rect.left // step, rect.top // step, -(-rect.right // step), -(-rect.bottom // step))


def touched(rect: Rect, level: int) -> Iterator[tuple[TileKey, Rect]]:
    """The tiles of `level` that `rect` of level 0 touches, and which part of each, in its own pixels."""
    small = shrunk(rect, level)
    for row, column in tile_keys(small):
        top, left = row * TILE, column * TILE
        part = Rect(
            max(small.left - left, 0),
            max(small.top - top, 0),
            min(small.right - left, TILE),
            min(small.bottom - top, TILE),
        )
        yield (row, column), part


class Waiting:
    """Rectangles of level 0 that have changed, kept for each level until somebody looks at it: a stroke changes all levels
    many times a second, of which one is seen."""

    def __init__(self) -> None:
        self._rects: tuple[list[Rect], ...] = tuple([] for _ in range(LEVELS))

    def add(self, level: int, rect: Rect) -> None:
        """`rect` of level 0 has changed, which concerns `level`."""
        rects = self._rects[level]
        rects.append(rect)
        if len(rects) > _MOST_WAITING:
            rects[:] = [Rect.union_of(rects)]

    def take(self, level: int) -> Iterator[tuple[TileKey, Rect]]:
        """What has changed of `level` since it was last asked, as `touched` gives it."""
        rects = self._rects[level]
        while rects:
            yield from touched(rects.pop(), level)


@dataclass(slots=True)
class _Tile:
    """`pixels` is None where all is blank; `stale` is the part, in the tile's own pixels, that has to be made anew."""

    pixels: Samples | None
    stale: Rect


_FRESH = Rect(0, 0, 0, 0)
_WHOLE = Rect.of_size(TILE, TILE)


class Pyramid:
    """Levels 1 to 7 of a raster, each pixel the mean of four of the level above it. Level 0 is read through, not kept.

    At the raster's right and bottom borders an odd last pixel counts twice. Not for several threads at once.
    """

    def __init__(self, read: Read, extent: Rect) -> None:
        self.extent = extent
        self._read = read
        self._extents = tuple(shrunk(extent, level) for level in range(LEVELS))
        self._tiles: tuple[dict[TileKey, _Tile], ...] = tuple({} for _ in range(LEVELS))
        self._waiting = Waiting()

    @property
    def nbytes(self) -> int:
        return sum(tile.pixels.nbytes for tiles in self._tiles for tile in tiles.values() if tile.pixels is not None)

    def invalidate(self, rect: Rect) -> None:
        """`rect` of level 0 has changed; what is kept of it is made anew when it is looked at."""
        for level, tiles in enumerate(self._tiles):
            if tiles:
                self._waiting.add(level, rect)

    def _look(self, level: int) -> dict[TileKey, _Tile]:
        """The tiles of `level`, of each of which it is known what is stale."""
        tiles = self._tiles[level]
        for key, part in self._waiting.take(level):
            tile = tiles.get(key)
            if tile is not None:
                tile.stale = tile.stale.united(part)
        return tiles

    def part(self, level: int, rect: Rect) -> Samples | None:
        """The pixels of `rect`, which lies within one tile of `level`; None where all is blank. Read them only."""
        if level == 0:
            return self._read(rect)
        key = rect.top // TILE, rect.left // TILE
        pixels = self._fresh(level, key).pixels
        if pixels is None:
            return None
        top, left = key[0] * TILE, key[1] * TILE
        return pixels[rect.top - top : rect.bottom - top, rect.left - left : rect.right - left]

    def prepare(self, level: int, key: TileKey, until: float) -> bool:
        """Make what `part` needs of a tile; False when `time.perf_counter()` passed `until` before all was made."""
        if self.fresh(level, key):
            return True
        if time.perf_counter() >= until:
            return False
        for row, column in _QUARTERS:
            child = key[0] * 2 + row, key[1] * 2 + column
            if self._exists(level - 1, child) and not self.prepare(level - 1, child, until):
                return False
        self._fresh(level, key)
        return time.perf_counter() < until

    def fresh(self, level: int, key: TileKey) -> bool:
        """Whether `part` has nothing to make for a tile."""
        return level == 0 or not self._stale(level, key)

    def _stale(self, level: int, key: TileKey) -> bool:
        tile = self._look(level).get(key)
        return tile is None or not tile.stale.empty

    def _fresh(self, level: int, key: TileKey) -> _Tile:
        tiles = self._look(level)
        tile = tiles.get(key)
        if tile is None:
            tile = tiles[key] = _Tile(None, _WHOLE)
        stale = tile.stale
        if not stale.empty:
            half = TILE // 2
            for row, column in _QUARTERS:
                # plain numbers: this is done for hundreds of parts a frame
                left, right = max(stale.left, column * half), min(stale.right, (column + 1) * half)
                top, bottom = max(stale.top, row * half), min(stale.bottom, (row + 1) * half)
                if left < right and top < bottom:
                    self._halve(tile, level, key, Rect(left, top, right, bottom))
            tile.stale = _FRESH
        return tile

    def _exists(self, level: int, key: TileKey) -> bool:
        """Whether the tile shows any of the raster."""
        extent, (row, column) = self._extents[level], key
        return (
            row * TILE < extent.bottom
            and (row + 1) * TILE > extent.top
            and column * TILE < extent.right
            and (column + 1) * TILE > extent.left
        )

    def _halve(self, tile: _Tile, level: int, key: TileKey, part: Rect) -> None:
        """Make `part` of `tile`, within one of its quarters, from the level above."""
        left, top = 2 * (key[1] * TILE + part.left), 2 * (key[0] * TILE + part.top)
        right, bottom = left + 2 * (part.right - part.left), top + 2 * (part.bottom - part.top)
        outer = self._extents[level - 1]
        inside = Rect(max(left, outer.left), max(top, outer.top), min(right, outer.right), min(bottom, outer.bottom))
        source = None if inside.empty else self.part(level - 1, inside)
        if source is None:
            if tile.pixels is not None:
                tile.pixels[part.slices] = 0
            return
        if tile.pixels is None:
            tile.pixels = np.zeros((TILE, TILE, source.shape[2]), source.dtype)
        _half_into(tile.pixels, part, source, inside.moved(-left, -top))


def _half_into(out: Samples, part: Rect, source: Samples, inside: Rect) -> None:
    """Write the means of 2×2 pixels into `part` of `out`; `source` is what exists of the doubled part, at `inside`."""
    left, top = inside.left // 2, inside.top // 2
    width, height = -(-inside.right // 2) - left, -(-inside.bottom // 2) - top
    before_x, before_y = inside.left - 2 * left, inside.top - 2 * top
    after_x, after_y = 2 * (left + width) - inside.right, 2 * (top + height) - inside.bottom
    if before_x or before_y or after_x or after_y:
        source = np.pad(source, ((before_y, after_y), (before_x, after_x), (0, 0)), mode="edge")
    where = Rect.of_size(width, height).moved(part.left + left, part.top + top)
    out[where.slices] = smaller(source, width, height)
