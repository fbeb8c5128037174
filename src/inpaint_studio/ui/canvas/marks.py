"""Outlines of numbered parts, one colour a class: rings around them, so that what is within is seen as it is."""

from __future__ import annotations

import time
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.pixels.display_samples import Pixels
from inpaint_studio.pixels.pyramid import LEVELS
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TileKey
from inpaint_studio.restore.places import Codes, Places
from inpaint_studio.ui.canvas.outline import BLOCK

#: Blocks that are kept, 256 KiB each: more than a 4K screen shows.
_KEPT = 256
#: Beside each ring, so that it is seen on any photo.
_SHADE = np.uint32(0xA0000000)


@dataclass(frozen=True, slots=True)
class Style:
    """colours: 0xffRRGGBB by code, the first unused. The code `loud` has a ring twice as wide. width: device pixels."""

    colours: tuple[int, ...]
    loud: int
    width: int = 1


class Marks:
    """Drawn a block of the screen at a time, when it is looked at."""

    def __init__(self, places: Places, codes: Codes, style: Style) -> None:
        """codes: for each part its place in the style's colours; 0 draws nothing."""
        self.rect = places.rect
        self._places, self._codes, self._style = places, codes, style
        self._palette = np.array([_SHADE, *style.colours[1:]], np.uint32)
        side = 2 * style.width + 1
        self._disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        self._reach = 4 * style.width + 1
        self._zoom = 0.0
        self._blocks: dict[TileKey, Pixels | None] = {}
        #: Blocks as they were before the codes changed, shown until there was time for new ones.
        self._before: dict[TileKey, Pixels | None] = {}

    def recode(self, codes: Codes) -> bool:
        """Show other parts, or the same in other ways; False when nothing looks different."""
        if np.array_equal(codes, self._codes):
            return False
        self._codes = codes
        self._before |= self._blocks
        self._blocks.clear()
        return True

    def ready(self, zoom: float, key: TileKey, until: float) -> bool:
        """Whether `block` has what it needs; False when `time.perf_counter()` passed `until` and it would take time."""
        if zoom != self._zoom or len(self._blocks) > _KEPT:
            self._blocks.clear()
            self._before.clear()
            self._zoom = zoom
        return key in self._blocks or time.perf_counter() < until

    def block(self, key: TileKey) -> Pixels | None:
        """uint32 256×256, premultiplied 0xAARRGGBB, of the zoom last made ready; None where there is no part."""
        if key not in self._blocks:
            self._blocks[key] = self._draw(key)
            self._before.pop(key, None)
        return self._blocks[key]

    def old_block(self, key: TileKey) -> Pixels | None:
        """What the block was before the codes changed."""
        return self._before.get(key)

    def _draw(self, key: TileKey) -> Pixels | None:
        # a level pixel is never smaller than one of the screen: no speck falls between two
        level = min(LEVELS - 1, max(0, int(np.ceil(np.log2(1 / self._zoom) - 1e-9))))
        scale = 1 / (self._zoom * (1 << level))
        reach, size = self._reach, BLOCK + 2 * self._reach
        first_x, first_y = key[1] * BLOCK - reach, key[0] * BLOCK - reach
        edges = (first_x * scale, first_y * scale, (first_x + size) * scale, (first_y + size) * scale)
        left, top, right, bottom = (int(np.floor(edge)) for edge in edges)
        near = self._places.codes(level, Rect(left - 1, top - 1, right + 2, bottom + 2), self._codes)
        if near is None:
            return None
        to_source = np.array(
            [
                [scale, 0, (first_x + 0.5) * scale - 0.5 - (left - 1)],
                [0, scale, (first_y + 0.5) * scale - 0.5 - (top - 1)],
            ]
        )
        flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        return self._rings(np.asarray(cv2.warpAffine(near, to_source, (size, size), flags=flags), np.uint8))

    def _rings(self, codes: NDArray[np.uint8]) -> Pixels | None:
        """Around what has a code: a free rim, a ring of its colour, and a shade around that."""
        loud, inner = codes == self._style.loud, slice(self._reach, -self._reach)
        free = cv2.dilate(codes, self._disc)
        ring = cv2.dilate(free, self._disc)
        if loud.any():
            # twice as wide, also over its neighbours' rings
            ring[cv2.dilate(loud.view(np.uint8), self._disc, iterations=3) > 0] = self._style.loud
        shade = cv2.dilate(ring, self._disc)[inner, inner]
        # few pixels of a block belong to rings: only they are touched
        rows, columns = np.nonzero(shade.astype(np.bool_) & (free[inner, inner] == 0))
        if not len(rows):
            return None
        drawn = np.zeros((BLOCK, BLOCK), np.uint32)
        drawn[rows, columns] = self._palette[ring[inner, inner][rows, columns]]
        return drawn
