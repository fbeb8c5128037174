"""Sizes and tiles for networks, soft masks, and how what they draw meets its surroundings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inpaint_studio.document.composite import Composite
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines import catalog, planner
from inpaint_studio.engines.contract import Decision, EngineSpec, FillRequest, FillResult, Float, Progress, SizeRule
from inpaint_studio.engines.fitting import (
    colour_shift,
    crop_around,
    keep_soft,
    native_size,
    padded,
    prefilled,
    scaled,
    scaled_mask,
    soft_mask,
    tiles,
)
from inpaint_studio.pixels.format import COVERAGE, Colour, PixelFormat, Samples, from_float
from inpaint_studio.pixels.masks import effective_support
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from tests.engines.requests import hole, photo

SPEC = catalog.specs()["smooth"]
NETWORK = replace(SPEC, size=SizeRule(least=8, most=2048, multiple_of=8, native=512), takes=frozenset({"soft"}))


@given(st.integers(1, 4000), st.integers(1, 4000), st.sampled_from([64, 512, 1024]), st.sampled_from([8, 16]))
def test_the_first_look_is_of_the_native_size(height: int, width: int, native: int, multiple: int) -> None:
    high, wide = native_size(height, width, native, multiple)
    assert high % multiple == wide % multiple == 0
    if max(height, width) <= 4 * min(height, width):
        assert 0.75 <= high * wide / native**2 <= 1.25
        assert abs(np.log((high / wide) / (height / width))) < 2 * multiple / min(high, wide)


def test_a_crop_that_is_about_native_is_left_alone() -> None:
    assert native_size(512, 512, 512, 8) == (512, 512)
    assert native_size(480, 520, 512, 8) == (480, 520)


@given(st.integers(8, 90), st.integers(8, 90), st.integers(3, 8), st.integers(1, 2))
def test_tiles_cover_everything_and_weigh_more_than_nothing(height: int, width: int, side: int, overlap: int) -> None:
    height, width, side, overlap = height * 8, width * 8, side * 8, overlap * 8
    total = np.zeros((height, width), np.float32)
    for tile in tiles(height, width, side, overlap, 8):
        assert max(tile.rect.width, tile.rect.height) <= max(side, 8)
        assert tile.rect.width % 8 == tile.rect.height % 8 == tile.rect.left % 8 == tile.rect.top % 8 == 0
        assert tile.rect.clipped(Rect.of_size(width, height)) == tile.rect
        total[tile.rect.slices] += tile.weight
    assert (total > 0).all()


@given(st.integers(0, 399), st.integers(0, 299), st.integers(1, 60), st.integers(1, 60))
def test_a_networks_crop_is_as_large_as_it_was_trained_at(left: int, top: int, width: int, height: int) -> None:
    canvas = Rect.of_size(2400, 1800)
    box = Rect(left, top, left + width, top + height)
    around = crop_around(box, max(width, height), NETWORK, None, canvas)
    assert min(around.width, around.height) >= 512
    assert around.clipped(canvas) == around
    assert around.clipped(box) == box
    small = crop_around(box.clipped(Rect.of_size(400, 300)), 60, NETWORK, None, Rect.of_size(400, 300))
    assert (small.width, small.height) == (400, 300)


def test_a_narrow_hole_gets_no_narrow_crop() -> None:
    around = crop_around(Rect(100, 100, 1700, 110), 1600, NETWORK, 0.0, Rect.of_size(4000, 3000))
    assert around.width <= 2 * around.height


def test_scaling_keeps_what_the_mask_touches() -> None:
    mask = hole(64, 64, 31, 31, 32, 32)
    small = scaled_mask(mask, (8, 8))
    assert (small > 0).sum() == 1
    assert small.max() == 1
    ramp = np.tile(np.linspace(0.1, 1, 64, dtype=np.float32), (64, 1))
    assert np.all(np.diff(scaled_mask(ramp, (16, 16)), axis=1) > 0)
    assert scaled(photo(64, 64), (32, 48)).shape == (32, 48, 3)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 30), (64, 65)])
def test_padding_is_no_hole(height: int, width: int) -> None:
    image, mask = padded(photo(height, width), np.ones((height, width), np.float32), 8, 16)
    assert mask.shape[0] % 8 == mask.shape[1] % 8 == 0
    assert min(mask.shape) >= 16
    assert mask.sum() == height * width
    assert np.array_equal(image[:height, :width], photo(height, width))


def test_a_hole_is_prefilled_from_around_it_and_nothing_of_it_shows() -> None:
    image = np.full((50, 70, 3), (0.2, 0.5, 0.8), np.float32)
    gone = hole(50, 70, 10, 10, 40, 60) > 0
    image[gone] = (1, 0, 0)
    assert np.allclose(prefilled(image, gone)[gone], (0.2, 0.5, 0.8), atol=1e-4)
    assert np.array_equal(prefilled(image, gone)[~gone], image[~gone])
    everything = np.ones((50, 70), np.bool_)
    assert np.allclose(prefilled(image, everything), 0.5)


def test_colours_are_matched_by_the_ring_around_the_hole_and_only_a_little() -> None:
    image, mask = photo(80, 80), hole(80, 80, 30, 30, 50, 50)
    tint = np.array((0.03, -0.02, 0.01), np.float32)
    assert np.allclose(colour_shift(image + tint, image, mask), -tint, atol=1e-5)
    assert np.abs(colour_shift(image + 0.5, image, mask)).max() <= 0.1
    assert np.array_equal(colour_shift(image, image, np.ones_like(mask)), np.zeros(3))


def test_where_the_mask_ends_softly_there_is_no_seam() -> None:
    image = photo(40, 40)
    mask = np.tile(np.linspace(0, 1, 40, dtype=np.float32), (40, 1))
    coded = np.clip(image + 0.2, 0, 1)  # the way through the network costs this everywhere
    kept = keep_soft(coded, coded, image, mask)
    assert np.allclose(kept[:, 1], image[:, 1], atol=0.01)
    assert np.allclose(kept[:, -1], coded[:, -1])


def test_a_hard_mask_is_not_soft() -> None:
    assert soft_mask((hole(30, 30, 5, 5, 9, 9) * 255).astype(np.uint8), 3, 2) is None


@given(st.integers(0, 6), st.integers(0, 6))
def test_a_soft_mask_grows_like_the_effective_one(grow: int, feather: int) -> None:
    coverage = np.zeros((60, 60), np.uint8)
    coverage[20:40, 20:40] = np.linspace(20, 250, 20).astype(np.uint8)
    soft = soft_mask(coverage, grow, feather)
    assert soft is not None
    assert np.array_equal(soft > 0, effective_support(coverage, grow, feather))
    assert (soft >= coverage / 255 - 1e-6).all()
    assert soft.max() <= 250 / 255 + 1e-6
    assert (np.diff(soft[30, 20:40]) >= 0).all()


def test_a_thin_soft_rim_becomes_full_when_the_mask_is_grown() -> None:
    coverage = (hole(60, 60, 20, 20, 40, 40) * 255).astype(np.uint8)
    coverage[19, 20:40] = 100
    soft = soft_mask(coverage, 3, 0)
    assert soft is not None
    assert soft[19, 30] == soft[18, 30] == 1


class Showing:
    """A progress that keeps what it is shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[Rect, Samples]] = []

    def show(self, rect: Rect, samples: Samples) -> None:
        self.shown.append((rect, samples))

    def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
        return Decision.CONTINUE


def test_previews_of_a_crop_are_shown_in_their_place_at_the_photos_depth() -> None:
    samples = from_float(photo(100, 120), np.dtype(np.uint16))
    mask = hole(100, 120, 40, 50, 60, 70)
    job = planner.FillJob(
        Composite(TiledImage.from_array(samples, PixelFormat(Colour.RGB, "uint16")), ()),
        TiledImage.from_array((mask * 255).astype(np.uint8)[..., None], COVERAGE),
        Recipe(engine="smooth"),
    )

    def run(_spec: EngineSpec, request: FillRequest, progress: Progress) -> FillResult:
        progress.step(0.5, "Half", np.ones_like(request.image))
        return FillResult(request.image)

    showing = Showing()
    planner.execute(planner.plan(job, catalog.specs()), run, showing)
    ((rect, seen),) = showing.shown
    assert seen.dtype == np.uint16
    inside = mask[rect.slices] > 0
    assert (seen[inside] == 65535).all()
    assert np.array_equal(seen[~inside], samples[rect.slices][~inside])
