"""Grain and rim match: steps that every fill gets."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inpaint_studio.document.composite import Composite
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines import catalog, planner
from inpaint_studio.engines.contract import Silent
from inpaint_studio.engines.fitting import grain
from inpaint_studio.engines.fitting.rim import rim_matched
from inpaint_studio.pixels.format import COVERAGE, Colour, PixelFormat, from_float
from inpaint_studio.pixels.tiled import TiledImage
from tests.engines.requests import hole

KINDS = ["white", "coarse", "gray", "by tone"]


def calm(side: int = 320) -> np.ndarray:
    y, x = np.mgrid[0:side, 0:side] / side
    return np.stack([0.3 + 0.4 * x, 0.35 + 0.3 * y, 0.5 + 0.2 * x * y], -1).astype(np.float32)


def noise(kind: str, side: int = 320, strength: float = 0.03) -> np.ndarray:
    field = np.random.default_rng(5).normal(size=(side, side, 3)).astype(np.float32)
    if kind == "coarse":
        field = cv2.GaussianBlur(field, (0, 0), 1.0)
    if kind == "gray":
        field = np.repeat(cv2.GaussianBlur(field[..., :1], (0, 0), 0.6)[..., None], 3, 2)
    field *= strength / field.std()
    return field * (calm(side).mean(2, keepdims=True) / 0.5) ** 1.5 if kind == "by tone" else field


@pytest.mark.parametrize("kind", KINDS)
def test_a_smooth_fill_gets_the_grain_around_it(kind: str) -> None:
    base, added = calm(), noise(kind)
    mask = hole(320, 320, 110, 90, 210, 230) > 0
    image = np.where(mask[..., None], base, base + added)
    rest = (grain.matched(image, mask, ~mask, 1) - base)[mask]
    assert (rest**2).mean() == pytest.approx((added[~mask] ** 2).mean(), rel=0.15)
    # colours of the noise hang together as they do around
    found, wanted = (np.corrcoef(part.reshape(-1, 3).T)[0, 1] for part in (rest, added[~mask]))
    assert found == pytest.approx(wanted, abs=0.1)


def test_the_grain_is_as_coarse_as_around() -> None:
    base, added = calm(), noise("coarse")
    mask = hole(320, 320, 110, 90, 210, 230) > 0
    image = np.where(mask[..., None], base, base + added)
    rest = (grain.matched(image, mask, ~mask, 1) - base)[110:210, 90:230]
    found, wanted = (
        float((part[:, 1:] * part[:, :-1]).mean() / (part**2).mean()) for part in (rest, added[110:210, 90:230])
    )
    assert found == pytest.approx(wanted, abs=0.07)


def test_a_fill_with_grain_of_its_own_gets_none() -> None:
    image = calm() + noise("white")
    mask = hole(320, 320, 110, 90, 210, 230) > 0
    added = grain.matched(image, mask, ~mask, 1) - image
    assert (added[mask] ** 2).mean() < 0.1 * 0.03**2


def test_a_photo_without_grain_stays_without() -> None:
    mask = hole(320, 320, 110, 90, 210, 230) > 0
    assert np.abs(grain.matched(calm(), mask, ~mask, 1) - calm()).max() < 1e-3


def test_the_seed_makes_the_grain_and_nothing_outside_changes() -> None:
    base = calm()
    mask = hole(320, 320, 110, 90, 210, 230) > 0
    image = np.where(mask[..., None], base, base + noise("white"))
    first, again, other = (grain.matched(image, mask, ~mask, seed) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.array_equal(first[~mask], image[~mask])


@pytest.mark.parametrize("size", [(1, 60), (60, 1), (12, 12)])
def test_too_little_to_measure_leaves_the_fill_alone(size: tuple[int, int]) -> None:
    image = np.random.default_rng(0).random((*size, 3)).astype(np.float32)
    mask = np.zeros(size, np.bool_)
    mask[size[0] // 3 : size[0] // 2 + 1, size[1] // 3 : size[1] // 2 + 1] = True
    assert np.array_equal(grain.matched(image, mask, ~mask, 0), image)


def test_a_fill_a_little_too_dark_is_brought_to_its_rim() -> None:
    image = calm()
    mask = hole(320, 320, 110, 90, 210, 230) > 0
    dark = np.where(mask[..., None], image - 0.03, image)
    matched = rim_matched(dark, mask, ~mask)
    assert np.array_equal(matched[~mask], dark[~mask])
    assert np.abs(matched - image)[mask].mean() < 0.012


def test_an_edge_of_the_photo_at_the_rim_is_kept() -> None:
    image = calm()
    image[:, 230:] *= 0.4
    mask = hole(320, 320, 110, 90, 210, 230) > 0
    assert np.abs(rim_matched(image, mask, ~mask) - image)[mask].max() < 0.02


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_steps_are_the_recipes_and_can_be_switched_off(dtype: str) -> None:
    pixel_format = PixelFormat(Colour.RGB, dtype)
    image = calm() + noise("white")
    samples = from_float(image, pixel_format.numpy)
    if dtype == "float32":
        samples = samples * np.float32(40)
        samples[5, 5], samples[250, 8] = np.nan, np.inf
    mask = hole(320, 320, 110, 90, 210, 230)
    coverage = TiledImage.from_array((mask > 0)[..., None] * np.uint8(255), COVERAGE)
    powers = []
    for wanted in (True, False):
        recipe = Recipe(engine="membrane", grain=wanted, seams=wanted)
        job = planner.FillJob(Composite(TiledImage.from_array(samples, pixel_format), ()), coverage, recipe)
        made = planner.execute(planner.plan(job, catalog.specs()), catalog.run_here, Silent())
        inside = made.pixels.read(made.pixels.extent)[110:210, 90:230].astype(np.float64)
        white = 40 if dtype == "float32" else pixel_format.white
        powers.append(float(((inside / white - calm()[110:210, 90:230]) ** 2).mean()))
    assert powers[0] == pytest.approx(0.03**2, rel=0.15)
    assert powers[1] < 0.1 * 0.03**2
