from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from inpaint_studio.pixels.blend import blend, fade, hide
from inpaint_studio.pixels.format import Samples
from inpaint_studio.pixels.masks import OPAQUE, Coverage, Opacity

SHAPE = (5, 6)
DTYPES = ["uint8", "uint16", "float32"]

opacities = arrays(
    np.uint16, SHAPE, elements=st.sampled_from([0, 1, 32768, OPAQUE - 1, OPAQUE]) | st.integers(0, OPAQUE)
)
coverages = arrays(np.uint8, SHAPE)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Samples, Samples]:
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = (*SHAPE, draw(st.sampled_from([1, 2, 3, 4, 6])))
    finite = {"allow_nan": False, "allow_infinity": False} if dtype.kind == "f" else {}
    one = arrays(dtype, shape, elements=finite or None)
    return draw(one), draw(one)


@given(pairs(), opacities)
def test_a_blend_is_exact_at_the_ends_and_in_between_otherwise(pair: tuple[Samples, Samples], opacity: Opacity) -> None:
    below, fill = pair
    kept = below.copy(), fill.copy()
    result = blend(below, fill, opacity)
    assert (result.dtype, result.shape) == (below.dtype, below.shape)
    assert result[opacity == 0].tobytes() == below[opacity == 0].tobytes()
    assert result[opacity == OPAQUE].tobytes() == fill[opacity == OPAQUE].tobytes()
    assert (np.minimum(below, fill) <= result).all()
    assert (result <= np.maximum(below, fill)).all()
    assert (below.tobytes(), fill.tobytes()) == (kept[0].tobytes(), kept[1].tobytes())
    assert not np.shares_memory(result, below)


@given(pairs(), st.sampled_from([0, OPAQUE]))
def test_all_or_nothing_is_a_copy_of_the_one_or_the_other(pair: tuple[Samples, Samples], opacity: int) -> None:
    expected = pair[1] if opacity else pair[0]
    result = blend(*pair, np.full(SHAPE, opacity, np.uint16))
    assert result.tobytes() == expected.tobytes()
    assert not any(np.shares_memory(result, one) for one in pair)


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_is_not_a_number_stays_where_nothing_is_filled_and_vanishes_where_all_is(dtype: str) -> None:
    below = np.full((1, 2, 1), np.nan if dtype == "float32" else 7, dtype)
    result = blend(below, np.full_like(below, 1), np.array([[0, OPAQUE]], np.uint16))
    assert result[0, 0].tobytes() == below[0, 0].tobytes()
    assert result[0, 1] == 1


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_integers_are_rounded_to_nearest(dtype: str) -> None:
    opacity = np.arange(0, OPAQUE + 1, 5).astype(np.uint16)[None]
    below, fill = np.full((*opacity.shape, 1), 10, dtype), np.full((*opacity.shape, 1), 20, dtype)
    exact = 10 + 10 * (opacity / OPAQUE)
    assert np.abs(blend(below, fill, opacity)[..., 0] - exact).max() <= 0.5 + 1e-9


@given(opacities, coverages)
def test_hiding_takes_away_in_proportion(opacity: Opacity, hidden: Coverage) -> None:
    shown = hide(opacity, hidden)
    assert shown.dtype == np.uint16
    assert np.array_equal(shown[hidden == 0], opacity[hidden == 0])
    assert not shown[hidden == 255].any()
    assert np.abs(shown - opacity * (1 - hidden / 255)).max() <= 1


@given(opacities, st.floats(0, 1))
def test_fading_multiplies(opacity: Opacity, factor: float) -> None:
    shown = fade(opacity, factor)
    assert shown.dtype == np.uint16
    assert np.abs(shown - opacity * factor).max() <= 0.5 + 1e-6


@given(opacities)
def test_fading_by_one_changes_nothing_and_by_zero_leaves_nothing(opacity: Opacity) -> None:
    assert np.array_equal(fade(opacity, 1), opacity)
    assert np.array_equal(fade(opacity, 1.5), opacity)
    assert not fade(opacity, 0).any()
    assert not fade(opacity, -1).any()
