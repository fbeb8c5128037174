"""How edits, layers and recipes become bytes: a JSON head for what is small, compressed blobs for tiles."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import zstandard

from inpaint_studio.errors import InputError
from inpaint_studio.pixels.format import Colour, PixelFormat, Samples
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TILE, TiledImage, TileKey

#: Values that JSON can carry.
Json = dict[str, Any]

#: Tiles as an edit holds them; None stands for "nothing stored here".
Tiles = Mapping[TileKey, Samples | None]

_HEAD = struct.Struct("<4sI")
_MAGIC = b"ISE1"


@dataclass(frozen=True, slots=True)
class Encoded:
    """A thing of a `kind`, in the layout `version` of that kind: JSON `data`, and `blobs` in the order `data` names."""

    kind: str
    version: int
    data: Json
    blobs: tuple[bytes, ...] = ()

    @property
    def nbytes(self) -> int:
        return sum(map(len, self.blobs))

    def to_bytes(self) -> bytes:
        head = json.dumps(
            {"kind": self.kind, "version": self.version, "data": self.data, "blobs": [len(blob) for blob in self.blobs]}
        ).encode()
        return b"".join((_HEAD.pack(_MAGIC, len(head)), head, *self.blobs))

    @classmethod
    def from_bytes(cls, data: bytes) -> Encoded:
        """Raises InputError for anything that `to_bytes` did not write."""
        try:
            magic, length = _HEAD.unpack_from(data)
            head = json.loads(data[_HEAD.size : _HEAD.size + length])
            blobs, start = [], _HEAD.size + length
            for size in head["blobs"]:
                blobs.append(data[start : start + size])
                start += size
            if magic != _MAGIC or start != len(data):
                raise ValueError("lengths do not add up")
            return cls(head["kind"], head["version"], head["data"], tuple(blobs))
        except (struct.error, ValueError, KeyError, TypeError) as error:
            raise InputError(f"A stored edit is damaged ({error}).") from error


def format_to_json(pixel_format: PixelFormat) -> Json:
    """A pixel format as JSON."""
    return {
        "colour": pixel_format.colour.value,
        "dtype": pixel_format.dtype,
        "alpha": pixel_format.alpha,
        "bits": pixel_format.bits,
    }


def format_from_json(data: Json) -> PixelFormat:
    """What `format_to_json` wrote."""
    return PixelFormat(Colour(data["colour"]), data["dtype"], alpha=data["alpha"], bits=data["bits"])


def pack_tiles(tiles: Tiles) -> tuple[list[list[int]], list[bytes]]:
    """Keys with a flag (1 = has pixels) as JSON, and one zstd blob for each tile that has pixels."""
    compressor = zstandard.ZstdCompressor(level=1)
    keys, blobs = [], []
    for (row, column), tile in tiles.items():
        keys.append([row, column, int(tile is not None)])
        if tile is not None:
            blobs.append(compressor.compress(np.ascontiguousarray(tile).data))
    return keys, blobs


def unpack_tiles(keys: list[list[int]], blobs: list[bytes], pixel_format: PixelFormat) -> dict[TileKey, Samples | None]:
    """What `pack_tiles` packed. Takes as many blobs from the front of `blobs` as it needs."""
    decompressor = zstandard.ZstdDecompressor()
    shape = (TILE, TILE, pixel_format.channels)
    most = TILE * TILE * pixel_format.channels * pixel_format.numpy.itemsize
    tiles: dict[TileKey, Samples | None] = {}
    for row, column, stored in keys:
        if not stored:
            tiles[row, column] = None
            continue
        raw = decompressor.decompress(blobs.pop(0), max_output_size=most)
        tiles[row, column] = np.frombuffer(raw, pixel_format.numpy).reshape(shape)
    return tiles


def pack_image(image: TiledImage) -> tuple[Json, list[bytes]]:
    """A raster as JSON, and one blob for each stored tile."""
    keys, blobs = pack_tiles(image.tiles)
    extent = image.extent
    return {
        "format": format_to_json(image.format),
        "extent": [extent.left, extent.top, extent.right, extent.bottom],
        "tiles": keys,
    }, blobs


def unpack_image(data: Json, blobs: list[bytes]) -> TiledImage:
    """What `pack_image` packed. Takes its blobs from the front of `blobs`."""
    image = TiledImage(format_from_json(data["format"]), Rect(*data["extent"]))
    image.exchange(unpack_tiles(data["tiles"], blobs, image.format))
    return image
