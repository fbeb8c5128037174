"""Masks and photos at their limits, through the planner: a result or one clear sentence."""

from __future__ import annotations

import numpy as np
import pytest

from inpaint_studio.document.composite import Composite
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines import catalog, planner
from inpaint_studio.engines.contract import Silent
from inpaint_studio.errors import InputError, NothingToCopyError
from inpaint_studio.pixels.format import COVERAGE, Colour, PixelFormat, from_float
from inpaint_studio.pixels.tiled import TiledImage
from tests.engines.requests import borders, hole, photo

_ENGINES = ["auto", "exemplar", "patchmatch", "thin", "membrane", "smooth"]


def _job(image: np.ndarray, mask: np.ndarray, engine: str = "auto", dtype: str = "uint8") -> planner.FillJob:
    pixel_format = PixelFormat(Colour.RGB, dtype)
    samples = from_float(image, pixel_format.numpy)
    coverage = TiledImage.from_array((mask > 0)[..., None] * np.uint8(255), COVERAGE)
    return planner.FillJob(Composite(TiledImage.from_array(samples, pixel_format), ()), coverage, Recipe(engine=engine))


def _made(job: planner.FillJob) -> tuple[np.ndarray, planner.Filled]:
    made = planner.execute(planner.plan(job, catalog.specs()), catalog.run_here, Silent())
    return made.pixels.read(made.pixels.extent), made


@pytest.mark.parametrize("engine", ["exemplar", "patchmatch"])
def test_all_but_a_sliver_leaves_nothing_to_copy(engine: str) -> None:
    mask = hole(80, 90, 0, 0, 80, 87)
    with pytest.raises(NothingToCopyError, match="nothing to copy") as caught:
        planner.plan(_job(photo(80, 90), mask, engine), catalog.specs())
    assert "membrane" in caught.value.hint


def test_all_but_a_sliver_is_continued_by_auto_which_says_so() -> None:
    mask = hole(80, 90, 0, 0, 80, 87)
    pixels, made = _made(_job(photo(80, 90), mask))
    assert (pixels[mask > 0] > 0).all()
    assert any("nothing to copy" in note for note in made.notes)


@pytest.mark.parametrize("engine", _ENGINES)
def test_everything_is_refused(engine: str) -> None:
    with pytest.raises(InputError, match="whole photo") as caught:
        planner.plan(_job(photo(40, 50), np.ones((40, 50)), engine), catalog.specs())
    assert caught.value.hint


@pytest.mark.parametrize("engine", _ENGINES)
def test_values_without_a_number_and_infinite_ones(engine: str) -> None:
    """In the hole, at its rim and where the engine looks for sources."""
    mask = np.maximum(hole(120, 140, 40, 40, 70, 80), hole(120, 140, 100, 0, 102, 140))
    image = photo(120, 140) * np.float32(30)
    image[50, 50], image[39, 45], image[10, 20], image[99, 30] = np.nan, np.inf, np.nan, -np.inf
    pixels, _ = _made(_job(image, mask, engine, "float32"))
    inside = pixels[mask > 0]
    assert np.isfinite(inside).all()
    assert inside.min() > 0
    assert inside.max() < 60


@pytest.mark.parametrize("engine", _ENGINES)
@pytest.mark.parametrize("size", [(1, 90), (90, 1), (1, 2)])
def test_photos_one_pixel_wide(engine: str, size: tuple[int, int]) -> None:
    mask = np.zeros(size, np.float32)
    mask.ravel()[: mask.size // 3 + 1] = 1
    mask.ravel()[-1] = 0
    try:
        pixels, _ = _made(_job(photo(*size), mask, engine))
    except InputError as error:
        assert error.message.endswith(".")
        assert error.hint
    else:
        assert pixels.shape == (*size, 3)


@pytest.mark.parametrize("engine", _ENGINES)
def test_five_hundred_specks(engine: str) -> None:
    mask = np.zeros((300, 400), np.float32)
    mask[np.random.default_rng(3).choice(300, 500), np.random.default_rng(4).choice(400, 500)] = 1
    pixels, _ = _made(_job(photo(300, 400), mask, engine))
    off = np.abs(pixels[mask > 0] / 255 - photo(300, 400)[mask > 0])
    assert off.mean() < 0.06


@pytest.mark.parametrize("engine", _ENGINES)
def test_a_hole_at_all_four_borders(engine: str) -> None:
    mask = borders(120, 100)
    pixels, made = _made(_job(photo(120, 100), mask, engine))
    assert np.array_equal(made.alpha.read(made.alpha.extent)[..., 0] > 0, mask > 0)
    assert np.abs(pixels[mask > 0] / 255 - photo(120, 100)[mask > 0]).mean() < 0.1
