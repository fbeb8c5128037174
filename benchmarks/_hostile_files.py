"""Files that mean harm, or were harmed: bombs, lying headers, truncations, flipped bits, of every format."""

from __future__ import annotations

import io
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.settings import Settings
from inpaint_studio.storage.containers import png_chunks
from inpaint_studio.storage.containers.png_chunks import Chunk
from inpaint_studio.storage.files import write_photo
from inpaint_studio.storage.photo import Metadata, Photo
from inpaint_studio.storage.registry import FAMILIES
from inpaint_studio.studio.export_layers import LAYERED, layers_export
from inpaint_studio.studio.session import open_any
from tests.storage.raws import write_dng

_XMP = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
    b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>&b;&c;</x:xmpmeta>"
)
_MUTANTS = 34  # of each format
_SAMPLES = Path(__file__).parents[1] / "tests" / "storage" / "samples"


def make(folder: Path) -> Iterator[tuple[str, Path]]:
    """Write the files into `folder`; the format and path of each."""
    rng = np.random.default_rng(2026)
    sound = dict(_sound(folder))
    for name, data in sound.items():
        for index in range(_MUTANTS):
            path = folder / f"mutant-{index:02}{name}"
            path.write_bytes(_mutated(data, rng, index, reseal=name == ".png"))
            yield name, path
        for index, length in enumerate(np.linspace(1, len(data) - 1, 8).astype(int)):
            path = folder / f"cut-{index}{name}"
            path.write_bytes(data[:length])
            yield name, path
    for index, (name, data) in enumerate(_bombs(sound)):
        path = folder / f"bomb-{index:02}{name}"
        path.write_bytes(data)
        yield name, path
    yield from _broken_projects(folder, sound[".inpaint"])


def _sound(folder: Path) -> Iterator[tuple[str, bytes]]:
    """A sound file of each format, with entities in its XMP."""
    pixels = np.random.default_rng(0).integers(0, 65536, (96, 130, 3), dtype=np.uint16)
    photo = Photo(pixels, PixelFormat(Colour.RGB, "uint16"), Metadata(xmp=_XMP, resolution=(300.0, 300.0)))
    for family in FAMILIES:
        if family.writes:
            path = folder / f"sound{family.suffixes[0]}"
            write_photo(photo, path)
            yield family.suffixes[0], path.read_bytes()
    path = folder / "sound.inpaint"
    session = open_any(folder / "sound.png", Settings())
    session.studio.add_mask(np.full((96, 130), 200, np.uint8))
    session.save(path, session.pictures()())
    for suffix in LAYERED:
        yield suffix, layers_export(session.studio, folder / f"sound{suffix}")().read_bytes()
    session.close(discard=True)
    yield ".inpaint", path.read_bytes()
    yield ".heic", (_SAMPLES / "two.heic").read_bytes()
    yield ".dng", write_dng(folder / "sound.dng", pixels / 65535).read_bytes()


def _mutated(data: bytes, rng: np.random.Generator, kind: int, *, reseal: bool) -> bytes:
    changed = bytearray(data)
    match kind % 5:
        case 0:  # a bit anywhere
            changed[rng.integers(len(data))] ^= 1 << rng.integers(8)
        case 1:  # several bytes near the start, where the structure is
            for at in rng.integers(min(len(data), 400), size=4):
                changed[at] = rng.integers(256)
        case 2:  # several bytes near the end, where TIFF directories are
            for at in rng.integers(max(0, len(data) - 600), len(data), size=4):
                changed[at] = rng.choice([0, 1, 0x7F, 0x80, 0xFF])
        case 3:  # a run of the greatest numbers
            at = rng.integers(min(len(data), 300))
            changed[at : at + 4] = b"\xff\xff\xff\x7f"
        case _:  # a piece repeated
            at = int(rng.integers(len(data)))
            changed[at:at] = changed[at : at + 64] * 3
    return _resealed(bytes(changed)) if reseal else bytes(changed)


def _resealed(data: bytes) -> bytes:
    """A PNG whose checksums are right again, so that what is in the chunks gets read."""
    result, at = bytearray(data), 8
    while at + 12 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4])
        if end + 4 > len(data):
            break
        result[end : end + 4] = zlib.crc32(data[at + 4 : end]).to_bytes(4)
        at = end + 4
    return bytes(result)


def _bombs(sound: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    for width, height, body in (
        (200_000, 200_000, 1000),
        (1 << 31, 1, 10),
        (19_000, 19_000, 1 << 20),
        (1, 1, 100 << 20),
    ):
        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        parts = [Chunk(b"IHDR", header), Chunk(b"IDAT", zlib.compress(bytes(body))), Chunk(b"IEND", b"")]
        yield ".png", png_chunks.write_chunks(parts)
    text = Chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(200 << 20), 9))
    profile = Chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(200 << 20), 9))
    chunks = png_chunks.read_chunks(sound[".png"])
    yield ".png", png_chunks.write_chunks([chunks[0], profile, text, *chunks[1:]])
    jpeg = sound[".jpg"]
    frame = jpeg.index(b"\xff\xc0") if b"\xff\xc0" in jpeg else jpeg.index(b"\xff\xc2")
    for size in (b"\xff\xff\xff\xff", b"\0\0\0\1", b"\0\1\xff\xdc"):
        yield ".jpg", jpeg[: frame + 5] + size + jpeg[frame + 9 :]
    yield ".jpg", jpeg[: frame + 2] + b"\xff\xff" + jpeg[frame + 4 :]
    tiff = sound[".tif"]
    start = int.from_bytes(tiff[4:8], "little")
    count = int.from_bytes(tiff[start : start + 2], "little")
    for row in range(start + 2, start + 2 + 12 * count, 12):  # each tag claims four thousand million values
        yield ".tif", tiff[: row + 4] + b"\xff\xff\xff\xff" + tiff[row + 8 :]
    loop = bytearray(tiff)
    loop[start + 2 + 12 * count : start + 6 + 12 * count] = start.to_bytes(4, "little")
    yield ".tif", bytes(loop)
    yield ".webp", b"RIFF" + struct.pack("<I", 40) + b"WEBPVP8X\n\0\0\0\0\0\0\0" + b"\xff\x3f\0\xff\x3f\0" + bytes(30)
    avif = sound[".avif"]
    size = avif.index(b"ispe") + 8
    for sides in (b"\xff\xff\xff\xff" * 2, bytes(8), struct.pack(">II", 19_000, 19_000)):
        yield ".avif", avif[:size] + sides + avif[size + 8 :]
    yield ".avif", avif[:40] + struct.pack(">I", 1) + avif[44:]
    stream = sound[".jxl"]
    body = stream.index(b"\xff\x0a")
    for bits in (b"\xff\xff\xff\xff\xff\xff", bytes(6), b"\xfe\xff\xff\xff\xff\x01"):
        yield ".jxl", stream[: body + 2] + bits + stream[body + 8 :]
    yield from _archives()
    yield ".jxl", stream[:12] + struct.pack(">I4sQ", 1, b"jxlc", 1 << 62) + stream[12:]


def _archives() -> Iterator[tuple[str, bytes]]:
    """OpenRaster: names that lead elsewhere, entities, nested and swollen members."""
    traps = (
        {"../../evil.png": b"x", "stack.xml": _XMP},
        {"/etc/evil": b"x", "mergedimage.png": b"no picture"},
        {"stack.xml": _XMP, "mergedimage.png": bytes(300 << 20)},
        {"mergedimage.png": bytes(1 << 20), "data/bomb.png": bytes(200 << 20)},
        {f"data/{number}.png": b"" for number in range(20_000)},
    )
    for members in traps:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("mimetype", b"image/openraster")
            for name, data in members.items():
                archive.writestr(name, data, zipfile.ZIP_DEFLATED)
        yield ".ora", stream.getvalue()


def _broken_projects(folder: Path, data: bytes) -> Iterator[tuple[str, Path]]:
    """Projects whose tables lie, are gone, or do things."""
    harm = (
        "DROP TABLE meta",
        "DROP TABLE layers",
        "DELETE FROM source",
        "UPDATE source SET blob = zeroblob(100000000)",
        "UPDATE meta SET value = '{}'",
        "UPDATE meta SET value = replace(value, '130', '2000000000')",
        "UPDATE meta SET value = replace(value, 'png', '../../evil')",
        "UPDATE tiles SET blob = zeroblob(1000)",
        "UPDATE layers SET json = '[1'",
        "UPDATE blobs SET blob = zeroblob(4000000) WHERE name = 'preview'",
        "UPDATE blobs SET blob = (SELECT blob FROM source) WHERE name = 'preview'",
        "CREATE TRIGGER t AFTER UPDATE ON meta BEGIN DELETE FROM layers; END",
        "CREATE VIEW v AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c",
        "PRAGMA user_version = 999999",
    )
    for index, statement in enumerate(harm):
        path = folder / f"broken-{index:02}.inpaint"
        path.write_bytes(data)
        connection = sqlite3.connect(path)
        try:
            connection.execute(statement)
            connection.commit()
        except sqlite3.Error:  # a table of another name: the statement harms nothing here
            connection.rollback()
        connection.close()
        yield ".inpaint", path
