"""Everything that is refused: one sentence, a hint, and nothing changed."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from inpaint_studio.errors import InputError
from inpaint_studio.storage.containers import png_chunks
from inpaint_studio.storage.files import family_for, probe, read_mask, read_photo, write_photo

RNG = np.random.default_rng(2)
PIXELS = RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8)


def encoded(kind: str, picture: Image.Image | None = None, **options: object) -> bytes:
    stream = io.BytesIO()
    (picture or Image.fromarray(PIXELS)).save(stream, kind, **options)
    return stream.getvalue()


def tiff(pixels: np.ndarray, **options: object) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, pixels, **options)
    return stream.getvalue()


def png(width: int, height: int, body: bytes = b"", depth: int = 8) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    data = png_chunks.Chunk(b"IDAT", zlib.compress(body))
    return png_chunks.write_chunks([png_chunks.Chunk(b"IHDR", header), data, png_chunks.Chunk(b"IEND", b"")])


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]


def frames(kind: str) -> bytes:
    pictures = [Image.fromarray(PIXELS), Image.fromarray(PIXELS[::-1])]
    return encoded(kind, pictures[0], save_all=True, append_images=pictures[1:])


def cut_tiff() -> bytes:
    """Strips last, so that cutting hits them and the directory stays."""
    data = tiff(PIXELS, photometric="rgb", rowsperstrip=8)
    return data[: len(data) - 500]


def patched_tiff(tag: int, value: int) -> bytes:
    data = bytearray(tiff(PIXELS[..., 0], metadata=None))
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        entry = file.pages[0].tags[tag]
        struct.pack_into("<I" if entry.dtype == 4 else "<H", data, entry.valueoffset, value)
    return bytes(data)


DAMAGED = "is damaged or cut off"
CASES: dict[str, tuple[str, Callable[[], bytes], str, str]] = {
    "empty": ("a.png", bytes, "is empty", "Copy it again"),
    "no image": ("a.png", lambda: b"hello, this is text\n" * 20, "is not an image", "PNG, TIFF, JPEG, WebP"),
    "png cut": ("a.png", lambda: encoded("PNG")[:-3000], DAMAGED, "Copy it again"),
    "png without its end": ("a.png", lambda: encoded("PNG")[:-12], DAMAGED, "Copy it again"),
    "png checksum": ("a.png", lambda: flipped(encoded("PNG"), 3000), DAMAGED, "Copy it again"),
    "png too little data": ("a.png", lambda: png(64, 64, bytes(100)), DAMAGED, "Copy it again"),
    "png header only": ("a.png", lambda: encoded("PNG")[:20], DAMAGED, "Copy it again"),
    "jpeg cut": ("a.jpg", lambda: encoded("JPEG")[:-900], DAMAGED, "Copy it again"),
    "jpeg cut by a byte": ("a.jpg", lambda: encoded("JPEG")[:-1], DAMAGED, "Copy it again"),
    "jpeg header only": ("a.jpg", lambda: encoded("JPEG")[:100], DAMAGED, "Copy it again"),
    "webp cut": ("a.webp", lambda: encoded("WEBP")[:-50], DAMAGED, "Copy it again"),
    "webp header only": ("a.webp", lambda: encoded("WEBP")[:18], DAMAGED, "Copy it again"),
    "tiff cut": ("a.tif", cut_tiff, DAMAGED, "Copy it again"),
    "tiff header only": ("a.tif", lambda: cut_tiff()[:8], DAMAGED, "Copy it again"),
    "tiff short strip": ("a.tif", lambda: patched_tiff(279, 100), DAMAGED, "Copy it again"),
    "too large": (
        "a.png",
        lambda: encoded("PNG", Image.new("L", (2000, 1500))),
        "3.0 megapixels, more than the limit of 1",
        "`inpaint-studio settings max_megapixels 3`",
    ),
    "png bomb": ("a.png", lambda: png(200_000, 200_000), "40000.0 megapixels", "max_megapixels"),
    "webp bomb": (
        "a.webp",
        lambda: b"RIFF" + struct.pack("<I", 40) + b"WEBPVP8X\n\0\0\0\0\0\0\0" + b"\xff\x3f\0\xff\x3f\0" + bytes(30),
        "268.4 megapixels",
        "max_megapixels",
    ),
    "tiff bomb": ("a.tif", lambda: patched_tiff(257, 4_000_000), "megapixels, more than the limit", "max_megapixels"),
    "jpeg bomb": (
        "a.jpg",
        lambda: encoded("JPEG").replace(b"\x08\0\x40\0\x40\x03", b"\x08\xff\xff\xff\xff\x03"),
        "4294.8 megapixels",
        "max_megapixels",
    ),
    "zero width": ("a.png", lambda: png(0, 10), DAMAGED, "Copy it again"),
    "tiff zero height": ("a.tif", lambda: patched_tiff(257, 0), DAMAGED, "Copy it again"),
    "jpeg zero height": (
        "a.jpg",
        lambda: encoded("JPEG").replace(b"\x08\0\x40\0\x40\x03", b"\x08\0\0\0\x40\x03"),
        DAMAGED,
        "Copy it again",
    ),
    "png impossible depth": ("a.png", lambda: png(4, 4, bytes(100), depth=7), DAMAGED, "Copy it again"),
    "animated png": ("a.png", lambda: frames("PNG"), "is an animation", "frames"),
    "animated webp": ("a.webp", lambda: frames("WEBP"), "is an animation", "frames"),
    "float64": ("a.tif", lambda: tiff(np.zeros((4, 4))), "64-bit floating point samples", "8 or 16 bits"),
    "complex": ("a.tif", lambda: tiff(np.zeros((4, 4), np.complex64)), "64-bit complex samples", "8 or 16 bits"),
    "int32": ("a.tif", lambda: tiff(np.zeros((4, 4), np.uint32)), "32-bit integer samples", "8 or 16 bits"),
    "signed": ("a.tif", lambda: tiff(np.zeros((4, 4), np.int16)), "16-bit signed integer", "8 or 16 bits"),
    "seven channels": (
        "a.tif",
        lambda: tiff(np.zeros((9, 9, 7), np.uint8), photometric="rgb", planarconfig="contig"),
        "has 7 channels",
        "extra channels",
    ),
    "preview": ("a.tif", lambda: tiff(PIXELS, photometric="rgb", subfiletype=1), "raw photo", "raw converter"),
    "lab": ("a.tif", lambda: tiff(PIXELS, photometric="cielab"), "stores its colours", "Convert it"),
    "volume": (
        "a.tif",
        lambda: tiff(np.zeros((16, 16, 16), np.uint8), volumetric=True, tile=(16, 16, 16)),
        "stores its colours",
        "Convert it",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_refused_with_a_sentence_and_a_hint(name, tmp_path):
    file_name, make, message, hint = CASES[name]
    path = tmp_path / file_name
    data = make()
    path.write_bytes(data)
    for read in (lambda: read_photo(path, max_megapixels=1), lambda: read_mask(path, max_megapixels=1)):
        with pytest.raises(InputError) as caught:
            read()
        assert message in caught.value.message
        assert hint in caught.value.hint
        assert caught.value.message.startswith(file_name)
        assert caught.value.message.endswith(".")
        assert caught.value.message.count("\n") == 0
    assert path.read_bytes() == data
    assert [entry.name for entry in tmp_path.iterdir()] == [file_name]


def test_missing_folder_pipe_and_unusable_names(tmp_path):
    with pytest.raises(InputError, match=r"gone\.png does not exist\."):
        probe(tmp_path / "gone.png")
    with pytest.raises(InputError, match="is a folder"):
        probe(tmp_path)
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(InputError, match="not an ordinary file"):
        probe(tmp_path / "pipe.png")
    with pytest.raises(InputError, match="usable file name"):
        probe(tmp_path / "a\0.png")
    with pytest.raises(InputError, match="could not be read: file name too long"):
        probe(tmp_path / ("a" * 300))


@pytest.mark.parametrize("name", ["photo", "photo.heic", "photo.dat"])
def test_unknown_suffixes_are_opened_by_their_contents(name, tmp_path):
    (tmp_path / name).write_bytes(encoded("PNG"))
    assert np.array_equal(read_photo(tmp_path / name, max_megapixels=1).pixels, PIXELS)


@pytest.mark.parametrize("name", ["photo", "photo.heic", ".png"])
def test_no_family_for_other_suffixes(name):
    with pytest.raises(InputError, match="names no format") as caught:
        family_for(Path(name))
    assert ".png, .tif, .jpg, .webp" in caught.value.hint


def test_a_large_photo_is_opened_without_warnings(tmp_path):
    """Pillow would warn of a bomb from 89 megapixels on; the limit is ours."""
    Image.new("L", (10_000, 9_500), 7).save(tmp_path / "a.jpg")
    assert read_photo(tmp_path / "a.jpg", max_megapixels=95).pixels.shape == (9500, 10000, 1)


@pytest.mark.parametrize(("kind", "name"), [("JPEG", "a.png"), ("WEBP", "a.TIFF"), ("PNG", "a.jpg")])
def test_contents_count_whatever_the_name_ends_in(kind, name, tmp_path):
    (tmp_path / name).write_bytes(encoded(kind, **({"lossless": True} if kind == "WEBP" else {})))
    photo = read_photo(tmp_path / name, max_megapixels=1)
    assert kind == "JPEG" or np.array_equal(photo.pixels, PIXELS)
    assert any(f"its name ends in .{name.partition('.')[2]}" in note for note in photo.notes)
    target = tmp_path / name
    write_photo(photo, target)  # over itself: the name says what is written
    assert read_photo(target, max_megapixels=1).notes == ()


def test_other_families_have_one_page(tmp_path):
    (tmp_path / "a.png").write_bytes(encoded("PNG"))
    with pytest.raises(InputError, match="has one picture: there is no page 2"):
        read_photo(tmp_path / "a.png", max_megapixels=1, page=1)
