"""Retouching by hand goes onto a layer of its own: pixels at the photo's depth, laid over what is there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import AddLayer, Edit, Group, Paint
from inpaint_studio.document.layers import CloneLayer
from inpaint_studio.pixels.format import Samples
from inpaint_studio.pixels.masks import OPAQUE
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TileKey, tile_keys, tile_rect

Weights = NDArray[np.float32]
#: For a rectangle of the photo: what is to be laid there (H×W×colours, the photo's samples), and where there is any (H×W).
Source = Callable[[Rect], tuple[Samples, NDArray[np.bool_]]]


class Retouching:
    """One step of retouching in the making. What it lays shows at once; `finish` makes an edit of it, `revert` takes it back.

    It goes onto the layer `layer_id` if that takes retouching, else onto the topmost layer that does if nothing lies over
    it, else onto a new one on top.
    """

    def __init__(self, document: Document, layer_id: str, name: str) -> None:
        self._document = document
        found = _suitable(document, layer_id)
        self._added: AddLayer | None = None
        if found is None:
            layer = CloneLayer.empty(document.new_id(), name, document.format, document.canvas)
            self._added = AddLayer(layer.state(), len(document.layers), name)
            self._added.apply(document)
            found = layer.id
        self.layer_id = found
        self._layer = document.layer(found)
        self._before: dict[str, dict[TileKey, Samples | None]] = {plane: {} for plane in self._layer.planes}

    @property
    def there(self) -> bool:
        """Whether the layer is still in the document."""
        return any(layer is self._layer for layer in self._document.layers)

    def lay(self, rect: Rect, source: Source, opacity: Weights) -> None:
        """Lay `source` over `rect` with `opacity` (float32 H×W of it, 0..1), onto what was there before this step.

        Calling it again for the same place counts instead of the last time.
        """
        rect_inside = rect.clipped(self._document.canvas)
        if rect_inside.empty:
            return
        samples, known = source(rect_inside)
        weights = opacity[rect_inside.within(rect).slices] * known
        for key in tile_keys(rect_inside):
            part = tile_rect(key).clipped(rect_inside)
            inside = part.within(rect_inside).slices
            self._lay_tile(key, part.within(tile_rect(key)), samples[inside], weights[inside])
        self._document.changed(rect_inside)

    def _lay_tile(self, key: TileKey, box: Rect, source: Samples, weight: Weights) -> None:
        planes = self._layer.planes
        for name, before in self._before.items():
            if key not in before:
                tile = planes[name].tile(key)
                if tile is not None:
                    tile.flags.writeable = False
                before[key] = tile
        pixels, alpha, hidden = (_part(self._before[name][key], box) for name in ("pixels", "alpha", "hidden"))
        old = np.zeros(weight.shape, np.float32) if alpha is None else alpha[..., 0].astype(np.float32) / OPAQUE
        new = weight + old * (1 - weight)
        share = np.divide(weight, new, out=np.zeros_like(new), where=new > 0)[..., None]
        mixed = _mixed(pixels, source, share)
        planes["pixels"].writable(key)[box.slices] = mixed
        planes["alpha"].writable(key)[box.slices] = np.rint(new * OPAQUE).astype(np.uint16)[..., None]
        if hidden is not None:
            planes["hidden"].writable(key)[box.slices] = np.rint(hidden * (1 - weight[..., None])).astype(np.uint8)

    def finish(self, label: str) -> Edit | None:
        """The step, which is done already; None when nothing changed, and then a layer made for it is gone again."""
        paints = []
        for name, before in self._before.items():
            plane = self._layer.planes[name]
            plane.drop_blank_tiles()
            frozen = plane.snapshot()
            changed = [key for key, tile in before.items() if not _same(tile, frozen.tile(key))]
            if changed:
                old, new = {key: before[key] for key in changed}, {key: frozen.tile(key) for key in changed}
                paints.append(Paint(self.layer_id, name, plane.format, old, new, label))
        if not paints:
            self.revert()
            return None
        return Group(label, (self._added, *paints) if self._added is not None else tuple(paints))

    def revert(self) -> None:
        """Put back what was there."""
        if not self.there:
            return
        if self._added is not None:
            self._added.revert(self._document)
            return
        for name, before in self._before.items():
            self._layer.planes[name].exchange(before)
        keys = self._before["alpha"]
        if keys:
            self._document.changed(Rect.union_of(tile_rect(key) for key in keys).clipped(self._document.canvas))


def _suitable(document: Document, layer_id: str) -> str | None:
    layers = {layer.id: layer for layer in document.layers}
    chosen = layers.get(layer_id)
    shown = [layer for layer in document.layers if layer.kind in ("fill", CloneLayer.kind) and layer.visible]
    for layer in (chosen, shown[-1] if shown else None):
        if isinstance(layer, CloneLayer) and layer.visible and not layer.locked:
            return layer.id
    return None


def _part(tile: Samples | None, box: Rect) -> Samples | None:
    return None if tile is None else tile[box.slices]


def _mixed(below: Samples | None, above: Samples, share: Weights) -> Samples:
    """`above` where its share is 1, `below` where it is 0, exactly; between them the mean by share."""
    if below is None:
        return above
    mean = below + (above.astype(np.float64) - below) * share
    mean = mean if above.dtype.kind == "f" else np.rint(mean)
    result: Samples = np.where(share >= 1, above, np.where(share <= 0, below, mean.astype(above.dtype)))
    return result


def _same(one: Samples | None, other: Samples | None) -> bool:
    if one is None or other is None:
        return all(tile is None or not tile.any() for tile in (one, other))
    return np.array_equal(one, other)
