"""`auto` as an engine among the others: the planner over one request."""

from __future__ import annotations

import numpy as np

from inpaint_studio.document.composite import Composite
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines import catalog
from inpaint_studio.engines.contract import AUTO, Embedded, EngineSpec, FillRequest, FillResult, Progress
from inpaint_studio.engines.planner.execute import execute
from inpaint_studio.engines.planner.job import FillJob
from inpaint_studio.engines.planner.plan import AutoOptions, plan
from inpaint_studio.pixels.format import COVERAGE, Colour, PixelFormat
from inpaint_studio.pixels.tiled import TiledImage


class Auto:
    """Chooses an engine for each connected part by its thickness."""

    def fill(self, request: FillRequest, progress: Progress) -> FillResult:
        hole = request.mask > 0
        if not hole.any():
            return FillResult(request.image)
        colour = Colour.GRAY if request.image.shape[2] == 1 else Colour.RGB
        photo = TiledImage.from_array(request.image, PixelFormat(colour, "float32"))
        options = request.options or AutoOptions()
        job = FillJob(
            Composite(photo, ()),
            _coverage(hole),
            Recipe(engine=AUTO, seed=request.seed, options={"thin_px": options.thin_px}),
            avoid=None if request.avoid is None else _coverage((request.avoid > 0) & ~hole),
        )
        filled = execute(plan(job, catalog.specs()), catalog.run_here, progress)
        chosen = filled.alpha.read(photo.extent) > 0
        return FillResult(np.where(chosen, filled.pixels.read(photo.extent), request.image), " ".join(filled.notes))


def _coverage(hole: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> TiledImage:
    return TiledImage.from_array(hole[..., None] * np.uint8(255), COVERAGE)


def all_specs() -> dict[str, EngineSpec]:
    """Every engine by its id, `auto` first."""
    auto = EngineSpec(
        id=AUTO,
        version=1,
        title="Automatic: the right engine for each part of the mask",
        licence="MIT",
        load=Embedded(Auto),
        takes=frozenset({"avoid"}),
        options=AutoOptions,
    )
    return {AUTO: auto, **catalog.specs()}
