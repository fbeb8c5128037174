"""Detection region by region, from the centre of the view outward: each region is one short job of a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inpaint_studio.engines.contract import Decision, Float, Payload, Progress, check
from inpaint_studio.pixels.format import COVERAGE, PixelFormat
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TILE, TiledImage, tile_keys, tile_rect
from inpaint_studio.restore import classical, infrared, network, prior, surroundings, unseen
from inpaint_studio.restore.defects import CERTAIN, NETWORK, Defect, Threshold
from inpaint_studio.restore.looking import Look, Read, look_at, shrunk_whole, two_toned
from inpaint_studio.restore.parts import Part, find_parts
from inpaint_studio.restore.running import RunTask
from inpaint_studio.restore.text_search import TEXT_THRESHOLD, search_text
from inpaint_studio.restore.touching import groups

#: Side of a region, a multiple of a tile; what a job returns soon, and small beside any photo.
REGION = 4 * TILE
#: What a region sees of its surroundings, in pixels of the finer scale.
_MARGIN = 64
#: A proposal that marks more than this share of the photo at the usual sensitivity is doubted aloud.
DOUBTFUL, ABSURD = 0.08, 0.25
#: The note of a search that shows nothing at the usual sensitivity.
NOTHING = "Nothing was found."


#: Hears which region of the photo has been searched and its probabilities, uint8 H×W×4.
Heard = Callable[[Rect, NDArray[np.uint8]], None]


#: Reads a scanner's infrared picture, H×W, or finds that there is none.
Infrared = Callable[[], NDArray[Any] | None]


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched: a frozen photo. centre: x and y where the user looks, or None for the photo's middle.

    infrared: reads H×W of the photo's size, any integer or float samples, in which dust is dark; None when there is none.
    """

    read: Read
    extent: Rect
    format: PixelFormat
    classes: frozenset[Defect] = frozenset(NETWORK)
    dpi: float | None = None
    infrared: Infrared | None = None
    centre: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What was found. planes: 8-bit probability a class, stored only where it may matter. notes: in sentences.

    thresholds: those that suit this photo (see `prior`); `alone`, where nobody looks before it is mended, else the same.
    marked: share of the photo, 0..1. looks_whole: so little is sure that the photo may well be undamaged.
    accepted: indices of parts that are damage for certain, whatever the thresholds say. bets: for each part that was judged
    what speaks for mending it, and what touches it, unseen (log-odds, see `unseen`); None where no rule judges.
    """

    planes: dict[Defect, TiledImage]
    parts: tuple[Part, ...]
    thresholds: dict[Defect, Threshold]
    notes: tuple[str, ...] = ()
    marked: float = 0.0
    alone: dict[Defect, Threshold] = field(default_factory=dict)
    looks_whole: bool = False
    accepted: frozenset[int] = frozenset()
    bets: Mapping[int, float] | None = None

    def doubted(self, sensitivity: float) -> frozenset[int]:
        """Indices of the parts that are not mended unseen, however sure they are: they are no good bet, or not judged."""
        if self.bets is None:
            return frozenset()
        good = {index for index, score in self.bets.items() if score > unseen.wanted(sensitivity)}
        return frozenset(i for i, part in enumerate(self.parts) if part.defect in NETWORK and i not in good)


def thresholds() -> dict[Defect, Threshold]:
    """The thresholds of the detector that can run here."""
    return network.thresholds() if network.available() else classical.THRESHOLDS


def regions(extent: Rect, centre: tuple[int, int] | None) -> Iterator[Rect]:
    """`extent` cut into regions, the nearest to `centre` first."""
    x, y = centre or ((extent.left + extent.right) // 2, (extent.top + extent.bottom) // 2)
    cells = [
        Rect(left, top, left + REGION, top + REGION).clipped(extent)
        for top in range(extent.top - extent.top % REGION, extent.bottom, REGION)
        for left in range(extent.left - extent.left % REGION, extent.right, REGION)
    ]

    def distance(cell: Rect) -> float:
        return float(np.hypot((cell.left + cell.right) / 2 - x, (cell.top + cell.bottom) / 2 - y))

    yield from sorted(cells, key=distance)


def search(job: Search, run: RunTask, progress: Progress, heard: Heard | None = None) -> Found:
    """Find damage. `heard` is called after each region, in the calling thread. Raises StudioError or Cancelled."""
    progress.step(None, "Looking at the photo")
    wanted = tuple(defect for defect in NETWORK if defect in job.classes)
    planes: dict[Defect, TiledImage] = {defect: TiledImage(COVERAGE, job.extent) for defect in wanted}
    uses_network, levels = network.available(), thresholds()
    notes = () if uses_network else ("The damage network is not installed: a simpler detector looked, and found less.",)
    if job.extent.empty or not job.classes:
        return Found(planes, (), levels, notes)
    if two_toned(job.read, job.extent, job.format):
        return Found(
            planes, (), levels, (*notes, "The photo is black and white only, without tones: nothing was looked for.")
        )
    look = look_at(job.read, job.extent, job.format, job.dpi)
    every = list(regions(job.extent, job.centre)) if wanted else []
    for done, region in enumerate(every):
        progress.step(done / len(every), "Looking for damage")
        found = _search_region(job, look, region, run, progress, uses_network=uses_network)
        for defect, plane in planes.items():
            _keep(plane, region, found[..., NETWORK.index(defect)], levels[defect].pixel)
        if heard is not None:
            heard(region, found)
    progress.step(None, "Gathering the parts")
    if Defect.TEXT in job.classes:
        planes[Defect.TEXT], said = search_text(job.read, job.extent, look, run, progress)
        notes, levels = (*notes, *said), {**levels, Defect.TEXT: TEXT_THRESHOLD}
    certain = False
    if job.infrared is not None and Defect.DUST in planes:
        certain, said = _add_infrared(job, job.infrared, planes[Defect.DUST])
        notes = (*notes, *said)
    parts = [part for defect in planes for part in find_parts(planes[defect], defect, levels[defect].pixel)]
    alone, whole, bets = levels, False, None
    if uses_network and (regimes := network.regimes()):
        seen = prior.shares(parts, job.extent.area, regimes.sure)
        levels = alone = prior.settled(levels, regimes, seen)
        if prior.FINE & job.classes:  # who looks for stains only has seen them
            alone, whole = prior.unattended(levels), prior.looks_whole(regimes, seen)
            bets = _bets(job, look, planes, parts, regimes.bet, certain=certain)
    shown = [part for part in parts if part.confidence >= levels[part.defect].part]
    marked = sum(part.pixels for part in shown if part.defect is not Defect.TEXT) / job.extent.area
    notes = (*notes, *_doubts(marked, shown))
    return Found(planes, tuple(parts), levels, notes, marked, alone, whole, bets=bets)


def _bets(
    job: Search, look: Look, planes: dict[Defect, TiledImage], parts: list[Part], bet: unseen.Bet, *, certain: bool
) -> dict[int, float]:
    """What speaks for mending each part that is not faint. certain: an infrared picture told of dust, in whatever photo."""
    # confidences are kept in percent: what counts as half is half
    judged = [i for i, part in enumerate(parts) if part.defect in NETWORK and round(part.confidence, 2) >= unseen.FAINT]
    scores = bet.scores([_mark(job, look, planes, parts[index]) for index in judged], job.extent.area)
    touching = groups([planes[defect] for defect in NETWORK if defect in planes], [parts[index] for index in judged])
    scores = unseen.together(scores, touching)
    shown = {i for i in judged if certain and parts[i].defect is Defect.DUST and parts[i].confidence >= CERTAIN}
    return {
        index: float("inf") if index in shown else float(score) for index, score in zip(judged, scores, strict=True)
    }


def _mark(job: Search, look: Look, planes: dict[Defect, TiledImage], part: Part) -> unseen.Mark:
    area = surroundings.around(part.rect, part.seed, job.extent)
    found = np.zeros((area.height, area.width, len(NETWORK)), np.uint8)
    for channel, defect in enumerate(NETWORK):
        if defect in planes:
            found[..., channel] = planes[defect].read(area)[..., 0]
    channel = NETWORK.index(part.defect)
    own = part.pixels_in(found[..., channel] > 0, area)
    view = surroundings.View.of(look.rgb(job.read(area)), found)
    return surroundings.mark_of(view, own, channel, part.rect, part.pixels, job.extent)


def _search_region(
    job: Search, look: Look, region: Rect, run: RunTask, progress: Progress, *, uses_network: bool
) -> NDArray[np.uint8]:
    seen = region.grown(int(_MARGIN / look.scale)).clipped(job.extent)
    data = {"scale": look.scale, "network": uses_network}
    answer = run("detect", Payload(data, {"image": look.rgb(job.read(seen))}), _Within(progress))
    return np.asarray(answer.arrays["found"], np.uint8)[region.within(seen).slices]


def _add_infrared(job: Search, read: Infrared, plane: TiledImage) -> tuple[bool, tuple[str, ...]]:
    """Put the dust of the infrared picture into `plane`, where it is certain; whether any is, and what to say."""
    picture = read()
    if picture is None:
        return False, ()
    if picture.shape != (job.extent.height, job.extent.width):
        return False, ("The infrared picture has another size than the photo: it was not used.",)
    photo = shrunk_whole(job.read, job.extent, Look(job.format), infrared.REGISTERED_SIDE)
    dust = infrared.dust_of(picture, photo)
    if dust is None:
        return False, ("The infrared picture does not lie on the photo, or shows the scene itself: it was not used.",)
    for key in tile_keys(job.extent):
        area = tile_rect(key).clipped(job.extent)
        part = dust[area.within(job.extent).slices]
        if part.any():
            plane.write(area, np.maximum(plane.read(area)[..., 0], part)[..., None])
    return bool(dust.any()), ("Dust was taken from the infrared picture.",)


class _Within:
    """The progress of one region: it only hears whether to go on, the fraction is the search's."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
        check(self._progress)
        return Decision.CONTINUE


def _keep(plane: TiledImage, region: Rect, values: NDArray[np.uint8], lowest: float) -> None:
    """Store the tiles of `region` that hold anything at all; what is below the lowest threshold is dropped."""
    values = np.where(values >= max(1, round(lowest * 255)), values, np.uint8(0))
    for key in tile_keys(region):
        area = tile_rect(key).clipped(region)
        part = values[area.within(region).slices]
        if part.any():
            plane.write(area, part[..., None])


def _doubts(marked: float, shown: list[Part]) -> tuple[str, ...]:
    if marked > ABSURD:
        said = (
            f"{marked:.0%} of the photo looks damaged to the detector, which is hardly true: a halftone print, a page of text "
            "or heavy grain can look so. Lower the sensitivity, or choose the parts yourself."
        )
        return (said,)
    if marked > DOUBTFUL:
        return (f"{marked:.0%} of the photo is marked: look closely before you mend it.",)
    return () if shown else (NOTHING,)
