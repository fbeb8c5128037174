"""Filling with diffusion models: every family end to end, soft masks, previews, stopping, tiles, single files."""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inpaint_studio.document.composite import Composite
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines import catalog, planner
from inpaint_studio.engines.contract import Decision, EngineSpec, FillRequest, Float, Silent
from inpaint_studio.engines.library import manage
from inpaint_studio.engines.library.installed import InstalledModel, installed
from inpaint_studio.engines.models import diffusion
from inpaint_studio.engines.models.diffusion import DiffusionOptions
from inpaint_studio.engines.runtime.diffusion import FAMILIES, SCHEDULERS, family_of
from inpaint_studio.errors import Cancelled, InputError, StudioError
from inpaint_studio.pixels.format import COVERAGE, Colour, PixelFormat, from_float
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.settings import Settings, save_settings
from inpaint_studio.storage.files import read_photo
from inpaint_studio.storage.photo import Photo
from inpaint_studio.studio.export import export
from inpaint_studio.studio.jobs import HereRunner
from inpaint_studio.studio.studio import Studio
from tests.engines.learned.conftest import NATIVE, SINGLE, Watching
from tests.engines.learned.tiny_diffusion import KINDS
from tests.engines.learned.tiny_single_files import WIDE, write_flux
from tests.engines.requests import hole, photo

SCHEDULED = [(kind, name) for kind, (class_name, channels) in KINDS.items()
             if (family := family_of(class_name, channels)) for name in family.schedulers]  # fmt: skip


def request(height: int = 64, width: int = 64, mask: Float | None = None, **options: Any) -> FillRequest:
    if mask is None:
        mask = hole(height, width, height // 4, width // 4, height * 3 // 4, width * 3 // 4)
    return FillRequest(photo(height, width), mask, seed=3, options=DiffusionOptions(**{"steps": 4, **options}))


def filled(kind: str, asked: FillRequest, progress: Any = None) -> Float:
    return catalog.run_here(catalog.specs()[f"diffusion/{kind}"], asked, progress or Silent()).image


def likeness(one: Float, other: Float, mask: Float) -> float:
    """Correlation of the two inside the mask, at the size of the latents that previews are made of."""
    blocks = [image.reshape(mask.shape[0] // 8, 8, mask.shape[1] // 8, 8, 3).mean((1, 3)) for image in (one, other)]
    inside = mask[4::8, 4::8] > 0
    return float(np.corrcoef(*(block[inside].ravel() for block in blocks))[0, 1])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_every_family_fills_and_exports_with_nothing_else_changed(kind: str, dtype: str, tmp_path: Path) -> None:
    samples = from_float(photo(90, 120), np.dtype(dtype))
    mask = hole(90, 120, 30, 40, 60, 80)
    studio = Studio.of(Photo(samples, PixelFormat(Colour.RGB, dtype)), Settings())
    masks = [studio.add_mask((mask * 255).astype(np.uint8))]
    recipe = Recipe(engine=f"diffusion/{kind}", options={"steps": "2", "prompt": "the sky"}, seed=5)
    plan, made = studio.run(studio.fill_job(masks, recipe), HereRunner(), Silent())
    studio.accept(plan, made, masks)
    proof = export(studio.shown(), tmp_path / "out.png").proof
    assert proof.changed_outside == 0
    written = read_photo(tmp_path / "out.png", max_megapixels=1).pixels
    assert np.array_equal(written[mask == 0], samples[mask == 0])
    assert (written[mask > 0] != samples[mask > 0]).any(1).mean() > 0.9


@pytest.mark.parametrize("name", [*KINDS, *(f"{kind}-single.safetensors" for kind in SINGLE)])
def test_every_family_is_imported_by_the_library_and_fills(name: str, models_folder: Path) -> None:
    kind = name.removesuffix("-single.safetensors")
    save_settings(Settings())
    # a single file takes the words of its prompts from a folder of its family
    for path in {kind, name}:
        (model,) = manage.add(models_folder / path)
        assert (model.class_name, model.in_channels) == KINDS[kind]
    specs = {spec.id: spec for spec in diffusion.specs([replace(found, native=NATIVE) for found in installed()])}
    spec = specs[f"diffusion/{Path(name).stem}"]
    assert spec.availability.available
    asked = request(steps=2)
    made = spec.load("cpu").fill(asked, Silent()).image
    assert np.array_equal(made[asked.mask == 0], asked.image[asked.mask == 0])
    assert (made[asked.mask > 0] != asked.image[asked.mask > 0]).mean() > 0.9


def test_every_declared_family_is_built_here_and_every_sampler_of_it_tried() -> None:
    assert {family_of(*of) for of in KINDS.values()} == set(FAMILIES)
    tried = {(family_of(*KINDS[kind]), scheduler) for kind, scheduler in SCHEDULED}
    assert tried == {(family, scheduler) for family in FAMILIES for scheduler in family.schedulers}
    assert {scheduler for _, scheduler in tried} == set(SCHEDULERS)


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_same_pixels_and_another_seed_others(kind: str) -> None:
    one, again = filled(kind, request()), filled(kind, request())
    other = filled(kind, replace(request(), seed=4))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(("kind", "scheduler"), SCHEDULED)
def test_a_ramp_changes_more_from_band_to_band(kind: str, scheduler: str, library: list[InstalledModel]) -> None:
    height, width = 128, 256
    found = {spec.id: spec for spec in diffusion.specs([replace(model, native=181) for model in library])}
    image = (0.4 + 0.2 * photo(height, width)).astype(np.float32)
    ramp = np.tile(np.linspace(1 / width, 1, width, dtype=np.float32), (height, 1))
    options = DiffusionOptions(steps=16, scheduler=scheduler)
    result = found[f"diffusion/{kind}"].load("cpu").fill(FillRequest(image, ramp, seed=1, options=options), Silent())
    change = np.abs(result.image - image).mean((0, 2)).reshape(8, -1).mean(1)
    assert (np.diff(change) > 0).all(), change


def test_a_soft_mask_reaches_the_engine_through_the_planner() -> None:
    image = from_float(photo(64, 64), np.dtype(np.uint8))
    coverage = np.tile(np.linspace(0, 255, 64).astype(np.uint8), (64, 1))
    job = planner.FillJob(
        Composite(TiledImage.from_array(image, PixelFormat(Colour.RGB)), ()),
        TiledImage.from_array(coverage[..., None], COVERAGE),
        Recipe(engine="diffusion/sd-inpaint"),
    )
    asked: list[FillRequest] = []

    def keep(_spec: EngineSpec, wanted: FillRequest, _progress: Any) -> Any:
        asked.append(wanted)
        return catalog.FillResult(wanted.image)

    planner.execute(planner.plan(job, catalog.specs()), keep, Silent())
    assert np.allclose(asked[0].mask, coverage / 255, atol=1e-6)


def test_every_step_shows_a_preview_of_the_requests_size() -> None:
    progress = Watching()
    asked = request(steps=6)
    result = filled("sd-inpaint", asked, progress)
    assert len(progress.previews) == 6
    assert all(preview.shape == asked.image.shape for preview in progress.previews)
    outside = asked.mask == 0
    assert all(np.array_equal(preview[outside], asked.image[outside]) for preview in progress.previews)
    assert likeness(progress.previews[-1], result, asked.mask) > 0.8


@pytest.mark.parametrize("kind", KINDS)
def test_finish_keeps_what_there_is(kind: str) -> None:
    progress = Watching(lambda seen: Decision.FINISH if seen == 3 else Decision.CONTINUE)
    asked = request(steps=10)
    result = filled(kind, asked, progress)
    assert len(progress.previews) == 3
    inside = asked.mask > 0
    assert not np.array_equal(result[inside], asked.image[inside])
    assert likeness(progress.previews[-1], result, asked.mask) > 0.8


class CancelledInside(Watching):
    """Cancels between two layers of a network, after a few of them."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def check(self) -> None:
        self.asked += 1
        if self.asked > 20:
            raise Cancelled


@pytest.mark.parametrize("kind", KINDS)
def test_cancel_is_heard_inside_a_step_and_the_next_fill_is_the_same(kind: str) -> None:
    before = filled(kind, request())
    progress = CancelledInside()
    with pytest.raises(Cancelled):
        filled(kind, request(), progress)
    assert len(progress.previews) == 0
    assert np.array_equal(filled(kind, request()), before)


def test_large_crops_get_a_second_look_in_tiles() -> None:
    progress = Watching()
    asked = request(NATIVE * 3, NATIVE * 4)
    result = filled("sd-inpaint", asked, progress)
    drawn = [note for note in progress.notes if note.startswith("Drawing")]
    refined = [note for note in progress.notes if note.startswith("Refining")]
    assert len(drawn) == 4
    assert len(refined) > 4
    told = [fraction for fraction in progress.fractions if fraction is not None]
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0)
    outside = asked.mask == 0
    assert np.array_equal(result[outside], asked.image[outside])


@pytest.mark.parametrize("kind", SINGLE)
def test_a_single_file_fills_as_its_folder_does(kind: str) -> None:
    asked = request(prompt="the sky")
    assert np.array_equal(filled(f"{kind}-single", asked), filled(kind, asked))


@pytest.mark.slow
def test_a_single_file_of_flux_fills(tmp_path: Path, library: list[InstalledModel]) -> None:
    """At the width that diffusers demands of such a file; what else it needs comes from the folder."""
    import diffusers
    import torch

    like = Path(shutil.copytree(next(model for model in library if model.id == "flux-fill").path, tmp_path / "like"))
    config = json.loads((like / "transformer" / "config.json").read_text("utf-8")) | WIDE
    (like / "transformer" / "config.json").write_text(json.dumps(config), "utf-8")
    torch.manual_seed(0)
    transformer = diffusers.FluxTransformer2DModel.from_config(config).to(torch.bfloat16)
    path = write_flux(transformer, tmp_path / "flux.safetensors")
    save_settings(Settings(model_folders=(str(path), str(like))))
    models = [replace(model, native=NATIVE) for model in installed()]
    spec = next(spec for spec in diffusion.specs(models) if spec.id == "diffusion/flux")
    assert spec.availability.available
    engine: Any = spec.load("cpu")
    asked = request(steps=2)
    made = engine.fill(asked, Silent()).image
    assert np.array_equal(made[asked.mask == 0], asked.image[asked.mask == 0])
    assert (made[asked.mask > 0] != asked.image[asked.mask > 0]).mean() > 0.9
    loaded = engine._opened[1].pipe.transformer.state_dict()
    wanted = transformer.state_dict()
    assert loaded.keys() == wanted.keys()
    assert all(torch.equal(loaded[name], value.float()) for name, value in wanted.items())


def test_a_single_file_without_a_sister_folder_says_what_it_needs(library: list[InstalledModel]) -> None:
    alone = [model for model in library if model.layout == "file"]
    specs = diffusion.specs(alone)
    assert len(specs) == len(SINGLE)
    assert not any(spec.availability.available for spec in specs)
    assert all("folder" in spec.availability.remedy for spec in specs)


def test_an_option_that_is_no_choice_and_a_scheduler_of_another_family_are_refused() -> None:
    with pytest.raises(InputError, match="no scheduler"):
        DiffusionOptions(scheduler="magic")
    with pytest.raises(InputError, match="does not work with"):
        filled("flux-fill", request(scheduler="ddim"))
    with pytest.raises(InputError):
        catalog.options_for(catalog.specs()["diffusion/sd-inpaint"], {"steps": "many"})


def test_restoring_keeps_more_than_replacing() -> None:
    changes = []
    for task in ("restore", "replace"):
        asked = request(64, 64, task=task, prompt="the sky", steps=8)
        smooth = np.full_like(asked.image, 0.5)
        result = filled("sd-inpaint", replace(asked, image=smooth))
        changes.append(np.abs(result - smooth)[asked.mask > 0].mean())
    assert changes[0] < changes[1]


def test_weak_strength_changes_less() -> None:
    asked = [request(64, 64, task="replace", prompt="the sky", steps=10, strength=strength) for strength in (0.2, 1.0)]
    little, much = (np.abs(filled("sd-base", one) - one.image)[one.mask > 0].mean() for one in asked)
    assert little < much


def test_prompts_stand_in_no_log(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    secret = "zanzibar " * 100
    with caplog.at_level(logging.INFO):
        result = catalog.run_here(catalog.specs()["diffusion/sd-inpaint"], request(prompt=secret), Silent())
    assert "longer than this model reads" in result.note
    assert "zanzibar" not in caplog.text
    assert "zanzibar" not in "".join(capfd.readouterr())


@pytest.fixture
def checked(tmp_path: Path, library: list[InstalledModel]) -> InstalledModel:
    """A model with a safety checker that refuses everything."""
    return _with_checker(next(model for model in library if model.id == "sd-inpaint"), tmp_path / "checked")


def _with_checker(model: InstalledModel, folder: Path) -> InstalledModel:
    import diffusers
    import torch
    import transformers
    from diffusers.pipelines.stable_diffusion import StableDiffusionSafetyChecker

    shutil.copytree(model.path, folder)
    config = transformers.CLIPConfig(
        vision_config={"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
                       "image_size": 32, "patch_size": 16, "projection_dim": 8},
        text_config={"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2},
        projection_dim=8,
    )  # fmt: skip
    checker = StableDiffusionSafetyChecker(config)
    with torch.no_grad():
        checker.concept_embeds_weights.fill_(-2)
    pipe = diffusers.StableDiffusionInpaintPipeline.from_pretrained(
        folder, safety_checker=checker, feature_extractor=transformers.CLIPImageProcessor(size=32, crop_size=32)
    )
    pipe.save_pretrained(folder)
    return replace(model, id="checked", path=folder)


def test_what_the_safety_checker_blocks_is_said(checked: InstalledModel) -> None:
    (spec,) = diffusion.specs([checked])
    engine = spec.load("cpu")
    with pytest.raises(StudioError, match="safety checker blocked"):
        engine.fill(request(), Silent())
    # the same engine, once the setting says so: with the pixels that the model makes
    save_settings(Settings(safety_checker=False))
    assert np.array_equal(engine.fill(request(), Silent()).image, filled("sd-inpaint", request()))


def test_a_checker_without_weights_is_no_checker(checked: InstalledModel) -> None:
    for file in (checked.path / "safety_checker").glob("*.safetensors"):
        file.unlink()
    (spec,) = diffusion.specs([checked])
    assert spec.load("cpu").fill(request(), Silent()).image.shape == (64, 64, 3)
