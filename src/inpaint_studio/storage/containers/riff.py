"""The RIFF chunks of a WebP file."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

ICC_FLAG, ALPHA_FLAG, EXIF_FLAG, XMP_FLAG, ANIMATION_FLAG = 0x20, 0x10, 0x08, 0x04, 0x02


class Chunk(NamedTuple):
    """A chunk's four-letter kind and its data."""

    kind: bytes
    data: bytes


class Header(NamedTuple):
    """What the first chunk of a WebP file says."""

    width: int
    height: int
    alpha: bool
    animated: bool


def is_webp(head: bytes) -> bool:
    """Whether a file that begins with `head` is WebP."""
    return head[:4] == b"RIFF" and head[8:12] == b"WEBP"


def read_chunks(data: bytes) -> list[Chunk]:
    """All chunks of a WebP file. Raises ValueError when the file is shorter than it says."""
    end = 8 + int.from_bytes(data[4:8], "little")
    if not is_webp(data) or end > len(data):
        raise ValueError("WebP cut off")
    chunks = []
    at = 12
    while at + 8 <= end:
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + length > end:
            raise ValueError("WebP chunk cut off")
        chunks.append(Chunk(data[at : at + 4], data[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    return chunks


def write_chunks(chunks: Iterable[Chunk]) -> bytes:
    """A WebP file of `chunks`."""
    body = b"".join(kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for kind, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def header(kind: bytes, data: bytes) -> Header:
    """Read the first chunk, of which `data` holds ten bytes or more. Raises ValueError when it is no image."""
    if len(data) < 10:
        raise ValueError("WebP header cut off")
    if kind == b"VP8X":
        width, height = int.from_bytes(data[4:7], "little") + 1, int.from_bytes(data[7:10], "little") + 1
        return Header(width, height, bool(data[0] & ALPHA_FLAG), bool(data[0] & ANIMATION_FLAG))
    if kind == b"VP8L" and data[0] == 0x2F:
        bits = int.from_bytes(data[1:5], "little")
        return Header((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1), animated=False)
    if kind == b"VP8 " and data[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", data, 6)
        return Header(width & 0x3FFF, height & 0x3FFF, alpha=False, animated=False)
    raise ValueError("WebP without an image")


def extended_header(width: int, height: int, flags: int) -> Chunk:
    """The VP8X chunk, which a file with alpha or metadata begins with."""
    return Chunk(
        b"VP8X", bytes([flags, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    )
