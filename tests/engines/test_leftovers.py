"""The warning that a rim or shadow of the object lies outside the mask."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inpaint_studio.document.composite import Composite
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines import planner
from inpaint_studio.pixels.format import COVERAGE, Colour, PixelFormat, from_float
from inpaint_studio.pixels.tiled import TiledImage


def scene(dark: float = 0.3, *, blue: bool = True) -> np.ndarray:
    """A gray wall with a disc of radius 60 on it."""
    rng = np.random.default_rng(3)
    image = np.full((300, 300, 3), 0.6, np.float32) + np.linspace(0, 0.1, 300, dtype=np.float32)[:, None, None]
    disc = cv2.circle(np.zeros((300, 300), np.uint8), (150, 150), 60, 1, -1) > 0
    image[disc] = (0.2, 0.3, 0.9) if blue else dark
    return np.clip(cv2.GaussianBlur(image, (0, 0), 0.8) + rng.normal(0, 0.01, image.shape), 0, 1).astype(np.float32)


def found(
    image: np.ndarray, radius: int, recipe: Recipe | None = None, dtype: str = "uint8"
) -> planner.Leftover | None:
    pixel_format = PixelFormat(Colour.RGB, dtype)
    mask = cv2.circle(np.zeros((300, 300), np.uint8), (150, 150), radius, 255, -1)
    job = planner.FillJob(
        Composite(TiledImage.from_array(from_float(image, pixel_format.numpy), pixel_format), ()),
        TiledImage.from_array(mask[..., None], COVERAGE),
        recipe or Recipe(),
    )
    return planner.leftover(job)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("missed", [3, 6])
def test_a_mask_that_is_too_tight_is_told_by_how_much(missed: int, dtype: str) -> None:
    left = found(scene(), 60 - missed, dtype=dtype)
    assert left is not None
    assert not left.shadow
    assert missed <= left.grow_px <= missed + 5
    assert str(left.grow_px) in left.note
    assert found(scene(), 60 - missed, Recipe(grow=left.grow_px), dtype) is None


def test_a_darker_band_of_the_same_tint_is_called_a_shadow() -> None:
    left = found(scene(0.4, blue=False), 54)
    assert left is not None
    assert left.shadow


@pytest.mark.parametrize("radius", [66, 80])
def test_a_mask_that_holds_the_whole_object_is_fine(radius: int) -> None:
    assert found(scene(), radius) is None


def test_edges_that_cross_the_mask_are_no_rim() -> None:
    image = scene()
    image[:, 140:] *= 0.5
    assert found(image, 72) is None


def test_small_parts_and_a_mask_of_everything_are_passed_over() -> None:
    assert found(scene(), 4) is None
    assert found(scene(), 290) is None
