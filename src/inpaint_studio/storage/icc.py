"""ICC profiles, as far as files need them: does a profile describe this colour model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inpaint_studio.pixels.format import Colour

if TYPE_CHECKING:
    from inpaint_studio.pixels.format import PixelFormat

_SPACES = {Colour.GRAY: b"GRAY", Colour.RGB: b"RGB ", Colour.CMYK: b"CMYK"}


def fitting(profile: bytes | None, pixel_format: PixelFormat) -> bytes | None:
    """`profile` when its colour space is the format's, otherwise None."""
    if profile is None or profile[16:20] != _SPACES[pixel_format.colour]:
        return None
    return profile
