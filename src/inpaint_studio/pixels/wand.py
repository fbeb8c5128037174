"""The magic wand: pixels whose colour is near that of one pixel, everywhere or connected with it.

Near: no channel, alpha among them, is further away than the tolerance. Connected: by their sides. A contiguous region
is found block by block from the pixel on, so that it costs what it covers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from inpaint_studio.pixels.format import PixelFormat, Samples
from inpaint_studio.pixels.masks import Coverage
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.shapes import FULL_TILE, Region
from inpaint_studio.pixels.tiled import TILE, TileKey, tile_keys, tile_rect

#: Samples of a rectangle, H×W×C.
Read = Callable[[Rect], Samples]

#: Tiles along a block's side: few enough that a small region costs little, enough that a large one does.
_TILES = 4
_SIDE = _TILES * TILE
_NEAR, _REACHED = 255, 128
#: From so many places on a block is labelled once instead of filled from each of them.
_MANY = 32
#: The most that a pixel beside the region gets: less than half.
_RIM = 127


@dataclass(frozen=True, slots=True)
class Likeness:
    """Tells which pixels of `pixel_format` are near the colour `sample`; tolerance: 0..255, in 8-bit levels."""

    sample: Samples
    tolerance: float
    pixel_format: PixelFormat

    def near(self, samples: Samples) -> Coverage:
        """255 for each near pixel of H×W×C, else 0."""
        reach = self.tolerance * self.pixel_format.white / 255
        low, high = self.sample.astype(np.float64) - reach, self.sample.astype(np.float64) + reach
        if samples.dtype.kind != "f":
            low, high = np.ceil(low), np.floor(high)
        found = np.full(samples.shape[:2], _NEAR, np.uint8)
        # OpenCV compares four channels at most
        for first in range(0, samples.shape[2], 4):
            some = slice(first, first + 4)
            part = np.ascontiguousarray(samples[..., some])
            found &= np.asarray(cv2.inRange(part, tuple(low[some]), tuple(high[some])), np.uint8)
        return found


def wand(
    read: Read, pixel_format: PixelFormat, extent: Rect, at: tuple[int, int], tolerance: float, *, contiguous: bool
) -> Region:
    """The pixels like the one `at` (x, y), fully covered, with a rim of at most half coverage beside them.

    Empty when `at` is outside `extent`.
    """
    spot = Rect(at[0], at[1], at[0] + 1, at[1] + 1)
    if not extent.contains(spot):
        return {}
    like = Likeness(read(spot)[0, 0], tolerance, pixel_format)
    blocks = _Blocks(lambda rect: like.near(read(rect)), extent)
    if contiguous:
        blocks.flood(*at)
    else:
        blocks.take_all()
    return blocks.region()


class _Blocks:
    """The photo in blocks of 4×4 tiles: 255 where a pixel is near, 128 where the flood has reached it."""

    def __init__(self, near: Callable[[Rect], Coverage], extent: Rect) -> None:
        self._near = near
        self._extent = extent
        self._known: dict[TileKey, Coverage] = {}
        self._reached: set[TileKey] = set()

    def _rect(self, key: TileKey) -> Rect:
        block = Rect(key[1] * _SIDE, key[0] * _SIDE, (key[1] + 1) * _SIDE, (key[0] + 1) * _SIDE)
        return block.clipped(self._extent)

    def _block(self, key: TileKey) -> Coverage | None:
        """None outside the photo."""
        if key not in self._known:
            rect = self._rect(key)
            if rect.empty:
                return None
            self._known[key] = self._near(rect)
        return self._known[key]

    def take_all(self) -> None:
        """Reach every near pixel of the photo."""
        for row in range(self._extent.top // _SIDE, -(-self._extent.bottom // _SIDE)):
            for column in range(self._extent.left // _SIDE, -(-self._extent.right // _SIDE)):
                block = self._block((row, column))
                if block is not None and block.any():
                    np.minimum(block, _REACHED, out=block)
                    self._reached.add((row, column))

    def flood(self, x: int, y: int) -> None:
        """Reach every near pixel connected with (x, y)."""
        key = y // _SIDE, x // _SIDE
        rect = self._rect(key)
        waiting = {key: [(x - rect.left, y - rect.top)]}
        while waiting:
            key, starts = waiting.popitem()
            if self._pour(key, starts):
                self._reached.add(key)
                for near, places in self._overflow(key):
                    waiting[near] = waiting.get(near, []) + places

    def _pour(self, key: TileKey, starts: list[tuple[int, int]]) -> bool:
        """Fill the block from `starts`; whether that reached anything new."""
        block = self._block(key)
        assert block is not None  # noqa: S101  starts are inside the photo
        if len(starts) > _MANY:
            count, labels = cv2.connectedComponents((block == _NEAR).astype(np.uint8), connectivity=4)
            reached = np.zeros(count, np.bool_)
            columns, rows = np.array(starts).T
            reached[np.asarray(labels)[rows, columns]] = True
            reached[0] = False
            block[reached[labels]] = _REACHED
            return bool(reached.any())
        new = False
        for x, y in starts:
            if block[y, x] == _NEAR:
                cv2.floodFill(block, None, (x, y), _REACHED)
                new = True
        return new

    def _overflow(self, key: TileKey) -> list[tuple[TileKey, list[tuple[int, int]]]]:
        """The blocks beside, each with places where the flood goes on: one for each run along the common border."""
        mine, found = self._known[key], []
        for row, column in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            near = key[0] + row, key[1] + column
            other = self._block(near) if (mine[_edge(row, column)] == _REACHED).any() else None
            if other is None:
                continue
            open_to = (mine[_edge(row, column)] == _REACHED) & (other[_edge(-row, -column)] == _NEAR)
            begins = np.flatnonzero(open_to & ~np.concatenate(([False], open_to[:-1]))).tolist()
            if row:
                places = [(x, 0 if row > 0 else other.shape[0] - 1) for x in begins]
            else:
                places = [(0 if column > 0 else other.shape[1] - 1, y) for y in begins]
            if places:
                found.append((near, places))
        return found

    def region(self) -> Region:
        """What was reached, with its rim."""
        found: Region = {}
        around = {(row + i, column + j) for row, column in self._reached for i in (-1, 0, 1) for j in (-1, 0, 1)}
        for key in sorted(around):
            rect = self._rect(key)
            if not rect.empty:
                self._soften(rect, self._reached_in(rect.grown(1)), found)
        return found

    def _reached_in(self, rect: Rect) -> Coverage:
        """255 where the flood is, else 0; `rect` may reach into neighbours and beyond the photo."""
        result = np.zeros((rect.height, rect.width), np.uint8)
        rows = range(rect.top // _SIDE, (rect.bottom - 1) // _SIDE + 1)
        columns = range(rect.left // _SIDE, (rect.right - 1) // _SIDE + 1)
        for key in self._reached & {(row, column) for row in rows for column in columns}:
            part = self._rect(key).clipped(rect)
            block = self._known[key][part.within(self._rect(key)).slices]
            result[part.within(rect).slices] = (block == _REACHED) * np.uint8(255)
        return result

    def _soften(self, rect: Rect, reached: Coverage, found: Region) -> None:
        """Put the tiles of the block `rect` in; `reached` has a pixel more on every side."""
        if not reached.any():
            return
        rim = np.minimum(cv2.GaussianBlur(reached, (3, 3), 0), _RIM)
        soft = np.maximum(reached, rim)[1:-1, 1:-1]
        for key in tile_keys(rect):
            area = tile_rect(key)
            inside = area.clipped(rect)
            part = soft[inside.within(rect).slices]
            if inside == area and part.min() == 255:
                found[key] = FULL_TILE
            elif part.any():
                tile = found.setdefault(key, np.zeros((TILE, TILE), np.uint8))
                tile[inside.within(area).slices] = part


def _edge(row: int, column: int) -> tuple[slice | int, slice | int]:
    """The side of a block that faces its neighbour in that direction."""
    if row:
        return (-1 if row > 0 else 0), slice(None)
    return slice(None), (-1 if column > 0 else 0)
