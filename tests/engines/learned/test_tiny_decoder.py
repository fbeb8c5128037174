"""Previews by a tiny decoder: used where it fits the model's own autoencoder and the device is quick enough."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from inpaint_studio.engines.contract import Silent
from inpaint_studio.engines.library.installed import InstalledModel, installed
from inpaint_studio.engines.library.probe import probe
from inpaint_studio.engines.models import diffusion
from inpaint_studio.engines.runtime.diffusion import latents as latents_module
from inpaint_studio.settings import Settings, save_settings
from tests.engines.learned.conftest import Watching
from tests.engines.learned.test_diffusion import likeness, request
from tests.engines.learned.tiny_diffusion import KINDS


def write(path: Path, channels: int, *, faithful: bool) -> Path:
    """TAESD's network with random weights; `faithful`: with weights that undo what the tests' autoencoders do."""
    import diffusers
    from safetensors.torch import save_file

    torch.manual_seed(0)
    made: Any = diffusers.AutoencoderTiny(latent_channels=channels)
    if faithful:
        convs = [layer for layer in made.decoder.layers if isinstance(layer, torch.nn.Conv2d)]
        with torch.no_grad():
            for module in made.decoder.modules():
                if isinstance(module, torch.nn.Conv2d):
                    module.weight.zero_()
                    if module.bias is not None:
                        module.bias.zero_()
            for colour in range(3):
                for side, sign in enumerate((1.0, -1.0)):
                    convs[0].weight[2 * colour + side, colour, 1, 1] = sign
                    convs[-1].weight[colour, 2 * colour + side, 1, 1] = sign * 0.17
                convs[-1].bias[colour] = 0.5
            for conv in convs[1:-1]:
                for channel in range(6):
                    conv.weight[channel, channel, 1, 1] = 1.0
    save_file({name: value.contiguous() for name, value in made.state_dict().items()}, path)
    return path


def previews(kind: str, library: list[InstalledModel], *decoders: Path) -> tuple[Any, list[np.ndarray], np.ndarray]:
    """The request, what was seen of a fill of it with `decoders` installed, and its result."""
    model = next(model for model in library if model.id == kind)
    save_settings(Settings(model_folders=tuple(map(str, decoders))))
    (spec,) = diffusion.specs([model, *installed()])
    progress, asked = Watching(), request(steps=6)
    result = spec.load("cpu").fill(asked, progress).image
    return asked, progress.previews, result


def sharp(image: np.ndarray) -> bool:
    """Whether neighbours differ by more than an enlarged preview of an eighth of the size can."""
    return bool(np.abs(np.diff(image[16:48, 16:48], axis=1)).max() > 0.3)


@pytest.mark.parametrize("kind", ["sd-inpaint", "sdxl-base", "flux-fill"])
def test_a_decoder_that_fits_shows_the_previews(
    kind: str, tmp_path: Path, library: list[InstalledModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    channels = 16 if KINDS[kind][0].startswith("Flux") else 4
    path = write(tmp_path / "taesd.safetensors", channels, faithful=True)
    assert (probe(path).family, probe(path).in_channels) == ("taesd", channels)
    # on a processor it would take seconds a step
    _, without, end = previews(kind, library, path)
    assert not any(sharp(image) for image in without)
    monkeypatch.setattr(latents_module, "worthwhile", lambda _device: True)
    asked, seen, result = previews(kind, library, path)
    assert len(seen) == 6
    assert sharp(seen[-1])
    assert likeness(seen[-1], result, asked.mask) > 0.8
    assert np.array_equal(result, end)


def test_decoders_for_other_models_are_left(
    tmp_path: Path, library: list[InstalledModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latents_module, "worthwhile", lambda _device: True)
    random = write(tmp_path / "random.safetensors", 4, faithful=False)
    wide = write(tmp_path / "wide.safetensors", 16, faithful=True)
    _, seen, _ = previews("sd-inpaint", library, random, wide)
    assert len(seen) == 6
    assert not any(sharp(image) for image in seen)
    fitting = write(tmp_path / "fitting.safetensors", 4, faithful=True)
    _, seen, _ = previews("sd-inpaint", library, random, wide, fitting)
    assert sharp(seen[-1])


def test_a_decoder_that_was_exchanged_is_left_and_the_fill_goes_on(
    tmp_path: Path, library: list[InstalledModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latents_module, "worthwhile", lambda _device: True)
    path = write(tmp_path / "taesd.safetensors", 4, faithful=True)
    model = next(model for model in library if model.id == "sd-inpaint")
    save_settings(Settings(model_folders=(str(path),)))
    (spec,) = diffusion.specs([model, *installed()])
    path.write_bytes(b"\x80\x02pickle")
    assert spec.load("cpu").fill(request(), Silent()).image.shape == (64, 64, 3)


def test_it_is_listed_as_what_it_is_and_is_no_engine(tmp_path: Path) -> None:
    path = write(tmp_path / "taesd.safetensors", 4, faithful=False)
    save_settings(Settings(model_folders=(str(path),)))
    (model,) = installed()
    assert (model.family, model.variant) == ("taesd", "preview")
    assert diffusion.specs([model]) == ()
