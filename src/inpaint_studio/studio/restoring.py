"""Restoring a scan: search for damage, keep what was found as a proposal, mend what is chosen of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inpaint_studio.document.edits import AddLayer
from inpaint_studio.document.layers import ProposalLayer, layer_from
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines import planner
from inpaint_studio.engines.contract import Progress
from inpaint_studio.errors import InputError
from inpaint_studio.pixels.format import Colour
from inpaint_studio.pixels.masks import grow
from inpaint_studio.restore.defects import Defect
from inpaint_studio.restore.finding import Found, Heard, Infrared, Search, search
from inpaint_studio.restore.proposal import Proposal, Sliders, as_array, layer_of
from inpaint_studio.storage.files import probe, read_photo
from inpaint_studio.storage.photo import Photo
from inpaint_studio.studio.jobs import JobRunner
from inpaint_studio.studio.studio import Studio

#: What mends a proposal.
Job = planner.FillJob
#: What is mended beyond the found pixels: the soft rim of damage belongs to it. Pixels.
RIM = 1
#: The family of files whose second page may be an infrared picture.
_PAGED = "tiff"


def search_job(studio: Studio, classes: Iterable[Defect], centre: tuple[int, int] | None = None) -> Search:
    """What is visible now, frozen, to be searched by any thread."""
    composite = studio.document.composite()
    return Search(
        read=composite.read,
        extent=studio.document.photo.extent,
        format=composite.format,
        classes=frozenset(classes),
        dpi=dots_per_inch(studio.photo),
        infrared=infrared_of(studio.photo),
        centre=centre,
    )


def find(job: Search, runner: JobRunner, progress: Progress, heard: Heard | None = None) -> Found:
    """Search; touches no document, so any thread may call it. Raises StudioError or Cancelled."""
    return search(job, runner.task, progress, heard)


def propose(studio: Studio, found: Found, sliders: Sliders, name: str = "Damage", *, alone: bool = False) -> str:
    """Add what was found as a proposal layer above all others; its id. One step. alone: see `layer_of`."""
    state = layer_of(found, studio.document.new_id(), name, sliders, alone=alone)
    studio.history.apply(AddLayer(state, len(studio.document.layers), "Find damage"))
    return state.id


def proposal(studio: Studio, layer_id: str) -> Proposal:
    """The proposal of a layer. Raises InputError when it is none."""
    layer = studio.document.layer(layer_id)
    if not isinstance(layer, ProposalLayer):
        raise InputError(f"The layer “{layer.name}” proposes nothing.", "Look for damage first.")
    return Proposal(layer)


def mend_job(studio: Studio, layer_id: str, recipe: Recipe | None = None) -> Job | None:
    """The fill of all that is chosen in a proposal, for `Studio.run`; None when nothing is chosen."""
    return mending(studio, layer_id, recipe)()


def mending(studio: Studio, layer_id: str, recipe: Recipe | None = None) -> Callable[[], Job | None]:
    """What any thread may call to do the work of `mend_job`, for the proposal and the photo as they are now."""
    frozen = layer_from(proposal(studio, layer_id).layer.state())
    composite = studio.document.composite()

    def gather() -> Job | None:
        mask = Proposal(frozen).mask() if isinstance(frozen, ProposalLayer) else None
        return planner.FillJob(composite, mask, recipe or Recipe(grow=RIM)) if mask is not None and mask.tiles else None

    return gather


@dataclass(frozen=True, slots=True)
class Restored:
    """What mending a photo did. coverage: uint8 H×W, what was mended (without the rim)."""

    found: Found
    coverage: NDArray[np.uint8]
    chosen: dict[str, int]
    notes: tuple[str, ...]


def restore(
    studio: Studio,
    runner: JobRunner,
    progress: Progress,
    *,
    classes: Iterable[Defect],
    sliders: Sliders,
    recipe: Recipe | None = None,
) -> Restored:
    """Find damage and mend it unseen, each as one step: in a photo that looks whole only what is certain.

    Raises StudioError or Cancelled; then the document is as it was.
    """
    found = find(search_job(studio, classes), runner, progress)
    with studio.history.transaction("Restore"):
        layer_id = propose(studio, found, sliders, alone=True)
        coverage = as_array(proposal(studio, layer_id).mask())
        job = mend_job(studio, layer_id, recipe)
        if job is None:
            return Restored(found, coverage, {}, found.notes)
        plan, filled = studio.run(job, runner, progress)
        studio.accept(plan, filled, [layer_id])
    return Restored(found, coverage, plan.chosen, (*found.notes, *filled.notes))


def dots_per_inch(photo: Photo) -> float | None:
    """The resolution of a scan, where its file says one that can be true."""
    if photo.metadata.resolution is None:
        return None
    dpi = max(photo.metadata.resolution)
    return dpi if 150 <= dpi <= 20000 else None


def infrared_of(photo: Photo) -> Infrared | None:
    """Where the scanner's infrared picture of a photo may be: any thread may read it there.

    It is the first channel that is neither colour nor alpha; or the second of two pages of a colour TIFF, when that is gray and
    of the same size.
    """
    if photo.extra is not None and photo.extra.shape[2]:
        plane = photo.extra[..., 0]
        return lambda: plane
    path = photo.path
    if path is None or photo.family != _PAGED or photo.page or photo.format.colour is Colour.GRAY:
        return None
    return lambda: _second_page(path)


def _second_page(path: Path) -> NDArray[np.generic] | None:
    try:
        first = probe(path)
        if first.frames != 2:
            return None
        second = probe(path, 1)
        if second.format.colour is not Colour.GRAY or (second.width, second.height) != (first.width, first.height):
            return None
        return read_photo(path, max_megapixels=second.megapixels + 1, page=1).pixels[..., 0]
    except InputError:  # what the second page holds is none of the photo's business
        return None


def with_rim(coverage: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """`coverage` grown by the rim that mending takes along."""
    return np.asarray(grow(coverage > 0, RIM) * np.uint8(255), np.uint8)
