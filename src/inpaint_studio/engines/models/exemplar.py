"""Objects: patches of the surroundings, by our own multi-scale PatchMatch at any depth and channel count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inpaint_studio.engines.contract import (
    COPIES,
    Decision,
    Embedded,
    EngineSpec,
    FillRequest,
    FillResult,
    Progress,
    Silent,
    SizeRule,
)
from inpaint_studio.engines.fitting.known import hole_and_unknown
from inpaint_studio.engines.fitting.look import first_look
from inpaint_studio.engines.patches.level import emptied
from inpaint_studio.engines.patches.running import Teller, module
from inpaint_studio.errors import InputError

if TYPE_CHECKING:
    from inpaint_studio.engines.library.installed import InstalledModel

#: Patch radius, and depth of the hole at the coarsest scale, of the layouts tried; the random numbers differ too.
_LAYOUTS = ((3, 10.0), (4, 10.0), (3, 10.0), (2, 10.0))
_NOTE = "Copying from the surroundings"


@dataclass(frozen=True, slots=True)
class ExemplarOptions:
    """layouts: how many coarse layouts are tried; the most coherent is kept. More is slower and seldom worse."""

    layouts: int = 4

    def __post_init__(self) -> None:
        if not 1 <= self.layouts <= 12:
            raise InputError("layouts must be between 1 and 12.", "4 suits most photos.")


class Exemplar:
    """Float inside; deterministic for a seed whatever the number of threads."""

    def fill(self, request: FillRequest, progress: Progress) -> FillResult:
        hurry = progress.step(0.0, _NOTE) is Decision.FINISH
        if not (request.mask > 0).any():
            return FillResult(request.image)
        hint = "Use a smaller mask, or the engine membrane, which needs no source."
        hole, unknown = hole_and_unknown(request, "copy", hint)
        avoid = unknown & ~hole
        teller = Teller(progress, _NOTE)
        look = first_look(request.image, hole, avoid, lambda: teller(0, None))
        hurry |= progress.step(0.0, _NOTE, look) is Decision.FINISH
        synthesis = module("synthesis")
        options = request.options or ExemplarOptions()
        count = 1 if hurry else options.layouts
        layouts = [synthesis.Layout(*_LAYOUTS[number % len(_LAYOUTS)]) for number in range(count)]
        image = emptied(request.image, hole, lambda: teller(0, None))
        work = synthesis.Synthesis(image, hole, avoid, request.seed, teller)
        filled = np.clip(work.run(layouts), 0, 1)
        progress.step(1.0, _NOTE)
        return FillResult(np.where(hole[..., None], filled, request.image))


def warm() -> None:
    """Compile the kernels, or load them: once, seconds; not in the window's process."""
    mask = np.zeros((32, 32), np.float32)
    mask[14:18, 14:18] = 1
    image = np.random.default_rng(0).random((32, 32, 3), np.float32)
    Exemplar().fill(FillRequest(image, mask, options=ExemplarOptions(layouts=1)), Silent())


def specs(library: Sequence[InstalledModel]) -> tuple[EngineSpec, ...]:
    """The one engine of this family."""
    return (
        EngineSpec(
            id="exemplar",
            version=1,
            title="Exemplar: objects, at full depth",
            licence="MIT",
            load=Embedded(Exemplar),
            size=SizeRule(least=16, most=3072),
            context=1.5,
            context_least=64,
            takes=frozenset({"avoid", COPIES}),
            grace=1.0,
            options=ExemplarOptions,
        ),
    )
