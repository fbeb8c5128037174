"""What a user does with an open photo, without a window."""

from __future__ import annotations

import numpy as np
import pytest

from inpaint_studio.document.layers import FillLayer
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines import catalog
from inpaint_studio.engines.contract import Decision, EngineSpec, FillRequest, FillResult, Float, Progress, Silent
from inpaint_studio.errors import Cancelled, InputError
from inpaint_studio.pixels.format import Colour, PixelFormat, from_float
from inpaint_studio.settings import Settings
from inpaint_studio.storage.photo import Photo
from inpaint_studio.studio.jobs import HereRunner
from inpaint_studio.studio.studio import Studio
from tests.engines.requests import hole, photo


@pytest.fixture
def studio() -> Studio:
    return Studio.of(Photo(from_float(photo(200, 300), np.dtype(np.uint8)), PixelFormat(Colour.RGB)), Settings())


def coverage(*areas: tuple[int, int, int, int]) -> np.ndarray:
    return np.maximum.reduce([(hole(200, 300, *area) * 255).astype(np.uint8) for area in areas])


def fill(studio: Studio, masks: list[str], recipe: Recipe | None = None) -> FillLayer:
    plan, filled = studio.run(studio.fill_job(masks, recipe or Recipe()), HereRunner(), Silent())
    layer = studio.document.layer(studio.accept(plan, filled, masks))
    assert isinstance(layer, FillLayer)
    return layer


def test_auto_sends_thin_marks_and_objects_to_different_engines(studio: Studio) -> None:
    masks = [studio.add_mask(coverage((20, 10, 23, 280), (80, 100, 140, 180)))]
    assert fill(studio, masks).recipe.chosen == {"thin": 1, "patchmatch": 1}


def test_auto_obeys_its_option(studio: Studio) -> None:
    masks = [studio.add_mask(coverage((20, 10, 23, 280)))]
    assert fill(studio, masks, Recipe(options={"thin_px": "1"})).recipe.chosen == {"patchmatch": 1}


def test_crossing_scratches_stay_thin(studio: Studio) -> None:
    masks = [studio.add_mask(coverage((20, 10, 26, 280), (5, 60, 190, 66), (5, 90, 190, 96)))]
    assert fill(studio, masks).recipe.chosen == {"thin": 1}


def test_many_specks_share_few_crops(studio: Studio) -> None:
    specks = np.zeros((200, 300), np.uint8)
    specks[5::14, 5::14] = 255
    layer = fill(studio, [studio.add_mask(specks)])
    assert sum(layer.recipe.chosen.values()) == 1


def test_a_fill_is_one_step_and_hides_its_mask(studio: Studio) -> None:
    masks = [studio.add_mask(coverage((80, 100, 140, 180)))]
    before = studio.document.composite().read(studio.document.canvas)
    steps = studio.history.position
    layer = fill(studio, masks)
    assert studio.history.position == steps + 1
    assert not studio.document.layer(masks[0]).visible
    after = studio.document.composite().read(studio.document.canvas)
    assert not np.array_equal(before, after)
    studio.history.undo()
    assert np.array_equal(studio.document.composite().read(studio.document.canvas), before)
    assert studio.document.layer(masks[0]).visible
    studio.history.redo()
    assert np.array_equal(studio.document.composite().read(studio.document.canvas), after)
    assert studio.document.layer(layer.id).recipe == layer.recipe


def test_a_recipe_run_again_gives_the_same_pixels(studio: Studio) -> None:
    masks = [studio.add_mask(coverage((80, 100, 140, 180)))]
    first = fill(studio, masks, Recipe(seed=3, grow=2, feather=3))
    studio.history.undo()
    again = fill(studio, masks, first.recipe)
    assert again.pixels.same_pixels(first.pixels)
    assert again.alpha.same_pixels(first.alpha)


def test_a_second_fill_sees_the_first(studio: Studio) -> None:
    """The composite below is the source: an object that is gone does not come back from there."""
    studio.document.photo  # noqa: B018
    first = fill(studio, [studio.add_mask(coverage((80, 100, 140, 180)))])
    job = studio.fill_job([studio.add_mask(coverage((80, 190, 140, 230)))], Recipe())
    seen = job.source.read(studio.document.canvas)
    assert np.array_equal(seen[80:140, 100:180], first.pixels.read(studio.document.canvas)[80:140, 100:180])


def test_several_masks_are_filled_together(studio: Studio) -> None:
    masks = [studio.add_mask(coverage((10, 10, 40, 40))), studio.add_mask(coverage((30, 30, 60, 60)))]
    alpha = fill(studio, masks).alpha.read(studio.document.canvas)[..., 0]
    assert np.array_equal(alpha > 0, coverage((10, 10, 40, 40), (30, 30, 60, 60)) > 0)


def test_painting_meanwhile_does_not_reach_a_running_fill(studio: Studio) -> None:
    mask = studio.add_mask(coverage((80, 100, 140, 180)))
    job = studio.fill_job([mask], Recipe())
    studio.document.layer(mask).planes["coverage"].write(studio.document.canvas, np.zeros((200, 300, 1), np.uint8))
    plan, _ = studio.run(job, HereRunner(), Silent())
    assert (plan.opacity > 0).sum() == 60 * 80


class Stopper:
    """Runs engines here and remembers the requests; the user stops after the first."""

    def __init__(self) -> None:
        self.requests: list[FillRequest] = []

    def run(self, spec: EngineSpec, request: FillRequest, progress: Progress) -> FillResult:
        self.requests.append(request)
        return catalog.run_here(spec, request, progress)

    def cancel(self) -> None: ...

    def close(self) -> None: ...


class Finish:
    def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
        return Decision.FINISH


class Cancel:
    def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
        raise Cancelled


def test_finish_keeps_what_is_filled_so_far(studio: Studio) -> None:
    masks = [studio.add_mask(coverage((20, 10, 23, 280), (80, 100, 140, 180)))]
    runner = Stopper()
    plan, filled = studio.run(studio.fill_job(masks, Recipe()), runner, Finish())
    assert len(runner.requests) == 1 < len(plan.steps)
    assert np.array_equal(filled.alpha.read(studio.document.canvas)[..., 0] > 0, coverage((20, 10, 23, 280)) > 0)


def test_cancel_leaves_the_document_alone(studio: Studio) -> None:
    mask = studio.add_mask(coverage((80, 100, 140, 180)))
    revision = studio.document.revision
    with pytest.raises(Cancelled):
        studio.run(studio.fill_job([mask], Recipe()), HereRunner(), Cancel())
    assert studio.document.revision == revision


def test_only_the_crop_goes_to_the_engine(studio: Studio) -> None:
    runner = Stopper()
    masks = [studio.add_mask(coverage((90, 140, 100, 150)))]
    studio.run(studio.fill_job(masks, Recipe(engine="patchmatch")), runner, Silent())
    assert runner.requests[0].image.shape == (10 + 2 * 64, 10 + 2 * 64, 3)


def test_holes_that_come_later_are_avoided(studio: Studio) -> None:
    """Two objects in one crop's view: the first fill must not copy from what is to be removed next."""
    red = studio.photo.pixels.copy()
    red[80:110, 90:120] = (255, 0, 0)
    red[80:110, 130:160] = (255, 0, 0)
    bright = Studio.of(Photo(red, studio.photo.format), Settings())
    mask = bright.add_mask(coverage((78, 88, 112, 122), (78, 128, 112, 162)))
    layer = fill(bright, [mask], Recipe(engine="patchmatch", grow=1))
    inside = layer.pixels.read(bright.document.canvas)[coverage((78, 88, 112, 122), (78, 128, 112, 162)) > 0]
    assert not ((inside[:, 0] > 230) & (inside[:, 1] < 30)).any()


def test_a_mask_of_another_size_is_refused(studio: Studio) -> None:
    with pytest.raises(InputError, match="20×10"):
        studio.add_mask(np.zeros((10, 20), np.uint8))


def test_no_mask_is_refused(studio: Studio) -> None:
    with pytest.raises(InputError, match="No mask"):
        studio.fill_job([], Recipe())
