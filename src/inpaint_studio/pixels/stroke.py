"""A stroke's own coverage, and the stroke laid on an 8-bit plane while it is being drawn."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.pixels.format import Samples
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.stroke_backend import kernels
from inpaint_studio.pixels.stroke_fallback import FINE_RADIUS
from inpaint_studio.pixels.stroke_path import Nib
from inpaint_studio.pixels.tiled import TILE, TiledImage, TileKey, tile_keys, tile_rect

Coverage = NDArray[np.uint8]

_BLANK: Coverage = np.zeros((TILE, TILE), np.uint8)
_BLANK.flags.writeable = False
_NO_SAMPLES = np.zeros((0, 0, 0), np.uint64)
#: How many tiles keep their samples, 2 MiB each. In others the greater of two values stands where a thin stroke meets itself.
_MOST_SEEN = 16
#: Half a tile's diagonal: a tile whose centre is further away from something than this does not touch it.
_HALF_DIAGONAL = TILE / math.sqrt(2)
_THINNEST = 0.5
#: A chord shorter than this, in pixels, is a dot.
_SHORTEST = 1e-3


class Ink(StrEnum):
    """What a stroke does to the coverage below it."""

    OVER = "over"
    ERASE = "erase"
    SOFTEN = "soften"


class StrokeBuffer:
    """Coverage of one stroke as sparse tiles, uint8 256×256; where chords overlap the greater value stands.

    hardness: the share of the radius that is wholly covered, 0..1. From there coverage falls off as a smoothstep to 0
    at the radius; a fall shorter than a pixel is an anti-aliased edge on the radius instead.
    """

    def __init__(self, extent: Rect, hardness: float) -> None:
        self.tiles: dict[TileKey, Coverage] = {}
        self._extent = extent
        self._hardness = hardness
        self._spare = np.zeros((TILE, TILE), np.uint8)
        #: Which of a pixel's 16×16 samples are covered, for the tiles that a thin hard brush touched last.
        self._seen: dict[TileKey, NDArray[np.uint64]] = {}
        self._full: set[TileKey] = set()
        #: Whether the last chord's end is covered as by a disc of its own: not where pressure changes along the chord.
        self._even = False

    def add(self, start: Nib, end: Nib, *, joined: bool) -> dict[TileKey, Rect]:
        """Draw the chord from `start` to `end`; `joined` when the last chord ended at `start`.

        The rectangles hold all that changed, for each tile in its own pixels.
        """
        start, end = _not_too_thin(start), _not_too_thin(end)
        if math.hypot(end.x - start.x, end.y - start.y) < _SHORTEST:
            start = end = end._replace(radius=max(start.radius, end.radius), amount=max(start.amount, end.amount))
            joined = False
        joined = joined and self._even
        self._even = start.radius == end.radius and start.amount == end.amount
        widest = max(start.radius, end.radius)
        reach = widest + 2
        bounds = Rect(
            math.floor(min(start.x, end.x) - reach),
            math.floor(min(start.y, end.y) - reach),
            math.ceil(max(start.x, end.x) + reach),
            math.ceil(max(start.y, end.y) + reach),
        )
        core = end.radius * self._hardness - 2
        capsule = kernels().capsule
        thin = widest < FINE_RADIUS and (1 - self._hardness) * widest <= 1
        changed = {}
        for key in tile_keys(bounds.clipped(self._extent)):
            top, left = key[0] * TILE, key[1] * TILE
            if key in self._full or _distance(left + TILE / 2, top + TILE / 2, start, end) > reach + _HALF_DIAGONAL:
                continue
            tile = self.tiles.get(key, self._spare)
            seen = self._samples(key, tile.shape) if thin else _NO_SAMPLES
            box = Rect(
                *capsule(
                    tile, seen, left, top, start.x, start.y, end.x, end.y, start.radius, end.radius,
                    start.amount, end.amount, self._hardness, joined,
                )
            )  # fmt: skip
            if box.empty:
                # a large brush stays over a tile for long after it is full: from when its core is, at the latest
                if tile is not self._spare and _holds(end, core, left, top) and tile.min() == 255:
                    self._full.add(key)
                continue
            changed[key] = box
            if tile is self._spare:
                self.tiles[key] = tile
                self._spare = np.zeros((TILE, TILE), np.uint8)
        return changed

    def _samples(self, key: TileKey, shape: tuple[int, ...]) -> NDArray[np.uint64]:
        """Which of the 16×16 samples of each pixel of the tile `key` the stroke has covered, where it was thin and hard."""
        seen = self._seen.pop(key, None)
        if seen is None:
            seen = np.zeros((*shape, 4), np.uint64)
            if len(self._seen) >= _MOST_SEEN:
                del self._seen[next(iter(self._seen))]
        self._seen[key] = seen
        return seen


def _not_too_thin(nib: Nib) -> Nib:
    """A disc thinner than a pixel is drawn a pixel wide and paler."""
    if nib.radius >= _THINNEST:
        return nib
    return nib._replace(radius=_THINNEST, amount=nib.amount * max(nib.radius, 0) / _THINNEST)


def _holds(disc: Nib, radius: float, left: int, top: int) -> bool:
    """Whether the tile that begins at (left, top) lies within `radius` of the disc's centre."""
    across, down = abs(left + TILE / 2 - disc.x) + TILE / 2, abs(top + TILE / 2 - disc.y) + TILE / 2
    return math.hypot(across, down) <= radius


def _distance(x: float, y: float, start: Nib, end: Nib) -> float:
    """From (x, y) to the chord."""
    dx, dy = end.x - start.x, end.y - start.y
    length2 = dx * dx + dy * dy
    t = min(1.0, max(0.0, ((x - start.x) * dx + (y - start.y) * dy) / length2)) if length2 > 0 else 0.0
    return math.hypot(x - start.x - t * dx, y - start.y - t * dy)


class PlaneStroke:
    """A stroke on `plane` (8-bit, one channel) that shows while it is drawn.

    opacity: 0..1, the most the whole stroke does, however often it passes. softness: how far, in pixels, the ink SOFTEN
    blurs what was there before the stroke.
    """

    def __init__(
        self, plane: TiledImage, ink: Ink, *, hardness: float, opacity: float = 1.0, softness: float = 8.0
    ) -> None:
        self._plane = plane
        self._ink = ink
        self._opacity = round(min(max(opacity, 0.0), 1.0) * 255)
        self._box = max(3, round(math.sqrt(4 * softness * softness + 1)) | 1)
        self._buffer = StrokeBuffer(plane.extent, hardness)
        self._before: dict[TileKey, Samples | None] = {}
        self._softened: dict[TileKey, Coverage | None] = {}

    def draw(self, nibs: Sequence[Nib], *, joined: bool) -> Rect:
        """Draw the chords between `nibs`, a dot for a single one; the rectangle of the plane that changed.

        joined: the last drawn chord ended at the first nib.
        """
        return Rect.union_of(self.draw_parts(nibs, joined=joined))

    def draw_parts(self, nibs: Sequence[Nib], *, joined: bool) -> list[Rect]:
        """As `draw`; what changed within each tile."""
        if len(nibs) == 1:
            nibs = (nibs[0], nibs[0])
        changed: dict[TileKey, Rect] = {}
        for start, end in itertools.pairwise(nibs):
            for key, box in self._buffer.add(start, end, joined=joined).items():
                changed[key] = Rect.union_of((changed[key], box)) if key in changed else box
            joined = True
        return [self._lay(key, box) for key, box in changed.items()]

    def _lay(self, key: TileKey, box: Rect) -> Rect:
        """Bring the part `box` of the plane's tile up to date with the stroke; that part in the plane's pixels."""
        area = tile_rect(key)
        box = box.clipped(self._plane.extent.within(area))
        old = self._before[key] if key in self._before else self._plane.tile(key)
        if box.empty or (old is None and self._ink is Ink.ERASE):
            return Rect(0, 0, 0, 0)
        softened = self._soft_tile(key) if self._ink is Ink.SOFTEN else None
        if self._ink is Ink.SOFTEN and softened is None:
            return Rect(0, 0, 0, 0)
        if key not in self._before:
            if old is not None:
                old.flags.writeable = False
            self._before[key] = old
        out = self._plane.writable(key).reshape(TILE, TILE)
        before = _BLANK if old is None else np.ascontiguousarray(old).reshape(TILE, TILE)
        stroke = self._buffer.tiles[key]
        if softened is not None:
            _mix(before, softened, stroke, out, self._opacity, box)
        else:
            lay = kernels().over if self._ink is Ink.OVER else kernels().erase
            lay(before, stroke, out, self._opacity, box.left, box.top, box.right, box.bottom)
        return box.moved(area.left, area.top)

    def _soft_tile(self, key: TileKey) -> Coverage | None:
        """The tile before the stroke, blurred; None where that changes nothing."""
        if key not in self._softened:
            # three box blurs are a Gaussian to the eye; each reaches half a box further
            margin = min(3 * (self._box // 2), TILE)
            area = tile_rect(key)
            around = area.grown(margin).clipped(self._plane.extent)
            was = self._read_before(around)
            soft = was
            for _ in range(3):
                soft = np.asarray(cv2.blur(soft, (self._box, self._box), borderType=cv2.BORDER_REPLICATE), np.uint8)
            same = was.min() == was.max()
            tile = None
            if not same:
                tile = np.zeros((TILE, TILE), np.uint8)
                part = area.clipped(around)
                tile[part.within(area).slices] = soft[part.within(around).slices]
            self._softened[key] = tile
        return self._softened[key]

    def _read_before(self, rect: Rect) -> Coverage:
        result = np.zeros((rect.height, rect.width), np.uint8)
        for key in tile_keys(rect):
            tile = self._before[key] if key in self._before else self._plane.tile(key)
            if tile is not None:
                area = tile_rect(key)
                part = area.clipped(rect)
                result[part.within(rect).slices] = tile[..., 0][part.within(area).slices]
        return result

    def finish(self) -> tuple[dict[TileKey, Samples | None], dict[TileKey, Samples | None]]:
        """End the stroke: the tiles that it changed as they were and as they are. Blank tiles are None."""
        before: dict[TileKey, Samples | None] = {}
        after: dict[TileKey, Samples | None] = {}
        restored: dict[TileKey, Samples | None] = {}
        for key, old in self._before.items():
            new = self._plane.tile(key)
            if new is not None and not new.any():
                new = None
            if (old is None and new is None) or (old is not None and new is not None and np.array_equal(old, new)):
                restored[key] = old
            else:
                before[key], after[key] = old, new
        self._plane.exchange({**restored, **after})
        return before, after

    def revert(self) -> Rect:
        """Put every touched tile back as it was; the rectangle that this changes."""
        self._plane.exchange(self._before)
        return _rect_of(self._before).clipped(self._plane.extent)


def _mix(before: Coverage, soft: Coverage, stroke: Coverage, out: Coverage, opacity: int, box: Rect) -> None:
    """out = before moved towards soft by the stroke's weight × opacity (0..255)."""
    part = box.slices
    weight = stroke[part].astype(np.float32) * np.float32(opacity / 255 / 255)
    old = before[part].astype(np.float32)
    out[part] = np.rint(old + (soft[part] - old) * weight).astype(np.uint8)


def _rect_of(keys: Iterable[TileKey]) -> Rect:
    return Rect.union_of(tile_rect(key) for key in keys)
