"""Camera raws: told from TIFFs by what is inside, developed with the camera's white balance, upright, their EXIF kept."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

from inpaint_studio.errors import InputError
from inpaint_studio.pixels.colour_spaces import exactly, srgb_profile, usable
from inpaint_studio.pixels.format import Colour
from inpaint_studio.storage import exif
from inpaint_studio.storage.families.raw import Raw
from inpaint_studio.storage.files import probe, read_photo
from inpaint_studio.storage.orientation import shown
from tests.storage.raws import write_dng

GRAY = np.full((48, 64, 3), 0.4)


def test_gray_stays_gray_at_its_level(tmp_path: Path) -> None:
    pytest.importorskip("rawpy")
    photo = read_photo(write_dng(tmp_path / "a.dng", GRAY), max_megapixels=1)
    assert (photo.family, photo.format.dtype, photo.format.colour) == ("raw", "uint16", Colour.RGB)
    inside = photo.pixels[4:-4, 4:-4].astype(float) / 65535
    assert np.abs(inside - 0.4 ** (1 / 1.8)).max() < 2e-4
    assert usable(photo.metadata.icc, Colour.RGB)
    assert any("ProPhoto" in note for note in photo.notes)
    seen = exactly(photo.pixels, Colour.RGB, photo.metadata.icc, srgb_profile())[4:-4, 4:-4] / 65535
    expected = 1.055 * 0.4 ** (1 / 2.4) - 0.055
    assert np.abs(seen - expected).max() < 2e-3


def test_colours_come_back_through_the_profile(tmp_path: Path) -> None:
    pytest.importorskip("rawpy")
    scene = np.empty((64, 96, 3))
    colours = [(0.6, 0.15, 0.1), (0.1, 0.5, 0.12), (0.08, 0.12, 0.6)]
    for index, colour in enumerate(colours):
        scene[:, index * 32 : index * 32 + 32] = colour
    photo = read_photo(write_dng(tmp_path / "a.dng", scene), max_megapixels=1)
    seen = exactly(photo.pixels, Colour.RGB, photo.metadata.icc, srgb_profile())
    for index, colour in enumerate(colours):
        linear = np.array(colour)
        expected = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
        found = seen[20:44, index * 32 + 10 : index * 32 + 22] / 65535
        assert np.abs(found.mean((0, 1)) - expected).max() < 0.02


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_it_is_upright(orientation: int, tmp_path: Path) -> None:
    pytest.importorskip("rawpy")
    scene = GRAY.copy()
    scene[:24, :32] = 0.1
    path = write_dng(tmp_path / "a.dng", scene, orientation)
    info, photo = probe(path), read_photo(path, max_megapixels=1)
    assert (info.height, info.width, info.orientation) == (48, 64, orientation)
    expected = shown(scene[..., :1], orientation)[..., 0] < 0.2
    assert photo.pixels.shape[:2] == expected.shape
    assert ((photo.pixels[..., 1] < 40000 * 0.6) == expected).mean() > 0.95
    assert photo.metadata.orientation == 1
    assert exif.orientation_of(photo.metadata.exif) == 1
    described = exif.parse(photo.metadata.exif)
    assert described is not None
    assert described[1].entries[271].data == b"Maker\0"


def test_a_tiff_is_no_raw(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((9, 9, 3), np.uint8), photometric="rgb")
    assert probe(path).family == "tiff"
    with tifffile.TiffWriter(tmp_path / "b.tif") as tiff:  # begins with a preview, as raws do
        tiff.write(np.zeros((4, 4, 3), np.uint8), photometric="rgb", subfiletype=1)
        tiff.write(np.zeros((9, 9, 3), np.uint8), photometric="rgb")
    assert probe(tmp_path / "b.tif", 1).family == "tiff"


def test_a_raw_below_a_preview_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.nef"
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(np.zeros((4, 4, 3), np.uint8), photometric="rgb", subfiletype=1, subifds=1)
        tiff.write(np.zeros((16, 16), np.uint16), photometric="cfa", extratags=[(33421, 3, 2, (2, 2), True)])
    assert Raw().claims(path, path.read_bytes()[:64])


@pytest.mark.parametrize(
    "head",
    [b"FUJIFILMCCD-RAW 0201", b"IIRO\x08\0\0\0", b"IIU\0\x18\0\0\0", b"\0\0\0\x18ftypcrx ", b"II*\0\x10\0\0\0CR\2\0"],
)
def test_makers_own_beginnings(head: bytes, tmp_path: Path) -> None:
    pytest.importorskip("rawpy")
    assert Raw().sniff(head.ljust(64, b"\0"))
    (tmp_path / "a.raf").write_bytes(head.ljust(3000, b"\0"))
    with pytest.raises(InputError):
        read_photo(tmp_path / "a.raf", max_megapixels=1)


def test_without_libraw_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_dng(tmp_path / "a.dng", GRAY)
    monkeypatch.setitem(sys.modules, "rawpy", None)
    with pytest.raises(InputError) as refusal:
        read_photo(path, max_megapixels=1)
    assert "setup raw" in refusal.value.hint
