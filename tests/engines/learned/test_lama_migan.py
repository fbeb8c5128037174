"""LaMa and MI-GAN by their published inputs and outputs: names, shapes, ranges, polarity, sizes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from inpaint_studio.document.composite import Composite
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines import catalog, planner
from inpaint_studio.engines.contract import Decision, FillRequest, Silent
from inpaint_studio.engines.library import kinds
from inpaint_studio.engines.library.installed import InstalledModel
from inpaint_studio.engines.library.sums import md5_of
from inpaint_studio.engines.models import lama, migan
from inpaint_studio.engines.models.lama import LamaOptions
from inpaint_studio.engines.runtime.devices import choose_device
from inpaint_studio.engines.runtime.lama import LamaNetwork, load_weights
from inpaint_studio.engines.runtime.migan import MiganNetwork
from inpaint_studio.engines.runtime.migan import load_weights as load_migan
from inpaint_studio.errors import Cancelled, InputError, StudioError
from inpaint_studio.pixels.format import COVERAGE, Colour, PixelFormat
from inpaint_studio.pixels.tiled import TiledImage
from tests.engines.learned import tiny_lama, tiny_migan
from tests.engines.learned.conftest import Watching
from tests.engines.requests import hole, photo

LAMAS = ("lama/big-lama", "lama/lama-fixed")
MIGANS = ("migan/migan-pipeline", "migan/migan-network", "migan/migan-weights")


def filled(engine: str, asked: FillRequest, progress: Any = None) -> np.ndarray:
    return catalog.run_here(catalog.specs()[engine], asked, progress or Silent()).image


@pytest.mark.parametrize("prefix", ["generator.", "generator.model.", ""])
@pytest.mark.parametrize(("height", "width"), [(64, 64), (72, 136), (256, 128)])
def test_our_network_is_the_published_one(tmp_path: Path, prefix: str, height: int, width: int) -> None:
    weights = load_weights(tiny_lama.write_weights(tmp_path / "weights.safetensors", prefix))
    image = photo(height, width)
    mask = hole(height, width, 20, 20, 50, 60)
    made = LamaNetwork(weights, choose_device("cpu")).fill(image, mask, lambda: None)
    with torch.no_grad():
        picture = torch.from_numpy(image).permute(2, 0, 1)[None]
        wanted = tiny_lama.generator()(picture, torch.from_numpy(mask)[None, None])[0].permute(1, 2, 0).numpy()
    assert np.abs(made - wanted).max() < 1e-5


def test_other_weights_are_no_lama(tmp_path: Path) -> None:
    weights = load_weights(tiny_lama.write_weights(tmp_path / "weights.safetensors"))
    for name in [name for name in weights if ".fu." in name]:
        del weights[name]
    network = LamaNetwork(weights, choose_device("cpu"))
    with pytest.raises(StudioError, match="not the weights of a LaMa"):
        network.fill(photo(64, 64), hole(64, 64, 8, 8, 16, 16), lambda: None)
    with pytest.raises(StudioError, match="not the weights of a LaMa"):
        LamaNetwork({}, choose_device("cpu"))


@pytest.mark.parametrize("size", [(61, 77), (8, 300), (200, 200)])
@pytest.mark.parametrize("engine", [*LAMAS, *MIGANS])
def test_any_size_and_only_the_hole(engine: str, size: tuple[int, int]) -> None:
    image, mask = photo(*size), hole(*size, size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2)
    made = filled(engine, FillRequest(image, mask))
    assert made.shape == image.shape
    assert np.array_equal(made[mask == 0], image[mask == 0])
    assert not np.array_equal(made[mask > 0], image[mask > 0])


@pytest.mark.parametrize("engine", ["lama/lama-fixed", "migan/migan-pipeline", "migan/migan-network"])
def test_range_and_polarity(engine: str) -> None:
    """The tiny graphs fill with the mean of what is known: a wrong polarity, range or channel order shows."""
    image = np.full((80, 80, 3), (0.2, 0.5, 0.8), np.float32)
    mask = hole(80, 80, 30, 30, 60, 60)
    image[mask > 0] = (1, 0, 0)
    made = filled(engine, FillRequest(image, mask))
    assert np.abs(made[mask > 0] - (0.2, 0.5, 0.8)).max() < 0.02


def test_wide_holes_are_looked_at_from_further_off_too() -> None:
    image, mask = photo(400, 480), hole(400, 480, 40, 40, 360, 440)
    progress = Watching()
    both = filled("lama/big-lama", FillRequest(image, mask, options=LamaOptions()), progress)
    one = filled("lama/big-lama", FillRequest(image, mask, options=LamaOptions(two_scales=False)))
    assert len(progress.previews) == 1
    assert progress.previews[0].shape == image.shape
    difference = np.abs(both - one).mean(2)
    assert difference[200, 240] > 0
    assert difference[41, 42] < 0.1 * difference[mask > 0].max()


def test_finish_keeps_the_look_from_further_off() -> None:
    image, mask = photo(400, 480), hole(400, 480, 40, 40, 360, 440)
    progress = Watching(lambda seen: Decision.FINISH if seen else Decision.CONTINUE)
    made = filled("lama/big-lama", FillRequest(image, mask), progress)
    assert np.allclose(made, progress.previews[0], atol=1e-6)


def test_large_crops_are_drawn_in_tiles_without_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    image, mask = photo(200, 264), hole(200, 264, 20, 20, 180, 240)
    monkeypatch.setattr(lama, "_MOST_PIXELS", 100 * 100)
    monkeypatch.setattr(lama, "_TILE", 128)
    monkeypatch.setattr(lama, "_OVERLAP", 32)
    made = filled("lama/lama-fixed", FillRequest(image, mask))
    assert np.array_equal(made[mask == 0], image[mask == 0])
    steps = np.abs(np.diff(made[20:180, 20:240], axis=1)).max()
    assert steps < 0.2


class Impatient(Watching):
    def check(self) -> None:
        if len(self.notes) > 1:
            raise Cancelled


def test_cancel_is_heard_between_the_blocks_of_lama() -> None:
    with pytest.raises(Cancelled):
        filled("lama/big-lama", FillRequest(photo(64, 64), hole(64, 64, 20, 20, 40, 40)), Impatient())


@pytest.mark.parametrize("side", [8, 32, 64])
@pytest.mark.parametrize("prefix", ["", "generator.", "module."])
def test_our_migan_is_the_published_one(tmp_path: Path, prefix: str, side: int) -> None:
    """The published input: half minus the hole, then the picture in -1..1 with 0 in the hole; the output in -1..1."""
    weights = load_migan(tiny_migan.write_weights(tmp_path / "weights.safetensors", side, prefix))
    network = MiganNetwork(weights, choose_device("cpu"))
    assert network.side == side
    image, mask = photo(side, side), hole(side, side, side // 4, side // 4, side // 2, side // 2)
    made = network.fill(image, mask, lambda: None)
    with torch.no_grad():
        picture, marked = torch.from_numpy(image).permute(2, 0, 1)[None], torch.from_numpy(mask)[None, None]
        wanted = tiny_migan.generator(side)(torch.cat([0.5 - marked, (picture * 2 - 1) * (1 - marked)], 1))
    wanted = (wanted[0].permute(1, 2, 0) / 2 + 0.5).clamp(0, 1).numpy()
    assert wanted.std() > 0.01
    assert np.abs(made - wanted).max() < 1e-5


def test_other_weights_are_no_migan(tmp_path: Path) -> None:
    weights = load_migan(tiny_migan.write_weights(tmp_path / "weights.safetensors"))
    for incomplete in ({}, {name: value for name, value in weights.items() if ".b16." not in name}):
        with pytest.raises(StudioError, match="not the weights of a MI-GAN"):
            MiganNetwork(incomplete, choose_device("cpu"))
    del weights["synthesis.b4.torgb.weight"]
    with pytest.raises(StudioError, match="not the weights of a MI-GAN"):
        MiganNetwork(weights, choose_device("cpu")).fill(photo(32, 32), hole(32, 32, 8, 8, 16, 16), lambda: None)


def test_cancel_is_heard_between_the_blocks_of_migan() -> None:
    class Late(Watching):
        def check(self) -> None:
            raise Cancelled

    progress = Late()
    with pytest.raises(Cancelled):
        filled("migan/migan-weights", FillRequest(photo(64, 64), hole(64, 64, 20, 20, 40, 40)), progress)
    assert progress.fractions == [None]


@pytest.mark.parametrize(("module", "weights", "write"), [
    (lama, "big-lama", tiny_lama.write_torchscript), (migan, "migan-weights", tiny_migan.write_torchscript),
])  # fmt: skip
def test_torchscript_is_taken_by_its_published_checksum_only(
    module: Any,
    weights: str,
    write: Any,
    tmp_path: Path,
    library: list[InstalledModel],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = write(tmp_path / "published.pt")
    sister = next(model for model in library if model.id == weights)
    (spec,) = module.specs([replace(sister, id="script", path=path, layout="torchscript")])
    asked = FillRequest(photo(64, 64), hole(64, 64, 20, 20, 40, 40))
    with pytest.raises(InputError, match="run any program"):
        spec.load("cpu").fill(asked, Silent())
    monkeypatch.setitem(kinds.PUBLISHED_TORCHSCRIPT, md5_of(path), sister.family)
    made = spec.load("cpu").fill(asked, Silent()).image
    if module is lama:
        assert np.allclose(made, filled("lama/big-lama", asked), atol=1e-5)
    else:
        other = tiny_migan.write_weights(tmp_path / "weights.safetensors", 512)
        (spec,) = migan.specs([replace(sister, path=other)])
        assert np.allclose(made, spec.load("cpu").fill(asked, Silent()).image, atol=1e-5)


def test_specks_share_crops_of_the_native_size() -> None:
    rng = np.random.default_rng(0)
    mask = np.zeros((1500, 1500), np.float32)
    for y, x in rng.integers(20, 1480, (100, 2)):
        mask[y : y + 4, x : x + 4] = 1
    samples = (photo(1500, 1500) * 255).astype(np.uint8)
    job = planner.FillJob(
        Composite(TiledImage.from_array(samples, PixelFormat(Colour.RGB)), ()),
        TiledImage.from_array((mask[..., None] * 255).astype(np.uint8), COVERAGE),
        Recipe(engine="migan/migan-pipeline"),
    )
    spec = catalog.specs()["migan/migan-pipeline"]
    plan = planner.plan(job, {spec.id: replace(spec, size=replace(spec.size, native=512))})
    assert len(plan.steps) <= 16
    assert all(min(step.rect.width, step.rect.height) >= 512 for step in plan.steps)
    assert all(step.rect.clipped(job.source.photo.extent) == step.rect for step in plan.steps)
