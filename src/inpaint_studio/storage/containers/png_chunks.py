"""PNG chunks: walked, checked, and the ones that carry metadata read and made."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator
    from typing import BinaryIO

SIGNATURE = b"\x89PNG\r\n\x1a\n"

#: Ancillary chunks that stay true when pixels change, though PNG calls some of them unsafe to copy.
_LASTING = frozenset(
    {
        b"iCCP",
        b"sRGB",
        b"gAMA",
        b"cHRM",
        b"cICP",
        b"mDCV",
        b"cLLI",
        b"eXIf",
        b"pHYs",
        b"oFFs",
        b"sCAL",
        b"pCAL",
        b"sTER",
    }
    | {b"tEXt", b"zTXt", b"iTXt", b"sPLT", b"tIME"}
)
#: Chunks whose form follows from bit depth and colour type.
_FORMAT_BOUND = frozenset({b"sBIT", b"bKGD"})
_XMP_KEYWORD = b"XML:com.adobe.xmp\0"
_LARGEST_TEXT = 64 << 20
_METRES_PER_INCH = 0.0254


class Chunk(NamedTuple):
    """A chunk's four-letter kind and its data."""

    kind: bytes
    data: bytes


def places(data: bytes) -> list[tuple[bytes, slice]]:
    """Kind and place of all chunks of a PNG up to IEND, each from its length to its checksum.

    Raises ValueError when one is cut off or fails its checksum, or IEND lacks.
    """
    if not data.startswith(SIGNATURE):
        raise ValueError("no PNG signature")
    found = []
    view, at = memoryview(data), len(SIGNATURE)
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(view[at : at + 4])
        if end > len(data) or zlib.crc32(view[at + 4 : end - 4]) != int.from_bytes(view[end - 4 : end]):
            raise ValueError("PNG chunk damaged")
        found.append((bytes(view[at + 4 : at + 8]), slice(at, end)))
        at = end
        if found[-1][0] == b"IEND":
            return found
    raise ValueError("PNG without an end")


def read_chunks(data: bytes) -> list[Chunk]:
    """All chunks of a PNG up to IEND. Raises ValueError as `places`."""
    return chunks_at(data, places(data))


def chunks_at(data: bytes, places: Iterable[tuple[bytes, slice]], *, without: Container[bytes] = ()) -> list[Chunk]:
    """The chunks at the `places` of a file, those of the kinds `without` without their data."""
    return [Chunk(kind, b"" if kind in without else data[at.start + 8 : at.stop - 4]) for kind, at in places]


def walk(stream: BinaryIO, wanted: Iterable[bytes]) -> Iterator[Chunk]:
    """The chunks of a file one by one, with the data of the `wanted` kinds only; ends where the file does."""
    wanted = frozenset(wanted)
    stream.seek(len(SIGNATURE))
    while len(head := stream.read(8)) == 8:
        length, kind = int.from_bytes(head[:4]), head[4:]
        if kind in wanted:
            yield Chunk(kind, stream.read(length))
            stream.seek(4, 1)
        else:
            yield Chunk(kind, b"")
            stream.seek(length + 4, 1)


def write_chunks(chunks: Iterable[Chunk]) -> bytes:
    """A PNG file of `chunks`."""
    return b"".join((SIGNATURE, *map(packed, chunks)))


def packed(chunk: Chunk) -> bytes:
    """One chunk as it stands in a file."""
    checksum = zlib.crc32(chunk.data, zlib.crc32(chunk.kind))
    return b"".join((struct.pack(">I", len(chunk.data)), *chunk, struct.pack(">I", checksum)))


def lasting(chunk: Chunk, *, same_format: bool) -> bool:
    """Whether a chunk of the old file still holds in one with other pixels, and of the same format or another."""
    if chunk.kind in _FORMAT_BOUND:
        return same_format
    safe_to_copy = bool(chunk.kind[3] & 0x20) and bool(chunk.kind[0] & 0x20)
    return chunk.kind in _LASTING or (safe_to_copy and chunk.kind not in (b"fdAT", b"fcTL", b"acTL"))


def is_xmp(chunk: Chunk) -> bool:
    """Whether a chunk holds an XMP packet."""
    return chunk.kind == b"iTXt" and chunk.data.startswith(_XMP_KEYWORD)


def read_icc(chunk: Chunk) -> bytes:
    """The profile in an iCCP chunk. Raises ValueError or zlib.error when it is damaged."""
    return _inflated(chunk.data[chunk.data.index(b"\0") + 2 :])


def icc_chunk(profile: bytes) -> Chunk:
    """An iCCP chunk of `profile`."""
    return Chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(profile, 9))


def read_xmp(chunk: Chunk) -> bytes:
    """The packet in an XMP chunk. Raises ValueError or zlib.error when it is damaged."""
    rest = chunk.data[len(_XMP_KEYWORD) :]
    text = rest[2:].split(b"\0", 2)[2]
    return _inflated(text) if rest[:1] == b"\1" else text


def xmp_chunk(packet: bytes) -> Chunk:
    """An iTXt chunk of the UTF-8 `packet`, uncompressed as XMP asks."""
    return Chunk(b"iTXt", _XMP_KEYWORD + b"\0\0\0\0" + packet)


def read_resolution(chunk: Chunk) -> tuple[float, float] | None:
    """Dots per inch in a pHYs chunk; None when it states an aspect ratio only."""
    across, down, unit = struct.unpack(">IIB", chunk.data)
    return (across * _METRES_PER_INCH, down * _METRES_PER_INCH) if unit == 1 and across and down else None


def resolution_chunk(resolution: tuple[float, float]) -> Chunk:
    """A pHYs chunk of dots per inch, rounded to whole dots per metre."""
    across, down = (min(round(value / _METRES_PER_INCH), 0x7FFFFFFF) for value in resolution)
    return Chunk(b"pHYs", struct.pack(">IIB", across, down, 1))


def _inflated(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    result = inflater.decompress(data, _LARGEST_TEXT)
    if not inflater.eof:
        raise ValueError("compressed text too long or cut off")
    return result
