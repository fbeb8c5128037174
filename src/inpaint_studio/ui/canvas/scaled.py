"""Tiles at the size they have on the screen, so that moving the view copies pixels and scales nothing."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from inpaint_studio.pixels.pyramid import shrunk
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TILE, TileKey, tile_keys
from inpaint_studio.ui.canvas.scene import Scene, Show

#: Screen pixels that are kept at most: three 4K screens full.
_MOST_PIXELS = 3 * 3840 * 2160


@dataclass(slots=True)
class _Scaled:
    """`image` shows the memory of `pixels`, uint8 H×W×4, which is part of the slab."""

    pixels: NDArray[np.uint8]
    image: QImage
    stale: bool = True


class ScaledTiles:
    """Bilinearly scaled tiles of one scene at one zoom; Qt's own smooth drawing takes four times as long.

    They lie one after the other in memory that is used again with the next zoom: fresh memory for each would take as
    long as scaling.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._zoom = 0.0
        self._level = 0
        self._tiles: dict[Show, dict[TileKey, _Scaled]] = {show: {} for show in Show}
        self._slab: NDArray[np.uint8] | None = None
        self._used = 0

    def invalidate(self, rect: Rect) -> None:
        """`rect` of the photo looks different."""
        shown = [tiles for tiles in self._tiles.values() if tiles]
        if not shown:
            return
        for key in tile_keys(shrunk(rect, self._level)):
            for tiles in shown:
                tile = tiles.get(key)
                if tile is not None:
                    tile.stale = True

    def at(self, zoom: float, level: int) -> None:
        """The tiles that are asked for from now on are those of `level`, scaled to `zoom`."""
        if zoom != self._zoom:
            self._forget()
            self._zoom, self._level = zoom, level

    def image(
        self, show: Show, key: TileKey, source: tuple[int, int, int, int], width: int, height: int, until: float
    ) -> QImage | None:
        """The part `source` (left, top, right, bottom) of a tile at `width` × `height`; the same for each call of a key.

        None when `time.perf_counter()` passed `until` before it could be made. Draw it before anything else is asked for.
        """
        tile = self._tiles[show].get(key)
        if tile is None or tile.stale:
            if not self._scene.prepare(show, self._level, key, until):
                return None
            if tile is None:
                tile = self._tiles[show][key] = self._room(width, height)
            left, top, right, bottom = source
            pixels = self._scene.tile(show, self._level, key).view(np.uint8).reshape(TILE, TILE, 4)
            cv2.resize(pixels[top:bottom, left:right], (width, height), dst=tile.pixels, interpolation=cv2.INTER_LINEAR)
            tile.stale = False
        return tile.image

    def _room(self, width: int, height: int) -> _Scaled:
        size = width * height * 4
        if self._slab is None:
            # only what is written to becomes memory
            self._slab = np.empty(_MOST_PIXELS * 4, np.uint8)
        if self._used + size > self._slab.size:
            self._forget()
        begin, self._used = self._used, self._used + size
        pixels = self._slab[begin : self._used].reshape(height, width, 4)
        return _Scaled(pixels, QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGB32))

    def _forget(self) -> None:
        for tiles in self._tiles.values():
            tiles.clear()
        self._used = 0
