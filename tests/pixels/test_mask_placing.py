"""Masks of another size: in their own proportions or pixel for pixel, in the middle, soft values kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inpaint_studio.pixels.mask_placing import centred, fitted
from inpaint_studio.pixels.rect import Rect

sides = st.integers(1, 70)


@given(sides, sides, sides, sides, st.integers(0, 255))
def test_any_size_onto_any_size(width: int, height: int, to_width: int, to_height: int, value: int) -> None:
    mask = np.full((height, width), value, np.uint8)
    for place in (fitted, centred):
        placed = place(mask, to_width, to_height)
        assert placed.shape == (to_height, to_width)
        assert placed.dtype == np.uint8
        assert set(np.unique(placed)) <= {0, value}
    if value:
        box = Rect.around(fitted(mask, to_width, to_height) > 0)
        assert box.width == to_width or box.height == to_height
        assert abs((box.left + box.right) - to_width) <= 1
        assert abs((box.top + box.bottom) - to_height) <= 1


def test_smaller_is_the_mean_and_larger_is_smooth() -> None:
    rng = np.random.default_rng(1)
    mask = rng.integers(0, 256, (40, 60), np.uint8)
    half = fitted(mask, 30, 20)
    assert np.abs(half - mask.reshape(20, 2, 30, 2).mean((1, 3))).max() <= 0.5 + 1e-6
    ramp = np.tile(np.linspace(0, 255, 60).astype(np.uint8), (40, 1))
    assert (np.diff(fitted(ramp, 600, 400).astype(int), axis=1) <= 1).all()


@pytest.mark.parametrize("size", [(601, 400), (600, 399), (302, 200)])
def test_proportions_that_were_rounded_fill_the_photo(size: tuple[int, int]) -> None:
    assert (fitted(np.full((400, 600), 9, np.uint8), *size) == 9).all()


def test_other_proportions_are_kept() -> None:
    placed = fitted(np.full((100, 100), 255, np.uint8), 600, 200)
    assert Rect.around(placed > 0) == Rect(200, 0, 400, 200)


def test_what_does_not_fit_is_cut_off_evenly() -> None:
    mask = np.arange(100, dtype=np.uint8).reshape(10, 10)
    assert np.array_equal(centred(mask, 4, 20)[5:15], mask[:, 3:7])
    assert not centred(mask, 4, 20)[:5].any()
    assert centred(mask, 10, 10) is mask
