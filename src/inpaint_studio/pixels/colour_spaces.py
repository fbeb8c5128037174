"""Colour by profiles, through Little CMS: exact conversions for files, tables and 8-bit transforms for the screen."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inpaint_studio.pixels.display_samples import ToDisplay, eight_bit, plain_transform
from inpaint_studio.pixels.format import Colour, PixelFormat, Samples, from_float, to_float

_MODES = {Colour.GRAY: "L", Colour.RGB: "RGB", Colour.CMYK: "CMYK"}
_SPACES = {Colour.GRAY: "gray", Colour.RGB: "rgb", Colour.CMYK: "cmyk"}
#: Little CMS's flags: no tables in between, which miss up to 30 of 255 levels in wide spaces; black point compensation.
_EXACT, _BLACK_POINT = 0x100, 0x2000
_RELATIVE = 1
#: Pixels converted at a time.
_BAND = 1 << 20


@cache
def srgb_profile() -> bytes:
    """sRGB as a profile (ICC version 4)."""
    import imagecodecs

    return bytes(imagecodecs.cms_profile("srgb"))


def usable(profile: bytes | None, colour: Colour) -> bool:
    """Whether `profile` describes this colour model and can be converted from."""
    if profile is None or len(profile) < 132:
        return False
    spaces = {Colour.GRAY: b"GRAY", Colour.RGB: b"RGB ", Colour.CMYK: b"CMYK"}
    if profile[16:20] != spaces[colour]:
        return False
    try:
        exactly(np.zeros((1, 1, colour.channels), np.uint8), colour, profile, srgb_profile())
    except ValueError:
        return False
    return True


def exactly(samples: Samples, colour: Colour, profile: bytes, target: bytes) -> Samples:
    """Colour samples H×W×C (uint8 or uint16, full ink = white's value) from `profile` to the RGB profile `target`.

    Relative colorimetric with black point compensation, in the samples' own type. Raises ValueError for a profile that
    can't be used.
    """
    import imagecodecs

    try:
        result = imagecodecs.cms_transform(
            np.ascontiguousarray(samples),
            profile,
            target,
            colorspace=_SPACES[colour],
            outcolorspace="rgb",
            outdtype=samples.dtype.str,
            intent=_RELATIVE,
            flags=_EXACT | _BLACK_POINT,
        )
    except (RuntimeError, ValueError, TypeError) as error:
        raise ValueError("unusable colour profile") from error
    return np.asarray(result).reshape(*samples.shape[:2], 3)


def to_srgb(samples: Samples, pixel_format: PixelFormat, profile: bytes | None) -> tuple[Samples, PixelFormat]:
    """`samples` (H×W×C with alpha) in sRGB, and their format: 8 bits stay 8, all others become 16.

    Without a usable profile gray and RGB are taken for sRGB, and CMYK for ideal inks.
    """
    dtype = "uint8" if pixel_format.dtype == "uint8" else "uint16"
    target = PixelFormat(Colour.RGB, dtype, pixel_format.alpha)
    colours = pixel_format.colour.channels
    known = usable(profile, pixel_format.colour)
    result = np.empty((*samples.shape[:2], target.channels), target.numpy)
    rows = max(1, _BAND // samples.shape[1])
    for top in range(0, len(samples), rows):
        band = samples[top : top + rows]
        numbers = from_float(np.nan_to_num(to_float(band)), target.numpy) if band.dtype != target.numpy else band
        if known and profile is not None:
            rgb = exactly(numbers[..., :colours], pixel_format.colour, profile, srgb_profile())
        else:
            rgb = _ideal(numbers[..., :colours], pixel_format.colour)
        result[top : top + rows, :, :3] = rgb
        result[top : top + rows, :, 3:] = numbers[..., colours:]
    return result, target


def from_extended_srgb(samples: Samples, profile: bytes) -> NDArray[np.float32]:
    """Float sRGB H×W×3, below 0 and above 1 for colours outside of it (its curve mirrored), in the RGB profile `profile`.

    Raises ValueError for a profile that can't be used.
    """
    import imagecodecs

    linear = _linear_srgb()
    result = np.empty(samples.shape, np.float32)
    rows = max(1, _BAND // samples.shape[1])
    try:
        for top in range(0, len(samples), rows):
            band = samples[top : top + rows]
            size = np.abs(band)
            light = np.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4) * np.sign(band)
            result[top : top + rows] = imagecodecs.cms_transform(
                np.ascontiguousarray(light, np.float32),
                linear,
                profile,
                colorspace="rgb",
                outcolorspace="rgb",
                outdtype="<f4",
                intent=_RELATIVE,
                flags=_EXACT,
            ).reshape(band.shape)
    except (RuntimeError, ValueError, TypeError) as error:
        raise ValueError("unusable colour profile") from error
    return result


@cache
def _linear_srgb() -> bytes:
    import imagecodecs

    return bytes(imagecodecs.cms_profile("rgb", whitepoint=_D65, primaries=_PRIMARIES[1], gamma=1.0))


def _ideal(samples: Samples, colour: Colour) -> Samples:
    if colour is Colour.CMYK:
        inks = to_float(samples)
        return from_float((1 - inks[..., :3]) * (1 - inks[..., 3:]), samples.dtype)
    return np.repeat(samples, 3, axis=2) if colour is Colour.GRAY else samples


def display_transform(profile: bytes | None, colour: Colour, screen: bytes | None = None) -> ToDisplay:
    """Shows samples in `profile` on a screen with the RGB profile `screen` (None: sRGB), any thread.

    Gray goes through a table of all 16-bit values, the others through 8 bits. A profile that can't be used counts as
    none: the samples are shown as they are.
    """
    if profile is None or not usable(profile, colour):
        return plain_transform(colour)
    target = screen or srgb_profile()
    return _gray_transform(profile, target) if colour is Colour.GRAY else _eight_bit_transform(profile, colour, target)


def _gray_transform(profile: bytes, target: bytes) -> ToDisplay:
    values = np.arange(1 << 16, dtype=np.uint16).reshape(256, 256, 1)
    table = eight_bit(exactly(values, Colour.GRAY, profile, target)).reshape(-1, 3)

    def transform(samples: Samples) -> NDArray[np.uint8]:
        index = samples if samples.dtype == np.uint16 else from_float(np.nan_to_num(to_float(samples)), np.dtype("u2"))
        return np.asarray(table[index[..., 0]])

    return transform


def _eight_bit_transform(profile: bytes, colour: Colour, target: bytes) -> ToDisplay:
    from PIL import Image, ImageCms

    made: Any = ImageCms.buildTransform(
        io.BytesIO(profile),
        io.BytesIO(target),
        _MODES[colour],
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )

    def transform(samples: Samples) -> NDArray[np.uint8]:
        small = np.ascontiguousarray(eight_bit(samples))
        height, width = small.shape[:2]
        picture = Image.frombytes(_MODES[colour], (width, height), small.tobytes())
        return np.array(made.apply(picture))

    return transform


#: Chromaticities of red, green and blue by their numbers (ITU-T H.273; 11 is JPEG XL's for Display P3).
_PRIMARIES = {
    1: (0.64, 0.33, 0.30, 0.60, 0.15, 0.06),
    9: (0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    11: (0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
    12: (0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
}
_D65 = (0.3127, 0.3290, 1.0)


def named_profile(white: int, primaries: int, transfer: int, gamma: float = 0.0, *, gray: bool = False) -> bytes | None:
    """A profile for colours that a file names by numbers; None for sRGB, which needs none, and for what is unknown.

    white 1 is D65; transfer 13 sRGB's curve, 8 linear, 0 the power `gamma` (of light to sample, below 1).
    """
    import imagecodecs

    exponent = {8: 1.0, 0: 1 / gamma if gamma > 0 else 0.0}.get(transfer, 0.0)
    if white != 1 or gray or primaries not in _PRIMARIES or (primaries, transfer) == (1, 13):
        return None
    if transfer != 13 and not exponent:
        return None
    values = np.linspace(0, 1, 4096)
    curve = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4) if transfer == 13 else None
    how: dict[str, Any] = {"gamma": exponent} if curve is None else {"transferfunction": curve.astype(np.float32)}
    try:
        return bytes(imagecodecs.cms_profile("rgb", whitepoint=_D65, primaries=_PRIMARIES[primaries], **how))
    except (RuntimeError, ValueError, TypeError):
        return None
