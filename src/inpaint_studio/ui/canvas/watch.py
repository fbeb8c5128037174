"""Tells which layers a change touched: a document only says where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from inpaint_studio.document.document import Document
from inpaint_studio.document.layers import CloneLayer, FillLayer, Layer, MaskLayer, PixelLayer, ProposalLayer
from inpaint_studio.pixels.format import Samples
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TileKey, tile_keys

#: The planes that are seen.
_PLANES = {
    MaskLayer.kind: ("coverage",),
    FillLayer.kind: ("pixels", "alpha", "hidden"),
    CloneLayer.kind: ("pixels", "alpha", "hidden"),
    # what is proposed is outlined, see `marks`; what is painted is seen at once
    ProposalLayer.kind: ("added", "removed"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """tiles: layers with other pixels. fills: what the photo and its fills show differs. masks_differ: a mask came,
    went, moved, or is shown in another way."""

    tiles: frozenset[str] = frozenset()
    fills: bool = False
    masks_differ: bool = False

    @property
    def any(self) -> bool:
        return bool(self.tiles) or self.fills or self.masks_differ


@dataclass(slots=True)
class _Seen:
    layer: Layer
    tiles: dict[str, dict[TileKey, Samples]] = field(default_factory=dict)


class LayerWatch:
    """Remembers the tiles and the look of a document's layers, and compares.

    Frozen tiles are compared by identity; one that can still be written may have been, and always counts as changed.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._seen: dict[str, _Seen] = {}
        self._masks: list[object] = []
        self._pixels: list[object] = []
        self.look(document.canvas)

    def look(self, rect: Rect) -> Change:
        """What is different from the last time, in `rect`."""
        masks, pixels = self._masks, self._pixels
        layers = {layer.id: layer for layer in self._document.layers if layer.kind in _PLANES}
        self._masks = [_look(layer) for layer in layers.values() if isinstance(layer, MaskLayer | ProposalLayer)]
        self._pixels = [_look(layer) for layer in layers.values() if isinstance(layer, PixelLayer)]
        for gone in self._seen.keys() - layers.keys():
            del self._seen[gone]
        keys = list(tile_keys(rect))
        changed = frozenset(layer.id for layer in layers.values() if self._tiles_differ(layer, keys))
        fills = self._pixels != pixels or any(isinstance(layers[layer_id], PixelLayer) for layer_id in changed)
        return Change(changed, fills, self._masks != masks)

    def _tiles_differ(self, layer: Layer, keys: Sequence[TileKey]) -> bool:
        seen = self._seen.get(layer.id)
        if seen is None or seen.layer is not layer:
            seen = self._seen[layer.id] = _Seen(layer, {name: {} for name in _PLANES[layer.kind]})
        differ = False
        for name, known in seen.tiles.items():
            tiles = layer.planes[name].tiles
            for key in keys:
                tile, before = tiles.get(key), known.get(key)
                if tile is None:
                    if before is not None:
                        del known[key]
                        differ = True
                elif tile is not before or tile.flags.writeable:
                    known[key] = tile
                    differ = True
        return differ


def _look(layer: Layer) -> object:
    """All but the pixels that changes how a layer is shown. Its identity counts: one that came back is another."""
    return layer.id, id(layer), layer.visible, layer.opacity, getattr(layer, "colour", None)
