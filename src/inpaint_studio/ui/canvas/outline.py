"""The border of a mask as lines between pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inpaint_studio.pixels.format import COVERAGE
from inpaint_studio.pixels.pyramid import Pyramid
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TILE, TiledImage, TileKey, tile_rect

#: Lines as rows of x0, y0, x1, y1.
Lines = NDArray[np.int64]


class Outline:
    """The border of `mask` (bool H×W of `rect`) on a canvas, found a tile at a time when it is looked at."""

    def __init__(self, canvas: Rect, rect: Rect, mask: NDArray[np.bool_]) -> None:
        self.rect = rect
        image = TiledImage(COVERAGE, canvas)
        image.write(rect, np.where(mask, np.uint8(255), np.uint8(0))[..., None])
        image.drop_blank_tiles()
        self._image = image
        self._pyramid = Pyramid(self._read, canvas)
        self._lines: dict[tuple[int, TileKey], Lines] = {}

    def _read(self, rect: Rect) -> NDArray[np.uint8] | None:
        tile = self._image.tile((rect.top // TILE, rect.left // TILE))
        return None if tile is None else tile[rect.within(tile_rect((rect.top // TILE, rect.left // TILE))).slices]

    def lines(self, level: int, key: TileKey) -> Lines:
        """The border inside a tile of `level` and on its left and upper side, in pixels of that level."""
        known = self._lines.get((level, key))
        if known is None:
            known = self._lines[level, key] = self._find(level, key)
        return known

    def _find(self, level: int, key: TileKey) -> Lines:
        area = tile_rect(key)
        # one row above and one column to the left, so that the border between two tiles is found as well
        around = np.zeros((TILE + 1, TILE + 1), np.bool_)
        for row, column in ((0, 0), (-1, 0), (0, -1)):
            part = self._pyramid.part(level, tile_rect((key[0] + row, key[1] + column)))
            if part is None:
                continue
            inside = part[..., 0] > 127
            if row:
                around[0, 1:] = inside[-1]
            elif column:
                around[1:, 0] = inside[:, -1]
            else:
                around[1:, 1:] = inside
        upright = _runs((around[1:, 1:] != around[1:, :-1]).T)
        level_lines = _runs(around[1:, 1:] != around[:-1, 1:])
        lines = np.concatenate((upright[:, [0, 1, 0, 2]], level_lines[:, [1, 0, 2, 0]]))
        return np.asarray(lines + np.array([area.left, area.top, area.left, area.top]), np.int64)


def _runs(marks: NDArray[np.bool_]) -> Lines:
    """Row, begin and end of each run of True along the rows."""
    padded = np.pad(marks.astype(np.int8), ((0, 0), (1, 1)))
    steps = np.diff(padded, axis=1)
    rows, begins = np.nonzero(steps == 1)
    ends = np.nonzero(steps == -1)[1]
    return np.stack((rows, begins, ends), axis=1).astype(np.int64)
