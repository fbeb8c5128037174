"""Tiles ready for the screen, kept in stages so that a change costs what it touches and not what lies below it."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from inpaint_studio.pixels.display_samples import Pixels, ToDisplay, screen_pixels
from inpaint_studio.pixels.format import PixelFormat, Samples
from inpaint_studio.pixels.pyramid import LEVELS, Pyramid, Waiting, shrunk
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.stroke_backend import kernels
from inpaint_studio.pixels.tiled import TILE, TileKey, tile_rect

#: Tiles that a stage keeps, 256 KiB each: more than a 4K screen shows at any scale.
_KEPT = 768
_FRESH = Rect(0, 0, 0, 0)
_WHOLE = Rect.of_size(TILE, TILE)


@dataclass(frozen=True, slots=True)
class Overlay:
    """A mask as it shows: `colour` 0xRRGGBB with `strength` 0..255 where coverage is full."""

    coverage: Pyramid
    colour: int
    strength: int


@dataclass(slots=True)
class _Tile:
    """`pixels` is None where the stage shows just what is below it; `stale` is the part that has to be made anew."""

    pixels: Pixels | None
    stale: Rect


class Stage(Protocol):
    """Makes uint32 256×256 tiles (0xffRRGGBB) of any level of the picture."""

    def tile(self, level: int, key: TileKey) -> Pixels:
        """The tile as it is now. It may be changed in place by a later call: draw it, don't keep it."""
        ...

    def prepare(self, level: int, key: TileKey, until: float) -> bool:
        """Do what `tile` needs; False when `time.perf_counter()` passed `until` before all was done."""
        ...

    def fresh(self, level: int, key: TileKey) -> bool:
        """Whether `tile` has next to nothing to do."""
        ...


class _Kept:
    """The tiles of one stage; the longest unused go first."""

    def __init__(self) -> None:
        self._tiles: OrderedDict[tuple[int, TileKey], _Tile] = OrderedDict()
        #: How many there are of each level: a change has to look for those alone.
        self._of_level = [0] * LEVELS
        self._waiting = Waiting()

    def get(self, level: int, key: TileKey) -> _Tile:
        self._look(level)
        tile = self._tiles.get((level, key))
        if tile is None:
            tile = self._tiles[level, key] = _Tile(None, _WHOLE)
            self._of_level[level] += 1
            if len(self._tiles) > _KEPT:
                (gone, _), _ = self._tiles.popitem(last=False)
                self._of_level[gone] -= 1
        else:
            self._tiles.move_to_end((level, key))
        return tile

    def fresh(self, level: int, key: TileKey) -> bool:
        """Whether the tile is here and nothing of it has to be made anew."""
        self._look(level)
        tile = self._tiles.get((level, key))
        return tile is not None and tile.stale.empty

    def invalidate(self, rect: Rect) -> None:
        """`rect` of level 0 looks different now."""
        for level, count in enumerate(self._of_level):
            if count:
                self._waiting.add(level, rect)

    def _look(self, level: int) -> None:
        """Tell the tiles of `level` what of them is stale."""
        for key, part in self._waiting.take(level):
            tile = self._tiles.get((level, key))
            if tile is not None:
                tile.stale = tile.stale.united(part)

    @property
    def nbytes(self) -> int:
        return sum(tile.pixels.nbytes for tile in self._tiles.values() if tile.pixels is not None)


class PhotoStage:
    """A photo, or what the fills make of it, in the colours of the screen."""

    def __init__(self, source: Pyramid, pixel_format: PixelFormat, to_display: ToDisplay) -> None:
        self._source = source
        self._format = pixel_format
        self._to_display = to_display
        self._kept = _Kept()

    @property
    def nbytes(self) -> int:
        return self._kept.nbytes

    def invalidate(self, rect: Rect) -> None:
        """`rect` of level 0 has other samples now."""
        self._source.invalidate(rect)
        self._kept.invalidate(rect)

    def fresh(self, level: int, key: TileKey) -> bool:
        """Whether `tile` has nothing to do."""
        return self._kept.fresh(level, key)

    def show_by(self, to_display: ToDisplay) -> None:
        """Show the same samples in other colours from now on."""
        self._to_display = to_display
        self._kept.invalidate(self._source.extent)

    def prepare(self, level: int, key: TileKey, until: float) -> bool:
        """Do what `tile` needs; False when `time.perf_counter()` passed `until` before all was done."""
        if self._kept.fresh(level, key):
            return True
        return self._source.prepare(level, key, until) and time.perf_counter() < until

    def tile(self, level: int, key: TileKey) -> Pixels:
        """The tile as it is now."""
        kept = self._kept.get(level, key)
        if kept.pixels is None:
            kept.pixels = np.zeros((TILE, TILE), np.uint32)
        if not kept.stale.empty:
            area = tile_rect(key)
            wanted = kept.stale.moved(area.left, area.top).clipped(shrunk(self._source.extent, level))
            if not wanted.empty:
                samples = self._source.part(level, wanted)
                if samples is None:
                    samples = np.zeros((wanted.height, wanted.width, self._format.channels), self._format.numpy)
                kept.pixels[wanted.within(area).slices] = screen_pixels(
                    samples, self._format, self._to_display, wanted.left, wanted.top
                )
            kept.stale = _FRESH
        return kept.pixels


class TintStage:
    """What `below` shows with masks laid over it, the first at the bottom. It costs nothing where no mask is painted."""

    def __init__(self, below: Stage) -> None:
        self._below = below
        self._overlays: Sequence[Overlay] = ()
        self._kept = _Kept()

    @property
    def nbytes(self) -> int:
        return self._kept.nbytes

    def set_overlays(self, overlays: Sequence[Overlay]) -> None:
        """The masks from now on; the caller invalidates where they differ from those before."""
        self._overlays = tuple(overlays)

    def invalidate(self, rect: Rect) -> None:
        """`rect` of level 0 looks different now, below or in a mask."""
        self._kept.invalidate(rect)

    def fresh(self, level: int, key: TileKey) -> bool:
        """Whether `tile` has nothing to do but to lay masks over what is there."""
        return self._below.fresh(level, key) and (
            self._kept.fresh(level, key) or all(overlay.coverage.fresh(level, key) for overlay in self._overlays)
        )

    def prepare(self, level: int, key: TileKey, until: float) -> bool:
        """Do what `tile` needs; False when `time.perf_counter()` passed `until` before all was done."""
        if self._kept.fresh(level, key):
            return self._below.prepare(level, key, until)
        return self._below.prepare(level, key, until) and all(
            overlay.coverage.prepare(level, key, until) for overlay in self._overlays
        )

    def tile(self, level: int, key: TileKey) -> Pixels:
        """The tile as it is now."""
        below = self._below.tile(level, key)
        kept = self._kept.get(level, key)
        if not kept.stale.empty:
            self._renew(kept, level, key, below)
            kept.stale = _FRESH
        return below if kept.pixels is None else kept.pixels

    def painted(self, level: int, key: TileKey) -> list[tuple[Overlay, Samples]]:
        """The masks that anything is painted of in a tile, with their coverage there: uint8 256×256, to be read only."""
        area = tile_rect(key)
        return [
            (overlay, np.ascontiguousarray(part).reshape(TILE, TILE))
            for overlay in self._overlays
            if (part := overlay.coverage.part(level, area)) is not None
        ]

    def _renew(self, kept: _Tile, level: int, key: TileKey, below: Pixels) -> None:
        painted = self.painted(level, key)
        if not painted:
            kept.pixels = None
            return
        if kept.pixels is None:
            # what is not tinted must be there too
            kept.pixels, kept.stale = np.empty((TILE, TILE), np.uint32), _WHOLE
        box = kept.stale
        tint = kernels().tint
        for overlay, coverage in painted:
            tint(
                below, coverage, kept.pixels, overlay.colour, overlay.strength, box.left, box.top, box.right, box.bottom
            )
            below = kept.pixels
