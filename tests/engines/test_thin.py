"""Scratches, hairs and dust: the directional fill with and without its networks."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inpaint_studio.document.composite import Composite
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines import catalog, planner
from inpaint_studio.engines.contract import Decision, FillRequest, Silent
from inpaint_studio.engines.models import thin
from inpaint_studio.errors import InputError
from inpaint_studio.pixels import rays
from inpaint_studio.pixels.format import COVERAGE, Colour, PixelFormat
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from tests.engines.requests import hole, photo


def stripes(angle: float, side: int = 96) -> np.ndarray:
    """Soft stripes of two colours that run in the direction `angle`."""
    y, x = np.mgrid[0:side, 0:side]
    wave = 0.5 + 0.4 * np.sin((x * np.sin(angle) - y * np.cos(angle)) * 0.35)
    return np.stack([wave, 0.2 + 0.6 * wave, 1 - wave], -1).astype(np.float32)


def scratch(side: int = 96, width: int = 5) -> np.ndarray:
    mask = np.zeros((side, side), np.float32)
    for row in range(8, side - 8):
        mask[row, side // 2 + row // 8 : side // 2 + row // 8 + width] = 1
    return mask


def filled(image: np.ndarray, mask: np.ndarray, *, learned: bool = True) -> np.ndarray:
    torn = np.where(mask[..., None] > 0, np.float32(0.5), image)
    request = FillRequest(torn, mask, options=thin.ThinOptions(learned))
    return thin.Thin().fill(request, Silent()).image


@pytest.mark.parametrize("learned", [True, False])
@pytest.mark.parametrize("degrees", [0, 25, 60, 150])
def test_stripes_run_on_through_a_scratch(degrees: int, *, learned: bool) -> None:
    image, mask = stripes(np.radians(degrees)), scratch()
    off = np.abs(filled(image, mask, learned=learned) - image)[mask > 0].mean()
    # the mean of the surroundings would be off by some .25
    assert off < (0.06 if learned else 0.1)


def test_the_networks_beat_the_plain_blend_on_a_texture() -> None:
    rng = np.random.default_rng(2)
    image = stripes(np.radians(25)) * 0.7 + rng.normal(0, 0.03, (96, 96, 3)).astype(np.float32) + 0.1
    mask = scratch()
    errors = [
        float(((filled(image, mask, learned=learned) - image)[mask > 0] ** 2).mean()) for learned in (True, False)
    ]
    assert errors[0] < errors[1]


def test_gray_is_filled_as_the_same_picture_in_colour() -> None:
    gray, mask = stripes(0.6)[..., :1], scratch()
    coloured = filled(np.repeat(gray, 3, 2), mask)
    assert np.allclose(filled(gray, mask), coloured[..., :1], atol=1e-4)


def test_what_no_ray_reaches_is_filled_smoothly() -> None:
    image = photo(240, 240)
    mask = hole(240, 240, 20, 20, 220, 220)
    result = filled(image, mask, learned=False)
    assert np.isfinite(result).all()
    middle = result[115:125, 115:125].mean((0, 1))
    assert np.abs(middle - image.mean((0, 1))).max() < 0.15


def test_without_onnxruntime_it_fills_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thin, "session", lambda *_, **__: None)
    mask = scratch()
    result = thin.Thin().fill(FillRequest(stripes(0.4), mask, options=thin.ThinOptions()), Silent())
    assert "onnxruntime" in result.note
    assert np.array_equal(result.image, filled(stripes(0.4), mask, learned=False))


class FinishAfter:
    """Asks the engine to stop at its n-th step."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def step(self, fraction: float | None, note: str, preview: np.ndarray | None = None) -> Decision:
        self._left -= 1
        return Decision.CONTINUE if self._left > 0 else Decision.FINISH


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_finish_keeps_a_whole_fill(steps: int) -> None:
    image, mask = stripes(0.4), scratch()
    result = thin.Thin().fill(FillRequest(image * (mask == 0)[..., None], mask, options=None), FinishAfter(steps)).image
    assert np.abs(result - image)[mask > 0].mean() < 0.08


def test_five_hundred_specks_and_crossing_scratches_at_the_borders() -> None:
    rng = np.random.default_rng(4)
    image = stripes(1.0, 300)
    mask = np.zeros((300, 300), np.float32)
    for y, x in rng.integers(0, 300, (500, 2)):
        mask[y : y + 2, x : x + 2] = 1
    mask[140:145] = 1
    mask[:, 150:154] = 1
    result = filled(image, mask)
    assert np.array_equal(result[mask == 0], image[mask == 0])
    assert np.abs(result - image)[mask > 0].mean() < 0.05


def test_nothing_known_is_refused_with_advice() -> None:
    with pytest.raises(InputError, match="nothing to continue from") as caught:
        filled(photo(20, 20), np.ones((20, 20), np.float32))
    assert caught.value.hint


def test_rays_find_the_nearest_known_pixels_on_both_sides() -> None:
    unknown = np.zeros((9, 9), np.bool_)
    unknown[:, 3:6] = True
    ends, distances = rays.trace(unknown, np.array([4 * 9 + 4], np.int32), 40)
    level = ends[0, 0]
    assert level[:, 0].tolist() == [4 * 9 + 6, 4 * 9 + 2]
    assert level[0].tolist() == [4 * 9 + 6, 4 * 9 + 7, 4 * 9 + 8]
    assert distances[0, 0].tolist() == [2, 2]
    # straight up and down nothing is known
    assert (ends[0, 8] == -1).all()


def test_what_rays_find_does_not_depend_on_where_in_a_crop_a_mark_lies() -> None:
    found = []
    for top, left in ((0, 0), (1700, 2400)):
        unknown = np.zeros((1860, 2560), np.bool_)
        unknown[top : top + 96, left : left + 96] = scratch() > 0
        where = np.flatnonzero(unknown).astype(np.int32)
        ends, distances = rays.trace(unknown, where, 30)
        inner = np.divmod(where, 2560)[0] - top
        some = (inner > 40) & (inner < 56)
        rows, columns = np.divmod(ends[some], 2560)
        found.append((np.where(ends[some] < 0, -1, (rows - top) * 96 + columns - left), distances[some]))
    assert (found[0][0] >= 0).any()
    assert np.array_equal(found[0][0], found[1][0])
    assert np.array_equal(found[0][1], found[1][1])


def test_crops_of_scattered_scratches_hold_little_else() -> None:
    """Two long hairs in one tile: the crops are as large as what is near them, not as the marks' boxes."""
    mask = np.zeros((2400, 3000), np.uint8)
    cv2.line(mask, (100, 100), (2900, 160), 255, 3)
    cv2.line(mask, (100, 2300), (2900, 2200), 255, 3)
    cv2.circle(mask, (1500, 1200), 2, 255, -1)
    photo_of = TiledImage.from_array(np.full((2400, 3000, 3), 128, np.uint8), PixelFormat(Colour.RGB))
    job = planner.FillJob(
        Composite(photo_of, ()), TiledImage.from_array(mask[..., None], COVERAGE), Recipe(engine="thin")
    )
    plan = planner.plan(job, catalog.specs())
    assert np.array_equal(plan.owner > 0, mask[plan.bounds.slices] > 0)
    assert sum(step.rect.area for step in plan.steps) < 0.25 * mask.size
    for number, step in enumerate(plan.steps, 1):
        own = Rect.around(plan.owner == number).moved(plan.bounds.left, plan.bounds.top)
        assert own.grown(48).clipped(job.source.photo.extent) == step.rect
