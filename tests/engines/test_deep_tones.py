"""16-bit skies: a fill has the levels and the noise of what surrounds it."""

from __future__ import annotations

import numpy as np
import pytest

from inpaint_studio.document.composite import Composite
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines import catalog, planner
from inpaint_studio.engines.contract import Silent
from inpaint_studio.pixels.format import COVERAGE, Colour, PixelFormat, from_float
from inpaint_studio.pixels.tiled import TiledImage
from tests.engines.requests import hole

_ENGINES = ["auto", "membrane", "exemplar", "patchmatch"]
_FORMAT = PixelFormat(Colour.RGB, "uint16")


def _filled(sky: np.ndarray, engine: str) -> tuple[np.ndarray, np.ndarray]:
    """A 16-bit sky's hole, filled, and the sky as it was there."""
    samples = from_float(sky, _FORMAT.numpy)
    mask = hole(*sky.shape[:2], 90, 110, 150, 190) > 0
    coverage = TiledImage.from_array(mask[..., None] * np.uint8(255), COVERAGE)
    torn = samples.copy()
    torn[mask] = 0
    job = planner.FillJob(Composite(TiledImage.from_array(torn, _FORMAT), ()), coverage, Recipe(engine=engine))
    made = planner.execute(planner.plan(job, catalog.specs()), catalog.run_here, Silent())
    return made.pixels.read(made.pixels.extent)[90:150, 110:190], samples[90:150, 110:190]


def _sky(noise: float) -> np.ndarray:
    y, x = np.mgrid[0:240, 0:300].astype(np.float32)
    base = 0.50 + 0.03 * y / 240 + 0.004 * x / 300
    grain = np.random.default_rng(2).normal(0, noise, (240, 300, 3)) if noise else 0
    return (np.stack([base, base + 0.02, base + 0.05], -1) + grain).astype(np.float32)


@pytest.mark.parametrize("noise", [0, 0.004])
@pytest.mark.parametrize("engine", _ENGINES)
def test_a_deep_sky_keeps_four_fifths_of_its_levels(engine: str, noise: float) -> None:
    found, wanted = (len(np.unique(part[..., 0])) for part in _filled(_sky(noise), engine))
    assert found >= 0.8 * wanted


@pytest.mark.parametrize("engine", _ENGINES)
def test_the_noise_is_as_strong_as_around_within_15_percent(engine: str) -> None:
    found, wanted = (part.astype(np.float64) / 65535 - _sky(0)[90:150, 110:190] for part in _filled(_sky(0.02), engine))
    powers = [float(((part[:, 1:] - part[:, :-1]) ** 2).mean()) for part in (found, wanted)]
    assert powers[0] == pytest.approx(powers[1], rel=0.15)
