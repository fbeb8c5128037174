"""One scan from file to file: find its damage, mend it unseen, write it, and prove that nothing else changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from inpaint_studio.document.codec import Json
from inpaint_studio.document.layers import ProposalLayer, layer_from
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines.contract import Progress
from inpaint_studio.restore.album import Known, Seen, Size
from inpaint_studio.restore.defects import Defect
from inpaint_studio.restore.finding import ABSURD, Found
from inpaint_studio.restore.offering import offer
from inpaint_studio.restore.proposal import Proposal, Sliders, layer_of
from inpaint_studio.settings import Settings
from inpaint_studio.storage.atomic import atomic_target
from inpaint_studio.studio import restoring
from inpaint_studio.studio.contact_sheet import thumbnails
from inpaint_studio.studio.export import export
from inpaint_studio.studio.export_options import ExportOptions
from inpaint_studio.studio.jobs import JobRunner
from inpaint_studio.studio.studio import Studio


@dataclass(frozen=True, slots=True)
class Options:
    """How scans are restored. anyway: mend what is doubtful too: where so much is marked that it is hardly damage, and what is
    not certain in a photo that looks whole. album: offer in each scan of a folder what many of them have in common.
    """

    classes: tuple[Defect, ...]
    sliders: Sliders
    recipe: Recipe
    quality: int | None = None
    anyway: bool = False
    album: bool = True

    def fingerprint(self) -> Json:
        """What a file that was done before must have been done with to be skipped."""
        recipe = self.recipe.to_json()
        kept = {"quality": self.quality, "anyway": self.anyway, "album": self.album}
        return {"sliders": self.sliders.to_json(), "recipe": recipe, **kept}


@dataclass(frozen=True, slots=True)
class Mended:
    """What became of one file. marked_percent: of the photo, before the rim."""

    parts: int
    marked_percent: float
    filled_pixels: int
    changed_outside: int
    notes: tuple[str, ...] = ()
    chosen: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> Json:
        return {**asdict(self), "notes": list(self.notes)}


def mend_file(
    source: Path, target: Path, options: Options, settings: Settings, runner: JobRunner, progress: Progress,
    pictures: Path | None = None, known: Callable[[Size], Known] | None = None,
) -> tuple[Mended, Seen]:  # fmt: skip
    """Restore the scan `source` to `target`; its small pictures go to the folder `pictures`. Also what it tells of its box.

    known: says what other scans of a size told of the box. A file in which nothing is mended is copied byte for byte where
    it keeps its format. Raises StudioError or Cancelled; then `target` is as it was.
    """
    studio = Studio.open(source, settings)
    search = restoring.search_job(studio, options.classes)
    found = restoring.find(search, runner, progress)
    seen = Seen.of(found.parts, search.extent)
    if known is not None:
        found = offer(found, search, known(seen.size), runner.task, progress)
    layer_id = restoring.propose(studio, found, options.sliders, alone=not options.anyway)
    proposal = restoring.proposal(studio, layer_id)
    mask = proposal.mask()
    selected = sum(int(np.count_nonzero(tile)) for tile in mask.tiles.values())
    share, count = selected / max(1, mask.extent.area), int(np.count_nonzero(proposal.all_chosen()))
    notes, doubted = [*found.notes, *_held_back(found, options)], share > ABSURD and not options.anyway
    if doubted:
        notes.append(f"{share:.0%} of the photo is marked, so nothing was mended; --anyway mends it.")
    filled_pixels = outside = 0
    chosen: dict[str, int] = {}
    job = None if doubted else restoring.mend_job(studio, layer_id, options.recipe)
    if job is not None:
        plan, filled = studio.run(job, runner, progress)
        studio.accept(plan, filled, [layer_id])
        notes += filled.notes
        chosen = plan.chosen
    progress.step(None, "Writing and checking")
    if not chosen and source.suffix.lower() == target.suffix.lower():
        with atomic_target(target) as partial:
            shutil.copyfile(source, partial)
    else:
        exported = export(studio.shown(), target, ExportOptions(quality=options.quality))
        filled_pixels, outside = exported.proof.filled, exported.proof.changed_outside
        notes += exported.notes
    if pictures is not None:
        thumbnails(pictures, studio, mask)
    done = Mended(0 if doubted else count, round(100 * share, 4), filled_pixels, outside, tuple(notes), chosen)
    return done, seen


def _held_back(found: Found, options: Options) -> tuple[str, ...]:
    """What is said where somebody who looks would have been offered more than is mended unseen."""
    if options.anyway:
        return ()
    left = len(_chosen(found, options, alone=False) - _chosen(found, options, alone=True))
    if not left:
        return ()
    said = f"{left:,} marks that may be damage were left alone, as they are not certain."
    whole = "The photo looks whole. " if found.looks_whole else ""
    more = (
        "A higher sensitivity mends more of them, --anyway all."
        if options.sliders.sensitivity < 1
        else "--anyway mends them all."
    )
    return (f"{whole}{said} Look at them in the window. {more}",)


def _chosen(found: Found, options: Options, *, alone: bool) -> set[int]:
    layer = layer_from(layer_of(found, "", "", options.sliders, alone=alone))
    return set(np.flatnonzero(Proposal(layer).all_chosen()).tolist()) if isinstance(layer, ProposalLayer) else set()
