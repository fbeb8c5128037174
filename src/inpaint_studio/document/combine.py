"""Edits that work on several mask layers: combined into one, merged, duplicated."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from inpaint_studio.document.codec import Tiles
from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import AddLayer, Edit, Group, Paint, RemoveLayer
from inpaint_studio.document.layers import LayerState, MaskLayer
from inpaint_studio.pixels.format import Samples
from inpaint_studio.pixels.tiled import TiledImage, TileKey


class Operation(StrEnum):
    """What other masks do to one."""

    ADD = "add"
    SUBTRACT = "subtract"
    INTERSECT = "intersect"


def combined(plane: TiledImage, others: Sequence[TiledImage], operation: Operation) -> Tiles:
    """The tiles of `plane` (coverage) that change when the union of `others` is added, taken away or intersected."""
    keys = set(plane.tiles) if operation is not Operation.ADD else {key for other in others for key in other.tiles}
    changed: dict[TileKey, Samples | None] = {}
    for key in keys:
        old = plane.tile(key)
        tile = _tile(old, [tile for other in others if (tile := other.tile(key)) is not None], operation)
        if tile is not None and not tile.any():
            tile = None
        same = tile is old or (tile is not None and old is not None and np.array_equal(tile, old))
        if not same:
            changed[key] = tile
    return changed


def _tile(old: Samples | None, others: list[Samples], operation: Operation) -> Samples | None:
    if not others:
        return None if operation is Operation.INTERSECT else old
    union = np.maximum.reduce(others)
    if operation is Operation.ADD:
        return union if old is None else np.maximum(old, union)
    if old is None:
        return None
    return old - np.minimum(old, union) if operation is Operation.SUBTRACT else np.minimum(old, union)


def combine(
    document: Document, target: MaskLayer, others: Sequence[MaskLayer], operation: Operation, label: str
) -> Edit | None:
    """The edit, not applied yet; None when it would change nothing. The others stay as they are."""
    tiles = combined(target.coverage, [other.coverage for other in others], operation)
    return Paint.of(document, target.id, "coverage", tiles, label) if tiles else None


def merge(document: Document, masks: Sequence[MaskLayer], label: str) -> Edit:
    """All of `masks` (bottom first, at least two) in the lowest one; the others go. Not applied yet."""
    lowest, *others = masks
    gone: list[Edit] = [RemoveLayer.of(document, other.id) for other in reversed(others)]
    union = combine(document, lowest, others, Operation.ADD, label)
    return Group(label, tuple([union, *gone] if union is not None else gone))


def duplicate(document: Document, layer_id: str, name: str, label: str) -> AddLayer:
    """A copy of a layer right above it, under another name and not locked. Not applied yet."""
    state = document.layer(layer_id).state()
    properties = {**state.properties, "name": name, "locked": False}
    copy = LayerState(state.kind, document.new_id(), properties, state.planes)
    return AddLayer(copy, document.index(layer_id) + 1, label)
