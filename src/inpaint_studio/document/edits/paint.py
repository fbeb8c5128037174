"""Pixels of a layer's plane change: a brush stroke, a mask operation, a fill run again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from inpaint_studio.document.codec import Encoded, Tiles, format_from_json, format_to_json, pack_tiles, unpack_tiles
from inpaint_studio.pixels.format import PixelFormat
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import tile_rect

if TYPE_CHECKING:
    from inpaint_studio.document.document import Document


@dataclass(frozen=True, slots=True)
class Paint:
    """Exchange whole tiles of the plane `plane` (in the format `pixel_format`) of a layer: `before` against `after`."""

    kind: ClassVar[str] = "paint"
    version: ClassVar[int] = 1

    layer_id: str
    plane: str
    pixel_format: PixelFormat
    before: Tiles
    after: Tiles
    label: str = "Paint"

    @classmethod
    def of(cls, document: Document, layer_id: str, plane: str, after: Tiles, label: str) -> Paint:
        """The edit that puts the tiles `after` in. Raises KeyError for an unknown layer or plane."""
        image = document.layer(layer_id).planes[plane]
        frozen = image.snapshot()
        return cls(layer_id, plane, image.format, {key: frozen.tile(key) for key in after}, dict(after), label)

    @property
    def nbytes(self) -> int:
        return sum(tile.nbytes for tiles in (self.before, self.after) for tile in tiles.values() if tile is not None)

    @property
    def rect(self) -> Rect:
        return Rect.union_of(tile_rect(key) for key in self.after)

    def apply(self, document: Document) -> None:
        self._exchange(document, self.after)

    def revert(self, document: Document) -> None:
        self._exchange(document, self.before)

    def _exchange(self, document: Document, tiles: Tiles) -> None:
        document.layer(self.layer_id).planes[self.plane].exchange(tiles)
        document.changed(self.rect)

    def encode(self) -> Encoded:
        before, before_blobs = pack_tiles(self.before)
        after, after_blobs = pack_tiles(self.after)
        data = {
            "layer": self.layer_id,
            "plane": self.plane,
            "format": format_to_json(self.pixel_format),
            "before": before,
            "after": after,
            "label": self.label,
        }
        return Encoded(self.kind, self.version, data, (*before_blobs, *after_blobs))

    @classmethod
    def decode(cls, encoded: Encoded) -> Paint:
        data, blobs = encoded.data, list(encoded.blobs)
        pixel_format = format_from_json(data["format"])
        before = unpack_tiles(data["before"], blobs, pixel_format)
        after = unpack_tiles(data["after"], blobs, pixel_format)
        return cls(data["layer"], data["plane"], pixel_format, before, after, data["label"])
