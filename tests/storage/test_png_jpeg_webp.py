"""What PNG, JPEG and WebP keep of their source beyond pixels and common metadata."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageFile
from PIL.JpegImagePlugin import get_sampling

from inpaint_studio.storage.containers import jpeg_segments, png_chunks, riff
from inpaint_studio.storage.containers.png_chunks import Chunk
from inpaint_studio.storage.files import read_photo, write_photo

RNG = np.random.default_rng(3)
PIXELS = RNG.integers(0, 256, (40, 60, 3), dtype=np.uint8)


def png_with(extra: list[Chunk], picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    header, *rest = png_chunks.read_chunks(stream.getvalue())
    return png_chunks.write_chunks([header, *extra, *rest])


def test_png_keeps_the_source_chunks(tmp_path):
    kept = [
        Chunk(b"gAMA", struct.pack(">I", 45455)),
        Chunk(b"cHRM", struct.pack(">8I", *range(1, 9))),
        Chunk(b"sBIT", b"\5\6\5"),
        Chunk(b"pHYs", struct.pack(">IIB", 3, 2, 0)),
        Chunk(b"tEXt", b"Author\0A. Nonymous"),
        Chunk(b"vpAg", b"private and safe?"),
        Chunk(b"prVt", b"private"),
    ]
    unsafe = Chunk(b"iDOT", b"offsets into the old file")
    (tmp_path / "a.png").write_bytes(png_with([*kept, unsafe], Image.fromarray(PIXELS)))
    photo = read_photo(tmp_path / "a.png", max_megapixels=1)
    write_photo(replace(photo, pixels=photo.pixels[::-1]), tmp_path / "b.png")
    written = png_chunks.read_chunks((tmp_path / "b.png").read_bytes())
    assert [chunk for chunk in kept if chunk in written] == kept
    assert unsafe not in written
    assert np.array_equal(read_photo(tmp_path / "b.png", max_megapixels=1).pixels, PIXELS[::-1])


@pytest.mark.parametrize("mode", ["1", "P", "L", "LA", "RGBA", "I;16"])
def test_png_modes_are_expanded(mode, tmp_path):
    picture = Image.fromarray(PIXELS)
    if mode == "P":
        picture = picture.quantize(16)
    elif mode == "I;16":
        picture = Image.fromarray(RNG.integers(0, 65536, (40, 60), dtype=np.uint16))
    else:
        picture = picture.convert(mode)
    picture.save(tmp_path / "a.png")
    expected = np.asarray(picture.convert({"1": "L", "P": "RGB"}[mode]) if mode in "1P" else picture)
    assert np.array_equal(read_photo(tmp_path / "a.png", max_megapixels=1).pixels, expected.reshape(40, 60, -1))


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_png_palette_transparency_and_low_bits(bits, tmp_path):
    picture = Image.fromarray(PIXELS).quantize(2**bits)
    picture.save(tmp_path / "a.png", bits=bits, transparency=bytes([0, 128]))
    with Image.open(tmp_path / "a.png") as again:
        expected = np.asarray(again.convert("RGBA"))
    photo = read_photo(tmp_path / "a.png", max_megapixels=1)
    assert np.array_equal(photo.pixels, expected)
    write_photo(photo, tmp_path / "b.png")
    assert np.array_equal(read_photo(tmp_path / "b.png", max_megapixels=1).pixels, expected)


def test_png_interlaced(tmp_path):
    def rows(step, offset_y, offset_x, step_x):
        part = PIXELS[offset_y::step, offset_x::step_x]
        return b"".join(b"\0" + row.tobytes() for row in part) if part.size else b""

    passes = [(8, 0, 0, 8), (8, 0, 4, 8), (8, 4, 0, 4), (4, 0, 2, 4), (4, 2, 0, 2), (2, 0, 1, 2), (2, 1, 0, 1)]
    data = zlib.compress(b"".join(rows(*one) for one in passes))
    header = Chunk(b"IHDR", struct.pack(">IIBBBBB", 60, 40, 8, 2, 0, 0, 1))
    (tmp_path / "a.png").write_bytes(png_chunks.write_chunks([header, Chunk(b"IDAT", data), Chunk(b"IEND", b"")]))
    assert np.array_equal(read_photo(tmp_path / "a.png", max_megapixels=1).pixels, PIXELS)


def test_compressed_xmp_and_profiles_are_bounded(tmp_path):
    bomb = zlib.compress(bytes(80 << 20))
    chunks = [Chunk(b"iCCP", b"x\0\0" + bomb), Chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + bomb)]
    (tmp_path / "a.png").write_bytes(png_with(chunks, Image.fromarray(PIXELS)))
    metadata = read_photo(tmp_path / "a.png", max_megapixels=1).metadata
    assert metadata.icc is None
    assert metadata.xmp is None


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_keeps_tables_sampling_and_segments(subsampling, progressive, tmp_path):
    stream = io.BytesIO()
    Image.fromarray(PIXELS).save(
        stream, "JPEG", quality=63, subsampling=subsampling, progressive=progressive, comment=b"hello"
    )
    segments, scan = jpeg_segments.read_segments(stream.getvalue())
    private = jpeg_segments.Segment(0xE5, b"private segment")
    pictures_behind = jpeg_segments.Segment(0xE2, b"MPF\0 offsets")
    (tmp_path / "a.jpg").write_bytes(
        jpeg_segments.write_segments([*segments, private, pictures_behind], stream.getvalue()[scan:])
    )
    photo = read_photo(tmp_path / "a.jpg", max_megapixels=1)
    write_photo(photo, tmp_path / "b.jpg")
    with Image.open(stream) as a, Image.open(tmp_path / "b.jpg") as b:
        assert a.quantization == b.quantization
        assert get_sampling(a) == get_sampling(b)
        assert bool(b.info.get("progressive")) is progressive
        assert b.info["comment"] == b"hello"
    written, _ = jpeg_segments.read_segments((tmp_path / "b.jpg").read_bytes())
    assert private in written
    assert pictures_behind not in written
    write_photo(photo, tmp_path / "c.jpg", quality=20)
    assert (tmp_path / "c.jpg").read_bytes() != (tmp_path / "b.jpg").read_bytes()


def test_jpeg_of_noise_at_the_finest_tables(tmp_path, monkeypatch):
    noise = RNG.integers(0, 256, (700, 900, 3), dtype=np.uint8)
    with monkeypatch.context() as patch:  # Pillow's own buffer is too small for it
        patch.setattr(ImageFile, "MAXBLOCK", 1 << 23)
        Image.fromarray(noise).save(tmp_path / "a.jpg", quality=100, subsampling=0, progressive=True)
    write_photo(read_photo(tmp_path / "a.jpg", max_megapixels=1), tmp_path / "b.jpg")
    assert read_photo(tmp_path / "b.jpg", max_megapixels=1).pixels.shape == noise.shape


def test_jpeg_with_a_long_profile(make_photo, tmp_path):
    from inpaint_studio.pixels.format import Colour, PixelFormat

    photo = make_photo(PixelFormat(Colour.RGB))
    long = photo.metadata.icc + RNG.bytes(200_000)
    write_photo(replace(photo, metadata=replace(photo.metadata, icc=long)), tmp_path / "a.jpg")
    assert read_photo(tmp_path / "a.jpg", max_megapixels=1).metadata.icc == long


def test_webp_keeps_hidden_colours_opaque_alpha_and_unknown_chunks(tmp_path):
    clear = np.dstack([PIXELS, np.zeros(PIXELS.shape[:2], np.uint8)])
    for name, pixels in (("clear", clear), ("opaque", clear | np.uint8([0, 0, 0, 255]))):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
        write_photo(read_photo(tmp_path / f"{name}.png", max_megapixels=1), tmp_path / f"{name}.webp")
        assert np.array_equal(read_photo(tmp_path / f"{name}.webp", max_megapixels=1).pixels, pixels)
    unknown = riff.Chunk(b"priv", b"kept")
    chunks = riff.read_chunks((tmp_path / "clear.webp").read_bytes())
    (tmp_path / "more.webp").write_bytes(riff.write_chunks([*chunks, unknown]))
    write_photo(read_photo(tmp_path / "more.webp", max_megapixels=1), tmp_path / "again.webp")
    assert unknown in riff.read_chunks((tmp_path / "again.webp").read_bytes())


@pytest.mark.parametrize("lossless", [True, False])
def test_webp_as_others_write_it(lossless, tmp_path):
    for pixels in (PIXELS, np.dstack([PIXELS, PIXELS[..., 0]])):
        Image.fromarray(pixels).save(tmp_path / "a.webp", lossless=lossless)
        with Image.open(tmp_path / "a.webp") as picture:
            expected = np.asarray(picture)
        assert np.array_equal(read_photo(tmp_path / "a.webp", max_megapixels=1).pixels, expected)
