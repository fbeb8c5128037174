"""Which engine fills which part of a mask, and in which crops."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines.catalog import choose, options_for
from inpaint_studio.engines.contract import AUTO, COPIES, EngineSpec, Float
from inpaint_studio.engines.fitting import crop_around, soft_mask
from inpaint_studio.engines.planner.job import FillJob
from inpaint_studio.engines.planner.sourcing import can_copy, with_sources
from inpaint_studio.engines.planner.surroundings import smooth_around
from inpaint_studio.errors import InputError, NothingToCopyError
from inpaint_studio.pixels.masks import Hole, Opacity, Part, cluster, effective_mask, label_parts
from inpaint_studio.pixels.rect import Rect

#: The engines for long and for small marks, and for smooth surroundings.
THIN, CALM = "thin", "membrane"
_NOTHING_TO_COPY = "A part of the mask leaves nothing to copy from: what is left around it was continued smoothly."
#: Side of the crops in which long thin marks are filled, and of those for an engine that looks at nothing but what is near:
#: its marks need not be seen whole, and only the pixels around them cost.
_THIN_TILE, _NEAR_TILE = 512, 768
#: Parts closer than about this share a crop.
_REACH = 128
#: The largest box, in pixels, that several parts may share: more would cost more than it saves.
_SHARED_AREA = 1024 * 1024


@dataclass(frozen=True, slots=True)
class AutoOptions:
    """thin_px: parts up to about this width go to the engine for thin marks, wider ones to the one for objects."""

    thin_px: int = 12

    def __post_init__(self) -> None:
        if not 0 <= self.thin_px <= 500:
            raise InputError("thin_px must be between 0 and 500.", "12 suits photos; more suits high-resolution scans.")

    def is_thin(self, part: Part) -> bool:
        """Long marks by their mean width; where they cross they may be wider."""
        return part.width <= self.thin_px and part.widest <= 2.5 * self.thin_px


@dataclass(frozen=True, slots=True)
class Step:
    """One crop for one engine: it fills the pixels of `rect` that the plan's owner map gives to this step."""

    spec: EngineSpec
    options: Any
    rect: Rect


@dataclass(frozen=True, slots=True)
class Plan:
    """`bounds`: where the effective mask lies. `opacity` and `owner` are H×W of it: the effective mask, and for each
    of its pixels 1 + the index of the step that fills it (0 outside). `soft`: float32 H×W, how much of what lies there
    an engine for soft masks may change; None when all of it. `notes`: for the user.
    """

    job: FillJob
    bounds: Rect
    opacity: Opacity
    owner: NDArray[np.int32]
    steps: tuple[Step, ...]
    soft: Float | None = None
    notes: tuple[str, ...] = ()

    @property
    def chosen(self) -> dict[str, int]:
        """How many crops each engine fills."""
        return dict(Counter(step.spec.id for step in self.steps))


def plan(job: FillJob, specs: Mapping[str, EngineSpec]) -> Plan:
    """Plan `job` with the engines `specs` (without `auto`). For `auto` it looks at the surroundings of thick parts.

    Raises InputError for an empty mask, one that leaves nothing to copy from (NothingToCopyError where another engine
    could fill it), an unknown engine or option.
    """
    canvas = job.source.photo.extent
    recipe = job.recipe
    margin = recipe.grow + recipe.feather + 1
    bounds = job.coverage.covered.grown(margin).clipped(canvas)
    coverage = job.coverage.read(bounds)[..., 0]
    opacity = effective_mask(coverage, recipe.grow, recipe.feather)
    hole = opacity > 0
    pixels = int(hole.sum())
    if pixels == 0:
        raise InputError("The mask is empty: nothing is selected.", "White in the mask is what gets filled.")
    if pixels == canvas.area:
        raise InputError(
            "The mask covers the whole photo, so there is nothing to copy from.",
            "Leave some of the photo unmasked. White is filled; if black should be, invert the mask.",
        )
    labels, parts = label_parts(hole)
    owner = np.zeros(hole.shape, np.int32)
    steps: list[Step] = []
    notes: tuple[str, ...] = ()
    for spec, options, chosen in _engines(job, bounds, hole, parts, specs):
        for members, box in _crops(chosen, spec):
            side = min(max(max(p.rect.width, p.rect.height) for p in members), max(box.width, box.height))
            table = np.zeros(len(parts) + 1, np.bool_)
            table[[part.label for part in members]] = True
            number = len(steps) + 1
            mine = _claim(owner[box.slices], labels[box.slices], table, number)
            if mine.empty:
                continue
            place, engine, wanted = mine.moved(box.left + bounds.left, box.top + bounds.top), spec, options
            around = crop_around(place, side, engine, recipe.context, canvas)
            if COPIES in engine.takes:
                around = with_sources(job, around)
                inside = around.clipped(bounds)
                whose = owner[inside.within(bounds).slices]
                # what earlier steps fill can be copied from
                still = hole[inside.within(bounds).slices] & ((whose == 0) | (whose == number))
                if not can_copy(job, inside, still, around):
                    engine = _instead(job, specs)
                    notes = (_NOTHING_TO_COPY,)
                    wanted = engine.options()
                    around = crop_around(place, side, engine, recipe.context, canvas)
            steps.append(Step(engine, wanted, around))
    honoured = any("soft" in step.spec.takes for step in steps)
    soft = soft_mask(coverage, recipe.grow, recipe.feather) if honoured else None
    return Plan(job, bounds, opacity, owner, tuple(steps), soft, notes)


def _instead(job: FillJob, specs: Mapping[str, EngineSpec]) -> EngineSpec:
    """The engine for a part that leaves nothing to copy from, when the choice is ours. Raises NothingToCopyError."""
    if job.avoid is not None or job.only is not None:
        raise InputError(
            "The masks that say where to copy from leave nothing to copy.",
            "Hide them in the layers, or change them so that something is left.",
        )
    if job.recipe.engine != AUTO:
        raise NothingToCopyError(
            "The mask leaves nothing to copy from.",
            "Use a smaller mask, or the engine membrane, which continues what is left.",
        )
    return choose(specs, CALM)


def _claim(owner: NDArray[np.int32], labels: NDArray[np.int32], table: NDArray[np.bool_], number: int) -> Rect:
    """Write `number` into `owner` where `labels` are in `table`; the smallest rectangle around these pixels."""
    claimed = []
    # in pieces: indexing holds the interpreter's lock, and a window waits for it
    for top in range(0, len(labels), 128):
        rows, columns = np.divmod(np.flatnonzero(labels[top : top + 128] > 0), labels.shape[1])
        rows += top
        mine = table[labels[rows, columns]]
        rows, columns = rows[mine], columns[mine]
        if len(rows):
            owner[rows, columns] = number
            claimed.append(Rect(int(columns.min()), int(rows[0]), int(columns.max()) + 1, int(rows[-1]) + 1))
    return Rect.union_of(claimed)


def _engines(
    job: FillJob, bounds: Rect, hole: Hole, parts: list[Part], specs: Mapping[str, EngineSpec]
) -> Iterator[tuple[EngineSpec, Any, list[Part]]]:
    """Engines with their options and parts; thin marks first, so that they are gone when objects look for sources."""
    recipe = job.recipe
    if recipe.engine != AUTO:
        spec = choose(specs, recipe.engine)
        yield spec, options_for(spec, recipe.options), parts
        return
    auto = auto_options(recipe)
    thin = [part for part in parts if auto.is_thin(part)]
    thick = [part for part in parts if not auto.is_thin(part)]
    calm = [part for part in thick if smooth_around(job.source, bounds, hole, part)]
    thick = [part for part in thick if part not in calm]
    # exemplar has the better texture on most photos, but not yet on every kind of hole: it is the user's to choose
    objects = "patchmatch" if specs["patchmatch"].availability.available else "exemplar"
    for engine_id, chosen in ((THIN, thin), (CALM, calm), (objects, thick)):
        if chosen:
            spec = choose(specs, engine_id)
            yield spec, spec.options(), chosen


def auto_options(recipe: Recipe) -> AutoOptions:
    """The planner's own options in a recipe for `auto`."""
    known = AutoOptions()
    for key in recipe.options:
        if key != "thin_px":
            raise InputError(f"The engine auto has no option {key}.", "It has: thin_px.")
    try:
        return AutoOptions(int(recipe.options.get("thin_px", known.thin_px)))
    except ValueError as error:
        raise InputError(f"{recipe.options['thin_px']} is no value for thin_px.", "It takes a whole number.") from error


def _crops(parts: list[Part], spec: EngineSpec) -> Iterator[tuple[list[Part], Rect]]:
    """Groups of parts with the box that holds their pixels; long thin parts share a grid of tiles instead."""
    near = spec.context == 0
    side = _NEAR_TILE if near else _THIN_TILE
    narrow = [part for part in parts if part.widest <= _THIN_TILE / 8]
    if near:
        groups = cluster([part.rect for part in narrow], _REACH, most_area=1 << 62)
        boxes = [(group, Rect.union_of(narrow[index].rect for index in group)) for group in groups]
        long = [narrow[index] for group, box in boxes for index in group if box.area > side**2]
    else:
        long = [part for part in narrow if part.rect.area > _SHARED_AREA]
    taken = {part.label for part in long}
    rest = [part for part in parts if part.label not in taken]
    for tile in sorted({tile for part in long for tile in _tiles(part.rect, side)}, key=_turn):
        members = [part for part in long if not part.rect.clipped(tile).empty]
        yield members, Rect.union_of(part.rect.clipped(tile) for part in members)
    # a crop of a network's native size costs the same whatever it holds
    reach, most = max(_REACH, spec.size.native // 2), max(_SHARED_AREA, spec.size.native**2)
    for group in cluster([part.rect for part in rest], reach, most):
        members = [rest[index] for index in group]
        yield members, Rect.union_of(part.rect for part in members)


def _turn(tile: Rect) -> tuple[int, int, int, int]:
    """Neighbours are not filled one after the other: each would have to wait until the one before it is finished."""
    return tile.top // tile.height % 2, tile.left // tile.width % 2, tile.top, tile.left


def _tiles(rect: Rect, side: int) -> Iterator[Rect]:
    for top in range(rect.top // side * side, rect.bottom, side):
        for left in range(rect.left // side * side, rect.right, side):
            yield Rect(left, top, left + side, top + side)
