"""Sky, walls and other smooth surroundings: a curved surface through them, and a membrane that meets their rim.

For each part a surface of second order is fitted robustly to the pixels around it (iteratively reweighted least squares,
Holland and Welsch 1977); a membrane (`pixels.membrane`) takes up what it leaves at the rim. Grain is put back by
`fitting`. Any hole size, in time linear in it; floating point throughout, so deep skies keep their levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inpaint_studio.engines.contract import (
    Decision,
    Embedded,
    EngineSpec,
    FillRequest,
    FillResult,
    Float,
    Progress,
    SizeRule,
)
from inpaint_studio.engines.fitting.known import hole_and_unknown
from inpaint_studio.errors import InputError
from inpaint_studio.pixels import membrane
from inpaint_studio.pixels.masks import label_parts
from inpaint_studio.pixels.rect import Rect

if TYPE_CHECKING:
    from inpaint_studio.engines.library.installed import InstalledModel
    from inpaint_studio.pixels.masks import Hole

_NOTE = "Stretching over the hole"
#: The part of the surroundings' range that a fill may go beyond it.
_BEYOND = 0.1


@dataclass(frozen=True, slots=True)
class MembraneOptions:
    """smoothing: pixels over which the rim's grain is averaged before it is continued."""

    smoothing: float = 2.0

    def __post_init__(self) -> None:
        if not 0 <= self.smoothing <= 20:
            raise InputError("smoothing must be between 0 and 20.", "2 suits most photos; grainy scans may want more.")


class Membrane:
    """Deterministic, without a seed, in one thread."""

    def fill(self, request: FillRequest, progress: Progress) -> FillResult:
        if not (request.mask > 0).any():
            progress.step(1.0, _NOTE)
            return FillResult(request.image)
        hole, unknown = hole_and_unknown(request, "continue", "Leave some of the photo unmasked.")
        options = request.options or MembraneOptions()
        progress.step(0.0, _NOTE)
        canvas = Rect.of_size(hole.shape[1], hole.shape[0])
        result = request.image.copy()
        labels, parts = label_parts(hole)
        total, done = int(hole.sum()), 0
        for part in parts:
            if progress.step(done / total, _NOTE) is Decision.FINISH:
                break
            area = part.rect.grown(membrane.reach(part.rect)).clipped(canvas)
            if unknown[area.slices].all():
                area = canvas
            own = labels[area.slices] == part.label
            result[area.slices][own] = _filled(request.image[area.slices], unknown[area.slices], own, options)[own]
            labels[part.rect.slices][own[part.rect.within(area).slices]] = 0
            done += part.pixels
        rest = labels > 0
        if rest.any():
            result[rest] = membrane.stretch(request.image, unknown)[rest]
        progress.step(1.0, _NOTE)
        return FillResult(np.where(hole[..., None], np.clip(result, 0, 1), request.image))


def _filled(image: Float, unknown: Hole, own: Hole, options: MembraneOptions) -> Float:
    """`image` (H×W×C) with the hole `own` filled; other unknown pixels are no source."""
    calm = membrane.averaged(image, ~unknown, options.smoothing)
    surface = membrane.surface(calm, ~unknown)
    filled = surface + membrane.stretch(calm - surface, unknown)
    known = calm[~unknown]
    low, high = known.min(0), known.max(0)
    slack = _BEYOND * (high - low)
    return np.asarray(np.clip(filled, low - slack, high + slack), np.float32)


def specs(library: Sequence[InstalledModel]) -> tuple[EngineSpec, ...]:
    """The one engine of this family."""
    return (
        EngineSpec(
            id="membrane",
            version=1,
            title="Membrane: skies, walls and other smooth surroundings",
            licence="MIT",
            load=Embedded(Membrane),
            size=SizeRule(most=4096),
            context=0.5,
            context_least=32,
            takes=frozenset({"avoid"}),
            grace=2.0,
            options=MembraneOptions,
        ),
    )
