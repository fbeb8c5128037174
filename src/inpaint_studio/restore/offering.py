"""What the scans of a box have in common is offered in each of them, beside what was found there."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from inpaint_studio.engines.contract import Progress
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.restore.album import Known, is_at, visible, zone_rect
from inpaint_studio.restore.defects import Defect
from inpaint_studio.restore.finding import NOTHING, Found, Search
from inpaint_studio.restore.looking import Look, look_at
from inpaint_studio.restore.parts import Part, find_parts
from inpaint_studio.restore.running import RunTask
from inpaint_studio.restore.text_search import search_closely

#: The probability that a speck gets which only the other scans told of.
_TOLD = round(0.9 * 255)
#: What is looked at around a speck, in pixels.
_AROUND = 8


def offer(found: Found, job: Search, known: Known, run: RunTask, progress: Progress) -> Found:
    """`found` with what is known of the box. Raises StudioError or Cancelled."""
    look = look_at(job.read, job.extent, job.format, job.dpi) if known.specks or known.zones else Look(job.format)
    notes: list[str] = []
    if known.specks and Defect.DUST in found.planes:
        found, count = _with_specks(found, job, known, look)
        if count:
            what = "1 speck lies" if count == 1 else f"{count} specks lie"
            notes.append(f"{what} where other scans have dust too: it is on the scanner's glass.")
    if known.zones and Defect.TEXT in found.planes:
        found, count = _with_stamps(found, job, known, look, run, progress)
        if count:
            notes.append("A stamp was looked for, closely, where the other photos have one.")
    if not notes:
        return found
    return replace(found, notes=(*(note for note in found.notes if note != NOTHING), *notes))


def _with_specks(found: Found, job: Search, known: Known, look: Look) -> tuple[Found, int]:
    """The known specks taken for certain; those that nothing was found of are added where they are seen."""
    dust = [part for part in found.parts if part.defect is Defect.DUST]
    missing = [speck for speck in known.specks if not any(is_at(part, speck) for part in dust)]
    plane, added = found.planes[Defect.DUST].snapshot(), False
    for x, y, side in missing:
        reach = side // 2 + _AROUND
        area = Rect(x - reach, y - reach, x + reach + 1, y + reach + 1)
        if area.clipped(job.extent) != area:
            continue
        gray = np.asarray(cv2.cvtColor(look.rgb(job.read(area)), cv2.COLOR_RGB2GRAY), np.float32)
        mask = visible(gray, side)
        if mask is not None:
            before = plane.read(area)[..., 0]
            plane.write(area, np.maximum(before, mask * np.uint8(_TOLD))[..., None])
            added = True
    if added:
        found = _found_again(found, plane, Defect.DUST)
    own = [
        index
        for index, part in enumerate(found.parts)
        if part.defect is Defect.DUST and any(is_at(part, speck) for speck in known.specks)
    ]
    return replace(found, accepted=found.accepted | set(own)), len(own)


def _with_stamps(
    found: Found, job: Search, known: Known, look: Look, run: RunTask, progress: Progress
) -> tuple[Found, int]:
    """Text in the known corners taken for certain; a corner without any is looked at again."""
    plane, again = found.planes[Defect.TEXT].snapshot(), 0
    zones = [zone_rect(zone, job.extent) for zone in known.zones]
    for zone in zones:
        if not any(_is_in(part, zone) for part in found.parts):
            again += search_closely(plane, zone, job.read, look, run, progress)
    if again:
        found = _found_again(found, plane, Defect.TEXT)
    own = [index for index, part in enumerate(found.parts) if any(_is_in(part, zone) for zone in zones)]
    return replace(found, accepted=found.accepted | set(own)), again


def _is_in(part: Part, zone: Rect) -> bool:
    return part.defect is Defect.TEXT and not part.rect.clipped(zone).empty


def _found_again(found: Found, plane: TiledImage, defect: Defect) -> Found:
    """`found` with another plane of a class, its parts numbered anew."""
    parts = [part for part in found.parts if part.defect is not defect]
    parts += find_parts(plane, defect, found.thresholds[defect].pixel)
    before = {part: index for index, part in enumerate(found.parts)}
    same = {index: before[part] for index, part in enumerate(parts) if part in before}
    accepted = frozenset(index for index, old in same.items() if old in found.accepted)
    bets = None if found.bets is None else {i: found.bets[old] for i, old in same.items() if old in found.bets}
    planes = {**found.planes, defect: plane}
    return replace(found, planes=planes, parts=tuple(parts), accepted=accepted, bets=bets)
