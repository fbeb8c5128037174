"""What a selecting tool has chosen, and how it goes into a mask.

A selection adds to the mask as a brush does; coverage never exceeds the greater of the two. Subtracting takes all of
its coverage away, so that no rim is left of what was added before. Intersecting keeps the lesser of the two.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np

from inpaint_studio.document.codec import Tiles
from inpaint_studio.document.composite import Composite
from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import Paint
from inpaint_studio.document.layers import MaskLayer
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.pixels.format import Samples
from inpaint_studio.pixels.masks import Coverage
from inpaint_studio.pixels.shapes import Region
from inpaint_studio.pixels.smart_select import Prompt, Segmenter, object_region
from inpaint_studio.pixels.tiled import TILE, TiledImage, TileKey


class SketchStep(Protocol):
    """What a selection is a part of when its object is shown line by line: each finds the object anew."""

    def base(self, layer: MaskLayer) -> TiledImage:
        """The coverage that the selection goes onto: that from before the object, if the object is in `layer`."""
        ...

    def done(self, layer: MaskLayer, base: TiledImage) -> None:
        """The selection went onto `base`, and `layer` is what came of it."""
        ...

    def over(self) -> None:
        """Nothing more comes."""
        ...


class Combine(StrEnum):
    """What a selection does to the mask."""

    ADD = "add"
    SUBTRACT = "subtract"
    INTERSECT = "intersect"


_LABELS = {Combine.ADD: "{}", Combine.SUBTRACT: "{}: subtract", Combine.INTERSECT: "{}: intersect"}


@dataclass(frozen=True, slots=True)
class Selection:
    """Coverage that is to go into a mask; `title` names the tool."""

    region: Region
    how: Combine
    title: str
    sketch: SketchStep | None = None

    def into(self, document: Document, layer_id: str) -> Paint | None:
        """The edit that was done, already applied; None when nothing changed or the layer is no mask."""
        layer = next((layer for layer in document.layers if layer.id == layer_id), None)
        if not self.region or not isinstance(layer, MaskLayer) or layer.locked:
            return None
        base = layer.coverage.snapshot() if self.sketch is None else self.sketch.base(layer)
        tiles = _changes(layer.coverage, base, combined(base, self.region, self.how))
        edit = None
        if tiles:
            edit = Paint.of(document, layer_id, "coverage", tiles, _LABELS[self.how].format(self.title))
            edit.apply(document)
        if self.sketch is not None:
            self.sketch.done(layer, base)
        return edit


@dataclass(frozen=True, slots=True)
class LateSelection:
    """What a tool has pointed at when finding it takes a while: `find` makes the selection, on any thread."""

    prompt: Prompt
    how: Combine
    title: str
    sketch: SketchStep | None = None

    def find(self, composite: Composite, segment: Segmenter) -> Selection:
        """The object in `composite`; raises what `segment` raises."""
        photo = composite.photo
        region = object_region(composite.read, photo.format, photo.extent, self.prompt, segment)
        return Selection(region, self.how, self.title, self.sketch)

    def over(self) -> None:
        """It was found and is in the mask, or nobody waits for it any more; on the thread that owns the document."""
        if self.sketch is not None:
            self.sketch.over()


@dataclass(frozen=True, slots=True)
class LateHeal:
    """What was marked (8-bit coverage) to be mended by `recipe`, onto the retouching of the layer `layer_id`."""

    coverage: TiledImage
    layer_id: str
    recipe: Recipe


@dataclass(frozen=True, slots=True)
class LatePatch:
    """A region (8-bit coverage) that is to be mended with what lies `way` (pixels right and down) from it."""

    coverage: TiledImage
    way: tuple[int, int]
    layer_id: str


def _changes(now: TiledImage, base: TiledImage, onto_base: Tiles) -> Tiles:
    """The tiles by which `now` becomes `base` with the tiles `onto_base` in it."""
    wanted = {**{key: base.tile(key) for key in now.tiles.keys() | base.tiles.keys()}, **onto_base}
    return {key: tile for key, tile in wanted.items() if not _same(tile, now.tile(key))}


def _same(one: Samples | None, other: Samples | None) -> bool:
    return one is other or (one is not None and other is not None and np.array_equal(one, other))


def combined(plane: TiledImage, region: Region, how: Combine) -> Tiles:
    """The tiles of `plane` (coverage) that change, as they become; None: blank."""
    changed: dict[TileKey, Samples | None] = {}
    for key in _concerned(plane, region, how):
        old, new = plane.tile(key), region.get(key)
        tile = _combine(None if old is None else old[..., 0], new, how)
        if tile is not None and not tile.any():
            tile = None
        if tile is None and old is None:
            continue
        if tile is None or old is None or not np.array_equal(tile, old[..., 0]):
            changed[key] = None if tile is None else tile.reshape(TILE, TILE, 1)
    return changed


def _concerned(plane: TiledImage, region: Region, how: Combine) -> Iterable[TileKey]:
    if how is Combine.ADD:
        return region
    return [key for key in plane.tiles if how is Combine.INTERSECT or key in region]


def _combine(old: Coverage | None, new: Coverage | None, how: Combine) -> Coverage | None:
    if how is Combine.ADD:
        return new if old is None or new is None else np.maximum(old, new)
    if old is None or new is None:
        return None
    if how is Combine.SUBTRACT:
        return old - np.minimum(old, new)
    return np.minimum(old, new)
