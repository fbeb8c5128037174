"""One pass of a diffusion model over a picture: previews at each step, soft masks, stopping early, cancelling inside a step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inpaint_studio.engines.contract import Decision, Float
from inpaint_studio.engines.runtime.devices import torch_module
from inpaint_studio.engines.runtime.diffusion.estimate import Watched
from inpaint_studio.engines.runtime.diffusion.families import SCHEDULERS, Family
from inpaint_studio.engines.runtime.diffusion.latents import Latents
from inpaint_studio.engines.runtime.diffusion.soft import SoftMask
from inpaint_studio.engines.runtime.diffusion.tiny import Previewer
from inpaint_studio.engines.runtime.memory import memory_errors

if TYPE_CHECKING:
    from torch import Tensor

#: Called after each step with its number from 1, how many there are, and a rough picture (float32 h×w×3).
Report = Callable[[int, int, Float], Decision]
#: Called between the layers of the networks; raises Cancelled when nobody wants the result any more.
Check = Callable[[], None]
#: Noise of what is kept must not be that of what is drawn.
_OTHER_SEED = 0x5EED


@dataclass(frozen=True, slots=True)
class Sketch:
    """What to draw. image: float32 H×W×3 in 0..1, sides a multiple of the family's. mask: float32 H×W in 0..1.

    strength: share of the way from pure noise that is gone, 0..1; at 1 nothing under a full mask is seen.
    """

    image: Float
    mask: Float
    prompt: str
    negative: str
    guidance: float
    steps: int
    strength: float
    scheduler: str
    seed: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """image: float32 H×W×3. remade: the sketch's image after the autoencoder alone; None where the mask has no soft pixel.

    finished: it was stopped early and kept. blocked: the safety checker refuses it. truncated: not all of the prompt counted.
    """

    image: Float
    remade: Float | None
    finished: bool
    blocked: bool
    truncated: bool


class _Finished(Exception):  # noqa: N818  how a callback ends a pipeline
    def __init__(self, latents: Tensor) -> None:
        super().__init__()
        self.latents = latents


class Sampler:
    """An opened pipeline, ready to draw."""

    def __init__(self, pipe: Any, family: Family, previewers: Sequence[Previewer] = ()) -> None:
        """previewers: see `Latents`."""
        self.pipe = pipe
        self.family = family
        self._torch = torch_module()
        self._latents = Latents(pipe, packed=family.packed, previewers=previewers)
        self._check: Check | None = None
        self._listen()

    def draw(self, sketch: Sketch, report: Report, check: Check, *, tiled: bool = False) -> Drawn:
        """One pass. tiled: the autoencoder works in tiles. Raises what `report` and `check` raise, MemoryError."""
        self._check = check
        try:
            with memory_errors():
                return self._draw(sketch, report, tiled=tiled)
        finally:
            self._check = None
            self.pipe.maybe_free_model_hooks()

    def _draw(self, sketch: Sketch, report: Report, *, tiled: bool) -> Drawn:
        self._set_scheduler(sketch.scheduler)
        self._latents.tile(on=tiled)
        known = self._latents.encode(sketch.image)
        mask = self._cells(sketch.mask)
        soft = SoftMask(known, mask, sketch.seed ^ _OTHER_SEED)
        finished = False
        with Watched(self.pipe.scheduler) as watched:
            try:
                made = self._run(sketch, mask, _Steps(self, soft, watched, report))
            except _Finished as early:
                made, finished = early.latents, True
        image = self._latents.decode(made)
        softly = bool(((mask > 0) & (mask < 1)).any())
        return Drawn(
            image=image,
            remade=self._latents.decode(known) if softly else None,
            finished=finished,
            blocked=self._blocked(image),
            truncated=self._truncated(sketch.prompt),
        )

    def _run(self, sketch: Sketch, mask: Tensor, steps: _Steps) -> Tensor:
        torch, height, width = self._torch, *sketch.mask.shape
        if self.family.exact_mask:
            hole = torch.from_numpy((sketch.mask > 0).astype(np.float32))[None, None]
        else:
            # the pipeline looks at one pixel in eight: whole cells, so that it misses none
            hole = torch.nn.functional.interpolate((mask > 0).float().cpu(), size=(height, width), mode="nearest")
        wanted: dict[str, Any] = {
            "prompt": sketch.prompt,
            "image": torch.from_numpy(np.ascontiguousarray(sketch.image)).permute(2, 0, 1)[None],
            "mask_image": hole,
            "height": height,
            "width": width,
            "strength": sketch.strength,
            "num_inference_steps": sketch.steps,
            "guidance_scale": sketch.guidance,
            "generator": torch.Generator("cpu").manual_seed(sketch.seed),
            "callback_on_step_end": steps,
            "output_type": "latent",
            "return_dict": False,
        }
        if self.family.negative:
            wanted["negative_prompt"] = sketch.negative
        made = self.pipe(**wanted)[0]
        return self._latents.unpacked(made, *steps.soft.known.shape[-2:])

    def _set_scheduler(self, name: str) -> None:
        import diffusers

        class_name, settings = SCHEDULERS[name]
        # a new one each time: samplers keep a history
        self.pipe.scheduler = getattr(diffusers, class_name).from_config(self.pipe.scheduler.config, **settings)

    def _cells(self, mask: Float) -> Tensor:
        """The mask of each latent, 1×1×h×w: the most that any of its pixels has."""
        plane = self._torch.from_numpy(np.ascontiguousarray(mask))[None, None]
        cells: Tensor = self._torch.nn.functional.max_pool2d(plane, self._latents.reduction)
        return cells

    def _blocked(self, image: Float) -> bool:
        if getattr(self.pipe, "safety_checker", None) is None:
            return False
        pixels = self._torch.from_numpy(image).permute(2, 0, 1)[None] * 2 - 1
        device = self.pipe._execution_device
        _, found = self.pipe.run_safety_checker(pixels.to(device), device, self.pipe.vae.dtype)
        return bool(found and any(found))

    def _truncated(self, prompt: str) -> bool:
        tokenizer = self.pipe.tokenizer_2 if self.family.packed else self.pipe.tokenizer
        return bool(prompt) and len(tokenizer(prompt).input_ids) > min(tokenizer.model_max_length, 512)

    def _listen(self) -> None:
        """Have every block of every network ask whether to go on before it begins."""

        def ask(*_: object) -> None:
            if self._check is not None:
                self._check()

        for part in self.pipe.components.values():
            if not isinstance(part, self._torch.nn.Module):
                continue
            for module in part.modules():
                if type(module).__name__.endswith(("Block", "Block2D", "Layer", "Layer2D", "Attention")):
                    module.register_forward_pre_hook(ask)


class _Steps:
    """What happens after each step of a pipeline."""

    def __init__(self, sampler: Sampler, soft: SoftMask, watched: Watched, report: Report) -> None:
        self._latents = sampler._latents
        self.soft = soft
        self._watched = watched
        self._report = report

    def __call__(self, pipe: Any, step: int, _timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
        steps = pipe.num_timesteps
        height, width = self.soft.known.shape[-2:]
        free = self.soft.free(step, steps)
        own = self._latents.unpacked(values["latents"], height, width)
        pinned = self.soft.pinned(pipe.scheduler, step, steps).to(own.dtype)
        values["latents"] = self._latents.packed(pinned * (1 - free).to(own.dtype) + own * free.to(own.dtype))
        end = self._watched.end()
        if end is not None:
            seen = self._latents.unpacked(end, height, width) * free + self.soft.known * (1 - free)
            if self._report(step + 1, steps, self._latents.glance(seen)) is Decision.FINISH:
                raise _Finished(seen)
        return values
