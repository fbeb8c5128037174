"""Shapes with fractional coordinates as anti-aliased coverage, a tile at a time.

A shape is cut by 16 lines a pixel row. How much of each line lies in each pixel is exact to 1/256 pixel and added up
in whole numbers, so that a tile has the very values that an array over the whole photo would have.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inpaint_studio.pixels.masks import Coverage
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TILE, TileKey, tile_rect

#: A place in photo coordinates; the first pixel's centre is at (0.5, 0.5).
Point = tuple[float, float]
#: Coverage (256×256) of the tiles that hold any, nothing outside the photo. Read the tiles only: they may be shared.
Region = dict[TileKey, Coverage]

#: Lines a pixel row, and steps a pixel along a line.
_LINES, _STEPS = 16, 256

FULL_TILE: Coverage = np.full((TILE, TILE), 255, np.uint8)
FULL_TILE.flags.writeable = False


@dataclass(frozen=True, slots=True)
class Spans:
    """What a shape covers of the lines, in order of the lines and without overlaps.

    line: line `k` lies (k + 0.5) / 16 pixels below the photo's top. begin, end: 1/256 pixels from the photo's left.
    """

    line: NDArray[np.int64]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]

    @classmethod
    def of(cls, line: NDArray[np.int64], begin: NDArray[np.float64], end: NDArray[np.float64], extent: Rect) -> Spans:
        """From fractional pixels; what lies left or right of `extent` is left out."""
        ends = [np.rint(np.clip(x, extent.left, extent.right) * _STEPS).astype(np.int64) for x in (begin, end)]
        kept = ends[1] > ends[0]
        return cls(line[kept], ends[0][kept], ends[1][kept])

    def between(self, top: int, bottom: int) -> Spans:
        """Those in the pixel rows `top` to `bottom` (without it)."""
        rows = slice(*np.searchsorted(self.line, (top * _LINES, bottom * _LINES)))
        return Spans(self.line[rows], self.begin[rows], self.end[rows])

    def coverage(self, rect: Rect) -> Coverage:
        """H×W of `rect`."""
        inside = self.between(rect.top, rect.bottom)
        begin, end = (np.clip(x - rect.left * _STEPS, 0, rect.width * _STEPS) for x in (inside.begin, inside.end))
        if (end - begin).sum() == rect.area * _LINES * _STEPS:
            return (
                FULL_TILE
                if (rect.width, rect.height) == (TILE, TILE)
                else np.full((rect.height, rect.width), 255, np.uint8)
            )
        # the sum along a row of these differences is what a span covers of each of its pixels
        first = (inside.line // _LINES - rect.top) * (rect.width + 2)
        at, weights = [], []
        for x, sign in ((begin, 1), (end, -1)):
            pixel, rest = np.divmod(x, _STEPS)
            at += [first + pixel, first + pixel + 1]
            weights += [sign * (_STEPS - rest), sign * rest]
        steps = np.bincount(
            np.concatenate(at), np.concatenate(weights), minlength=rect.height * (rect.width + 2)
        ).astype(np.int32)
        sums = np.cumsum(steps.reshape(rect.height, -1)[:, : rect.width], axis=1, dtype=np.int32)
        whole = _LINES * _STEPS
        return np.asarray((sums * 255 + whole // 2) // whole, np.uint8)


def polygon(points: Sequence[Point], extent: Rect) -> Spans:
    """All that the closed line through `points` goes round, however often it crosses itself (non-zero winding)."""
    x, y = np.asarray(points, np.float64).reshape(-1, 2).T
    y = y * _LINES - 0.5
    x2, y2 = np.roll(x, -1), np.roll(y, -1)
    # an edge crosses the lines from its upper end to just above its lower one
    top, bottom = extent.top * _LINES, extent.bottom * _LINES
    begin = np.clip(np.ceil(np.minimum(y, y2)), top, bottom).astype(np.int64)
    count = np.clip(np.ceil(np.maximum(y, y2)), top, bottom).astype(np.int64) - begin
    edge = np.repeat(np.arange(len(x)), count)
    line = begin[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    # the way along the edge first: it is in 0..1 however flat the edge, where a slope might be infinite
    crossing = x[edge] + (line - y[edge]) / (y2 - y)[edge] * (x2 - x)[edge]
    order = np.lexsort((crossing, line))
    line, crossing = line[order], crossing[order]
    winding = np.cumsum(np.sign(y2 - y)[edge][order])
    before = np.concatenate(([0.0], winding[:-1])) if len(winding) else winding
    enters, leaves = (winding != 0) & (before == 0), (winding == 0) & (before != 0)
    return Spans.of(line[enters], crossing[enters], crossing[leaves], extent)


def rectangle(one: Point, other: Point, extent: Rect) -> Spans:
    """The rectangle between two opposite corners."""
    return polygon([one, (other[0], one[1]), other, (one[0], other[1])], extent)


def ellipse(one: Point, other: Point, extent: Rect) -> Spans:
    """The ellipse in the rectangle between two opposite corners."""
    (x, y), (x2, y2) = one, other
    rx, ry = abs(x2 - x) / 2, abs(y2 - y) / 2
    top = max(math.floor(min(y, y2)), extent.top)
    bottom = max(min(math.ceil(max(y, y2)), extent.bottom), top)
    line = np.arange(top * _LINES, bottom * _LINES)
    # far outside is outside, however flat the ellipse: its square must not overflow
    down = np.clip(((line + 0.5) / _LINES - (y + y2) / 2) / (ry or 1.0), -2, 2)
    half = rx * np.sqrt(np.maximum(1 - down * down, 0))
    return Spans.of(line, (x + x2) / 2 - half, (x + x2) / 2 + half, extent)


def region(spans: Spans, extent: Rect) -> Region:
    """The tiles of a shape; costs what it covers."""
    found = {}
    for key in _touched(spans):
        area = tile_rect(key)
        inside = area.clipped(extent)
        part = spans.coverage(inside)
        if inside != area:
            tile = np.zeros((TILE, TILE), np.uint8)
            tile[inside.within(area).slices] = part
            part = tile
        if part.any():
            found[key] = part
    return found


def _touched(spans: Spans) -> Iterator[TileKey]:
    if not len(spans.line):
        return
    side = TILE * _STEPS
    for row in range(int(spans.line[0]) // (TILE * _LINES), int(spans.line[-1]) // (TILE * _LINES) + 1):
        band = spans.between(row * TILE, (row + 1) * TILE)
        if len(band.line):
            for column in range(int(band.begin.min()) // side, (int(band.end.max()) - 1) // side + 1):
                yield row, column
