"""Diffusion models: something new in the place of what is masked, after a prompt or without one (Rombach et al., CVPR 2022)."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from inpaint_studio.engines.contract import (
    AVAILABLE,
    Availability,
    Decision,
    Engine,
    EngineSpec,
    FillRequest,
    FillResult,
    Float,
    Progress,
    SizeRule,
    check,
)
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
from inpaint_studio.engines.library.installed import InstalledModel
from inpaint_studio.engines.library.probe import probe
from inpaint_studio.engines.runtime import memory
from inpaint_studio.engines.runtime.devices import DEVICES, Device, choose_device
from inpaint_studio.engines.runtime.diffusion import (
    SCHEDULERS,
    Drawn,
    Family,
    Sampler,
    Sketch,
    Source,
    family_of,
    open_pipeline,
)
from inpaint_studio.engines.runtime.memory import MEMORY
from inpaint_studio.errors import InputError, StudioError

if TYPE_CHECKING:
    from inpaint_studio.pixels.masks import Hole

_NEEDED = ("torch", "diffusers", "transformers", "accelerate", "safetensors")
#: What a second look at a higher resolution may change of the first.
_REFINING = 0.35
#: Largest side a crop is looked at, and largest side of one tile of it, in native sizes.
_MOST, _TILE = 4, 1.5
#: The native size when memory is very short, as a share of the model's own.
_SMALL = 0.75
#: Bars within which a request takes its steps; fewer than this see too little of the picture.
_LEAST_STEPS = 4


@dataclass(frozen=True, slots=True)
class _Task:
    """strength: where it starts, 1 = from pure noise. hidden: whether what lies under the mask is hidden from the model."""

    strength: float
    hidden: bool


_TASKS = {"remove": _Task(1.0, hidden=True), "restore": _Task(0.75, hidden=True), "replace": _Task(1.0, hidden=False)}


@dataclass(frozen=True, slots=True)
class DiffusionOptions:
    """prompt: what shall be there; empty to continue the surroundings. negative_prompt: what shall not be there.
    task: remove what is masked, restore damage, or replace it by what the prompt says; auto goes by the prompt.
    strength: how far from what is there it may go, 0.05 to 1; 0 leaves it to the task.
    guidance: how closely the prompt is followed; 0 leaves it to the model.
    steps: more take longer and may show more detail. scheduler: the way from noise to the picture.
    memory: full is fastest; offload, group, sequential and small take less and less memory and more time.
    retry: try again with less memory when it runs out. device: what computes.
    safety: use the safety checker of a model that has one.
    """

    prompt: str = ""
    negative_prompt: str = ""
    task: str = "auto"
    strength: float = 0.0
    guidance: float = 0.0
    steps: int = 20
    scheduler: str = "auto"
    memory: str = "auto"
    retry: bool = True
    device: str = "auto"
    safety: bool = True

    #: What options of words can be.
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "task": ("auto", *_TASKS),
        "scheduler": ("auto", *SCHEDULERS),
        "memory": MEMORY,
        "device": DEVICES,
    }

    def __post_init__(self) -> None:
        if self.strength and not 0.05 <= self.strength <= 1:
            raise InputError("strength must be between 0.05 and 1, or 0.", "1 makes something new, 0.3 changes little.")
        if not 0 <= self.guidance <= 100:
            raise InputError("guidance must be between 0 and 100.", "0 leaves it to the model.")
        if not 1 <= self.steps <= 200:
            raise InputError("steps must be between 1 and 200.", "20 suits most models.")
        for name, choices in self.choices.items():
            if getattr(self, name) not in choices:
                raise InputError(f"{getattr(self, name)} is no {name}.", f"It can be: {', '.join(choices)}.")


class Diffusion:
    """One installed model. It is opened at the first fill, and again when device or way of using memory change."""

    def __init__(self, model: InstalledModel, family: Family, like: InstalledModel | None) -> None:
        self._model = model
        self._family = family
        self._like = like
        self._lock = threading.Lock()
        self._opened: tuple[tuple[str, str, bool], Sampler, Device] | None = None

    def fill(self, request: FillRequest, progress: Progress) -> FillResult:
        hole = request.mask > 0
        if not hole.any():
            progress.step(1.0, "Nothing to do")
            return FillResult(request.image)
        options: DiffusionOptions = request.options or DiffusionOptions()
        with self._lock:
            sampler, device = self._sampler(options, progress)
            painting = _Painting(request, options, self._family, sampler, _Told(progress, str(device), request))
            image = painting.paint(self._native(options))
        made = np.where(hole[..., None], np.clip(image, 0, 1), request.image)
        return FillResult(np.ascontiguousarray(made, np.float32), " ".join(painting.notes))

    def _native(self, options: DiffusionOptions) -> int:
        native = self._model.native or self._family.native
        share = _SMALL if options.memory == "small" else 1.0
        return max(self._family.multiple, round(native * share / self._family.multiple) * self._family.multiple)

    def _sampler(self, options: DiffusionOptions, progress: Progress) -> tuple[Sampler, Device]:
        key = options.device, options.memory, options.safety
        if self._opened is None or self._opened[0] != key:
            self._opened = None
            # said before torch is imported, which takes seconds
            progress.step(None, f"Getting {self._model.title} ready")
            memory.give_back()
            device = choose_device(options.device)
            progress.step(None, f"Loading {self._model.title} for {device}")
            way = memory.fitting(options.memory, device, self._model.memory_mib)
            # a file may have been replaced since it was found
            probe(self._model.path)
            pipe = open_pipeline(self._family, self._source(), device, safety=options.safety)
            check(progress)
            with memory.memory_errors():
                memory.arrange(pipe, way, device)
                self._opened = key, Sampler(pipe, self._family), device
        return self._opened[1], self._opened[2]

    def _source(self) -> Source:
        return Source(
            path=self._model.path,
            layout=self._model.layout,
            in_channels=self._model.in_channels,
            precision=self._model.precision,
            like=None if self._like is None else self._like.path,
        )


class _Told:
    """What the passes of a painting report, as parts of one whole with previews of the request's size."""

    def __init__(self, progress: Progress, where: str, request: FillRequest) -> None:
        self._progress = progress
        self._where = where
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
        return self._progress.step(min(1.0, fraction), f"{what}, step {step} of {steps} on {self._where}", seen)

    def check(self) -> None:
        """Raise Cancelled when nobody wants the result any more."""
        check(self._progress)


class _Painting:
    """One request on its way through a model: at its native size first, then in tiles at the request's own."""

    def __init__(
        self, request: FillRequest, options: DiffusionOptions, family: Family, sampler: Sampler, told: _Told
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
        task = _TASKS[name]
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
                "Try another seed or prompt; the option safety turns the checker off.",
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


def _lighter(options: DiffusionOptions) -> DiffusionOptions | None:
    way = memory.less(options.memory) if options.retry else None
    return None if way is None else replace(options, memory=way)


def _availability(model: InstalledModel, like: InstalledModel | None) -> Availability:
    absent = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if absent:
        return Availability(
            available=False,
            reason=f"{' and '.join(absent)} {'is' if len(absent) == 1 else 'are'} not installed.",
            remedy="inpaint-studio setup diffusion",
        )
    if model.layout == "file" and like is None:
        return Availability(
            available=False,
            reason="A single file lacks the words that prompts are made of.",
            remedy="Get a model folder of the same family: inpaint-studio models list",
        )
    return AVAILABLE


def _like(model: InstalledModel, library: Sequence[InstalledModel]) -> InstalledModel | None:
    """The folder that says what the parts of a single file are: of the same family, best of the same width."""
    if model.layout != "file":
        return None
    folders = [other for other in library if other.layout == "folder" and other.family == model.family]
    return min(folders, key=lambda other: other.in_channels != model.in_channels, default=None)


@dataclass(frozen=True, slots=True)
class _Load:
    """Makes the engine; equal for the same model, so that a process knows which it has already."""

    model: InstalledModel
    family: Family
    like: InstalledModel | None

    def __call__(self, device: str) -> Engine:
        return Diffusion(self.model, self.family, self.like)


def _specs(library: Sequence[InstalledModel]) -> Iterator[EngineSpec]:
    for model in library:
        family = family_of(model.class_name, model.in_channels)
        if family is None:
            continue
        like = _like(model, library)
        native = model.native or family.native

        yield EngineSpec(
            id=f"diffusion/{model.id}",
            version=1,
            title=f"{model.title}: something new, after a prompt or without",
            licence=model.licence or family.note,
            load=_Load(model, family, like),
            size=SizeRule(least=family.multiple, most=native * _MOST, multiple_of=family.multiple, native=native),
            levels=32,
            channels=frozenset({3}),
            context=0.75,
            context_least=64,
            takes=frozenset({"soft", "prompt", "strength"}),
            needs_source=False,
            grace=2.0,
            worker="heavy",
            memory_mib=model.memory_mib,
            patience=900.0,
            options=DiffusionOptions,
            lighter=_lighter,
            availability=_availability(model, like),
        )


def specs(library: Sequence[InstalledModel]) -> tuple[EngineSpec, ...]:
    """One engine for each installed model of a known family."""
    return tuple(_specs(library))
