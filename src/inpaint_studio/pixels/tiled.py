"""Sparse copy-on-write rasters: a snapshot costs a dictionary copy, an edit the tiles it touches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from inpaint_studio.pixels.rect import Rect

if TYPE_CHECKING:
    from inpaint_studio.pixels.format import PixelFormat, Samples

#: Side of a tile in pixels: the best of 128, 256 and 512 for memory and for display at once.
TILE = 256

#: Tile row and tile column; negative left of and above the photo.
TileKey = tuple[int, int]


def tile_keys(rect: Rect) -> Iterator[TileKey]:
    """Keys of all tiles that `rect` touches, row by row."""
    if rect.empty:
        return
    for row in range(rect.top // TILE, (rect.bottom - 1) // TILE + 1):
        for column in range(rect.left // TILE, (rect.right - 1) // TILE + 1):
            yield row, column


def tile_rect(key: TileKey) -> Rect:
    """The pixels of the tile `key`."""
    row, column = key
    return Rect(column * TILE, row * TILE, (column + 1) * TILE, (row + 1) * TILE)


#: Bands are worth it where they hold less than this share of the rectangle around them all.
_MUCH_LESS = 0.75


def in_bands(rects: Iterable[Rect]) -> list[Rect]:
    """Few rectangles that hold all of `rects`, which lie within one tile each: one for each row of tiles where that is
    much less than the one around them all, such as under a large round brush."""
    rows: dict[int, list[Rect]] = {}
    for rect in rects:
        if not rect.empty:
            rows.setdefault(rect.top // TILE, []).append(rect)
    bands = [Rect.union_of(row) for row in rows.values()]
    whole = Rect.union_of(bands)
    return bands if sum(band.area for band in bands) < _MUCH_LESS * whole.area else [whole] * bool(bands)


class TiledImage:
    """A raster of 256×256×C tiles in one `PixelFormat`; tiles that are absent read as zeros.

    A tile is writeable only while this image alone owns it; `snapshot` freezes the tiles, and the next write copies the
    one it touches. A frozen tile may be handed to other threads.
    """

    def __init__(self, pixel_format: PixelFormat, extent: Rect) -> None:
        """An empty (all zero) raster. Pixels outside `extent` can't be written and read as zeros."""
        self.format = pixel_format
        self.extent = extent
        self._tiles: dict[TileKey, Samples] = {}

    @classmethod
    def from_array(cls, samples: Samples, pixel_format: PixelFormat) -> TiledImage:
        """A raster at (0, 0) that shares the memory of `samples` (H×W×C), which must not be written afterwards.

        Raises ValueError when shape or dtype contradict `pixel_format`.
        """
        if samples.ndim != 3 or samples.shape[2] != pixel_format.channels or samples.dtype != pixel_format.numpy:
            raise ValueError(f"{samples.dtype} {samples.shape} is not {pixel_format}")
        height, width = samples.shape[:2]
        image = cls(pixel_format, Rect.of_size(width, height))
        for key in tile_keys(image.extent):
            part = samples[tile_rect(key).clipped(image.extent).slices]
            if part.shape[:2] == (TILE, TILE):
                tile = part[:]
            else:
                tile = image._blank()
                tile[: part.shape[0], : part.shape[1]] = part
            tile.flags.writeable = False
            image._tiles[key] = tile
        return image

    def _blank(self) -> Samples:
        return np.zeros((TILE, TILE, self.format.channels), self.format.numpy)

    @property
    def nbytes(self) -> int:
        """Bytes of pixel memory that the stored tiles cover."""
        return len(self._tiles) * TILE * TILE * self.format.channels * self.format.numpy.itemsize

    @property
    def tiles(self) -> Mapping[TileKey, Samples]:
        """The stored tiles; read them only."""
        return self._tiles

    @property
    def covered(self) -> Rect:
        """The smallest rectangle of whole tiles that holds everything stored, clipped to the extent."""
        return Rect.union_of(tile_rect(key) for key in self._tiles).clipped(self.extent)

    def snapshot(self) -> TiledImage:
        """A copy that shares all tiles; later writes to either do not show in the other."""
        for tile in self._tiles.values():
            tile.flags.writeable = False
        copy = TiledImage(self.format, self.extent)
        copy._tiles = dict(self._tiles)
        return copy

    def read(self, rect: Rect) -> Samples:
        """A fresh array H×W×C of the pixels in `rect`, zeros where nothing is stored."""
        result = np.zeros((rect.height, rect.width, self.format.channels), self.format.numpy)
        inside = rect.clipped(self.extent)
        for key in tile_keys(inside):
            tile = self._tiles.get(key)
            if tile is not None:
                area = tile_rect(key)
                part = area.clipped(inside)
                result[part.within(rect).slices] = tile[part.within(area).slices]
        return result

    def write(self, rect: Rect, samples: Samples) -> None:
        """Put `samples` (H×W×C of `rect`) in; what lies outside the extent is dropped."""
        inside = rect.clipped(self.extent)
        for key in tile_keys(inside):
            area = tile_rect(key)
            part = area.clipped(inside)
            self.writable(key)[part.within(area).slices] = samples[part.within(rect).slices]

    def tile(self, key: TileKey) -> Samples | None:
        """The stored tile, or None when it is all zero and absent. Read it only."""
        return self._tiles.get(key)

    def writable(self, key: TileKey) -> Samples:
        """The tile as memory that this image alone owns; created or copied when it must be."""
        tile = self._tiles.get(key)
        if tile is None:
            tile = self._tiles[key] = self._blank()
        elif not tile.flags.writeable:
            tile = self._tiles[key] = tile.copy()
        return tile

    def exchange(self, tiles: Mapping[TileKey, Samples | None]) -> dict[TileKey, Samples | None]:
        """Put whole tiles in (None removes one) and return what stood there, frozen. The given tiles are frozen too."""
        before: dict[TileKey, Samples | None] = {}
        for key, tile in tiles.items():
            old = self._tiles.get(key)
            if old is not None:
                old.flags.writeable = False
            before[key] = old
            if tile is None:
                self._tiles.pop(key, None)
            else:
                tile.flags.writeable = False
                self._tiles[key] = tile
        return before

    def drop_blank_tiles(self) -> None:
        """Forget tiles that are all zero: they read the same without being stored."""
        for key in [key for key, tile in self._tiles.items() if not tile.any()]:
            del self._tiles[key]

    def same_pixels(self, other: TiledImage) -> bool:
        """Whether both rasters read the same everywhere."""
        if self.format != other.format:
            return False
        for key in self._tiles.keys() | other._tiles.keys():
            if self._tiles.get(key) is other._tiles.get(key) and self.extent == other.extent:
                continue
            area = tile_rect(key)
            if not np.array_equal(self.read(area), other.read(area)):
                return False
        return True


def united(planes: Sequence[TiledImage]) -> TiledImage:
    """Coverage that is the maximum of `planes`, at least one, of one extent; tiles of one plane alone are shared."""
    union = planes[0].snapshot()
    for plane in planes[1:]:
        for key, tile in plane.tiles.items():
            other = union.tile(key)
            union.exchange({key: tile if other is None else np.maximum(tile, other)})
    return union
