"""Photos in every kind of profile come to sRGB and to the screen as Little CMS's exact path says."""

from __future__ import annotations

import numpy as np
import pytest

from inpaint_studio.pixels.colour_spaces import display_transform, exactly, srgb_profile, to_srgb, usable
from inpaint_studio.pixels.display_samples import eight_bit, plain_transform
from inpaint_studio.pixels.format import Colour, PixelFormat
from tests import profiles

RNG = np.random.default_rng(4)
PROFILES = {
    **{name: (Colour.RGB, profiles.matrix(name)) for name in profiles.SPACES},
    "scanner": (Colour.RGB, profiles.scanner()),
    "gray 2.2": (Colour.GRAY, profiles.gray()),
    "press": (Colour.CMYK, profiles.press()),
}


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_display_is_near_the_exact_conversion(name, dtype):
    colour, profile = PROFILES[name]
    assert usable(profile, colour)
    samples = RNG.integers(0, np.iinfo(dtype).max, (64, 64, colour.channels), dtype=dtype, endpoint=True)
    exact = eight_bit(exactly(samples, colour, profile, srgb_profile())).astype(int)
    shown = display_transform(profile, colour)(samples).astype(int)
    assert shown.shape == (64, 64, 3)
    # 8 bits in, and the tables of Little CMS in between: wide spaces lose more
    assert np.abs(shown - exact).mean() < 1.0
    assert name not in ("gray 2.2", "sRGB") or np.abs(shown - exact).max() <= 1


@pytest.mark.parametrize("profile", [None, b"", b"rubbish", profiles.broken(), profiles.gray(), bytes(400)])
def test_without_a_usable_profile_samples_are_shown_as_they_are(profile):
    samples = RNG.integers(0, 65536, (8, 9, 3), dtype=np.uint16)
    assert not usable(profile, Colour.RGB)
    assert np.array_equal(display_transform(profile, Colour.RGB)(samples), plain_transform(Colour.RGB)(samples))


def test_gray_follows_its_gamma():
    shown = display_transform(profiles.gray(1.0), Colour.GRAY)(np.array([[[0], [32768], [65535]]], np.uint16))
    assert shown[0, 0].tolist() == [0, 0, 0]
    assert shown[0, 2].tolist() == [255, 255, 255]
    assert abs(int(shown[0, 1, 0]) - 188) <= 1  # half of the light is 188 of 255 in sRGB


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("alpha", [False, True])
def test_conversion_keeps_depth_and_alpha(name, alpha):
    colour, profile = PROFILES[name]
    for dtype in ("uint8", "uint16", "float32"):
        pixel_format = PixelFormat(colour, dtype, alpha)
        values = RNG.random((7, 5, pixel_format.channels))
        samples = (values * pixel_format.white).astype(dtype)
        result, held = to_srgb(samples, pixel_format, profile)
        assert held == PixelFormat(Colour.RGB, "uint8" if dtype == "uint8" else "uint16", alpha)
        assert result.shape == (7, 5, held.channels)
        if alpha:
            assert np.abs(result[..., -1] / held.white - values[..., -1]).max() < 2 / 255
    white = 0 if colour is Colour.CMYK else 65535
    paper, _ = to_srgb(np.full((1, 1, colour.channels), white, np.uint16), PixelFormat(colour, "uint16"), profile)
    assert (paper > 60000).all()
