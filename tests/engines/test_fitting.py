"""Crops that fit an engine, and results that fit the photo."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inpaint_studio.engines import catalog
from inpaint_studio.engines.contract import FillResult, SizeRule
from inpaint_studio.engines.fitting import Crop, crop_around, fit
from inpaint_studio.errors import StudioError
from inpaint_studio.pixels.format import Colour, PixelFormat, from_float
from inpaint_studio.pixels.rect import Rect
from tests.engines.requests import hole, photo

#: An engine that works with 8 bits inside.
SPEC = replace(catalog.specs()["patchmatch"], levels=8)


def crop(image: np.ndarray, mask: np.ndarray, pixel_format: PixelFormat) -> Crop:
    return Crop(from_float(image, pixel_format.numpy), pixel_format, mask > 0, np.zeros(mask.shape, np.bool_))


@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 64), st.integers(1, 32))
def test_sizes_obey_the_rule_and_come_back(height: int, width: int, least: int, multiple: int) -> None:
    spec = replace(SPEC, size=SizeRule(least=least, most=4096, multiple_of=multiple))
    mask = hole(height, width, 0, 0, max(1, height // 2), max(1, width // 2))
    given_crop = crop(photo(height, width), mask, PixelFormat(Colour.RGB))
    fitted = fit(spec, given_crop, 0, None)
    for side in fitted.request.mask.shape:
        assert side >= least
        assert side % multiple == 0
    assert fitted.restore(FillResult(fitted.request.image)).shape == (height, width, 3)


def test_padding_is_neither_source_nor_hole() -> None:
    spec = replace(SPEC, size=SizeRule(least=64))
    fitted = fit(spec, crop(photo(20, 30), hole(20, 30, 5, 5, 9, 9), PixelFormat(Colour.RGB)), 0, None)
    assert fitted.request.avoid is not None
    assert (fitted.request.avoid[20:] == 1).all()
    assert (fitted.request.avoid[:, 30:] == 1).all()
    assert (fitted.request.mask > 0).sum() == 16


@pytest.mark.parametrize("colour", [Colour.GRAY, Colour.RGB])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("case", ["ramp", "grain", "full range"])
def test_a_perfect_engine_loses_next_to_nothing(colour: Colour, dtype: str, case: str) -> None:
    """The engine gives back exactly what it saw in 8 bits."""
    image = {
        "ramp": 0.4 + 0.05 * photo(64, 64, 3),
        "grain": 0.4 + 0.006 * np.random.default_rng(0).normal(size=(64, 64, 3)),
        "full range": photo(64, 64, 3),
    }[case][..., : colour.channels].astype(np.float32)
    pixel_format = PixelFormat(colour, dtype)
    mask = hole(64, 64, 16, 16, 48, 48)
    given_crop = crop(image, mask, pixel_format)
    fitted = fit(SPEC, given_crop, 0, None)
    restored = fitted.restore(FillResult(fitted.request.image))
    assert restored.dtype == pixel_format.numpy
    error = (restored.astype(np.float64) - given_crop.samples)[mask > 0] / pixel_format.white
    # half a level of the crop's own range by rounding and half by debanding, and the photo's own rounding;
    # an 8-bit photo comes back exactly
    worst = 0 if dtype == "uint8" else np.ptp(image) / 255 + 1 / 65535
    assert np.abs(error).max() <= worst + 1e-6
    if case == "grain" and dtype == "uint16":
        assert np.sqrt((error**2).mean()) * 65535 <= 10


def test_outside_the_hole_the_photo_comes_back_bit_for_bit() -> None:
    pixel_format = PixelFormat(Colour.RGB, "uint16", alpha=True)
    samples = np.random.default_rng(1).integers(0, 65535, (50, 60, 4), np.uint16)
    mask = hole(50, 60, 10, 10, 30, 30) > 0
    fitted = fit(SPEC, Crop(samples, pixel_format, mask, np.zeros_like(mask)), 0, None)
    restored = fitted.restore(FillResult(np.ones_like(fitted.request.image)))
    assert np.array_equal(restored[~mask], samples[~mask][:, :3])


def test_transparent_and_infinite_pixels_are_no_source() -> None:
    pixel_format = PixelFormat(Colour.RGB, "float32", alpha=True)
    samples = np.dstack([photo(40, 40), np.ones((40, 40, 1), np.float32)])
    samples[0, :, 3] = 0
    samples[:, 0, 1] = np.nan
    samples[:, 39, 2] = np.inf
    mask = hole(40, 40, 10, 10, 20, 20) > 0
    fitted = fit(SPEC, Crop(samples, pixel_format, mask, np.zeros_like(mask)), 0, None)
    assert fitted.request.avoid is not None
    assert fitted.request.avoid[0].all()
    assert fitted.request.avoid[:, 0].all()
    assert fitted.request.avoid[:, 39].all()
    assert np.isfinite(fitted.request.image).all()


def test_a_result_without_values_is_refused() -> None:
    fitted = fit(SPEC, crop(photo(20, 30), hole(20, 30, 5, 5, 9, 9), PixelFormat(Colour.RGB)), 0, None)
    image = fitted.request.image.copy()
    image[6, 6, 1] = np.nan
    with pytest.raises(StudioError, match="without a value"):
        fitted.restore(FillResult(image))


def test_a_crop_larger_than_the_engine_is_filled_smaller_and_says_so() -> None:
    spec = replace(SPEC, size=SizeRule(most=40))
    fitted = fit(spec, crop(photo(80, 60), hole(80, 60, 20, 20, 41, 41), PixelFormat(Colour.RGB)), 0, None)
    assert fitted.request.image.shape == (40, 30, 3)
    assert fitted.reduced
    # the half pixel at the rim belongs to the hole too, or the object would show through
    assert fitted.request.mask.sum() == 11 * 11
    assert fitted.restore(FillResult(fitted.request.image)).shape == (80, 60, 3)


@given(st.integers(0, 5000), st.integers(1, 3000), st.floats(0, 3))
def test_context_stays_within_the_engines_size(left: int, side: int, context: float) -> None:
    canvas = Rect.of_size(8000, 6000)
    box = Rect(left, 1000, left + side, 1000 + side)
    around = crop_around(box, side, SPEC, context, canvas)
    assert around.contains(box)
    assert canvas.contains(around)
    assert max(around.width, around.height) <= max(SPEC.size.most, side + 2 * SPEC.context_least)
