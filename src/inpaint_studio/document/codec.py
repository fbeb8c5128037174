"""How edits, layers and recipes become bytes: a JSON head for what is small, compressed blobs for tiles."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import zstandard
from zstandard import ZstdError

from inpaint_studio.errors import InputError
from inpaint_studio.pixels.format import Colour, PixelFormat, Samples
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TILE, TiledImage, TileKey

#: Values that JSON can carry.
Json = dict[str, Any]

#: Tiles as an edit holds them; None stands for "nothing stored here".
Tiles = Mapping[TileKey, Samples | None]

#: Magic, length of the JSON, CRC-32 of all that follows.
_HEAD = struct.Struct("<4sII")
_MAGIC = b"ISE1"

#: What reading raises when the bytes or the values in them are not what was written.
_DAMAGE = (struct.error, ZstdError, ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Whatever damaged data raises inside becomes an InputError that says `what` is damaged."""
    try:
        yield
    except _DAMAGE as error:
        raise InputError(f"{what} is damaged ({error}).") from error


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
        return b"".join((_HEAD.pack(_MAGIC, len(head), _checksum((head, *self.blobs))), head, *self.blobs))

    @classmethod
    def from_bytes(cls, data: bytes) -> Encoded:
        """Raises InputError for anything that `to_bytes` did not write."""
        with reading("A stored edit"):
            magic, length, checksum = _HEAD.unpack_from(data)
            if magic != _MAGIC or checksum != _checksum((memoryview(data)[_HEAD.size :],)):
                raise ValueError("its checksum does not agree")
            head = json.loads(data[_HEAD.size : _HEAD.size + length])
            blobs, start = [], _HEAD.size + length
            for size in head["blobs"]:
                blobs.append(data[start : start + size])
                start += len(blobs[-1])
            if start != len(data) or [len(blob) for blob in blobs] != head["blobs"]:
                raise ValueError("its lengths do not add up")
            return cls(head["kind"], head["version"], head["data"], tuple(blobs))


def _checksum(parts: Iterable[bytes | memoryview]) -> int:
    checksum = 0
    for part in parts:
        checksum = zlib.crc32(part, checksum)
    return checksum


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
    size = TILE * TILE * pixel_format.channels * pixel_format.numpy.itemsize
    tiles: dict[TileKey, Samples | None] = {}
    for row, column, stored in keys:
        if not stored:
            tiles[row, column] = None
            continue
        blob = blobs.pop(0)
        # the library's own limit is ignored where a frame states its size, so a few bytes could ask for all memory
        if zstandard.frame_content_size(blob) != size:
            raise ValueError("a tile has the wrong size")
        raw = decompressor.decompress(blob)
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
