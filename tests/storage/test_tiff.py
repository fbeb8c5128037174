"""TIFF layouts: read as tifffile reads them, and saved over by grafting."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from inpaint_studio.errors import InputError
from inpaint_studio.storage.files import probe, read_photo, write_photo

RNG = np.random.default_rng(5)
PIXELS = RNG.integers(0, 65536, (70, 90, 3), dtype=np.uint16)
FLOATS = RNG.normal(0.5, 1, (70, 90, 3)).astype(np.float32)
LAYOUTS = {
    "strips": {"rowsperstrip": 16},
    "one strip": {},
    "tiles": {"tile": (32, 48)},
    "planar": {"planarconfig": "separate", "rowsperstrip": 16},
    "planar tiles": {"planarconfig": "separate", "tile": (32, 32), "compression": "zstd"},
    "lzw": {"compression": "lzw", "rowsperstrip": 16},
    "lzw predictor": {"compression": "lzw", "predictor": True, "rowsperstrip": 16},
    "deflate predictor": {"compression": "deflate", "predictor": True, "tile": (32, 32)},
    "zstd": {"compression": "zstd", "predictor": True, "rowsperstrip": 7},
    "bigtiff": {"compression": "zstd", "rowsperstrip": 16},
    "deflate": {"compression": "deflate", "rowsperstrip": 16},
    "big endian": {"compression": "lzw", "predictor": True, "rowsperstrip": 16},
}


def write_layout(path: Path, name: str, pixels: np.ndarray) -> None:
    """A file in the named layout with a private tag and a maker note, and a second page."""
    order = ">" if name == "big endian" else "<"
    tags = [(65000, 7, 12, b"FAKEMAKER\0\1\2", True), (271, 2, 0, "Maker", True)]
    with tifffile.TiffWriter(path, bigtiff=name == "bigtiff", byteorder=order) as tiff:
        options = {"photometric": "rgb", "metadata": None, "extratags": tags, "resolution": (300, 300)}
        stored = np.moveaxis(pixels, 2, 0) if "planar" in name else pixels
        tiff.write(
            stored, **options, **LAYOUTS[name], resolutionunit="INCH", iccprofile=bytes(16) + b"RGB " + bytes(200)
        )
        tiff.write(pixels[:20, :20, 0], photometric="minisblack", metadata=None, description="second page")


@pytest.mark.parametrize("pixels", [PIXELS, (PIXELS >> 8).astype(np.uint8), FLOATS], ids=["16", "8", "float"])
@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("compared", ["with what was read", "with the file"])
def test_graft_changes_only_changed_blocks(compared, name, pixels, tmp_path):
    source, target = tmp_path / "source.tif", tmp_path / "target.tif"
    write_layout(source, name, pixels)
    assert probe(source).frames == 2
    photo = read_photo(source, max_megapixels=1)
    assert np.array_equal(photo.pixels, pixels)
    edited = photo.pixels.copy()
    edited[40:50, 60:80] = 1
    known = photo.original if compared == "with what was read" else None
    write_photo(replace(photo, pixels=edited, original=known), target)
    before, after = source.read_bytes(), target.read_bytes()
    assert len(after) >= len(before)
    differing = sum(a != b for a, b in zip(before, after[: len(before)], strict=True))
    assert differing < 300  # offsets and counts
    assert b"FAKEMAKER" in after
    again = read_photo(target, max_megapixels=1)
    assert np.array_equal(again.pixels, edited)
    assert again.metadata == photo.metadata
    with tifffile.TiffFile(target) as tiff:
        assert np.array_equal(tiff.pages[0].asarray(), np.moveaxis(edited, 2, 0) if "planar" in name else edited)
        assert np.array_equal(tiff.pages[1].asarray(), pixels[:20, :20, 0])
        assert tiff.pages[1].description == "second page"
        assert tiff.pages[0].tags[65000].value == b"FAKEMAKER\0\1\2"


def test_unchanged_photo_is_copied(tmp_path):
    write_layout(tmp_path / "a.tif", "tiles", PIXELS)
    write_photo(read_photo(tmp_path / "a.tif", max_megapixels=1), tmp_path / "b.tif")
    assert (tmp_path / "a.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()


@pytest.mark.parametrize("name", LAYOUTS)
def test_only_blocks_that_changed_are_decoded_while_the_file_stands(name, tmp_path, monkeypatch):
    source = tmp_path / "source.tif"
    write_layout(source, name, PIXELS)
    photo = read_photo(source, max_megapixels=1)
    edited = photo.pixels.copy()
    edited[3, 4] = 1
    decoded = []
    asked = tifffile.TiffPage.decode

    def spied(page):
        decode = asked.func(page)
        return lambda data, index: decoded.append(index) or decode(data, index)

    monkeypatch.setattr(tifffile.TiffPage, "decode", property(spied))
    write_photo(replace(photo, pixels=edited), tmp_path / "target.tif")
    monkeypatch.undo()
    assert len(decoded) == (3 if "planar" in name else 1)
    assert np.array_equal(read_photo(tmp_path / "target.tif", max_megapixels=1).pixels, edited)


def test_a_file_that_another_program_changed_meanwhile_is_compared_as_it_is_now(tmp_path):
    path = tmp_path / "source.tif"
    write_layout(path, "strips", PIXELS)
    photo = read_photo(path, max_megapixels=1)
    write_layout(path, "strips", PIXELS[::-1])
    assert not photo.original.stands
    edited = photo.pixels.copy()
    edited[3, 4] = 1
    write_photo(replace(photo, pixels=edited), tmp_path / "target.tif")
    assert np.array_equal(read_photo(tmp_path / "target.tif", max_megapixels=1).pixels, edited)


def test_the_pixels_of_a_file_cannot_be_written_by_mistake(tmp_path):
    path = tmp_path / "source.tif"
    write_layout(path, "strips", PIXELS)
    with pytest.raises(ValueError, match="read-only"):
        read_photo(path, max_megapixels=1).pixels[0, 0] = 1


def test_channels_beside_the_colours_are_written_though_no_colour_changed(tmp_path):
    """A scanner's infrared picture, say."""
    path = tmp_path / "source.tif"
    samples = np.random.default_rng(4).integers(0, 65536, (60, 50, 4), np.uint16)
    tifffile.imwrite(path, samples, photometric="rgb", extrasamples=["unspecified"], rowsperstrip=10)
    photo = read_photo(path, max_megapixels=1)
    with pytest.raises(ValueError, match="read-only"):
        photo.extra[0, 0] = 1
    edited = photo.extra.copy()
    edited[25, 7] ^= 1
    write_photo(replace(photo, extra=edited), tmp_path / "target.tif")
    again = read_photo(tmp_path / "target.tif", max_megapixels=1)
    assert np.array_equal(again.extra, edited)
    assert np.array_equal(again.pixels, photo.pixels)


def test_short_byte_counts_that_would_overflow_are_written_anew(tmp_path):
    path = tmp_path / "short.tif"
    flat = np.zeros((300, 200, 3), np.uint16)
    tifffile.imwrite(path, flat, photometric="rgb", compression="deflate", rowsperstrip=300, metadata=None)
    data = path.read_bytes()
    long_field, short_field = struct.pack("<HHI", 279, 4, 1), struct.pack("<HHI", 279, 3, 1)
    assert data.count(long_field) == 1
    path.write_bytes(data.replace(long_field, short_field))
    photo = read_photo(path, max_megapixels=1)
    noisy = RNG.integers(0, 65536, flat.shape, dtype=np.uint16)
    write_photo(replace(photo, pixels=noisy), path)
    assert np.array_equal(read_photo(path, max_megapixels=1).pixels, noisy)


def test_a_rewrite_never_loses_further_pages_of_the_file_it_replaces(tmp_path):
    path = tmp_path / "pages.tif"
    write_layout(path, "strips", PIXELS)
    before = path.read_bytes()
    photo = read_photo(path, max_megapixels=1)
    smaller = replace(photo, pixels=photo.pixels[:50])
    with pytest.raises(InputError, match="has 2 pages"):
        write_photo(smaller, path)
    assert path.read_bytes() == before
    write_photo(smaller, tmp_path / "other.tif")
    assert np.array_equal(read_photo(tmp_path / "other.tif", max_megapixels=1).pixels, PIXELS[:50])


@pytest.mark.parametrize(
    "options",
    [{"compression": "packbits"}, {"compression": "jpeg"}, {"photometric": "miniswhite"}, {"compression": "lzma"}],
    ids=str,
)
def test_layouts_that_cannot_be_grafted_are_rewritten(options, tmp_path):
    path = tmp_path / "photo.tif"
    tifffile.imwrite(
        path, (PIXELS[..., 0] >> 8).astype(np.uint8), metadata=None, **({"photometric": "minisblack"} | options)
    )
    photo = read_photo(path, max_megapixels=1)
    edited = photo.pixels.copy()
    edited[:9] = 200
    write_photo(replace(photo, pixels=edited), path)
    assert np.array_equal(read_photo(path, max_megapixels=1).pixels, edited)


def test_a_predictor_without_compression_is_not_grafted(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, PIXELS, photometric="rgb", metadata=None, extratags=[(317, 3, 1, 2, True)])
    photo = read_photo(path, max_megapixels=1)
    assert np.array_equal(photo.pixels, PIXELS)
    edited = photo.pixels.copy()
    edited[:9] = 200
    write_photo(replace(photo, pixels=edited), path)
    assert np.array_equal(read_photo(path, max_megapixels=1).pixels, edited)


def test_white_is_zero_is_shown_right(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.full((4, 5), 10, np.uint8), photometric="miniswhite")
    assert (read_photo(tmp_path / "a.tif", max_megapixels=1).pixels == 245).all()


@pytest.mark.parametrize("compression", ["raw", "group4", "tiff_lzw"])
def test_bilevel(compression, tmp_path):
    bits = RNG.random((33, 45)) > 0.5
    Image.fromarray(bits).save(tmp_path / "a.tif", compression=compression)
    assert np.array_equal(read_photo(tmp_path / "a.tif", max_megapixels=1).pixels[..., 0], bits * np.uint8(255))


def test_palette(tmp_path):
    picture = Image.fromarray((PIXELS >> 8).astype(np.uint8)).quantize(100)
    picture.save(tmp_path / "a.tif")
    photo = read_photo(tmp_path / "a.tif", max_megapixels=1)
    assert np.array_equal(photo.pixels, np.asarray(picture.convert("RGB")))


@pytest.mark.parametrize("opaque", [True, False])
def test_premultiplied_alpha_only_when_opaque(opaque, tmp_path):
    pixels = np.full((5, 6, 4), 255, np.uint8)
    pixels[2, 2] = 255 if opaque else 9
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", extrasamples=["assocalpha"])
    if opaque:
        photo = read_photo(tmp_path / "a.tif", max_megapixels=1)
        assert photo.format.alpha
        clear = photo.pixels.copy()
        clear[0, 0, 3] = 3
        write_photo(replace(photo, pixels=clear), tmp_path / "a.tif")
        assert np.array_equal(read_photo(tmp_path / "a.tif", max_megapixels=1).pixels, clear)
    else:
        with pytest.raises(InputError, match="premultiplied"):
            read_photo(tmp_path / "a.tif", max_megapixels=1)


def test_tifffile_and_pillow_read_what_is_written(make_photo, tmp_path):
    from inpaint_studio.pixels.format import Colour, PixelFormat

    photo = make_photo(PixelFormat(Colour.RGB, "uint8", alpha=True))
    write_photo(photo, tmp_path / "a.tif")
    assert np.array_equal(tifffile.imread(tmp_path / "a.tif"), photo.pixels)
    with Image.open(tmp_path / "a.tif") as picture:
        assert np.array_equal(np.asarray(picture), photo.pixels)
        assert picture.getexif().get_ifd(0x8825)[1] == "N"
        assert picture.info["dpi"] == (300, 150)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("layout", ["strips", "tiles", "planar", "zstd"])
def test_cmyk_is_grafted_in_its_inks(dtype, layout, tmp_path):
    inks = RNG.integers(0, np.iinfo(dtype).max, (70, 90, 4), dtype=dtype)
    stored = np.moveaxis(inks, 2, 0) if layout == "planar" else inks
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, stored, photometric="separated", metadata=None, **LAYOUTS[layout])
    photo = read_photo(path, max_megapixels=1)
    assert (photo.format.colour, photo.format.dtype) == ("cmyk", dtype)
    assert np.array_equal(photo.pixels, inks)
    edited = photo.pixels.copy()
    edited[10:20, 30:40] = 7
    size = path.stat().st_size
    write_photo(replace(photo, pixels=edited), path)
    assert size <= path.stat().st_size < 2 * size  # grafted: the old bytes stay
    with tifffile.TiffFile(path) as tiff:
        assert tiff.pages[0].photometric == tifffile.PHOTOMETRIC.SEPARATED
        assert np.array_equal(tiff.pages[0].asarray(), np.moveaxis(edited, 2, 0) if layout == "planar" else edited)


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("index", [0, 1, 2])
def test_any_page_is_opened_and_the_others_stay(index, big, tmp_path):
    path = tmp_path / "pages.tif"
    pages = [RNG.integers(0, 65536, (20 + n, 30, 3), dtype=np.uint16) for n in range(3)]
    with tifffile.TiffWriter(path, bigtiff=big) as tiff:
        for number, pixels in enumerate(pages):
            options = {"photometric": "rgb", "compression": "zstd", "rowsperstrip": 8, "metadata": None}
            tiff.write(pixels, description=f"page {number}", **options)
    assert probe(path, index).frames == 3
    photo = read_photo(path, max_megapixels=1, page=index)
    assert photo.page == index
    assert np.array_equal(photo.pixels, pages[index])
    assert any(f"this is page {index + 1}" in note for note in photo.notes)
    pages[index] = photo.pixels.copy()
    pages[index][3:9, 4:11] = 5
    packet = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>new</x:xmpmeta>"
    changed = replace(photo, pixels=pages[index], metadata=replace(photo.metadata, xmp=packet))
    write_photo(changed, path)
    with tifffile.TiffFile(path) as tiff:
        assert [page.description for page in tiff.pages] == [f"page {number}" for number in range(3)]
        for page, pixels in zip(tiff.pages, pages, strict=True):
            assert np.array_equal(page.asarray(), pixels)
        assert tiff.pages[index].tags[700].value == packet
    assert read_photo(path, max_megapixels=1, page=index).metadata.xmp == packet


@pytest.mark.parametrize("page", [-1, 2])
def test_a_page_that_is_not_there(page, tmp_path):
    write_layout(tmp_path / "a.tif", "strips", PIXELS)
    with pytest.raises(InputError, match="has 2 pages: there is no page"):
        read_photo(tmp_path / "a.tif", max_megapixels=1, page=page)
