"""`inpaint-studio detect`."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from inpaint_studio.cli.progress import Bar, interruptible
from inpaint_studio.pixels.format import COVERAGE
from inpaint_studio.restore.defects import classes_named
from inpaint_studio.restore.proposal import Proposal, Sliders, share_marked
from inpaint_studio.settings import load_settings
from inpaint_studio.storage.files import check_target, write_photo
from inpaint_studio.storage.photo import Photo
from inpaint_studio.studio import restoring
from inpaint_studio.studio.jobs import HereRunner
from inpaint_studio.studio.studio import Studio

#: What is looked for unless the user says otherwise; stamped text is never looked for by itself.
USUAL = "dust,lines,stains"


def detect(
    photo: Annotated[Path, typer.Argument(help="The scan; it is not changed.", show_default=False)],
    output: Annotated[Path, typer.Option("-o", "--output", help="The mask to write: white where there is damage.")],
    classes: Annotated[
        str, typer.Option(help="Of dust, lines (with creases and cracks), cracks, stains, text.")
    ] = USUAL,
    sensitivity: Annotated[float, typer.Option(min=0, max=1, help="More finds more, and more that is whole.")] = 0.5,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,  # noqa: FBT002
) -> None:
    """Find dust, scratches, cracks and stains in a scan and write them as a mask."""
    started = time.perf_counter()
    chosen = classes_named(classes)
    sliders = Sliders(sensitivity=sensitivity, classes=frozenset(chosen))
    check_target(output)
    studio = Studio.open(photo, load_settings())
    with Bar("Looking") as bar:
        found = interruptible(lambda: restoring.find(restoring.search_job(studio, chosen), HereRunner(), bar))
    proposal = restoring.proposal(studio, restoring.propose(studio, found, sliders))
    mask = proposal.mask()
    write_photo(Photo(mask.read(mask.extent), COVERAGE), output)
    marked = 100 * share_marked(mask)
    report = {
        "output": str(output),
        "seconds": round(time.perf_counter() - started, 3),
        "marked_percent": round(marked, 4),
        "parts": _listed(proposal),
        "looks_whole": found.looks_whole,
        "notes": list(found.notes),
    }
    if as_json:
        typer.echo(json.dumps(report))
        return
    counts = Counter(part["class"] for part in _listed(proposal))
    what = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items())) or "nothing"
    typer.echo(f"Wrote {output}: {what} found, {marked:.2f} % of the photo marked.")
    for note in found.notes:
        sys.stderr.write(f"inpaint-studio: {note}\n")


def _listed(proposal: Proposal) -> list[dict[str, object]]:
    """The chosen parts, the largest first: class, box as left, top, right, bottom, pixels, confidence."""
    rows: list[dict[str, object]] = []
    for index in proposal.listed():
        part = proposal.parts[index]
        box = [part.rect.left, part.rect.top, part.rect.right, part.rect.bottom]
        rows.append(
            {"class": part.defect.value, "box": box, "pixels": part.pixels, "confidence": round(part.confidence, 3)}
        )
    return rows
