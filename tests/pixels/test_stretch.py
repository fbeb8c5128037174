from __future__ import annotations

import numpy as np
import pytest

from inpaint_studio.pixels.stretch import Float, Stretch, deband

WHITE = 65535


def ramp(low: int, high: int, channels: int = 3, size: tuple[int, int] = (96, 1024)) -> Float:
    """A 16-bit ramp from left to right, as float; each channel has its own range."""
    levels = np.rint(np.linspace(low, high, size[1]))
    channel = np.broadcast_to(levels[None, :, None], (*size, 1))
    return (np.concatenate([channel + 900 * index for index in range(channels)], 2) / WHITE).astype(np.float32)


def through_8_bits(image: Float, stretch: Stretch) -> Float:
    """What a perfect 8-bit engine would return."""
    rounded = np.rint(stretch.encode(image) * 255).astype(np.uint8)
    decoded = stretch.decode(rounded.astype(np.float32) / np.float32(255))
    return deband(decoded, (stretch.high - stretch.low) / np.float32(255))


def everywhere(image: Float) -> np.ndarray:
    return np.ones(image.shape[:2], np.bool_)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(("low", "high"), [(30000, 31000), (20000, 24000), (0, 8000), (61000, 62500)])
def test_a_16_bit_ramp_keeps_its_levels_through_8_bits(low: int, high: int, channels: int) -> None:
    image = ramp(low, high, channels)
    back = through_8_bits(image, Stretch.of(image, everywhere(image)))
    for channel in range(channels):
        before, after = (np.rint(values[..., channel] * WHITE) for values in (image, back))
        assert np.unique(after).size >= 0.8 * np.unique(before).size
        assert np.sqrt(np.mean((after - before) ** 2)) <= 10


def test_nothing_moves_by_more_than_half_a_level_and_texture_not_at_all() -> None:
    rng = np.random.default_rng(1)
    image = np.where(np.indices((64, 64)).sum(0)[..., None] // 8 % 2, 0.7, 0.1).astype(np.float32).repeat(3, 2)
    image += rng.uniform(0, 0.01, image.shape).astype(np.float32)
    step = np.array([0.001, 0.01, 0.3], np.float32)
    moved = np.abs(deband(image, step) - image).max((0, 1))
    assert (moved <= step / 2 * 1.0001).all()
    assert (moved[:2] == 0).all(), "edges of many levels"
    assert moved[2] > 0, "where they are of two levels, nobody knows that they are edges"


def test_grain_is_not_made_coarser() -> None:
    grain = (0.4 + 0.006 * np.random.default_rng(0).normal(size=(64, 64, 3))).astype(np.float32)
    stretch = Stretch.of(grain, everywhere(grain))
    error = (through_8_bits(grain, stretch) - grain) * WHITE
    # what rounding alone does: a level's width over the root of 12
    assert np.sqrt((error**2).mean()) <= 1.02 * ((stretch.high - stretch.low).max() / 255 * WHITE) / np.sqrt(12)


def test_a_surface_that_is_smooth_already_stays() -> None:
    image = np.full((20, 30, 3), 0.25, np.float32)
    assert np.allclose(deband(image, np.full(3, 0.01, np.float32)), image, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_stretch_maps_the_known_range_to_0_and_1_and_back(channels: int) -> None:
    rng = np.random.default_rng(1)
    image = rng.uniform(-0.5, 3, (40, 50, channels)).astype(np.float32)
    known = rng.random((40, 50)) < 0.5
    stretch = Stretch.of(image, known)
    encoded = stretch.encode(image)
    assert (encoded[known].min(), encoded[known].max()) == (0, 1)
    assert encoded.min() >= 0
    assert encoded.max() <= 1
    assert np.allclose(stretch.decode(encoded)[known], image[known], atol=1e-6)


def test_unknown_pixels_do_not_widen_the_range() -> None:
    image = np.full((4, 4, 1), 9, np.float32)
    image[0, :, 0] = [0.2, 0.3, 0.4, 0.5]
    known = np.zeros((4, 4), np.bool_)
    known[0] = True
    stretch = Stretch.of(image, known)
    assert (stretch.low, stretch.high) == (np.float32(0.2), np.float32(0.5))


@pytest.mark.parametrize("level", [0, 1, 300, 32768, WHITE])
def test_a_flat_channel_comes_back_exactly(level: int) -> None:
    image = np.full((20, 20, 1), level / WHITE, np.float32)
    back = through_8_bits(image, Stretch.of(image, everywhere(image)))
    assert np.abs(back * WHITE - level).max() < 0.1


def test_where_nothing_is_known_nothing_is_stretched() -> None:
    image = np.random.default_rng(1).random((5, 5, 3)).astype(np.float32)
    stretch = Stretch.of(image, ~everywhere(image))
    assert np.array_equal(stretch.encode(image), image)
    assert np.array_equal(stretch.decode(image), image)
