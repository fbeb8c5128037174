"""The border of what a fill would change, as a light line beside a dark one: seen on any photo, at any angle."""

from __future__ import annotations

import time

import cv2
import numpy as np

from inpaint_studio.pixels.display_samples import Pixels
from inpaint_studio.pixels.format import COVERAGE
from inpaint_studio.pixels.masks import Hole, effective_support
from inpaint_studio.pixels.pyramid import LEVELS, Pyramid, shrunk
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TILE, TiledImage, TileKey, tile_keys, tile_rect

#: A block of the zoomed picture, in screen pixels a side.
BLOCK = 256
#: Blocks that are kept, 256 KiB each: more than a 4K screen shows.
_KEPT = 256
_LIGHT, _DARK = np.uint32(0xFFFFFFFF), np.uint32(0xFF000000)


class Outline:
    """The border of a mask on a canvas, drawn a block of the screen at a time when it is looked at."""

    def __init__(self, inside: TiledImage) -> None:
        """inside: coverage, 255 where a fill would change the photo. Any thread may make an outline."""
        self.rect = inside.covered
        #: Of each of the two lines, in device pixels; to be set before anything is drawn.
        self.width = 1
        self._inside = inside
        self._pyramid = Pyramid(self._read, inside.extent)
        self._zoom = 0.0
        self._blocks: dict[TileKey, Pixels | None] = {}

    @classmethod
    def of_fill(cls, coverage: TiledImage, grow_px: int, feather_px: int) -> Outline:
        """The border of the effective mask of `coverage`. Takes time in proportion to what is painted."""
        reach = grow_px + feather_px + 1
        inside = TiledImage(COVERAGE, coverage.extent)
        for key in tile_keys(coverage.covered.grown(reach).clipped(coverage.extent)):
            area = tile_rect(key).clipped(coverage.extent)
            own = coverage.tile(key)
            if own is not None and own.all():
                inside.write(area, np.full((area.height, area.width, 1), 255, np.uint8))
                continue
            around = area.grown(reach).clipped(coverage.extent)
            if any(coverage.tile(near) is not None for near in tile_keys(around)):
                hole = effective_support(coverage.read(around)[..., 0], grow_px, feather_px)
                if hole.any():
                    inside.write(area, hole[area.within(around).slices].view(np.uint8)[..., None] * np.uint8(255))
        inside.drop_blank_tiles()
        return cls(inside)

    def ready(self, zoom: float, key: TileKey, until: float) -> bool:
        """Do what `block` needs; False when `time.perf_counter()` passed `until` before all was done."""
        if zoom != self._zoom or len(self._blocks) > _KEPT:
            self._blocks.clear()
            self._zoom = zoom
        if key in self._blocks:
            return True
        level, _, source = self._source(key)
        tiles = tile_keys(source.clipped(shrunk(self._inside.extent, level)))
        return all(self._pyramid.prepare(level, tile, until) for tile in tiles) and time.perf_counter() < until

    def block(self, key: TileKey) -> Pixels | None:
        """uint32 256×256, premultiplied 0xAARRGGBB, of the zoom last made ready; None where there is no border."""
        if key not in self._blocks:
            self._blocks[key] = self._draw(key)
        return self._blocks[key]

    def _draw(self, key: TileKey) -> Pixels | None:
        level, scale, source = self._source(key)
        near = self._assembled(level, source)
        if near is None or near.all():
            return None
        # a little more on each side, so that the border between two blocks is found as well
        width = self.width
        size, inner = BLOCK + 2 * width, slice(width, -width)
        first_x, first_y = key[1] * BLOCK - width, key[0] * BLOCK - width
        to_source = np.array(
            [
                [scale, 0, (first_x + 0.5) * scale - 0.5 - source.left],
                [0, scale, (first_y + 0.5) * scale - 0.5 - source.top],
            ]
        )
        hole = cv2.warpAffine(
            near.view(np.uint8), to_source, (size, size), flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        )
        around = np.ones((2 * width + 1, 2 * width + 1), np.uint8)
        light = cv2.erode(hole, around) < hole
        dark = cv2.dilate(hole, around) > hole
        if not (light.any() or dark.any()):
            return None
        drawn = np.zeros((BLOCK, BLOCK), np.uint32)
        drawn[dark[inner, inner]] = _DARK
        drawn[light[inner, inner]] = _LIGHT
        return drawn

    def _source(self, key: TileKey) -> tuple[int, float, Rect]:
        """The pyramid's level to draw a block from, its pixels for one of the screen, and which of them are needed."""
        level = min(LEVELS - 1, max(0, int(np.floor(np.log2(1 / self._zoom) + 1e-9))))
        scale = 1 / (self._zoom * (1 << level))
        place = Rect.of_size(BLOCK, BLOCK).moved(key[1] * BLOCK, key[0] * BLOCK).grown(self.width + 1)
        left, top, right, bottom = (value * scale for value in (place.left, place.top, place.right, place.bottom))
        return level, scale, Rect(int(left // 1), int(top // 1), int(-(-right // 1)), int(-(-bottom // 1)))

    def _assembled(self, level: int, source: Rect) -> Hole | None:
        """Which pixels of `source` have anything inside; None when none has."""
        result = None
        for key in tile_keys(source.clipped(shrunk(self._inside.extent, level))):
            area = tile_rect(key)
            part = area.clipped(source)
            found = self._pyramid.part(level, part)
            if found is not None and found.any():
                if result is None:
                    result = np.zeros((source.height, source.width), np.bool_)
                result[part.within(source).slices] = found[..., 0] > 0
        return result

    def _read(self, rect: Rect) -> Pixels | None:
        key = rect.top // TILE, rect.left // TILE
        tile = self._inside.tile(key)
        return None if tile is None else tile[rect.within(tile_rect(key)).slices]
