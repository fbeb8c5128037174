"""Skies and walls."""

from __future__ import annotations

import numpy as np
import pytest

from inpaint_studio.document.composite import Composite
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines import catalog, planner
from inpaint_studio.engines.contract import FillRequest, Silent
from inpaint_studio.engines.models.membrane import Membrane
from inpaint_studio.errors import InputError
from inpaint_studio.pixels import membrane
from inpaint_studio.pixels.format import COVERAGE, Colour, PixelFormat, from_float
from inpaint_studio.pixels.tiled import TiledImage
from tests.engines.requests import hole


def sky(height: int, width: int, noise: float = 0.0) -> np.ndarray:
    """A curved gradient in three colours, with grain."""
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    light = 0.5 + 0.2 * y - 0.25 * (x - 0.4) ** 2
    image = np.stack([0.6 * light, 0.8 * light, light], -1)
    return (image + np.random.default_rng(1).normal(0, noise, image.shape)).astype(np.float32)


def filled(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    torn = np.where(mask[..., None] > 0, np.float32(0), image)
    return Membrane().fill(FillRequest(torn, mask), Silent()).image


@pytest.mark.parametrize("size", [60, 150])
def test_a_curved_sky_comes_back(size: int) -> None:
    image = sky(240, 300)
    mask = hole(240, 300, 40, 60, 40 + size, 60 + size)
    assert np.abs(filled(image, mask) - image).max() < 0.006


def test_a_hole_at_the_photos_corner_stays_within_what_is_around_it() -> None:
    image = sky(200, 200)
    mask = hole(200, 200, 0, 0, 120, 120)
    result = filled(image, mask)
    assert result.max() <= image.max() + 0.1
    assert np.abs(result - image).max() < 0.1


def test_grain_at_the_rim_makes_no_streaks() -> None:
    image = sky(200, 200, noise=0.03)
    result = filled(image, hole(200, 200, 60, 60, 140, 140))
    assert np.abs(result - sky(200, 200))[60:140, 60:140].mean() < 0.006


def test_a_membrane_is_linear_between_straight_borders() -> None:
    ramp = np.tile(np.linspace(0, 1, 65, dtype=np.float32), (65, 1))[..., None]
    free = np.zeros((65, 65), np.bool_)
    free[:, 8:57] = True
    torn = np.where(free[..., None], np.float32(9), ramp)
    assert np.abs(membrane.stretch(torn, free) - ramp).max() < 0.02


def test_a_membrane_without_a_border_is_refused() -> None:
    with pytest.raises(ValueError, match="border"):
        membrane.stretch(np.zeros((4, 4, 1), np.float32), np.ones((4, 4), np.bool_))


def test_nothing_known_is_refused_with_advice() -> None:
    with pytest.raises(InputError, match="nothing to continue from") as caught:
        filled(sky(20, 20), np.ones((20, 20), np.float32))
    assert caught.value.hint


def planned(image: np.ndarray, mask: np.ndarray, engine: str = "auto") -> tuple[planner.Plan, np.ndarray]:
    pixel_format = PixelFormat(Colour.RGB, "uint16")
    photo = TiledImage.from_array(from_float(image, pixel_format.numpy), pixel_format)
    coverage = TiledImage.from_array((mask > 0)[..., None] * np.uint8(255), COVERAGE)
    plan = planner.plan(planner.FillJob(Composite(photo, ()), coverage, Recipe(engine=engine)), catalog.specs())
    made = planner.execute(plan, catalog.run_here, Silent())
    return plan, made.pixels.read(made.pixels.extent)


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_auto_takes_it_for_skies_and_not_for_texture(noise: float) -> None:
    mask = hole(300, 300, 100, 100, 180, 200)
    plan, _ = planned(sky(300, 300, noise), mask)
    assert plan.chosen == {"membrane": 1}
    y, x = np.mgrid[0:300, 0:300]
    weave = sky(300, 300) + (0.1 * np.sin(x * 0.3) * np.sin(y * 0.4))[..., None].astype(np.float32)
    plan, _ = planned(weave, mask)
    assert "membrane" not in plan.chosen


def test_a_deep_sky_keeps_its_levels_and_its_grain() -> None:
    image = 0.5 + 0.05 * sky(300, 300, noise=0.05)
    mask = hole(300, 300, 100, 100, 180, 200)
    _, pixels = planned(image, mask, "membrane")
    inside, around = pixels[100:180, 100:200], from_float(image, np.dtype(np.uint16))[0:80, 100:200]
    for channel in range(3):
        assert len(np.unique(inside[..., channel])) >= 0.8 * len(np.unique(around[..., channel]))
