"""JPEG XL: heads and profiles of the codestream, against the reference tools where they are installed."""

from __future__ import annotations

import base64
import contextlib
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from inpaint_studio.errors import InputError
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.storage.files import probe, read_photo, write_photo
from inpaint_studio.storage.jxl.bits import BitReader, BitWriter
from inpaint_studio.storage.jxl.header import read_header, with_head
from inpaint_studio.storage.jxl.profile import read_profile, write_profile
from inpaint_studio.storage.photo import Metadata, Photo
from inpaint_studio.storage.refusals import DECODER_ERRORS
from tests import profiles

RNG = np.random.default_rng(9)
RAMP = (np.indices((8, 8)).sum(0)[..., None] * np.array([9, 13, 5])).astype(np.uint8)
PROFILES = {
    **{name: profiles.matrix(name) for name in profiles.SPACES},
    "scanner": profiles.scanner(),
    "gray": profiles.gray(),
}
#: RAMP in AdobeRGB as the reference encoder (cjxl 0.7.0 -d 0) writes it: its profile is predicted, clustered and ANS-coded.
REFERENCE = base64.b85decode(
    "{|Z4s2)7CY66OK0si8@L^SqAL_tlC%ceI2Gub?*x1E))I=RmW|L<MY(RHM~uO;zK00EAANIkf%&yyC8!qWC#vxUnIF-"
    "=Z7plYc?r$a!NX4V#j`gLbV?k50G6%^UYiJ~>m6M-"
    "p80!%`n0XdU#uz?zjXunzR;0qWQZZ|?{K0RVUaOBkE&>=YCflmrC@#ZEx50}$*81P9o|fRHW#x&Q"
)


def test_a_profile_of_the_reference_encoder_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.jxl").write_bytes(REFERENCE)
    photo = read_photo(tmp_path / "a.jxl", max_megapixels=1)
    assert photo.metadata.icc == profiles.matrix("AdobeRGB")
    assert np.array_equal(photo.pixels, RAMP)


@given(body=st.binary(max_size=3000), head=st.binary(max_size=128))
def test_any_profile_comes_back(body: bytes, head: bytes) -> None:
    profile = head.ljust(128, b"\0") + body if body else head
    writer = BitWriter()
    writer.u(1, 3)  # not at a whole byte
    write_profile(writer, profile)
    reader = BitReader(writer.bytes(), 3)
    assert read_profile(reader) == profile
    reader.align()
    assert reader.at == len(reader.data) * 8


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", [*PROFILES, None])
def test_another_head_before_the_same_frames(name: str | None, orientation: int) -> None:
    gray = name == "gray"
    pixels = RNG.integers(0, 256, (9, 14) if gray else (9, 14, 3), dtype=np.uint8)
    stream = bytes(imagecodecs.jpegxl_encode(pixels, lossless=True, usecontainer=False))
    profile = None if name is None else PROFILES[name]
    once = with_head(stream, profile, orientation)
    head = read_header(once)
    assert (head.icc, head.orientation, head.colours.gray) == (profile, orientation, gray)
    assert np.array_equal(imagecodecs.jpegxl_decode(once, keeporientation=True), pixels)
    assert read_header(with_head(once, profiles.matrix("sRGB"), 1)).icc == profiles.matrix("sRGB")


@pytest.mark.skipif(shutil.which("djxl") is None, reason="the reference decoder (libjxl-tools) is not installed")
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("name", PROFILES)
def test_the_reference_decoder_reads_what_is_written(name: str, dtype: str, tmp_path: Path) -> None:
    colour = Colour.GRAY if name == "gray" else Colour.RGB
    pixel_format = PixelFormat(colour, dtype)
    pixels = RNG.integers(0, pixel_format.white, (20, 31, colour.channels), dtype=dtype, endpoint=True)
    write_photo(Photo(pixels, pixel_format, Metadata(icc=PROFILES[name])), tmp_path / "a.jxl")
    subprocess.run(["djxl", tmp_path / "a.jxl", tmp_path / "a.png"], check=True, capture_output=True, timeout=60)
    back = read_photo(tmp_path / "a.png", max_megapixels=1)
    assert np.array_equal(back.pixels, pixels)
    assert back.metadata.icc == PROFILES[name]


@pytest.mark.skipif(shutil.which("cjxl") is None, reason="the reference encoder (libjxl-tools) is not installed")
@pytest.mark.parametrize("distance", ["0", "1"])
@pytest.mark.parametrize("name", PROFILES)
def test_files_of_the_reference_encoder_are_read(name: str, distance: str, tmp_path: Path) -> None:
    shape = (30, 41) if name == "gray" else (30, 41, 3)
    pixels = np.repeat(np.repeat(RNG.integers(0, 256, (5, 7, *shape[2:]), dtype=np.uint8), 6, 0), 6, 1)[:, :41]
    Image.fromarray(pixels).save(tmp_path / "a.png", icc_profile=PROFILES[name])
    command = ["cjxl", tmp_path / "a.png", tmp_path / "a.jxl", "-d", distance]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    photo = read_photo(tmp_path / "a.jxl", max_megapixels=1)
    if distance == "0":
        assert photo.metadata.icc == PROFILES[name]
        assert np.array_equal(photo.pixels.reshape(pixels.shape), pixels)
    else:
        # scanners' profiles lead one way only, and gray ones are not asked
        kept = name in profiles.SPACES
        assert photo.metadata.icc == (PROFILES[name] if kept else None)
        assert any("decoded to sRGB" in note for note in photo.notes) != kept
        assert photo.pixels.shape[:2] == pixels.shape[:2]


@pytest.mark.skipif(shutil.which("cjxl") is None, reason="the reference encoder (libjxl-tools) is not installed")
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("name", profiles.SPACES)
def test_lossy_pictures_keep_colours_that_srgb_can_not_hold(name: str, alpha: bool, dtype: str, tmp_path: Path) -> None:
    y, x = np.mgrid[0:64, 0:96] / 96
    green = np.stack([0.1 + 0.2 * x, 0.5 + 0.4 * y, 0.1 + 0.1 * x, *([1 - 0.5 * x] if alpha else [])], -1)
    white = np.iinfo(dtype).max
    pixels = np.rint(green * white).astype(dtype)
    photo = Photo(pixels, PixelFormat(Colour.RGB, dtype, alpha), Metadata(icc=PROFILES[name]))
    write_photo(photo, tmp_path / "a.png")
    command = ["cjxl", tmp_path / "a.png", tmp_path / "a.jxl", "-d", "0.3"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    back = read_photo(tmp_path / "a.jxl", max_megapixels=1)
    assert (back.format, back.metadata.icc, back.notes) == (photo.format, PROFILES[name], ())
    error = np.abs(back.pixels.astype(float) - pixels) / white
    assert error.mean() < 0.006
    assert error[8:-8, 8:-8].max() < 0.05


def test_unknown_boxes_are_handed_on(tmp_path: Path) -> None:
    path = tmp_path / "a.jxl"
    write_photo(Photo(RAMP, PixelFormat(Colour.RGB)), path)
    path.write_bytes(path.read_bytes() + b"\0\0\0\x10abcdunknown!")
    photo = read_photo(path, max_megapixels=1)
    write_photo(replace(photo, pixels=photo.pixels[:, ::-1]), path)
    assert b"abcdunknown!" in path.read_bytes()


def test_several_frames_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jxl"
    frames = RNG.integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    path.write_bytes(bytes(imagecodecs.jpegxl_encode(frames, lossless=True)))
    with pytest.raises(InputError, match="is an animation"):
        probe(path)


@settings(max_examples=300, deadline=None)
@given(at=st.integers(2, 120), value=st.integers(0, 255), cut=st.integers(2, len(REFERENCE)))
def test_damaged_heads_are_refused_never_worse(at: int, value: int, cut: int) -> None:
    damaged = bytearray(REFERENCE[:cut])
    if at < len(damaged):
        damaged[at] = value
    with contextlib.suppress(*DECODER_ERRORS):
        assert read_header(bytes(damaged)).width > 0
