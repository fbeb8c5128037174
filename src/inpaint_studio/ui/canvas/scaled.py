"""Tiles at the size they have on the screen, so that moving the view copies pixels and scales nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from inpaint_studio.pixels.display_samples import Pixels
from inpaint_studio.pixels.pyramid import touched
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.stroke_backend import kernels
from inpaint_studio.pixels.tiled import TILE, TileKey
from inpaint_studio.ui.canvas.drawing import as_image
from inpaint_studio.ui.canvas.scene import Scene, Show

#: Screen pixels that are kept at most: three 4K screens full.
_MOST_PIXELS = 3 * 3840 * 2160
_WHOLE = Rect.of_size(TILE, TILE)
_FRESH = Rect(0, 0, 0, 0)


class Place(NamedTuple):
    """Which pixels of a tile are shown, and by how many of the screen's; the same for each call of a key."""

    left: int
    top: int
    right: int
    bottom: int
    width: int
    height: int

    @property
    def plain(self) -> bool:
        """Whether each pixel of the tile is one of the screen."""
        return self.width == self.right - self.left and self.height == self.bottom - self.top

    def scaled(self, part: Rect) -> Rect:
        """The pixels of the screen, from the place's first, that `part` of the tile has a share in."""
        across, down = self.width / (self.right - self.left), self.height / (self.bottom - self.top)
        return Rect(
            max(0, int((part.left - self.left - 1) * across) - 1),
            max(0, int((part.top - self.top - 1) * down) - 1),
            min(self.width, int((part.right - self.left + 1) * across) + 2),
            min(self.height, int((part.bottom - self.top + 1) * down) + 2),
        )


@dataclass(slots=True)
class _Scaled:
    """`image` shows the memory of `pixels`, which is part of the slab, or that of the tile without the mask when nothing
    is painted there. `stale`: what of the unscaled tile looks different by now."""

    pixels: Pixels
    image: QImage
    painted: bool = False
    stale: Rect = _WHOLE


class ScaledTiles:
    """Bilinearly scaled tiles of one scene at one zoom; Qt's own smooth drawing takes four times as long.

    They lie one after the other in memory that is used again with the next zoom: fresh memory for each would take as
    long as scaling. The mask that is worked on is laid over what is already scaled: so a stroke has its coverage scaled
    only, a quarter of the bytes, and colours fewer pixels.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._zoom = 0.0
        self._level = 0
        self._tiles: dict[Show, dict[TileKey, _Scaled]] = {show: {} for show in Show}
        self._slab: Pixels = np.empty(0, np.uint32)
        self._used = 0
        self._coverage = np.empty(0, np.uint8)
        self._squares: Pixels = np.empty(0, np.uint32)

    def invalidate(self, rect: Rect, *, below: bool) -> None:
        """`rect` of the photo looks different; `below`: without the active mask as well."""
        kept = [self._tiles[show] for show in Show if below or show is Show.MASKED]
        kept = [tiles for tiles in kept if tiles]
        if not kept:
            return
        for key, part in touched(rect, self._level):
            for tiles in kept:
                tile = tiles.get(key)
                if tile is not None:
                    tile.stale = tile.stale.united(part)

    def at(self, zoom: float, level: int) -> None:
        """The tiles that are asked for from now on are those of `level`, scaled to `zoom`."""
        if zoom != self._zoom:
            self._forget()
            self._zoom, self._level = zoom, level

    def image(self, show: Show, key: TileKey, place: Place, until: float) -> QImage | None:
        """A tile at the size of its place.

        None when `time.perf_counter()` passed `until` before it could be made. Draw it before anything else is asked for.
        """
        tile = self._tiles[show].get(key)
        if tile is not None and tile.stale.empty:
            return tile.image
        if not self._scene.prepare(show, self._level, key, until):
            return None
        self._have_room(2 * place.width * place.height)
        tile = self._masked(key, place) if show is Show.MASKED else self._plain(show, key, place)
        tile.stale = _FRESH
        return tile.image

    def enlarged(self, pixels: Pixels, area: Rect, part: Rect) -> Pixels:
        """What `part`, in device pixels, shows of `pixels` that fill `area`, each as a square; the same memory each time.

        Qt's own choice of the pixel at the border of two squares depends on what else is drawn, which would leave lines behind.
        """
        height, width = pixels.shape
        rows = _nearest(part.top - area.top, part.bottom - area.top, height / area.height)
        columns = _nearest(part.left - area.left, part.right - area.left, width / area.width)
        # first across, while there are few rows: then rows are copied as they are
        few = pixels[rows[0] : rows[-1] + 1].take(columns, axis=1)
        if self._squares.size < part.area:
            self._squares = np.empty(part.area, np.uint32)
        out = self._squares[: part.area].reshape(part.height, part.width)
        np.take(few, rows - rows[0], axis=0, out=out, mode="clip")
        return out

    def _plain(self, show: Show, key: TileKey, place: Place) -> _Scaled:
        """A tile as the scene has it."""
        tile = self._tiles[show].get(key)
        if tile is None:
            pixels = self._room(place)
            tile = self._tiles[show][key] = _Scaled(pixels, as_image(pixels))
        if not tile.stale.empty:
            source = self._scene.tile(show, self._level, key)[place.top : place.bottom, place.left : place.right]
            if place.plain:
                tile.pixels[:] = source
            else:
                size = place.width, place.height
                cv2.resize(_four(source), size, dst=_four(tile.pixels), interpolation=cv2.INTER_LINEAR)
            tile.stale = _FRESH
        return tile

    def _masked(self, key: TileKey, place: Place) -> _Scaled:
        """A tile with the active mask laid over."""
        painted = self._scene.painted(self._level, key)
        below = self._plain(Show.OTHERS, key, place)
        tiles = self._tiles[Show.MASKED]
        tile = tiles.get(key)
        if not painted:
            tile = tiles[key] = _Scaled(below.pixels, below.image)
            return tile
        if tile is None or not tile.painted:
            pixels = self._room(place)
            tile = tiles[key] = _Scaled(pixels, as_image(pixels), painted=True)
        box, shown = place.scaled(tile.stale), below.pixels
        for overlay, coverage in painted:
            small = self._scaled_coverage(coverage, place)
            kernels().tint(
                shown, small, tile.pixels, overlay.colour, overlay.strength, box.left, box.top, box.right, box.bottom
            )
            shown = tile.pixels
        return tile

    def _scaled_coverage(self, coverage: NDArray[np.uint8], place: Place) -> NDArray[np.uint8]:
        """Coverage, 256×256, as the screen shows it, height×width; the same memory each time."""
        source = coverage[place.top : place.bottom, place.left : place.right]
        if place.plain:
            return np.ascontiguousarray(source)
        size = place.width * place.height
        if self._coverage.size < size:
            self._coverage = np.empty(size, np.uint8)
        small = self._coverage[:size].reshape(place.height, place.width)
        cv2.resize(source, (place.width, place.height), dst=small, interpolation=cv2.INTER_LINEAR)
        return small

    def _have_room(self, size: int) -> None:
        """For a tile with and without its mask: one must not drive out the other."""
        if self._slab.size == 0:
            # only what is written to becomes memory
            self._slab = np.empty(_MOST_PIXELS, np.uint32)
        if self._used + size > self._slab.size:
            self._forget()

    def _room(self, place: Place) -> Pixels:
        begin, self._used = self._used, self._used + place.width * place.height
        return self._slab[begin : self._used].reshape(place.height, place.width)

    def _forget(self) -> None:
        for tiles in self._tiles.values():
            tiles.clear()
        self._used = 0


def _nearest(begin: int, end: int, step: float) -> NDArray[np.intp]:
    """Which source pixel each from `begin` to `end` shows, when each is `step` of the source's wide."""
    return ((np.arange(begin, end) + 0.5) * step).astype(np.intp)


def _four(pixels: Pixels) -> NDArray[np.uint8]:
    """The bytes of `pixels`, H×W×4; rows may lie apart."""
    return pixels.view(np.uint8).reshape(*pixels.shape, 4)
