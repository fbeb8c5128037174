"""The border of what a fill would change."""

import math
import time

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpaint_studio.pixels.format import COVERAGE
from inpaint_studio.pixels.masks import effective_mask
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.ui.canvas.outline import BLOCK, Outline

_LIGHT, _DARK = 0xFFFFFFFF, 0xFF000000
_CANVAS = Rect.of_size(600, 500)


def _coverage(array: np.ndarray) -> TiledImage:
    image = TiledImage(COVERAGE, _CANVAS)
    image.write(_CANVAS, array[..., None])
    image.drop_blank_tiles()
    return image


def _whole(outline: Outline, zoom: float, width: int, height: int) -> np.ndarray:
    picture = np.zeros((math.ceil(height / BLOCK) * BLOCK, math.ceil(width / BLOCK) * BLOCK), np.uint32)
    for row in range(picture.shape[0] // BLOCK):
        for column in range(picture.shape[1] // BLOCK):
            assert outline.ready(zoom, (row, column), math.inf)
            block = outline.block((row, column))
            if block is not None:
                picture[row * BLOCK :, column * BLOCK :][:BLOCK, :BLOCK] = block
    return picture[:height, :width]


@given(
    discs=st.lists(st.tuples(st.integers(-20, 620), st.integers(-20, 520), st.integers(1, 150)), max_size=4),
    grow=st.integers(0, 9),
    feather=st.integers(0, 9),
)
@settings(max_examples=25, deadline=None)
def test_it_is_the_border_of_the_effective_mask(discs: list[tuple[int, int, int]], grow: int, feather: int) -> None:
    array = np.zeros((500, 600), np.uint8)
    for x, y, radius in discs:
        cv2.circle(array, (x, y), radius, 3, -1)
    hole = (effective_mask(array, grow, feather) > 0).astype(np.uint8)
    around = np.ones((3, 3), np.uint8)
    padded = np.pad(hole, 1)
    expected = np.zeros((500, 600), np.uint32)
    expected[(cv2.dilate(padded, around) > padded)[1:-1, 1:-1]] = _DARK
    expected[(cv2.erode(padded, around) < padded)[1:-1, 1:-1]] = _LIGHT
    found = _whole(Outline.of_fill(_coverage(array), grow, feather), 1.0, 600, 500)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("zoom", [0.13, 0.5, 0.7, 1.5, 4.0])
def test_at_every_zoom_both_lines_go_all_around(zoom: float) -> None:
    array = np.zeros((500, 600), np.uint8)
    cv2.circle(array, (300, 250), 120, 255, -1)
    found = _whole(Outline.of_fill(_coverage(array), 0, 0), zoom, round(600 * zoom), round(500 * zoom))
    centre_x, centre_y = 300 * zoom, 250 * zoom
    for angle in range(0, 360, 15):
        reach = np.arange((120 - 3) * zoom - 4, (120 + 3) * zoom + 4, 0.25)
        xs = (centre_x + reach * math.cos(math.radians(angle))).astype(int)
        ys = (centre_y + reach * math.sin(math.radians(angle))).astype(int)
        seen = found[ys, xs]
        assert (seen == _LIGHT).any(), angle
        assert (seen == _DARK).any(), angle
        assert seen[0] == seen[-1] == 0


def test_a_thin_scratch_is_outlined_when_the_whole_photo_is_seen() -> None:
    array = np.zeros((500, 600), np.uint8)
    array[250, 100:500] = 255
    found = _whole(Outline.of_fill(_coverage(array), 0, 0), 0.1, 60, 50)
    assert (found == _LIGHT).any()


def test_nothing_painted_has_no_border() -> None:
    outline = Outline.of_fill(_coverage(np.zeros((500, 600), np.uint8)), 8, 8)
    assert outline.rect.empty
    assert not _whole(outline, 1.0, 600, 500).any()


def test_what_there_is_no_time_for_comes_later() -> None:
    array = np.zeros((500, 600), np.uint8)
    array[100:400, 100:400] = 255
    outline = Outline.of_fill(_coverage(array), 0, 0)
    assert not outline.ready(0.25, (0, 0), time.perf_counter())
    tries = 0
    while not outline.ready(0.25, (0, 0), time.perf_counter() + 0.001):
        tries += 1
        assert tries < 1000
    assert outline.block((0, 0)) is not None
