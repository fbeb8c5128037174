"""Restoring a scan: search for damage, keep what was found as a proposal, mend what is chosen of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inpaint_studio.document.edits import AddLayer
from inpaint_studio.document.layers import ProposalLayer, layer_from
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines import planner
from inpaint_studio.engines.contract import Progress
from inpaint_studio.errors import InputError
from inpaint_studio.pixels.masks import grow
from inpaint_studio.restore.defects import Defect
from inpaint_studio.restore.finding import Found, Heard, Search, search
from inpaint_studio.restore.proposal import Proposal, Sliders, as_array, layer_of
from inpaint_studio.storage.photo import Photo
from inpaint_studio.studio.jobs import JobRunner
from inpaint_studio.studio.studio import Studio

#: What mends a proposal.
Job = planner.FillJob
#: What is mended beyond the found pixels: the soft rim of damage belongs to it. Pixels.
RIM = 2


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


def propose(studio: Studio, found: Found, sliders: Sliders, name: str = "Damage") -> str:
    """Add what was found as a proposal layer above all others; its id. One step."""
    state = layer_of(found, studio.document.new_id(), name, sliders)
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
    """Find damage and mend it, each as one step. Raises StudioError or Cancelled; then the document is as it was."""
    found = find(search_job(studio, classes), runner, progress)
    with studio.history.transaction("Restore"):
        layer_id = propose(studio, found, sliders)
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


def infrared_of(photo: Photo) -> NDArray[np.generic] | None:
    """The first channel that is neither colour nor alpha: scanners keep the infrared there."""
    return None if photo.extra is None or photo.extra.shape[2] == 0 else photo.extra[..., 0]


def with_rim(coverage: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """`coverage` grown by the rim that mending takes along."""
    return np.asarray(grow(coverage > 0, RIM) * np.uint8(255), np.uint8)
