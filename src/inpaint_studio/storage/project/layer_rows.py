"""Layers as rows: one for each layer and one for each tile, so that a change costs what it touched."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import zstandard

from inpaint_studio.document.codec import Json, format_from_json, format_to_json
from inpaint_studio.document.layers import (
    LAYER_KINDS,
    CloneLayer,
    FillLayer,
    Layer,
    LayerState,
    MaskLayer,
    ProposalLayer,
    layer_from,
    new_fill_planes,
)
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.pixels.format import COVERAGE, PixelFormat, Samples
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TILE, TiledImage, TileKey

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

#: The layout of a layer's JSON.
_VERSION = 1
#: Coordinates beyond this belong to no photo.
_FARTHEST = 1 << 24

_PUT_LAYER = (
    "INSERT INTO layers (id, position, kind, version, json, revision) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO"
    " UPDATE SET position = excluded.position, kind = excluded.kind, version = excluded.version, json = excluded.json,"
    " revision = excluded.revision"
)
_PUT_TILE = (
    'INSERT INTO tiles (layer, plane, "row", "column", blob, revision) VALUES (?, ?, ?, ?, ?, ?)'
    ' ON CONFLICT (layer, plane, "row", "column") DO UPDATE SET blob = excluded.blob, revision = excluded.revision'
)
_DROP_TILE = 'DELETE FROM tiles WHERE layer = ? AND plane = ? AND "row" = ? AND "column" = ?'
_TELL_TILE = 'INSERT INTO removed (revision, layer, plane, "row", "column") VALUES (?, ?, ?, ?, ?)'

#: Properties that layers of older projects lack.
_ADDED_LATER = frozenset({"locked", "variants", "variant"})


def store_layers(
    connection: sqlite3.Connection, before: Sequence[LayerState], after: Sequence[LayerState], revision: int
) -> None:
    """Bring the rows from `before`, which they hold, to `after`; tiles that are the same object are left alone."""
    old = {state.id: (position, state) for position, state in enumerate(before)}
    for layer_id in old.keys() - {state.id for state in after}:
        connection.execute("DELETE FROM layers WHERE id = ?", (layer_id,))
        connection.execute("DELETE FROM tiles WHERE layer = ?", (layer_id,))
        connection.execute("INSERT INTO removed (revision, layer) VALUES (?, ?)", (revision, layer_id))
    for position, state in enumerate(after):
        was, known = old.get(state.id, (None, None))
        row = (position, state.kind, _VERSION, _to_json(state))
        if known is None or row != (was, known.kind, _VERSION, _to_json(known)):
            connection.execute(_PUT_LAYER, (state.id, *row, revision))
        planes: Mapping[str, TiledImage] = known.planes if known else {}
        for name in state.planes.keys() | planes.keys():
            _store_tiles(connection, (state.id, name), planes.get(name), state.planes.get(name), revision)


def load_layers(connection: sqlite3.Connection, photo: PixelFormat, most_bytes: int) -> list[LayerState]:
    """The layers, bottom first; their tiles take at most `most_bytes` in memory.

    Raises MemoryError when they need more, and LookupError, TypeError, ValueError or ZstdError when the rows are not
    what `store_layers` wrote for a photo in the format `photo`.
    """
    models, states, used = model_layers(photo), [], 0
    for layer_id, kind, version, text in connection.execute(
        "SELECT id, kind, version, json FROM layers ORDER BY position"
    ):
        if version != _VERSION or kind not in LAYER_KINDS:
            raise ValueError("layer")
        data = json.loads(text)
        planes = {name: _empty_plane(plane) for name, plane in data["planes"].items()}
        if kind == FillLayer.kind and "pixels" in planes:
            planes = FillLayer.completed(planes)
        if kind in models:
            _check(models[kind], data["properties"], planes)
        for name, plane in planes.items():
            used += _load_tiles(connection, (layer_id, name), plane, most_bytes - used)
        states.append(LayerState(kind, layer_id, data["properties"], planes))
        layer_from(states[-1])  # properties that the kind does not know are found here, not when the layer is shown
    return states


def last_id_of(layers: Sequence[LayerState]) -> int:
    """The highest number in an id of `layers`; 0 when none has one."""
    return max((int(layer.id[1:]) for layer in layers if layer.id[1:].isdecimal()), default=0)


def model_layers(photo: PixelFormat) -> dict[str, Layer]:
    """An empty layer of every kind for a photo in the format `photo`: the planes and properties that each must have."""
    nothing = Rect(0, 0, 0, 0)
    pixels, alpha = new_fill_planes(photo, nothing)
    return {
        MaskLayer.kind: MaskLayer.empty("", "", nothing),
        ProposalLayer.kind: ProposalLayer.empty("", "", nothing),
        CloneLayer.kind: CloneLayer.empty("", "", photo, nothing),
        FillLayer.kind: FillLayer.made("", "", pixels, alpha, TiledImage(COVERAGE, nothing), Recipe()),
    }


def _to_json(state: LayerState) -> str:
    planes: Json = {
        name: {
            "format": format_to_json(plane.format),
            "extent": [plane.extent.left, plane.extent.top, plane.extent.right, plane.extent.bottom],
        }
        for name, plane in state.planes.items()
    }
    return json.dumps({"properties": state.properties, "planes": planes})


def _empty_plane(data: Json) -> TiledImage:
    sides = data["extent"]
    if len(sides) != 4 or not all(type(side) is int and abs(side) <= _FARTHEST for side in sides):
        raise ValueError("extent")
    return TiledImage(format_from_json(data["format"]), Rect(*sides))


def _check(model: Layer, properties: Json, planes: Mapping[str, TiledImage]) -> None:
    """Refuse a layer that the rest of the program would stumble over."""
    if {name: plane.format for name, plane in planes.items()} != {
        name: plane.format for name, plane in model.planes.items()
    }:
        raise ValueError("planes")
    for name, usual in model.properties().items():
        given: Any = properties.get(name, usual) if name in _ADDED_LATER else properties[name]
        if isinstance(usual, float) and type(given) in (int, float):
            if not math.isfinite(given):
                raise ValueError(name)
        elif type(given) is not type(usual):
            raise TypeError(name)


def _store_tiles(
    connection: sqlite3.Connection,
    place: tuple[str, str],
    before: TiledImage | None,
    after: TiledImage | None,
    revision: int,
) -> None:
    """The tiles of one plane; `place` is the layer's id and the plane's name."""
    old: Mapping[TileKey, Samples] = before.tiles if before else {}
    new: Mapping[TileKey, Samples] = after.tiles if after else {}
    gone = old.keys() - new.keys()
    connection.executemany(_DROP_TILE, [(*place, *key) for key in gone])
    connection.executemany(_TELL_TILE, [(revision, *place, *key) for key in gone])
    changed = [(key, tile) for key, tile in new.items() if old.get(key) is not tile]
    # a generator, so that never more than one packed tile is in memory
    connection.executemany(_PUT_TILE, _packed(place, changed, revision))


def _packed(
    place: tuple[str, str], tiles: Sequence[tuple[TileKey, Samples]], revision: int
) -> Iterator[tuple[object, ...]]:
    compressor = zstandard.ZstdCompressor(level=1, write_checksum=True)
    for key, tile in tiles:
        yield (*place, *key, compressor.compress(np.ascontiguousarray(tile).data), revision)


def _load_tiles(connection: sqlite3.Connection, place: tuple[str, str], plane: TiledImage, most_bytes: int) -> int:
    """Fill `plane` and tell its bytes. Every size is known before anything is unpacked."""
    shape = (TILE, TILE, plane.format.channels)
    nbytes = TILE * TILE * plane.format.channels * plane.format.numpy.itemsize
    count = connection.execute("SELECT count(*) FROM tiles WHERE layer = ? AND plane = ?", place).fetchone()[0]
    if count * nbytes > most_bytes:
        raise MemoryError("layers")
    decompressor = zstandard.ZstdDecompressor()
    rows = connection.execute('SELECT "row", "column", blob FROM tiles WHERE layer = ? AND plane = ?', place)
    for row, column, blob in rows:
        if not _touches(plane.extent, (row, column)) or zstandard.frame_content_size(blob) != nbytes:
            raise ValueError("tile")
        raw = decompressor.decompress(blob)
        plane.exchange({(row, column): np.frombuffer(raw, plane.format.numpy).reshape(shape)})
    return int(count * nbytes)


def _touches(extent: Rect, key: TileKey) -> bool:
    row, column = key
    if extent.empty or type(row) is not int or type(column) is not int:
        return False
    return (
        extent.top // TILE <= row <= (extent.bottom - 1) // TILE
        and extent.left // TILE <= column <= (extent.right - 1) // TILE
    )
