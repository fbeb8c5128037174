"""Operations on whole masks, against their definitions, and tile by tile against all at once."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inpaint_studio.pixels import mask_operations as ops
from inpaint_studio.pixels.format import COVERAGE
from inpaint_studio.pixels.mask_operations import MASK_OPERATIONS, MaskOperation, operate
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage

SIDE = 96


def shape(seed: int, *, soft: bool = False) -> np.ndarray:
    """Discs and bars somewhere."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    for _ in range(3):
        centre = tuple(int(v) for v in rng.integers(0, SIDE, 2))
        cv2.circle(mask, centre, int(rng.integers(2, 18)), 255, -1)
    return cv2.GaussianBlur(mask, (0, 0), 3) if soft else mask


def brute_grow(mask: np.ndarray, pixels: int) -> np.ndarray:
    disc = np.hypot(*np.mgrid[-pixels : pixels + 1, -pixels : pixels + 1]) <= pixels
    return cv2.dilate(mask, disc.astype(np.uint8), borderValue=0)


@given(st.integers(0, 1000), st.integers(1, 12))
def test_grow_is_a_dilation_with_a_disc(seed: int, pixels: int) -> None:
    assert np.array_equal(ops.grow(shape(seed), pixels), brute_grow(shape(seed), pixels))


@given(st.integers(0, 1000), st.integers(1, 12))
def test_grow_moves_soft_contours_too(seed: int, pixels: int) -> None:
    mask = shape(seed, soft=True)
    difference = brute_grow(mask, pixels).astype(int) - ops.grow(mask, pixels)
    # contours are moved at 16 levels: never more than the dilation, at most a level less
    assert difference.min() >= 0
    assert difference.max() <= 16


@given(st.integers(0, 1000), st.integers(1, 12))
def test_shrink_is_its_opposite_and_spares_the_border(seed: int, pixels: int) -> None:
    mask = shape(seed)
    assert np.array_equal(ops.shrink(mask, pixels), 255 - ops.grow(255 - mask, pixels))
    assert (ops.shrink(np.full((20, 20), 255, np.uint8), pixels) == 255).all()


def test_border_lies_half_inside() -> None:
    mask = np.zeros((60, 60), np.uint8)
    mask[20:40, 20:40] = 255
    band = ops.border(mask, 6) > 0
    assert band[30, 17]
    assert band[30, 22]
    assert not band[30, 16]
    assert not band[30, 23]


def test_threshold_and_invert() -> None:
    ramp = np.arange(256, dtype=np.uint8)[None]
    assert set(np.unique(ops.threshold(ramp, 50))) == {0, 255}
    assert (ops.threshold(ramp, 50)[0] == 255).argmax() == 128
    assert ops.threshold(ramp, 0.1)[0, 0] == 0
    assert np.array_equal(ops.invert(ops.invert(ramp)), ramp)


def test_fill_holes_fills_what_is_enclosed() -> None:
    mask = np.zeros((30, 30), np.uint8)
    cv2.rectangle(mask, (5, 5), (20, 20), 255, 2)
    filled = ops.fill_holes(mask)
    assert (filled[5:21, 5:21] == 255).all()
    assert filled[0, 0] == 0
    mask[3:9, 10] = 0  # a gap lets the outside in
    assert np.array_equal(ops.fill_holes(mask), mask)


def test_drop_specks_by_area() -> None:
    mask = np.zeros((30, 30), np.uint8)
    mask[2:5, 2:5] = 255
    mask[10:20, 10:20] = 128
    assert np.array_equal(ops.drop_specks(mask, 10) > 0, np.pad(np.ones((10, 10), bool), 10))
    assert np.array_equal(ops.drop_specks(mask, 9), mask)


def test_smooth_takes_a_bump_away_and_keeps_a_straight_edge() -> None:
    mask = np.zeros((80, 80), np.uint8)
    mask[:, 40:] = 255
    mask[40, 34:40] = 255
    smoothed = ops.smooth(mask, 12)
    assert smoothed[40, 36] < 60
    assert np.abs(smoothed[10].astype(int) - mask[10])[[30, 50]].max() == 0


@pytest.mark.parametrize("operation", MASK_OPERATIONS, ids=lambda operation: operation.id)
@given(seed=st.integers(0, 50), soft=st.booleans(), share=st.floats(0, 1))
def test_tile_by_tile_is_all_at_once(operation: MaskOperation, seed: int, soft: bool, share: float) -> None:
    """No seam at tile borders, and nothing reaches further than the operation says."""
    most = min(operation.most, 40)
    value = operation.least + share * (most - operation.least) if operation.most else 0.0
    mask = np.zeros((300, 600), np.uint8)
    mask[210:306, 220:316] = shape(seed, soft=soft)[:90]
    mask[20:116, 480:576] = shape(seed + 1, soft=soft)
    image = TiledImage(COVERAGE, Rect.of_size(600, 300))
    image.write(image.extent, mask[..., None])
    image.drop_blank_tiles()
    expected = operation.do(mask, value)
    if operation.reach is None and not operation.everywhere:
        area = image.covered
        expected = mask.copy()
        expected[area.slices] = operation.do(mask[area.slices], value)
    image.exchange(operate(operation, image, value))
    result = image.read(image.extent)[..., 0]
    # a blur over a cut-out rounds the last bit differently, and smoothing steepens that by its number
    tolerance = {"feather": 1, "smooth": value + 1}.get(operation.id, 0)
    assert np.abs(result.astype(int) - expected).max() <= tolerance


def test_an_operation_that_changes_nothing_changes_no_tile() -> None:
    image = TiledImage(COVERAGE, Rect.of_size(600, 300))
    assert operate(MASK_OPERATIONS[0], image, 4) == {}


@given(st.integers(0, 2**32 - 1), st.floats(1, 40), st.integers(1, 60), st.integers(1, 60))
def test_growing_a_soft_mask_is_the_dilation_with_a_disc(seed: int, pixels: float, height: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    coverage = np.where(rng.random((height, width)) < 0.03, rng.integers(1, 256, (height, width)), 0).astype(np.uint8)
    reach = int(pixels)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = (y * y + x * x <= pixels * pixels).astype(np.uint8)
    expected = cv2.dilate(coverage, disc, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    assert np.array_equal(ops.grow(coverage, pixels), expected)
