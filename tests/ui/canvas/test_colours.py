"""The canvas shows every kind of profile as Little CMS's exact path says, and follows its window's colours."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColorSpace

from inpaint_studio.document.document import Document
from inpaint_studio.pixels.colour_spaces import exactly, srgb_profile
from inpaint_studio.pixels.display_samples import eight_bit
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.ui.colour import screen_space, to_display
from tests import profiles
from tests.ui.canvas.desk import Desk

_SRGB = QColorSpace(QColorSpace.NamedColorSpace.SRgb)
_RNG = np.random.default_rng(8)
PROFILES = {
    **{name: (Colour.RGB, profiles.matrix(name)) for name in profiles.SPACES},
    "scanner": (Colour.RGB, profiles.scanner()),
    "gray 2.2": (Colour.GRAY, profiles.gray()),
    "press": (Colour.CMYK, profiles.press()),
}


def _document(colour: Colour, dtype: str, profile: bytes | None, samples: np.ndarray) -> Document:
    return Document(TiledImage.from_array(samples, PixelFormat(colour, dtype)), profile)


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_near_the_exact_conversion(name: str, dtype: str, qapp: object) -> None:
    colour, profile = PROFILES[name]
    samples = _RNG.integers(0, np.iinfo(dtype).max, (256, 200, colour.channels), dtype=dtype, endpoint=True)
    exact = eight_bit(exactly(samples, colour, profile, srgb_profile())).astype(int)
    shown = to_display(_document(colour, dtype, profile, samples), _SRGB)(samples).astype(int)
    assert np.abs(shown - exact).mean() < 1.0
    if name in profiles.SPACES and dtype == "uint16":
        assert np.abs(shown - exact).max() <= 3


@pytest.mark.parametrize("profile", [None, profiles.broken(), profiles.press()])
def test_without_a_usable_profile_it_is_shown_as_it_is(profile: bytes | None, qapp: object) -> None:
    samples = _RNG.integers(0, 256, (9, 8, 3), dtype=np.uint8)
    assert np.array_equal(to_display(_document(Colour.RGB, "uint8", profile, samples), _SRGB)(samples), samples)


def test_the_view_follows_the_screen(desk: Desk) -> None:
    samples = np.full((300, 400, 3), (30000, 50000, 20000), np.uint16)
    document = _document(Colour.RGB, "uint16", profiles.matrix("ProPhoto"), samples)
    desk.canvas.set_document(document, to_display(document, screen_space(desk.canvas)))
    desk.settle()
    exact = eight_bit(exactly(samples[:1, :1], Colour.RGB, document.profile or b"", srgb_profile()))[0, 0]
    assert np.abs(np.array(desk.colour(50, 50), int) - exact).max() <= 2
    scale = desk.canvas.view.zoom
    wide = QColorSpace(QColorSpace.NamedColorSpace.AdobeRgb)
    desk.canvas.show_by(to_display(document, wide))
    desk.settle()
    target = bytes(wide.iccProfile().data())
    exact = eight_bit(exactly(samples[:1, :1], Colour.RGB, document.profile or b"", target))[0, 0]
    assert np.abs(np.array(desk.colour(50, 50), int) - exact).max() <= 2
    assert desk.canvas.view.zoom == scale
