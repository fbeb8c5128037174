"""What a sampler foresees: with a network that knows the answer, every sampler foresees it from its first step on."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from inpaint_studio.engines.runtime.diffusion import SCHEDULERS
from inpaint_studio.engines.runtime.diffusion.estimate import Watched

_SCHEDULE = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def scheduler(name: str, prediction: str) -> Any:
    import diffusers

    class_name, settings = SCHEDULERS[name]
    plain = {} if name == "flow" else {**_SCHEDULE, "prediction_type": prediction}
    if name == "ddim":
        plain |= {"clip_sample": False}
    return getattr(diffusers, class_name)(**plain, **settings)


@pytest.mark.parametrize(
    ("name", "prediction"),
    [("flow", "")] + [(name, kind) for name in SCHEDULERS if name != "flow" for kind in ("epsilon", "v_prediction")],
)
def test_a_network_that_knows_the_picture_is_understood(name: str, prediction: str) -> None:
    torch.manual_seed(0)
    picture, noise = torch.randn(1, 4, 8, 8), torch.randn(1, 4, 8, 8)
    steps = scheduler(name, prediction)
    steps.set_timesteps(6)
    with Watched(steps) as watched:
        assert watched.end() is None
        for at, time in enumerate(steps.timesteps):
            if name == "flow":
                sigma = steps.sigmas[at]
                sample, output = (1 - sigma) * picture + sigma * noise, noise - picture
            elif name.startswith("euler"):
                sigma = steps.sigmas[at]
                sample, output = picture + sigma * noise, noise
                if prediction == "v_prediction":  # of the mixture that this sum is a multiple of
                    output = (noise - sigma * picture) / (1 + sigma**2) ** 0.5
            else:
                kept = steps.alphas_cumprod[int(time)]
                sample, output = kept**0.5 * picture + (1 - kept) ** 0.5 * noise, noise
                if prediction == "v_prediction":
                    output = kept**0.5 * noise - (1 - kept) ** 0.5 * picture
            steps.step(output, time, sample)
            assert torch.allclose(watched.end(), picture, atol=2e-3 if name == "dpm++" else 1e-3), at
    assert "step" not in vars(steps)
