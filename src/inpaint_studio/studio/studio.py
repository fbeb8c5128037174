"""One open photo and everything a user does with it. The window and the command line both stand on this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import AddLayer, RemoveLayer, SetLayer
from inpaint_studio.document.history import History
from inpaint_studio.document.layers import FillLayer, MaskLayer
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.document.sourcing import Sourcing
from inpaint_studio.engines import catalog, planner
from inpaint_studio.engines.contract import AUTO, Progress
from inpaint_studio.errors import InputError
from inpaint_studio.pixels.masks import Coverage
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage, united
from inpaint_studio.settings import Settings
from inpaint_studio.storage.files import read_photo
from inpaint_studio.storage.photo import Photo
from inpaint_studio.studio.jobs import JobRunner
from inpaint_studio.studio.shown import Shown


class Studio:
    """A photo, its document and its history.

    A fill has three moments, so that a window can stay alive: `fill_job` freezes what is asked for, `run` (any thread)
    makes it, `accept` adds it to the document as one step.
    """

    def __init__(self, photo: Photo, document: Document, history: History) -> None:
        self.photo = photo
        self.document = document
        self.history = history

    @classmethod
    def of(cls, photo: Photo, settings: Settings) -> Studio:
        """A new document of `photo`; its oldest steps are forgotten when memory has no room for them."""
        document = Document(TiledImage.from_array(photo.pixels, photo.format), photo.metadata.icc)
        return cls(photo, document, History(document, settings.history_mib << 20))

    @classmethod
    def open(cls, path: Path, settings: Settings, page: int = 0) -> Studio:
        """Raises InputError for a file that can't be opened."""
        return cls.of(read_photo(path, max_megapixels=settings.max_megapixels, page=page), settings)

    def add_mask(self, coverage: Coverage, name: str = "Mask", role: str = "fill") -> str:
        """Add a mask layer with `coverage` (uint8 H×W, the photo's size) and return its id. One step.

        role: "fill", or "avoid" or "source", which say where fills copy from.
        """
        canvas = self.document.canvas
        if coverage.shape != (canvas.height, canvas.width):
            raise InputError(
                f"The mask is {coverage.shape[1]}×{coverage.shape[0]} pixels, the photo {canvas.width}×{canvas.height}.",
                "Use a mask of the photo's size.",
            )
        layer = MaskLayer.empty(self.document.new_id(), name, canvas)
        layer.role = role
        bounds = Rect.around(coverage > 0)
        layer.coverage.write(bounds, coverage[bounds.slices][..., None])
        layer.coverage.drop_blank_tiles()
        self.history.apply(AddLayer(layer.state(), len(self.document.layers), f"Add {name}"))
        return layer.id

    def fill_job(self, mask_ids: Sequence[str], recipe: Recipe) -> planner.FillJob:
        """Freeze what is visible and selected now. Raises InputError for a recipe that can't be run here."""
        if recipe.engine == AUTO:
            planner.auto_options(recipe)
        else:
            catalog.options_for(catalog.choose(catalog.specs(), recipe.engine), recipe.options)
        masks = [layer for mask_id in mask_ids if isinstance(layer := self.document.layer(mask_id), MaskLayer)]
        wanted = [mask.coverage for mask in masks if mask.role == "fill"]
        if masks and not wanted:
            raise InputError(
                f"{masks[0].name} says where to copy from, not what to fill.",
                "Choose another mask, or turn this one back into a mask to fill in the Layer menu.",
            )
        if not wanted:
            raise InputError("No mask is chosen.", "Choose a mask layer, or paint one.")
        return planner.FillJob(self.document.composite(), united(wanted), recipe, *Sourcing.of(self.document))

    @staticmethod
    def run(job: planner.FillJob, runner: JobRunner, progress: Progress) -> tuple[planner.Plan, planner.Filled]:
        """Plan and fill; touches no document, so any thread may call it. Raises StudioError or Cancelled."""
        plan = planner.plan(job, catalog.specs())
        return plan, planner.execute(plan, runner.run, progress)

    def accept(
        self,
        plan: planner.Plan,
        filled: planner.Filled,
        mask_ids: Sequence[str] = (),
        *,
        replaced: str | None = None,
        score: float | None = None,
    ) -> str:
        """Add what `run` made as a fill layer and hide the masks it came from; its id. One step.

        It takes place and name of the layer `replaced`, or lies above all others. With a `score` it is the first of
        several candidates.
        """
        recipe = with_choice(plan)
        place, name = len(self.document.layers), "Fill"
        if replaced is not None:
            place, name = self.document.index(replaced), self.document.layer(replaced).name
        layer = FillLayer.made(self.document.new_id(), name, filled.pixels, filled.alpha, plan.job.coverage, recipe)
        if score is not None:
            layer.planes[FillLayer.VARIANTS[0]] = filled.pixels.snapshot()
            layer.variants = [{"recipe": recipe.to_json(), "score": score}]
        with self.history.transaction("Fill"):
            if replaced is not None:
                self.history.apply(RemoveLayer.of(self.document, replaced))
            self.history.apply(AddLayer(layer.state(), place, "Fill"))
            for mask_id in mask_ids:
                self.history.apply(SetLayer.of(self.document, mask_id, {"visible": False}, "Hide mask"))
        return layer.id

    def shown(self) -> Shown:
        """What is visible now, frozen, to be exported by any thread."""
        return Shown.of(self.photo, self.document)


def with_choice(plan: planner.Plan) -> Recipe:
    """The job's recipe with what the planner chose, and the version of the engine where it is a single one."""
    recipe = plan.job.recipe
    version = plan.steps[0].spec.version if recipe.engine != AUTO else recipe.engine_version
    return replace(recipe, engine_version=version, chosen=plan.chosen)
