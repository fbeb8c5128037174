"""Damaged files: whatever the bytes, they open or are refused."""

from __future__ import annotations

import contextlib
import io
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile

from inpaint_studio.errors import InputError
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.storage.files import probe, read_photo, write_photo
from inpaint_studio.storage.photo import Photo
from inpaint_studio.storage.registry import FAMILIES

ROUNDS = 400
SUFFIXES = {family.id: family.suffixes[0] for family in FAMILIES if family.writes}
COMPRESSIONS = {f"tiff {name}": name for name in (None, "lzw", "zstd", "packbits")}


def original(name: str, make_photo, tmp_path) -> bytes:
    """A sound file of a family as we write it, or a TIFF as others do."""
    if name in COMPRESSIONS:
        compression = COMPRESSIONS[name]
        pixels = np.random.default_rng(0).integers(0, 65536, (40, 33, 3), dtype=np.uint16)
        options = {"tile": (16, 16), "photometric": "rgb", "predictor": compression in ("lzw", "zstd")}
        stream = io.BytesIO()
        tifffile.imwrite(stream, pixels, compression=compression, **options)
        return stream.getvalue()
    family = next(family for family in FAMILIES if family.id == name)
    path = tmp_path / f"source{SUFFIXES[name]}"
    pixel_format = family.holds(PixelFormat(Colour.RGB, "uint16"))
    write_photo(make_photo(pixel_format, (24, 31), orientation=6, family=name), path)
    return path.read_bytes()


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    changed = bytearray(data)
    match rng.integers(4):
        case 0:
            return bytes(changed[: rng.integers(len(data))])
        case 1:  # a bit anywhere
            changed[rng.integers(len(data))] ^= 1 << rng.integers(8)
        case 2:  # several bytes near the start, where the structure is
            for at in rng.integers(min(len(data), 400), size=4):
                changed[at] = rng.integers(256)
        case _:  # several bytes near the end, where TIFF directories are
            for at in rng.integers(max(0, len(data) - 900), len(data), size=3):
                changed[at] = rng.choice([0, 1, 0x7F, 0xFF])
    return bytes(changed)


def resealed(data: bytes) -> bytes:
    """A PNG whose checksums are right again, so that what is in the chunks gets read."""
    result, at = bytearray(data), 8
    while at + 12 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4])
        if end + 4 > len(data):
            break
        result[end : end + 4] = zlib.crc32(data[at + 4 : end]).to_bytes(4)
        at = end + 4
    return bytes(result)


def opened(path: Path) -> Photo | None:
    """The photo; None when it is refused as it should be."""
    try:
        return read_photo(path, max_megapixels=1)
    except InputError as error:
        refusal = error
    assert refusal.message.endswith(".")
    assert refusal.hint
    return None


@pytest.mark.parametrize("name", [*SUFFIXES, *COMPRESSIONS])
def test_mutated_files_open_or_are_refused(name, make_photo, tmp_path):
    data = original(name, make_photo, tmp_path)
    rng = np.random.default_rng(len(name))
    path = tmp_path / "mutated"
    for _ in range(ROUNDS):
        changed = mutated(data, rng)
        path.write_bytes(resealed(changed) if name == "png" else changed)
        with contextlib.suppress(InputError):
            probe(path)
        photo = opened(path)
        if photo is None:
            continue
        assert photo.pixels.shape[2] == photo.format.channels
        assert photo.pixels.dtype == photo.format.numpy
        target = tmp_path / f"saved{SUFFIXES[photo.family]}"
        write_photo(photo, target)
        again = opened(target)
        assert again is not None
        assert photo.family == "jpeg" or again.pixels.tobytes() == photo.pixels.tobytes()


@pytest.mark.parametrize("name", SUFFIXES)
def test_every_truncation_is_refused(name, make_photo, tmp_path):
    data = original(name, make_photo, tmp_path)
    path = tmp_path / "cut"
    for length in range(0, len(data) - 1, 37):
        path.write_bytes(data[:length])
        assert opened(path) is None, length
