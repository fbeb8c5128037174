"""Previews in metadata: they show the new pixels or go; nothing of the old ones is left in the file."""

from __future__ import annotations

import io
import struct
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from PIL import Image
from PIL.JpegImagePlugin import get_sampling

from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.storage import exif, exif_thumbnail, previews
from inpaint_studio.storage.containers import jpeg_segments, photoshop
from inpaint_studio.storage.containers.ifd import Entry, Ifd, Layout
from inpaint_studio.storage.containers.jpeg_segments import Segment
from inpaint_studio.storage.files import read_photo, write_photo
from inpaint_studio.storage.photo import Photo
from inpaint_studio.storage.previews import Picture
from inpaint_studio.storage.registry import FAMILIES

from .conftest import exif_block
from .thumbnails import jpeg_thumbnail, thumbnail, with_thumbnail

RGB = PixelFormat(Colour.RGB)
GREEN, RED = (20, 200, 40), (230, 20, 30)
SIZE = (200, 300)


def painted(colour: tuple[int, int, int], size: tuple[int, int] = SIZE) -> np.ndarray:
    return np.full((*size, 3), colour, np.uint8)


def jpeg(size: tuple[int, int] = (96, 64), mode: str = "RGB", **options: object) -> bytes:
    stream = io.BytesIO()
    grain = np.random.default_rng(3).integers(0, 20, (*size[::-1], 3), dtype=np.uint8)
    Image.fromarray(painted(RED, size[::-1]) + grain).convert(mode).save(stream, "JPEG", quality=80, **options)
    return stream.getvalue()


def plain_thumbnail(block: bytes, width: int, height: int, photometric: int = 2) -> bytes:
    layout = (exif.parse(block) or (Layout(),))[0]
    data = painted(RED, (height, width)).tobytes()
    entries = {
        256: Entry.shorts(layout, width),
        257: Entry.shorts(layout, height),
        258: Entry.shorts(layout, 8, 8, 8),
        259: Entry.shorts(layout, 1),
        262: Entry.shorts(layout, photometric),
        277: Entry.shorts(layout, 3),
        278: Entry.shorts(layout, height),
        279: Entry.longs(layout, len(data)),
    }
    return with_thumbnail(block, Ifd(entries), data, 273)


def is_green(picture: Image.Image) -> bool:
    return bool(np.abs(np.asarray(picture.convert("RGB")).astype(int) - GREEN).max() < 12)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("options", [{}, {"subsampling": 0}, {"mode": "L"}])
def test_a_jpeg_thumbnail_is_made_anew_in_its_place(order, options):
    old = jpeg(**options)
    block = jpeg_thumbnail(exif_block(order), old)
    renewed = exif_thumbnail.renewed(block, Picture(painted(GREEN), RGB))
    assert renewed is not None
    assert len(renewed) == len(block)
    assert old[-300:-200] not in renewed
    picture, before = thumbnail(renewed), Image.open(io.BytesIO(old))
    assert picture is not None
    assert (picture.size, picture.mode, picture.quantization) == (before.size, before.mode, before.quantization)
    assert "mode" in options or (is_green(picture) and get_sampling(picture) == get_sampling(before))
    assert renewed.index(b"FAKEMAKER") == block.index(b"FAKEMAKER")


def test_a_thumbnail_of_other_proportions_keeps_its_bars():
    block = jpeg_thumbnail(exif_block(), jpeg((160, 120)))
    picture = thumbnail(exif_thumbnail.renewed(block, Picture(painted(GREEN, (200, 400)), RGB)))
    assert picture is not None
    assert picture.size == (160, 120)
    assert np.asarray(picture)[5].max() < 12
    assert is_green(picture.crop((0, 25, 160, 95)))


def test_a_detailed_thumbnail_that_has_no_room_is_made_coarser():
    block = jpeg_thumbnail(exif_block(), jpeg())
    noise = np.random.default_rng(1).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    renewed = exif_thumbnail.renewed(block, Picture(noise, RGB))
    picture = thumbnail(renewed)
    assert len(renewed or b"") == len(block)
    assert picture is None or picture.size == (96, 64)


def test_a_plain_thumbnail_is_made_anew_or_taken_out():
    renewed = exif_thumbnail.renewed(plain_thumbnail(exif_block(), 30, 20), Picture(painted(GREEN), RGB))
    assert renewed is not None
    assert bytes(GREEN) * 600 in renewed
    assert bytes(RED) not in renewed
    gone = exif_thumbnail.renewed(plain_thumbnail(exif_block(), 30, 20, photometric=6), Picture(painted(GREEN), RGB))
    assert gone is not None
    assert not exif_thumbnail.has_thumbnail(gone)
    assert bytes(RED) not in gone
    assert b"FAKEMAKER" in gone


@pytest.mark.parametrize("damage", [b"", b"not a JPEG" * 9, jpeg()[:200]])
def test_a_thumbnail_that_cannot_be_read_is_taken_out(damage):
    block = jpeg_thumbnail(exif_block(), damage)
    gone = exif_thumbnail.renewed(block, Picture(painted(GREEN), RGB))
    picture = thumbnail(gone)
    assert picture is None or is_green(picture)
    assert not damage or damage[-40:] not in (gone or b"")


def test_nothing_there_is_nothing_to_do():
    for block in (None, b"", b"rubbish", exif_block()):
        assert exif_thumbnail.renewed(block, Picture(painted(GREEN), RGB)) == block


def test_rubbish_never_raises():
    rng = np.random.default_rng(2)
    block = jpeg_thumbnail(exif_block(), jpeg())
    for _ in range(300):
        spoilt = bytearray(block)
        for at in rng.integers(4, len(spoilt), 6):
            spoilt[at] = rng.integers(0, 256)
        exif_thumbnail.renewed(bytes(spoilt), Picture(painted(GREEN, (20, 30)), RGB))


def photo_with(block: bytes, family: str, orientation: int) -> Photo:
    """Red where it is not edited; its thumbnail lies as the pixels are stored."""
    size = SIZE[::-1] if orientation >= 5 else SIZE
    metadata = exif.with_orientation(block, orientation)
    photo = Photo(painted(RED, size), RGB, family=family)
    return replace(photo, metadata=replace(photo.metadata, exif=metadata, orientation=orientation))


@pytest.mark.parametrize("family", [family for family in FAMILIES if family.writes], ids=lambda family: family.id)
@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_every_family_renews_the_thumbnail_of_an_edited_photo(family, orientation, tmp_path):
    block = jpeg_thumbnail(exif_block(), jpeg())
    source = tmp_path / f"a{family.suffixes[0]}"
    write_photo(photo_with(block, family.id, orientation), source, edited=False)
    photo = read_photo(source, max_megapixels=1)
    same, other = tmp_path / f"same{family.suffixes[0]}", tmp_path / f"other{family.suffixes[0]}"
    write_photo(photo, same, edited=False)
    assert read_photo(same, max_megapixels=1).metadata.exif == photo.metadata.exif
    notes = write_photo(replace(photo, pixels=painted(GREEN, photo.pixels.shape[:2])), other)
    assert previews.LEFT not in notes
    result = read_photo(other, max_megapixels=1)
    picture = thumbnail(result.metadata.exif)
    assert jpeg()[-300:-200] not in other.read_bytes()
    assert (picture is None) == (family.id == "tiff")  # where no thumbnail is ever written
    assert picture is None or (picture.size == (96, 64) and is_green(picture))


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_in_another_family_the_thumbnail_stands_upright(orientation, tmp_path):
    write_photo(photo_with(jpeg_thumbnail(exif_block(), jpeg()), "jpeg", orientation), tmp_path / "a.jpg", edited=False)
    photo = read_photo(tmp_path / "a.jpg", max_megapixels=1)
    write_photo(photo, tmp_path / "b.png", edited=False)
    picture = thumbnail(read_photo(tmp_path / "b.png", max_megapixels=1).metadata.exif)
    assert picture is not None
    assert picture.size == ((64, 96) if orientation == 6 else (96, 64))


def photoshop_preview(number: int = photoshop.PREVIEW) -> photoshop.Resource:
    data = jpeg()
    header = struct.pack(">6I2H", 1, 96, 64, 288, 288 * 64, len(data), 24, 1)
    return photoshop.Resource(number, b"\0\0", header + data)


def test_photoshop_previews_in_jpeg(tmp_path):
    iptc = photoshop.Resource(1028, b"\x03abc", b"\x1c\x02\x00\x00\x02\x00\x04")
    resources = photoshop.write_resources([iptc, photoshop_preview(), photoshop_preview(photoshop.OLD_PREVIEW)])
    stream = io.BytesIO()
    Image.fromarray(painted(RED)).save(stream, "JPEG")
    segments, scan = jpeg_segments.read_segments(stream.getvalue())
    jfxx = Segment(jpeg_segments.APP0, b"JFXX\0\x10" + jpeg())
    added = [jfxx, Segment(jpeg_segments.APP13, jpeg_segments.PHOTOSHOP_MARK + resources)]
    source = jpeg_segments.write_segments([segments[0], *added, *segments[1:]], stream.getvalue()[scan:])
    (tmp_path / "a.jpg").write_bytes(source)
    photo = read_photo(tmp_path / "a.jpg", max_megapixels=1)
    write_photo(photo, tmp_path / "same.jpg", edited=False)
    assert (tmp_path / "same.jpg").read_bytes() == source
    notes = write_photo(replace(photo, pixels=painted(GREEN)), tmp_path / "b.jpg")
    assert previews.LEFT not in notes
    written, _ = jpeg_segments.read_segments((tmp_path / "b.jpg").read_bytes())
    assert not any(one.data.startswith(b"JFXX") for one in written)
    found = photoshop.read_resources(
        jpeg_segments.first(written, jpeg_segments.APP13, jpeg_segments.PHOTOSHOP_MARK) or b""
    )
    assert found[0] == iptc
    assert [one.number for one in found] == [1028, photoshop.PREVIEW]
    assert is_green(Image.open(io.BytesIO(found[1].data[28:])))


def test_adobe_previews_in_xmp_go(tmp_path):
    preview = b"<xmp:Thumbnails><rdf:Alt><xmpGImg:image>/9j/4AAQ</xmpGImg:image></rdf:Alt></xmp:Thumbnails>"
    packet = b"<x:xmpmeta>" + preview + b"<dc:a/></x:xmpmeta>"
    photo = photo_with(exif_block(), "png", 1)
    photo = replace(photo, metadata=replace(photo.metadata, xmp=packet))
    assert write_photo(photo, tmp_path / "a.png") == ()
    assert read_photo(tmp_path / "a.png", max_megapixels=1).metadata.xmp == b"<x:xmpmeta><dc:a/></x:xmpmeta>"
    write_photo(photo, tmp_path / "b.png", edited=False)
    assert read_photo(tmp_path / "b.png", max_megapixels=1).metadata.xmp == packet


def test_a_preview_in_the_makers_notes_is_told_of(tmp_path):
    block = exif_block().replace(bytes(range(100, 160)), jpeg()[:60])
    photo = photo_with(block, "png", 1)
    assert write_photo(photo, tmp_path / "a.png") == (previews.LEFT,)
    assert write_photo(photo, tmp_path / "b.png", edited=False) == ()


@pytest.mark.parametrize("kind", ["page", "below", "photoshop"])
def test_previews_in_a_grafted_tiff_are_told_of(kind, tmp_path):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as tiff:
        tags = []
        if kind == "photoshop":
            tags = [(34377, 1, None, photoshop.write_resources([photoshop_preview()]), False)]
        options = {"photometric": "rgb", "rowsperstrip": 16, "extratags": tags, "metadata": None}
        tiff.write(painted(RED), subifds=int(kind == "below"), **options)
        if kind != "photoshop":
            tiff.write(painted(RED, (20, 30)), subfiletype=1, photometric="rgb", metadata=None)
    photo = read_photo(path, max_megapixels=1)
    assert write_photo(photo, tmp_path / "same.tif", edited=False) == ()
    edited = photo.pixels.copy()
    edited[:10, :10] = GREEN
    assert write_photo(replace(photo, pixels=edited), tmp_path / "b.tif") == (previews.LEFT,)
