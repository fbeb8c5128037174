"""Soft masks by differential diffusion (Levin and Fried, "Differential Diffusion", 2023), as a callback after each step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inpaint_studio.engines.runtime.devices import torch_module

if TYPE_CHECKING:
    from torch import Tensor


class SoftMask:
    """Keeps each latent at the photo's until the share of the steps that its mask value leaves to it.

    A latent with mask value m is free for the last m of the steps: 1 from the first, 0 never.
    """

    def __init__(self, known: Tensor, mask: Tensor, seed: int) -> None:
        """known: the photo's latents, 1×C×h×w. mask: 1×1×h×w in 0..1."""
        torch = torch_module()
        generator = torch.Generator("cpu").manual_seed(seed)
        self._torch = torch
        self.known = known
        self.mask = mask.to(known.device)
        self._noise = torch.randn(known.shape, generator=generator).to(known.device)

    def free(self, step: int, steps: int) -> Tensor:
        """Where the denoiser's own result stands after `step` (from 0) of `steps`: 1×1×h×w of 0 and 1."""
        least = 1 - (step + 1) / steps
        released = (self.mask > 0) & (self.mask >= least - 1e-6)
        return released.to(self.known.dtype)

    def pinned(self, scheduler: Any, step: int, steps: int) -> Tensor:
        """The photo's latents as noisy as those of the next step are."""
        following = scheduler.timesteps[-steps:][step + 1 : step + 2]
        if not len(following):
            return self.known
        if hasattr(scheduler, "scale_noise"):
            return scheduler.scale_noise(self.known, following, self._noise)  # type: ignore[no-any-return]
        return scheduler.add_noise(self.known, self._noise, following)  # type: ignore[no-any-return]
