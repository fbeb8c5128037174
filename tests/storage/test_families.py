"""What every family promises, for every format that it holds."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageOps

from inpaint_studio.errors import InputError
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.storage import exif
from inpaint_studio.storage.convert import quantised
from inpaint_studio.storage.files import probe, read_photo, write_photo
from inpaint_studio.storage.photo import Photo
from inpaint_studio.storage.registry import FAMILIES

#: Families that write; what is only read is tested in test_layered.py.
WRITTEN = tuple(family for family in FAMILIES if family.writes)
FORMATS = [
    PixelFormat(colour, dtype, alpha)
    for colour, dtype, alpha in product(Colour, ("uint8", "uint16", "float32"), (False, True))
] + [PixelFormat(colour, "uint16", alpha, 12) for colour, alpha in product((Colour.GRAY, Colour.RGB), (False, True))]
HELD = [
    pytest.param(
        family,
        pixel_format,
        id=f"{family.id}-{pixel_format.colour}-{pixel_format.dtype}-{pixel_format.bits}-{pixel_format.alpha}",
    )
    for family, pixel_format in product(WRITTEN, FORMATS)
    if family.holds(pixel_format) == pixel_format
]


def contents(block: bytes | None):
    """An EXIF block's values, without where they stand and without orientation and resolution."""
    parsed = exif.parse(block)
    assert parsed is not None

    def values(ifd):
        own = {t: (e.kind, e.count, e.data) for t, e in ifd.entries.items() if t not in (274, 282, 283, 296)}
        return own, {tag: values(child) for tag, child in ifd.children.items()}

    return values(parsed[1])


def reread(path: Path) -> Photo:
    return read_photo(path, max_megapixels=1)


def close(one: Photo, other: Photo) -> bool:
    """JPEG of noise: about the same."""
    return float(np.abs(one.pixels.astype(int) - other.pixels.astype(int)).mean()) < 8


def assert_same_pixels(family, before: Photo, after: Photo) -> None:
    assert after.format == before.format
    if family.lossless:
        assert np.array_equal(before.pixels, after.pixels)
    else:
        assert after.pixels.shape == before.pixels.shape
        assert close(before, after)


def assert_same_metadata(before: Photo, after: Photo) -> None:
    assert after.metadata.icc == before.metadata.icc
    assert after.metadata.xmp == before.metadata.xmp
    assert contents(after.metadata.exif) == contents(before.metadata.exif)
    assert after.metadata.resolution == pytest.approx(before.metadata.resolution, rel=1e-4)


@pytest.mark.parametrize(("family", "pixel_format"), HELD)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_keeps_pixels_metadata_and_stored_layout(family, pixel_format, orientation, make_photo, tmp_path):
    photo = make_photo(pixel_format, family=family.id, orientation=orientation)
    path = tmp_path / f"photo{family.suffixes[0]}"
    write_photo(photo, path)
    info = probe(path)
    sideways = orientation >= 5
    assert (info.family, info.orientation, info.format) == (family.id, orientation, pixel_format)
    assert (info.height, info.width) == (photo.pixels.shape[:2][::-1] if sideways else photo.pixels.shape[:2])
    first = reread(path)
    assert first.path == path
    assert first.family == family.id
    assert first.metadata.orientation == orientation
    assert_same_pixels(family, photo, first)
    assert_same_metadata(photo, first)
    # once more, now with a source file
    edited = first.pixels.copy()
    edited[3:9, 5:11] = 0
    again = tmp_path / f"again{family.suffixes[-1]}"
    write_photo(replace(first, pixels=edited), again)
    second = reread(again)
    assert second.metadata == first.metadata
    assert_same_pixels(family, replace(first, pixels=edited), second)


#: Pillow opens neither JPEG XL nor TIFF of every depth.
BY_PILLOW = [family for family in FAMILIES if family.id in ("png", "jpeg", "webp", "avif")]


@pytest.mark.parametrize("family", BY_PILLOW, ids=lambda family: family.id)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_shows_orientation_as_pillow_does(family, orientation, make_photo, tmp_path):
    path = tmp_path / f"photo{family.suffixes[0]}"
    write_photo(make_photo(PixelFormat(Colour.RGB), family=family.id, orientation=orientation), path)
    with Image.open(path) as picture:
        expected = np.asarray(ImageOps.exif_transpose(picture))
    assert np.array_equal(reread(path).pixels, expected)


@pytest.mark.parametrize(("source", "target"), [pair for pair in product(WRITTEN, WRITTEN) if pair[0] is not pair[1]])
@pytest.mark.parametrize("orientation", [1, 6])
def test_another_family_gets_upright_pixels(source, target, orientation, make_photo, tmp_path):
    start, end = tmp_path / f"a{source.suffixes[0]}", tmp_path / f"b{target.suffixes[0]}"
    write_photo(make_photo(PixelFormat(Colour.RGB), family=source.id, orientation=orientation), start)
    photo = reread(start)
    write_photo(photo, end)
    result = reread(end)
    assert result.metadata.orientation == 1
    assert_same_pixels(target, photo, result)
    assert_same_metadata(photo, result)


@pytest.mark.parametrize("family", WRITTEN, ids=lambda family: family.id)
@pytest.mark.parametrize("pixel_format", FORMATS, ids=str)
def test_what_is_not_held_becomes_the_nearest(family, pixel_format, make_photo, tmp_path):
    path = tmp_path / f"photo{family.suffixes[0]}"
    photo = make_photo(pixel_format)
    if pixel_format.colour is Colour.CMYK and family.holds(pixel_format).colour is not Colour.CMYK:
        with pytest.raises(InputError, match="holds no CMYK"):
            write_photo(photo, path)
        assert not path.exists()
        return
    write_photo(photo, path)
    result = reread(path)
    assert result.format == family.holds(pixel_format)
    fits = result.format.colour is pixel_format.colour
    assert result.metadata.icc == (photo.metadata.icc if fits else None)


def test_xmp_orientation_follows(make_photo, tmp_path):
    photo = make_photo(PixelFormat(Colour.RGB), family="tiff", orientation=6)
    packet = b"<rdf tiff:Orientation='6'><tiff:Orientation>6</tiff:Orientation></rdf>"
    write_photo(replace(photo, metadata=replace(photo.metadata, xmp=packet)), tmp_path / "photo.png")
    assert reread(tmp_path / "photo.png").metadata.xmp == packet.replace(b"6", b"1")


@pytest.mark.parametrize("family", [family for family in WRITTEN if family.lossless], ids=lambda family: family.id)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_pixels_come_back(family, data, tmp_path):
    held = [pixel_format for pixel_format in FORMATS if family.holds(pixel_format) == pixel_format]
    pixel_format = data.draw(st.sampled_from(held))
    height, width = data.draw(st.tuples(st.integers(1, 20), st.integers(1, 20)))
    pixels = quantised(data.draw(arrays(pixel_format.numpy, (height, width, pixel_format.channels))), pixel_format)
    path = tmp_path / f"photo{family.suffixes[0]}"
    write_photo(Photo(pixels, pixel_format), path)
    result = reread(path)
    assert result.format == pixel_format
    assert result.pixels.tobytes() == np.ascontiguousarray(pixels).tobytes()


def test_iptc_and_infrared_stay_with_tiff(make_photo, tmp_path):
    photo = make_photo(PixelFormat(Colour.RGB, "uint16"), family="tiff", orientation=6)
    infrared = np.arange(37 * 53, dtype=np.uint16).reshape(37, 53, 1)
    metadata = replace(photo.metadata, iptc=b"\x1c\x02\x00\x00\x02\x00\x04")
    write_photo(replace(photo, extra=infrared, metadata=metadata), tmp_path / "a.tif")
    first = reread(tmp_path / "a.tif")
    assert not first.format.alpha
    assert np.array_equal(first.extra, infrared)
    assert first.metadata.iptc == metadata.iptc
    edited = first.pixels.copy()
    edited[:4] = 7
    write_photo(replace(first, pixels=edited), tmp_path / "b.tif")
    second = reread(tmp_path / "b.tif")
    assert np.array_equal(second.extra, infrared)
    assert np.array_equal(second.pixels, edited)
    write_photo(first, tmp_path / "c.jpg")
    assert reread(tmp_path / "c.jpg").metadata.iptc == metadata.iptc
