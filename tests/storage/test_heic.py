"""HEIC through the system's libheif: pixels, profile, EXIF, turns, several pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inpaint_studio.errors import InputError
from inpaint_studio.pixels.format import Colour
from inpaint_studio.storage import exif, libheif
from inpaint_studio.storage.containers import isobmff
from inpaint_studio.storage.containers.isobmff import Box, Property
from inpaint_studio.storage.files import pages, probe, read_photo
from inpaint_studio.storage.orientation import shown
from tests import profiles

SAMPLES = Path(__file__).parent / "samples"
needs_libheif = pytest.mark.skipif(not libheif.available(), reason="the system has no libheif")


def drawn() -> np.ndarray:
    """What the samples were made from."""
    y, x = np.mgrid[0:48, 0:64].astype(np.float32)
    picture = np.stack([60 + x * 2, 200 - y * 2, 80 + x + y], -1)
    picture[10:20, 10:30] = (220, 30, 30)
    return picture


@needs_libheif
def test_eight_bits_with_profile_and_exif() -> None:
    photo = read_photo(SAMPLES / "rgb.heic", max_megapixels=1)
    assert (photo.family, photo.format.dtype, photo.format.colour) == ("heic", "uint8", Colour.RGB)
    assert np.abs(photo.pixels - drawn()).max() <= 8
    assert photo.metadata.icc == profiles.matrix("Display-P3")
    described = exif.parse(photo.metadata.exif)
    assert described is not None
    assert described[1].entries[271].data == b"Maker\0"


@needs_libheif
def test_ten_bits_fill_sixteen() -> None:
    photo = read_photo(SAMPLES / "ten.heic", max_megapixels=1)
    assert (photo.format.dtype, photo.format.bits) == ("uint16", 10)
    assert np.abs(photo.pixels / 257 - drawn()).max() <= 5
    assert photo.metadata.icc is None


@needs_libheif
def test_of_several_pictures_one_is_chosen() -> None:
    path = SAMPLES / "two.heic"
    assert pages(path) == (0, 1)
    assert np.abs(read_photo(path, max_megapixels=1).pixels - drawn()).max() <= 8
    second = read_photo(path, max_megapixels=1, page=1)
    assert (second.page, second.format.colour, second.pixels.shape) == (1, Colour.GRAY, (30, 40, 1))
    assert second.metadata.icc is None
    with pytest.raises(InputError, match="no page 3"):
        read_photo(path, max_megapixels=1, page=2)


def turned(path: Path, orientation: int) -> Path:
    """The first sample with the box that turns it."""
    pictures = isobmff.read((SAMPLES / "rgb.heic").read_bytes())
    pictures.picture.properties += isobmff.transforms(orientation)
    path.write_bytes(isobmff.write(pictures))
    return path


@needs_libheif
@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_upright(orientation: int, tmp_path: Path) -> None:
    path = turned(tmp_path / "a.heic", orientation)
    info, photo = probe(path), read_photo(path, max_megapixels=1)
    assert (info.width, info.height, info.orientation) == (64, 48, orientation)
    assert np.abs(photo.pixels - shown(drawn(), orientation)).max() <= 8
    assert photo.metadata.orientation == exif.orientation_of(photo.metadata.exif) == 1


@needs_libheif
def test_colours_by_numbers_become_a_profile(tmp_path: Path) -> None:
    pictures = isobmff.read((SAMPLES / "ten.heic").read_bytes())
    kept = [one for one in pictures.picture.properties if one.box.kind != b"colr"]
    for transfer, bright in ((13, False), (16, True)):
        numbers = b"nclx" + b"".join(number.to_bytes(2) for number in (12, transfer, 6)) + b"\x80"
        pictures.picture.properties = [*kept, Property(Box(b"colr", numbers), essential=False)]
        (tmp_path / "a.heic").write_bytes(isobmff.write(pictures))
        photo = read_photo(tmp_path / "a.heic", max_megapixels=1)
        assert (photo.metadata.icc is None) == bright
        assert any("dynamic range" in note for note in photo.notes) == bright


def test_a_sequence_is_no_photo(tmp_path: Path) -> None:
    data = (SAMPLES / "rgb.heic").read_bytes()
    (tmp_path / "a.heic").write_bytes(data[:8] + b"hevc" + data[12:])
    with pytest.raises(InputError, match="animation"):
        read_photo(tmp_path / "a.heic", max_megapixels=1)


@needs_libheif
def test_a_picture_larger_than_it_says_is_refused(tmp_path: Path) -> None:
    pictures = isobmff.read((SAMPLES / "rgb.heic").read_bytes())
    small = Box(b"ispe", bytes(4) + (8).to_bytes(4) * 2)
    pictures.picture.properties = [
        Property(small, one.essential) if one.box.kind == b"ispe" else one for one in pictures.picture.properties
    ]
    (tmp_path / "a.heic").write_bytes(isobmff.write(pictures))
    with pytest.raises(InputError):
        read_photo(tmp_path / "a.heic", max_megapixels=1)


def test_without_libheif_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libheif, "_library", lambda: None)
    assert probe(SAMPLES / "rgb.heic").family == "heic"
    with pytest.raises(InputError) as refusal:
        read_photo(SAMPLES / "rgb.heic", max_megapixels=1)
    assert "libheif" in refusal.value.hint
