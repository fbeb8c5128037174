"""What engines made goes back into the photo in a thread beside the next step, as if one came after the other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import cv2
import numpy as np
import pytest

from inpaint_studio.document.composite import Composite
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines import catalog, planner
from inpaint_studio.engines.contract import EngineSpec, FillRequest, FillResult, Progress, Silent
from inpaint_studio.errors import StudioError
from inpaint_studio.pixels.format import COVERAGE, Colour, PixelFormat, from_float
from inpaint_studio.pixels.tiled import TiledImage
from tests.engines.requests import photo


def _job() -> planner.FillJob:
    """A scratch across several tiles, so that tiles see what others filled."""
    samples = from_float(photo(1700, 2000), np.dtype(np.uint8))
    mask = np.zeros((1700, 2000), np.uint8)
    cv2.line(mask, (0, 0), (1999, 1699), 255, 3)
    cv2.line(mask, (0, 750), (1999, 753), 255, 3)
    return planner.FillJob(
        Composite(TiledImage.from_array(samples, PixelFormat(Colour.RGB)), ()),
        TiledImage.from_array(mask[..., None], COVERAGE),
        Recipe(engine="thin", options={"learned": "false"}),
    )


def test_the_result_is_that_of_one_step_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    job = _job()
    plan = planner.plan(job, catalog.specs())
    assert len(plan.steps) >= 6
    found = [planner.execute(plan, catalog.run_here, Silent()).pixels]
    submit = ThreadPoolExecutor.submit

    def at_once(*arguments, **named):
        future = submit(*arguments, **named)
        future.exception()
        return future

    monkeypatch.setattr(ThreadPoolExecutor, "submit", at_once)
    found.append(planner.execute(plan, catalog.run_here, Silent()).pixels)
    assert np.array_equal(*(pixels.read(pixels.extent) for pixels in found))


def test_neighbouring_tiles_do_not_follow_each_other() -> None:
    steps = planner.plan(_job(), catalog.specs()).steps
    touching = [not a.rect.clipped(b.rect).empty for a, b in pairwise(steps)]
    assert sum(touching) <= 3


def test_what_fails_while_finishing_is_told() -> None:
    def broken(_spec: EngineSpec, request: FillRequest, _progress: Progress) -> FillResult:
        return FillResult(np.full_like(request.image, np.nan))

    with pytest.raises(StudioError, match="without a value"):
        planner.execute(planner.plan(_job(), catalog.specs()), broken, Silent())
