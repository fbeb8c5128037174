"""The contract that every engine in the catalog keeps, `auto` among them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inpaint_studio.document.composite import Composite
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines import catalog, planner
from inpaint_studio.engines.contract import Decision, EngineSpec, FillRequest, FillResult, Float, Silent
from inpaint_studio.engines.models import thin
from inpaint_studio.errors import Cancelled, InputError, StudioError
from inpaint_studio.pixels.format import COVERAGE, Colour, PixelFormat, from_float
from inpaint_studio.pixels.tiled import TiledImage
from tests.engines.requests import EDGES, FILLABLE, hole, photo

SPECS = planner.all_specs()


class Recorder:
    """A progress that remembers what it heard and answers as told."""

    def __init__(self, answer: Decision = Decision.CONTINUE, *, cancel: bool = False) -> None:
        self.answer, self.cancel = answer, cancel
        self.fractions: list[float | None] = []

    def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
        assert note
        self.fractions.append(fraction)
        if self.cancel:
            raise Cancelled
        return self.answer


@pytest.fixture(params=SPECS.values(), ids=SPECS.keys())
def spec(request: pytest.FixtureRequest) -> EngineSpec:
    return request.param


def filled(spec: EngineSpec, request: FillRequest) -> FillResult:
    request = replace(request, options=spec.options())
    return spec.load("cpu").fill(request, Silent())


def test_every_family_is_listed_for_frozen_builds() -> None:
    assert catalog.families() == tuple(sorted(catalog.FAMILIES))


def test_a_family_that_cannot_be_loaded_takes_no_other_along(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    whole = catalog.specs()
    monkeypatch.setattr(catalog, "families", lambda: (*catalog.FAMILIES, "nowhere"))

    def broken(_library: object) -> tuple[EngineSpec, ...]:
        raise OSError("a library is damaged")

    monkeypatch.setattr(thin, "specs", broken)
    found = catalog.specs()
    assert found.keys() == whole.keys() | {"nowhere"}
    assert {key for key, spec in found.items() if not spec.availability.available} == {"thin", "nowhere"}
    assert "a library is damaged" in found["thin"].availability.reason
    with pytest.raises(InputError, match=r"thin cannot run here: .*damaged") as caught:
        catalog.choose(found, "thin")
    assert caught.value.hint
    with pytest.raises(StudioError, match="nowhere cannot run here"):
        found["nowhere"].load("cpu")
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    request = FILLABLE["block"]
    assert filled(catalog.choose(found, "membrane"), request).image.shape == request.image.shape


def test_spec_is_complete(spec: EngineSpec) -> None:
    assert spec.title
    assert spec.licence
    assert spec.version >= 1
    assert spec.grace >= 0
    assert spec.options() == spec.options()
    assert spec.availability.available, "an engine that can't run in the tests isn't tested: install what it needs"


@pytest.mark.parametrize("name", FILLABLE)
def test_fills_the_hole_and_nothing_else(spec: EngineSpec, name: str) -> None:
    request = FILLABLE[name]
    if request.image.shape[2] not in spec.channels:
        pytest.skip("fitting makes the channels that this engine takes")
    before = request.image.copy()
    result = filled(spec, request).image
    assert result.shape == request.image.shape
    assert result.dtype == np.float32
    assert np.isfinite(result).all()
    assert result.min() >= 0
    assert result.max() <= 1
    outside = request.mask == 0
    assert np.array_equal(result[outside], request.image[outside])
    assert np.array_equal(request.image, before), "the request was written to"


@pytest.mark.parametrize("name", EDGES)
def test_edges_give_a_result_or_a_refusal(spec: EngineSpec, name: str) -> None:
    request = EDGES[name]
    try:
        result = filled(spec, request).image
    except StudioError as error:
        assert error.message.endswith(".")
        assert error.hint
    else:
        assert result.shape == request.image.shape
        assert np.isfinite(result).all()


def test_what_lies_under_the_hole_does_not_show(spec: EngineSpec) -> None:
    """The object that is to go must not colour what comes in its place."""
    request = FILLABLE["block"]
    painted = request.image.copy()
    painted[request.mask > 0] = (1, 0, 1)
    results = [filled(spec, replace(request, image=image)).image for image in (request.image, painted)]
    assert np.array_equal(*results)


def test_fills_smoothly_into_flat_surroundings(spec: EngineSpec) -> None:
    flat = np.full((60, 60, 3), (0.2, 0.5, 0.8), np.float32)
    result = filled(spec, FillRequest(flat, hole(60, 60, 20, 20, 40, 40))).image
    assert np.abs(result - flat).max() <= 1.5 / 255


def test_same_seed_same_result(spec: EngineSpec) -> None:
    requests = [replace(FILLABLE["block"], seed=7) for _ in range(2)]
    assert np.array_equal(*(filled(spec, request).image for request in requests))


def test_empty_mask_returns_the_image(spec: EngineSpec) -> None:
    request = FillRequest(photo(30, 30), np.zeros((30, 30), np.float32))
    assert np.array_equal(filled(spec, request).image, request.image)


def test_cancel_is_heard_at_the_first_step(spec: EngineSpec) -> None:
    request = replace(FILLABLE["scratches"], options=spec.options())
    with pytest.raises(Cancelled):
        spec.load("cpu").fill(request, Recorder(cancel=True))


def test_finish_gives_a_result(spec: EngineSpec) -> None:
    request = replace(FILLABLE["scratches"], options=spec.options())
    result = spec.load("cpu").fill(request, Recorder(Decision.FINISH))
    assert result.image.shape == request.image.shape


def test_progress_never_runs_backwards(spec: EngineSpec) -> None:
    recorder = Recorder()
    spec.load("cpu").fill(replace(FILLABLE["scratches"], options=spec.options()), recorder)
    told = [fraction for fraction in recorder.fractions if fraction is not None]
    assert recorder.fractions
    assert all(0 <= fraction <= 1 for fraction in told)
    assert told == sorted(told)


def test_avoided_pixels_are_no_source(spec: EngineSpec) -> None:
    """Red lies to the right of the hole; whoever takes an avoid map must not bring it in."""
    if "avoid" not in spec.takes:
        pytest.skip("fitting adds what must be avoided to this engine's mask")
    image = np.full((80, 80, 3), 0.4, np.float32)
    image[:, 45:] = (1, 0, 0)
    request = FillRequest(image, hole(80, 80, 30, 25, 50, 45), avoid=hole(80, 80, 0, 45, 80, 80))
    inside = filled(spec, request).image[30:50, 25:45]
    assert np.abs(inside - 0.4).max() < 0.05


def job(spec: EngineSpec, samples: np.ndarray, pixel_format: PixelFormat, mask: np.ndarray) -> planner.FillJob:
    return planner.FillJob(
        Composite(TiledImage.from_array(samples, pixel_format), ()),
        TiledImage.from_array((mask > 0)[..., None] * np.uint8(255), COVERAGE),
        Recipe(engine=spec.id),
    )


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize(("colour", "alpha"), [(Colour.GRAY, False), (Colour.RGB, False), (Colour.RGB, True)])
def test_every_depth_and_channel_count_through_the_planner(
    spec: EngineSpec, dtype: str, colour: Colour, *, alpha: bool
) -> None:
    pixel_format = PixelFormat(colour, dtype, alpha=alpha)
    image = photo(70, 90, colour.channels)
    if alpha:
        image = np.dstack([image, photo(70, 90, 1)])
    samples = from_float(image, pixel_format.numpy)
    mask = np.maximum(hole(70, 90, 20, 20, 45, 50), hole(70, 90, 60, 0, 62, 90))
    plan = planner.plan(job(spec, samples, pixel_format, mask), catalog.specs())
    made = planner.execute(plan, catalog.run_here, Silent())
    assert made.pixels.format == pixel_format.without_alpha()
    opacity = made.alpha.read(made.alpha.extent)[..., 0]
    assert np.array_equal(opacity > 0, mask > 0)
    inside = made.pixels.read(made.pixels.extent)[mask > 0]
    # a fill of these tones is never black: an untouched zero would be
    assert (inside > 0).all()


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_a_ramp_keeps_its_levels(spec: EngineSpec, dtype: str) -> None:
    """A 16-bit sky spans few 8-bit levels; its fill must not fall back to them."""
    pixel_format = PixelFormat(Colour.RGB, dtype)
    ramp = np.linspace(0.50, 0.53, 200, dtype=np.float32)
    image = np.repeat(np.tile(ramp, (160, 1))[..., None], 3, 2)
    mask = hole(160, 200, 60, 60, 100, 140)
    plan = planner.plan(job(spec, from_float(image, pixel_format.numpy), pixel_format, mask), catalog.specs())
    made = planner.execute(plan, catalog.run_here, Silent())
    values = made.pixels.read(made.pixels.extent)[60:100, 60:140, 0].astype(np.float64)
    values /= pixel_format.white
    assert len(np.unique(values.round(7))) >= 64
    assert np.abs(values - image[60:100, 60:140, 0]).mean() < 0.004


@pytest.mark.slow
def test_a_large_photo_costs_what_its_hole_costs(spec: EngineSpec) -> None:
    samples = from_float(photo(3000, 4000), np.dtype(np.uint8))
    mask = hole(3000, 4000, 1500, 2000, 1560, 2060)
    plan = planner.plan(job(spec, samples, PixelFormat(Colour.RGB), mask), catalog.specs())
    assert sum(step.rect.area for step in plan.steps) < 300 * 300
    made = planner.execute(plan, catalog.run_here, Silent())
    assert (made.alpha.read(made.alpha.extent)[..., 0] > 0).sum() == 3600
