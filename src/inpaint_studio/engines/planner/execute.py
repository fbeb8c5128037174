"""Running a plan: crop by crop, each seeing what the ones before it filled."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

import numpy as np

from inpaint_studio.document.layers import new_fill_planes
from inpaint_studio.engines.contract import (
    COPIES,
    Decision,
    EngineSpec,
    FillRequest,
    FillResult,
    Float,
    Progress,
    check,
)
from inpaint_studio.engines.fitting import Crop, Finish, Fitted, fit
from inpaint_studio.engines.planner.leftovers import Leftover, leftover
from inpaint_studio.engines.planner.plan import THIN, Plan, Step
from inpaint_studio.engines.planner.sourcing import barred
from inpaint_studio.pixels.blend import blend
from inpaint_studio.pixels.format import Samples
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage

#: Runs one engine on one request, here or in a worker.
Run = Callable[[EngineSpec, FillRequest, Progress], FillResult]


@runtime_checkable
class Shows(Protocol):
    """A `Progress` that can show a part of the photo while it is being filled."""

    def show(self, rect: Rect, samples: Samples) -> None:
        """`samples`: of `rect` at the photo's depth, without alpha: the photo with what there is of the fill."""
        ...


@dataclass(frozen=True, slots=True)
class Filled:
    """What a plan made. pixels: colour without alpha. alpha: 16-bit opacity. notes: for the user, no two alike.
    leftover: what the mask may have left of the object, which the notes say as well.
    """

    pixels: TiledImage
    alpha: TiledImage
    notes: tuple[str, ...]
    leftover: Leftover | None = None


class _Share:
    """Progress of one step as a share of the whole; what the engine can't tell stays untold."""

    def __init__(self, outer: Progress, start: float, share: float) -> None:
        self._outer, self._start, self._share = outer, start, share
        self.finished = False
        #: Where the step's previews belong, once it has its crop.
        self.place: tuple[Rect, Fitted] | None = None

    def check(self) -> None:
        """Raise Cancelled when nobody wants the fill any more."""
        check(self._outer)

    def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
        known = None if fraction is None and self._share >= 1 else self._start + self._share * (fraction or 0)
        # a preview has the size of the request: whoever can show a part of the photo gets it as one
        if preview is not None and self.place is not None and isinstance(self._outer, Shows):
            rect, fitted = self.place
            self._outer.show(rect, fitted.restore(FillResult(preview)))
        decision = self._outer.step(known, note)
        self.finished |= decision is Decision.FINISH
        return decision


def execute(plan: Plan, run: Run, progress: Progress) -> Filled:
    """Fill every step of `plan` by `run`. FINISH keeps what is filled so far. Raises what the engines raise."""
    job = plan.job
    pixels, alpha = new_fill_planes(job.source.format, job.source.photo.extent)
    weights = [step.rect.area for step in plan.steps]
    done, notes = 0, list(plan.notes)
    with _Finishing(plan, pixels) as finishing:
        for index, step in enumerate(plan.steps):
            share = _Share(progress, sum(weights[:index]) / sum(weights), weights[index] / sum(weights))
            finishing.wait_for(step.rect)
            crop = _crop(plan, index, step, pixels)
            fitted = fit(step.spec, crop, job.recipe.seed, step.options)
            share.place = step.rect, fitted
            result = run(step.spec, fitted.request, share)
            finishing.add(step.rect, fitted, result)
            notes += _notes(step, fitted, result)
            done = index + 1
            if share.finished:
                break
    opacity = np.where(plan.owner <= done, plan.opacity, 0).astype(np.uint16)
    alpha.write(plan.bounds, opacity[..., None])
    alpha.drop_blank_tiles()
    # scratches have no rim
    left = None if all(step.spec.id == THIN for step in plan.steps) else leftover(job)
    if left is not None:
        notes.append(left.note)
    return Filled(pixels, alpha, tuple(dict.fromkeys(notes)), left)


class _Finishing:
    """Brings what engines made back into the photo, in a thread of its own: meanwhile the next step runs.

    A step that sees what is not yet finished has to wait, so that the result is that of one step after the other.
    """

    def __init__(self, plan: Plan, pixels: TiledImage) -> None:
        self._finish = Finish(seams=plan.job.recipe.seams, grain=plan.job.recipe.grain)
        self._pixels = pixels
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="finishing")
        self._waiting: list[tuple[Rect, Future[None]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=kind is not None)
        if kind is None:
            self.wait_for(None)

    def add(self, rect: Rect, fitted: Fitted, result: FillResult) -> None:
        """Finish `result` in `rect`, after the others."""
        # no crop more than the two that are worked on is kept
        for _, other in self._waiting:
            other.result()
        self._waiting = [(rect, self._pool.submit(self._write, rect, fitted, result))]

    def wait_for(self, rect: Rect | None) -> None:
        """Until what lies in `rect` (None: anywhere) is finished. Raises what finishing it raised."""
        for place, future in self._waiting:
            if rect is None or not place.clipped(rect).empty:
                future.result()

    def _write(self, rect: Rect, fitted: Fitted, result: FillResult) -> None:
        mine = fitted.crop.hole
        restored = fitted.restore(result, self._finish)
        inner = Rect.around(mine)
        area = inner.moved(rect.left, rect.top)
        part = self._pixels.read(area)
        own = mine[inner.slices]
        part[own] = restored[inner.slices][own]
        self._pixels.write(area, part)


def _crop(plan: Plan, index: int, step: Step, pixels: TiledImage) -> Crop:
    owner = _owner(plan, step.rect)
    return Crop(
        samples=_visible(plan, step.rect, owner, index, pixels),
        pixel_format=plan.job.source.format,
        hole=owner == index + 1,
        avoid=(owner > index + 1) | barred(plan.job, step.rect, copies=COPIES in step.spec.takes),
        soft=_soft(plan, step.rect),
    )


def _notes(step: Step, fitted: Fitted, result: FillResult) -> list[str]:
    notes = [result.note] if result.note else []
    if fitted.reduced:
        percent = round(100 * fitted.request.image.shape[1] / step.rect.width)
        notes.append(f"A part of the mask is so large that it was filled at {percent} % of the photo's resolution.")
    return notes


def _owner(plan: Plan, rect: Rect) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    """The plan's owner map in `rect`, which may reach beyond the map."""
    owner = np.zeros((rect.height, rect.width), np.int32)
    inside = rect.clipped(plan.bounds)
    owner[inside.within(rect).slices] = plan.owner[inside.within(plan.bounds).slices]
    return owner


def _visible(
    plan: Plan, rect: Rect, owner: np.ndarray[tuple[int, int], np.dtype[np.int32]], index: int, pixels: TiledImage
) -> Samples:
    """The photo in `rect` with what earlier steps filled laid over it."""
    samples = plan.job.source.read(rect)
    earlier = (owner > 0) & (owner <= index)
    if earlier.any():
        inside = rect.clipped(plan.bounds)
        opacity = np.zeros(owner.shape, np.uint16)
        opacity[inside.within(rect).slices] = plan.opacity[inside.within(plan.bounds).slices]
        colours = plan.job.source.format.colour.channels
        samples[..., :colours] = blend(samples[..., :colours], pixels.read(rect), np.where(earlier, opacity, 0))
    return samples


def _soft(plan: Plan, rect: Rect) -> Float | None:
    """The plan's soft mask in `rect`."""
    if plan.soft is None:
        return None
    soft = np.zeros((rect.height, rect.width), np.float32)
    inside = rect.clipped(plan.bounds)
    soft[inside.within(rect).slices] = plan.soft[inside.within(plan.bounds).slices]
    return soft
