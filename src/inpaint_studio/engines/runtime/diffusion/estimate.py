"""What a sampler thinks, in the middle of its way, that the end will look like."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


class Watched:
    """Listens to a scheduler's `step` while in use as a context; `end` then tells what the last step foresees."""

    def __init__(self, scheduler: Any) -> None:
        self._scheduler = scheduler
        self._last: tuple[Tensor, Any, Tensor] | None = None

    def __enter__(self) -> Watched:
        original = self._scheduler.step

        # pipelines look at the signature to see what the step takes
        @functools.wraps(original)
        def step(model_output: Tensor, timestep: Any, sample: Tensor, *args: Any, **kwargs: Any) -> Any:
            self._last = model_output, timestep, sample
            return original(model_output, timestep, sample, *args, **kwargs)

        self._scheduler.step = step
        return self

    def __exit__(self, *_: object) -> None:
        del self._scheduler.step

    def end(self) -> Any:
        """The Tensor without noise that the last step points to, in the layout the pipeline uses; None before any step."""
        if self._last is None:
            return None
        output, timestep, sample = (value.float() if hasattr(value, "float") else value for value in self._last)
        scheduler = self._scheduler
        kind = scheduler.config.get("prediction_type", "epsilon")
        if hasattr(scheduler, "scale_noise"):  # flow matching: the output is the way from the picture to the noise
            return sample - _sigma(scheduler) * output
        if kind == "sample":
            return output
        if scheduler.init_noise_sigma != 1 or type(scheduler).__name__.startswith("Euler"):  # noise is added, not mixed
            sigma = _sigma(scheduler)
            if kind == "epsilon":
                return sample - sigma * output
            return sample / (sigma**2 + 1) - output * sigma / (sigma**2 + 1) ** 0.5
        kept = scheduler.alphas_cumprod.to(sample.device)[int(timestep)]
        if kind == "epsilon":
            return (sample - (1 - kept) ** 0.5 * output) / kept**0.5
        return kept**0.5 * sample - (1 - kept) ** 0.5 * output


def _sigma(scheduler: Any) -> float:
    """The noise of the step that was just taken."""
    return float(scheduler.sigmas[max(0, scheduler.step_index - 1)])
