"""Tiles at the size they have on the screen, so that moving the view copies pixels and scales nothing."""

from __future__ import annotations

import cv2
import numpy as np

from inpaint_studio.pixels.display_samples import Pixels
from inpaint_studio.pixels.pyramid import shrunk
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TileKey, tile_keys
from inpaint_studio.ui.canvas.scene import Scene, Show

#: Screen pixels that are kept at most: three 4K screens full.
_MOST_PIXELS = 3 * 3840 * 2160


class ScaledTiles:
    """Bilinearly scaled tiles of one scene at one zoom; Qt's own smooth drawing takes four times as long."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._zoom = 0.0
        self._level = 0
        self._tiles: dict[tuple[Show, TileKey], Pixels] = {}
        self._pixels = 0

    def invalidate(self, rect: Rect) -> None:
        """`rect` of the photo looks different."""
        if not self._tiles:
            return
        for key in tile_keys(shrunk(rect, self._level)):
            for show in Show:
                tile = self._tiles.pop((show, key), None)
                if tile is not None:
                    self._pixels -= tile.size

    def prepare(self, zoom: float, level: int, show: Show, key: TileKey, until: float) -> bool:
        """Do what `tile` needs; False when `time.perf_counter()` passed `until` before all was done."""
        if zoom != self._zoom:
            self._tiles.clear()
            self._zoom, self._level, self._pixels = zoom, level, 0
        return (show, key) in self._tiles or self._scene.prepare(show, level, key, until)

    def tile(self, show: Show, key: TileKey, source: tuple[int, int], target: tuple[int, int]) -> Pixels:
        """The tile's first `source` (width, height) pixels scaled to `target`; of the zoom last prepared."""
        known = self._tiles.get((show, key))
        if known is None:
            if self._pixels > _MOST_PIXELS:
                self._tiles.clear()
                self._pixels = 0
            pixels = self._scene.tile(show, self._level, key).view(np.uint8).reshape(256, 256, 4)
            part = pixels[: source[1], : source[0]]
            scaled = cv2.resize(part, target, interpolation=cv2.INTER_LINEAR)
            known = self._tiles[show, key] = np.ascontiguousarray(scaled).view(np.uint32)[..., 0]
            self._pixels += known.size
        return known
