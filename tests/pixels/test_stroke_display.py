import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from inpaint_studio.pixels.display import Overlay, PhotoStage, TintStage
from inpaint_studio.pixels.display_samples import eight_bit, plain_transform, screen_pixels
from inpaint_studio.pixels.format import COVERAGE, Colour, PixelFormat, Samples
from inpaint_studio.pixels.pyramid import LEVELS, Pyramid, shrunk
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TILE, TiledImage, tile_keys, tile_rect

_RGB = PixelFormat(Colour.RGB)


def _reader(image: TiledImage):
    def read(rect: Rect) -> Samples | None:
        key = rect.top // TILE, rect.left // TILE
        tile = image.tile(key)
        return None if tile is None else tile[rect.within(tile_rect(key)).slices]

    return read


def _halved(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    padded = np.pad(samples, ((0, samples.shape[0] % 2), (0, samples.shape[1] % 2)), mode="edge")
    return (padded[::2, ::2] + padded[1::2, ::2] + padded[::2, 1::2] + padded[1::2, 1::2]) / 4


def _level(pyramid: Pyramid, level: int) -> NDArray[np.float64]:
    extent = shrunk(pyramid.extent, level)
    result = np.zeros((extent.height, extent.width))
    for key in tile_keys(extent):
        part = tile_rect(key).clipped(extent)
        pixels = pyramid.part(level, part)
        if pixels is not None:
            result[part.slices] = pixels[..., 0]
    return result


@pytest.mark.parametrize("size", [(1, 60000), (60000, 1), (513, 767), (256, 256), (255, 1025)])
def test_each_level_is_the_mean_of_the_one_above(size: tuple[int, int]) -> None:
    samples = np.random.default_rng(3).integers(0, 65536, (*size, 1), np.uint16)
    image = TiledImage.from_array(samples, PixelFormat(Colour.GRAY, "uint16"))
    pyramid = Pyramid(_reader(image), image.extent)
    expected = samples[..., 0].astype(float)
    for level in range(LEVELS):
        assert np.abs(_level(pyramid, level) - expected).max() <= level
        expected = _halved(expected)


@given(st.lists(st.tuples(*[st.integers(0, 699)] * 4), min_size=1, max_size=4), st.integers(1, 4))
def test_a_pyramid_after_changes_equals_a_new_one(corners: list[tuple[int, int, int, int]], level: int) -> None:
    rng = np.random.default_rng(4)
    image = TiledImage(COVERAGE, Rect.of_size(700, 691))
    pyramid = Pyramid(_reader(image), image.extent)
    _level(pyramid, 4)
    for x0, y0, x1, y1 in corners:
        rect = Rect(min(x0, x1), min(y0, y1), max(x0, x1) + 1, max(y0, y1) + 1).clipped(image.extent)
        image.write(rect, rng.integers(0, 256, (rect.height, rect.width, 1), np.uint8))
        pyramid.invalidate(rect)
        _level(pyramid, level)
    assert np.array_equal(_level(pyramid, level), _level(Pyramid(_reader(image), image.extent), level))


def test_preparing_stops_in_time_and_goes_on_where_it_stopped() -> None:
    image = TiledImage.from_array(np.full((2048, 2048, 3), 9, np.uint8), _RGB)
    pyramid = Pyramid(_reader(image), image.extent)
    rounds = 0
    while not pyramid.prepare(3, (0, 0), time.perf_counter() + 0.0005):
        rounds += 1
        assert rounds < 100
    assert rounds > 3


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("colour", [Colour.GRAY, Colour.RGB])
@pytest.mark.parametrize("alpha", [False, True])
def test_every_format_shows_its_values(dtype: str, colour: Colour, alpha: bool) -> None:
    pixel_format = PixelFormat(colour, dtype, alpha=alpha)
    wanted = np.random.default_rng(6).integers(0, 256, (20, 30, colour.channels))
    samples = np.full((20, 30, pixel_format.channels), pixel_format.white, pixel_format.numpy)
    samples[..., : colour.channels] = wanted * {"uint8": 1, "uint16": 257, "float32": 1 / 255}[dtype]
    pixels = screen_pixels(samples, pixel_format, plain_transform(colour), 0, 0)
    shown = np.stack([(pixels >> shift) & 255 for shift in (16, 8, 0)], 2)
    assert np.array_equal(shown, np.broadcast_to(wanted, shown.shape))
    assert (pixels >> 24 == 255).all()


def test_transparent_pixels_show_one_checkerboard_across_tiles() -> None:
    clear = np.zeros((32, 32, 4), np.uint8)
    rgba = PixelFormat(Colour.RGB, alpha=True)
    whole = screen_pixels(clear, rgba, plain_transform(Colour.RGB), 0, 0)
    assert set(np.unique(whole)) == {0xFFCCCCCC, 0xFF999999}
    assert np.array_equal(screen_pixels(clear[:9, :5], rgba, plain_transform(Colour.RGB), 7, 11), whole[11:20, 7:12])


def test_float_photos_may_hold_what_no_screen_shows() -> None:
    assert eight_bit(np.array([np.nan, -3, 0.5, 7, np.inf], np.float32)).tolist() == [0, 0, 128, 255, 255]


def test_masks_are_laid_in_order_and_cost_nothing_where_there_is_none() -> None:
    photo = TiledImage.from_array(np.full((300, 300, 3), 100, np.uint8), _RGB)
    mask = TiledImage(COVERAGE, photo.extent)
    mask.write(Rect(10, 10, 20, 20), np.full((10, 10, 1), 255, np.uint8))
    below = PhotoStage(Pyramid(_reader(photo), photo.extent), _RGB, plain_transform(Colour.RGB))
    tinted = TintStage(below)
    pyramid = Pyramid(_reader(mask), photo.extent)
    tinted.set_overlays([Overlay(pyramid, 0x00FF00, 255), Overlay(pyramid, 0xFF0000, 128)])
    tile = tinted.tile(0, (0, 0))
    assert (tile[5, 5], tile[15, 15]) == (0xFF646464, 0xFF807E00)
    assert tinted.tile(0, (1, 1)) is below.tile(0, (1, 1))
    mask.write(Rect(10, 10, 20, 20), np.zeros((10, 10, 1), np.uint8))
    mask.drop_blank_tiles()
    tinted.invalidate(Rect(10, 10, 20, 20))
    assert tinted.tile(0, (0, 0)) is below.tile(0, (0, 0))
