"""One request on its way through a diffusion model: at its native size first, then in tiles at the request's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from inpaint_studio.engines.contract import Decision, FillRequest, Float, Progress, check
from inpaint_studio.engines.fitting import (
    Tile,
    colour_shift,
    keep_soft,
    native_size,
    prefilled,
    scaled,
    scaled_mask,
    tiles,
)
from inpaint_studio.engines.models.diffusion.options import TASKS, DiffusionOptions
from inpaint_studio.engines.runtime.diffusion import Drawn, Family, Sampler, Sketch
from inpaint_studio.errors import InputError, StudioError

if TYPE_CHECKING:
    from inpaint_studio.pixels.masks import Hole

#: What a second look at a higher resolution may change of the first.
_REFINING = 0.35
#: Largest side of one tile of that look, in native sizes.
_TILE = 1.5
#: Bars within which a request takes its steps; fewer than this see too little of the picture.
_LEAST_STEPS = 4


class Told:
    """What the passes of a painting report, as parts of one whole with previews of the request's size."""

    def __init__(self, progress: Progress, request: FillRequest) -> None:
        self._progress = progress
        self._request = request
        self._hole = (request.mask > 0)[..., None]
        self._done, self._share = 0.0, 1.0

    def part(self, start: float, share: float) -> None:
        """The next pass is `share` of the whole and begins at `start`."""
        self._done, self._share = start, share

    def step(self, step: int, steps: int, what: str, preview: Float) -> Decision:
        """`preview`: float32 of any size, for the whole request."""
        seen = np.where(self._hole, scaled(preview, self._request.mask.shape), self._request.image)
        fraction = self._done + self._share * step / steps
        return self._progress.step(min(1.0, fraction), f"{what}, step {step} of {steps}", seen)

    def check(self) -> None:
        """Raise Cancelled when nobody wants the result any more."""
        check(self._progress)


class Painting:
    """One request on its way through a model: at its native size first, then in tiles at the request's own."""

    def __init__(
        self, request: FillRequest, options: DiffusionOptions, family: Family, sampler: Sampler, told: Told
    ) -> None:
        self._request = request
        self._options = options
        self._family = family
        self._sampler = sampler
        self._told = told
        self.notes: list[str] = []

    def paint(self, native: int) -> Float:
        """The request's image with the hole drawn, float32 H×W×3 of its size. Raises StudioError for what is blocked."""
        height, width = self._request.mask.shape
        size = height, width
        multiple = self._family.multiple
        first = native_size(height, width, native, multiple)
        whole = (max(multiple, side // multiple * multiple) for side in size)
        full = next(whole), next(whole)
        larger = first[0] * first[1] < full[0] * full[1]
        pieces = self._tiles(full, native) if larger else ()
        work = first[0] * first[1]
        total = work + sum(_REFINING * piece.rect.area for piece in pieces)
        sketch = self._sketch(first)
        self._told.part(0, work / total)
        drawn, image = self._drawn(sketch, lambda step, steps, seen: self._told.step(step, steps, "Drawing", seen))
        if pieces and not drawn.finished:
            image = self._refined(scaled(image, full), pieces, work, total)
        if drawn.truncated:
            self.notes.append("The prompt is longer than this model reads: its end had no effect.")
        return scaled(image, size)

    def _tiles(self, full: tuple[int, int], native: int) -> tuple[Tile, ...]:
        multiple = self._family.multiple
        side = native if self._options.memory == "small" else native * _TILE
        whole = full[0] * full[1] <= (side * _TILE) ** 2 and self._options.memory != "small"
        side = max(full) if whole else round(side / multiple) * multiple
        mask = scaled_mask(self._request.mask, full)
        overlap = max(multiple, side // 6 // multiple * multiple)
        return tuple(tile for tile in tiles(*full, side, overlap, multiple) if mask[tile.rect.slices].any())

    def _refined(self, image: Float, pieces: Sequence[Tile], done: float, total: float) -> Float:
        """`image`, the enlarged first look, drawn again a little, so that it is as sharp as what surrounds it."""
        mask = scaled_mask(self._request.mask, image.shape[:2])
        ground = np.where((mask > 0)[..., None], image, scaled(self._request.image, image.shape[:2]))
        made, weight = np.zeros_like(ground), np.zeros(mask.shape, np.float32)
        for piece in pieces:
            place = piece.rect.slices
            sketch = replace(self._sketch(mask[place].shape), image=ground[place], mask=mask[place], strength=_REFINING)
            share = _REFINING * piece.rect.area / total
            self._told.part(done / total, share)
            done += _REFINING * piece.rect.area

            def report(
                step: int, steps: int, seen: Float, place: Any = place, shape: Any = mask[place].shape
            ) -> Decision:
                whole = ground.copy()
                whole[place] = scaled(seen, shape)
                return self._told.step(step, steps, "Refining", whole)

            drawn, part = self._drawn(_enough_steps(sketch), report)
            made[place] += part * piece.weight[..., None]
            weight[place] += piece.weight
            if drawn.finished:
                break
        return np.where((weight > 0)[..., None], made / np.maximum(weight, 1e-6)[..., None], ground)

    def _sketch(self, size: tuple[int, ...]) -> Sketch:
        """What to draw of the whole request at `size`."""
        options, family = self._options, self._family
        name = ("replace" if options.prompt.strip() else "remove") if options.task == "auto" else options.task
        task = TASKS[name]
        strength = options.strength or task.strength
        scheduler = family.schedulers[0] if options.scheduler == "auto" else options.scheduler
        if scheduler not in family.schedulers:
            raise InputError(
                f"{family.title} does not work with the scheduler {scheduler}.",
                f"It works with: {', '.join(family.schedulers)}.",
            )
        guidance = options.guidance or family.guidance
        if family.negative and not (options.guidance or options.prompt.strip() or options.negative_prompt.strip()):
            guidance = 1.0  # nothing to be guided by: half the work
        height, width = size
        mask = scaled_mask(self._request.mask, (height, width))
        image = scaled(self._request.image, (height, width))
        if task.hidden or strength >= 1:
            image = prefilled(image, _fully(mask))
        return _enough_steps(
            Sketch(
                image=image,
                mask=mask,
                prompt=options.prompt,
                negative=options.negative_prompt,
                guidance=guidance,
                steps=options.steps,
                strength=strength,
                scheduler=scheduler,
                seed=self._request.seed,
            )
        )

    def _drawn(self, sketch: Sketch, report: Any) -> tuple[Drawn, Float]:
        """One pass, its colours those of the surroundings."""
        large = sketch.mask.size > (self._family.native * _TILE) ** 2 or self._options.memory != "auto"
        drawn = self._sampler.draw(sketch, report, self._told.check, tiled=large)
        if drawn.blocked:
            raise StudioError(
                "The model's own safety checker blocked this fill.",
                "Try another seed or prompt, or switch the checker off in the model library (or: settings safety_checker no).",
            )
        shift = colour_shift(drawn.image, sketch.image, sketch.mask)
        image = drawn.image + shift
        if drawn.remade is not None:
            image = keep_soft(image, drawn.remade + shift, sketch.image, sketch.mask)
        return drawn, np.asarray(np.clip(image, 0, 1), np.float32)


def _fully(mask: Float) -> Hole:
    """Where nothing of what is there shall stay."""
    return np.asarray(mask >= 1)


def _enough_steps(sketch: Sketch) -> Sketch:
    """`sketch` with so many steps that those which its strength leaves are not too few."""
    least = min(sketch.steps, _LEAST_STEPS)
    return replace(sketch, steps=max(sketch.steps, int(np.ceil(least / sketch.strength))))
