"""Depth, size, profile, metadata and provenance of exports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines import planner
from inpaint_studio.engines.contract import Silent
from inpaint_studio.pixels.colour_spaces import exactly, srgb_profile
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.settings import Settings
from inpaint_studio.storage.convert import at_depth
from inpaint_studio.storage.family import Keep
from inpaint_studio.storage.files import read_photo
from inpaint_studio.storage.photo import Metadata, Photo
from inpaint_studio.storage.registry import FAMILIES
from inpaint_studio.studio.export import export
from inpaint_studio.studio.export_options import ExportOptions, last_options, remember_options
from inpaint_studio.studio.jobs import HereRunner
from inpaint_studio.studio.studio import Studio
from tests import profiles

RNG = np.random.default_rng(6)


def smooth(channels: int, dtype: str = "uint16", size: tuple[int, int] = (60, 90)) -> np.ndarray:
    down, across = np.mgrid[0 : size[0], 0 : size[1]]
    ramps = [(down * (n + 1) + across * 3) % 200 / 200 * 0.8 + 0.1 for n in range(channels)]
    return (np.stack(ramps, 2) * np.iinfo(dtype).max).astype(dtype)


def filled(photo: Photo) -> Studio:
    studio = Studio.of(photo, Settings())
    height, width = photo.pixels.shape[:2]
    coverage = np.zeros((height, width), np.uint8)
    coverage[20:30, 30:50] = 255
    masks = [studio.add_mask(coverage)]
    plan, result = studio.run(studio.fill_job(masks, Recipe(engine="smooth", seed=5)), HereRunner(), Silent())
    studio.accept(plan, result, masks)
    return studio


def photo_in(name: str) -> Photo:
    return Photo(smooth(3), PixelFormat(Colour.RGB, "uint16"), Metadata(icc=profiles.matrix(name)))


def test_eight_bits_of_sixteen(tmp_path: Path) -> None:
    photo = photo_in("AdobeRGB")
    exported = export(filled(photo).shown(), tmp_path / "a.tif", ExportOptions(bits=8))
    back = read_photo(tmp_path / "a.tif", max_megapixels=1)
    assert back.format.dtype == "uint8"
    assert exported.proof.changed_outside == 0
    assert np.array_equal(back.pixels[:20], at_depth(photo.pixels, "uint8")[:20])
    assert back.metadata.icc == photo.metadata.icc


def test_scaled_down_and_in_srgb(tmp_path: Path) -> None:
    photo = photo_in("ProPhoto")
    exported = export(filled(photo).shown(), tmp_path / "a.png", ExportOptions(srgb=True))
    back = read_photo(tmp_path / "a.png", max_megapixels=1)
    assert back.metadata.icc == srgb_profile()
    wanted = exactly(photo.pixels, Colour.RGB, photo.metadata.icc or b"", srgb_profile())
    assert np.array_equal(back.pixels[:20], wanted[:20])
    assert any("proven before" in note for note in exported.notes)
    small = export(filled(photo).shown(), tmp_path / "b.webp", ExportOptions(long_side=45))
    assert read_photo(tmp_path / "b.webp", max_megapixels=1).pixels.shape == (30, 45, 3)
    assert small.proof.changed_outside == 0
    assert any("45×30" in note for note in small.notes)
    same = export(filled(photo).shown(), tmp_path / "c.png", ExportOptions(long_side=4000))
    assert not any("Scaled" in note for note in same.notes)


@pytest.mark.parametrize("profile", [profiles.press(), None])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_cmyk_fills_in_its_own_inks(profile: bytes | None, dtype: str, tmp_path: Path) -> None:
    photo = Photo(smooth(4, dtype), PixelFormat(Colour.CMYK, dtype), Metadata(icc=profile))
    studio = filled(photo)
    exported = export(studio.shown(), tmp_path / "a.tif")
    back = read_photo(tmp_path / "a.tif", max_megapixels=1)
    assert back.format == photo.format
    assert back.metadata.icc == profile
    assert exported.proof.changed_outside == 0
    assert np.array_equal(back.pixels[:20], photo.pixels[:20])
    # a smooth picture: what was filled is near what was there, in each of the four inks
    error = np.abs(back.pixels[20:30, 30:50].astype(float) - photo.pixels[20:30, 30:50]).mean((0, 1))
    assert (error < 0.2 * photo.format.white).all()
    web = export(studio.shown(), tmp_path / "b.png")
    assert any("holds no CMYK" in note for note in web.notes)
    assert read_photo(tmp_path / "b.png", max_megapixels=1).metadata.icc == srgb_profile()


@pytest.mark.parametrize(
    "family", [one for one in FAMILIES if one.writes and one.lossless and one.takes_quality], ids=lambda one: one.id
)
def test_quality_makes_a_lossless_format_lossy_and_says_so(family, tmp_path: Path) -> None:
    photo = Photo(smooth(3, "uint8"), PixelFormat(Colour.RGB))
    target = tmp_path / f"a{family.suffixes[0]}"
    exact = export(filled(photo).shown(), target)
    assert exact.proof.lossless
    size = target.stat().st_size
    lossy = export(filled(photo).shown(), target, ExportOptions(quality=60))
    assert not lossy.proof.lossless
    assert any("is lossy" in note for note in lossy.notes)
    assert target.stat().st_size < size


GPS_XMP = (
    b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
    b"<rdf:Description rdf:about='' exif:GPSLatitude='52,31.5N' dc:title='A title' photoshop:City=\"Berlin\">"
    b"<exif:GPSLongitude>13,24.3E</exif:GPSLongitude></rdf:Description></rdf:RDF></x:xmpmeta>"
)


def located(family: str, path: Path) -> Photo:
    """A photo with a place, a maker's name and a title, read from a file."""
    exif = Image.Exif()
    exif[271] = "The Maker"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.5), 3: "E", 4: (13.0, 24.0, 33.25)})
    block = exif.tobytes().removeprefix(b"Exif\0\0")
    pixels = smooth(3, "uint8")
    photo = Photo(pixels, PixelFormat(Colour.RGB), Metadata(exif=block, xmp=GPS_XMP, resolution=(300.0, 300.0)))
    from inpaint_studio.storage.files import write_photo

    write_photo(photo, path)
    return read_photo(path, max_megapixels=1)


@pytest.mark.parametrize("family", [one for one in FAMILIES if one.writes], ids=lambda one: one.id)
def test_metadata_kept_without_place_or_not_at_all(family, tmp_path: Path) -> None:
    source = tmp_path / f"source{family.suffixes[0]}"
    studio = filled(located(family.id, source))
    target = tmp_path / f"a{family.suffixes[0]}"
    for keep in Keep:
        exported = export(studio.shown(), target, ExportOptions(keep=keep, provenance=False))
        assert exported.proof.changed_outside == 0 or not family.lossless
        data = target.read_bytes()
        back = read_photo(target, max_megapixels=1).metadata
        assert (b"The Maker" in data) is (keep is not Keep.NONE)
        assert (b"A title" in (back.xmp or b"")) is (keep is not Keep.NONE)
        for place in (b"52,31.5N", b"13,24.3E", b"Berlin"):
            assert (place in data) is (keep is Keep.ALL)
        with_gps = Image.Exif()
        with_gps.load(b"Exif\0\0" + (back.exif or b"II*\0\x08\0\0\0\0\0\0\0\0\0"))
        assert bool(with_gps.get_ifd(0x8825)) is (keep is Keep.ALL)
        assert back.resolution == pytest.approx((300, 300), rel=1e-3)
    if family.id == "jpeg":  # its blocks are kept whatever the metadata
        assert any("exact coefficients" in note for note in exported.notes)


@pytest.mark.parametrize("family", [one for one in FAMILIES if one.writes], ids=lambda one: one.id)
@pytest.mark.parametrize("before", [None, GPS_XMP])
def test_fills_are_recorded(family, before: bytes | None, tmp_path: Path) -> None:
    photo = Photo(smooth(3, "uint8"), PixelFormat(Colour.RGB), Metadata(xmp=before))
    target = tmp_path / f"a{family.suffixes[0]}"
    export(filled(photo).shown(), target)
    packet = read_photo(target, max_megapixels=1).metadata.xmp or b""
    assert b"algorithmicallyEnhanced" in packet
    assert b"engine smooth, seed 5, mask of 200 pixels" in packet
    assert before is None or b"A title" in packet
    export(filled(photo).shown(), target, ExportOptions(provenance=False))
    assert read_photo(target, max_megapixels=1).metadata.xmp == before
    export(Studio.of(photo, Settings()).shown(), target)
    assert read_photo(target, max_megapixels=1).metadata.xmp == before, "nothing was filled"


def test_options_are_remembered() -> None:
    assert last_options() == ExportOptions()
    chosen = ExportOptions(80, 8, 2000, Keep.NO_LOCATION, srgb=True, provenance=False)
    remember_options(chosen)
    assert last_options() == chosen
    remember_options(replace(chosen, bits=7))
    assert last_options() == ExportOptions()


@pytest.mark.parametrize("engine", planner.all_specs())
def test_every_engine_fills_inks(engine: str) -> None:
    """Of a picture with a black of its own, what is filled shows what its surroundings do, with as much black."""
    down, across = np.mgrid[0:64, 0:64] / 64
    black = 0.3 + 0.4 * across
    inks = np.stack([0.2 + 0.2 * down, 0.5 - 0.2 * down, 0.1 + 0.1 * across, black], 2)
    pixels = np.rint((inks + RNG.normal(0, 0.004, inks.shape)).clip(0, 1) * 65535).astype(np.uint16)
    studio = Studio.of(Photo(pixels, PixelFormat(Colour.CMYK, "uint16")), Settings())
    coverage = np.zeros((64, 64), np.uint8)
    coverage[28:36, 28:36] = 255
    masks = [studio.add_mask(coverage)]
    plan, result = studio.run(studio.fill_job(masks, Recipe(engine=engine)), HereRunner(), Silent())
    studio.accept(plan, result, masks)
    shows = studio.document.composite().read(studio.document.canvas)
    assert np.array_equal(shows[:28], pixels[:28])
    error = np.abs(shows[28:36, 28:36].astype(float) - pixels[28:36, 28:36]).mean((0, 1)) / 65535
    assert (error < 0.12).all(), error
