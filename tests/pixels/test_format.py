from __future__ import annotations

import numpy as np
import pytest

from inpaint_studio.pixels.format import Colour, PixelFormat, from_float, to_float
from tests.pixels.strategies import FORMATS, name_of


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_integer_comes_back_from_float(dtype: type[np.unsignedinteger]) -> None:
    values = np.arange(np.iinfo(dtype).max + 1).astype(dtype).reshape(-1, 1, 1)
    floats = to_float(values)
    assert floats.dtype == np.float32
    assert (floats.min(), floats.max()) == (0, 1)
    assert (np.diff(floats.ravel()) > 0).all()
    back = from_float(floats, np.dtype(dtype))
    assert back.dtype == dtype
    assert np.array_equal(back, values)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_integers_are_rounded_to_nearest_and_clipped(dtype: type[np.unsignedinteger]) -> None:
    white = np.iinfo(dtype).max
    values = np.array([-1, -1e-9, 100.4 / white, 100.6 / white, 1.5, np.inf, -np.inf], np.float32)
    assert from_float(values, np.dtype(dtype)).tolist() == [0, 0, 100, 101, white, white, 0]


def test_rounding_is_right_to_the_last_bit() -> None:
    values = np.random.default_rng(1).random(1_000_000, np.float32)
    exact = np.rint(values.astype(np.float64) * 65535)
    assert np.array_equal(from_float(values, np.dtype(np.uint16)), exact)


def test_floats_pass_unscaled() -> None:
    values = np.array([-2, 0, 0.1, 7, np.inf], np.float32)
    assert np.array_equal(to_float(values), values)
    assert np.array_equal(from_float(values, np.dtype(np.float32)), values)
    assert to_float(values.astype(np.float64)).dtype == np.float32


@pytest.mark.parametrize("pixel_format", FORMATS, ids=name_of)
def test_a_format_counts_its_channels_and_bits(pixel_format: PixelFormat) -> None:
    assert pixel_format.channels == {"gray": 1, "rgb": 3, "cmyk": 4}[pixel_format.colour] + pixel_format.alpha
    assert pixel_format.bits == 8 * pixel_format.numpy.itemsize
    assert pixel_format.white == {"uint8": 255, "uint16": 65535, "float32": 1}[pixel_format.dtype]
    opaque = pixel_format.without_alpha()
    assert (opaque.colour, opaque.dtype, opaque.alpha) == (pixel_format.colour, pixel_format.dtype, False)


def test_significant_bits_are_kept() -> None:
    assert PixelFormat(Colour.GRAY, "uint16", alpha=True, bits=12).without_alpha().bits == 12


@pytest.mark.parametrize("dtype", ["int16", "float64", "uint32", ""])
def test_other_sample_types_are_refused(dtype: str) -> None:
    with pytest.raises(ValueError, match="unsupported sample type"):
        PixelFormat(Colour.RGB, dtype)
