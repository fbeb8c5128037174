"""`inpaint-studio restore`: one scan, or a folder of them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from inpaint_studio.cli.detect import USUAL
from inpaint_studio.cli.progress import Bar, interruptible
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines.contract import AUTO
from inpaint_studio.errors import InputError, StudioError
from inpaint_studio.restore.defects import classes_named
from inpaint_studio.restore.proposal import Sliders
from inpaint_studio.settings import load_settings
from inpaint_studio.storage.files import check_target
from inpaint_studio.studio import restoring
from inpaint_studio.studio.batch import Batch
from inpaint_studio.studio.jobs import HereRunner
from inpaint_studio.studio.mending import Options, mend_file


def restore(
    photo: Annotated[
        Path, typer.Argument(help="A scan, or a folder of scans; they are not changed.", show_default=False)
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The file to write, or the folder to fill.")],
    classes: Annotated[
        str, typer.Option(help="Of dust, lines (with creases and cracks), cracks, stains, text.")
    ] = USUAL,
    sensitivity: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="More mends more, and more that is whole; 0.9 for scans that are surely damaged."
        ),
    ] = 0.5,
    engine: Annotated[str, typer.Option(help="See `inpaint-studio engines`.")] = AUTO,
    grow: Annotated[
        int, typer.Option(min=0, max=50, help="Mend this many pixels around what is found.")
    ] = restoring.RIM,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Same seed, same result.")] = 0,
    quality: Annotated[int | None, typer.Option(min=1, max=100, help="For JPEG; else the photo's own.")] = None,
    anyway: Annotated[  # noqa: FBT002
        bool,
        typer.Option(
            "--anyway", help="Mend what is doubtful too: a photo that looks whole, or a quarter of it marked."
        ),
    ] = False,
    album: Annotated[  # noqa: FBT002
        bool, typer.Option(help="In a folder: mend in each scan what many of them have at the same place.")
    ] = True,
    jobs: Annotated[int, typer.Option(min=0, max=64, help="Photos at a time; 0: what processor and memory allow.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,  # noqa: FBT002
) -> None:
    """Find damage in scans and mend it, and prove that nothing else changed."""
    chosen = classes_named(classes)
    options = Options(
        classes=chosen,
        sliders=Sliders(sensitivity=sensitivity, classes=frozenset(chosen)),
        recipe=Recipe(engine=engine, seed=seed, grow=grow),
        quality=quality,
        anyway=anyway,
        album=album,
    )
    if photo.is_dir():
        _folder(photo, output, options, jobs, as_json=as_json)
    else:
        _one(photo, output, options, as_json=as_json)


def _one(photo: Path, output: Path, options: Options, *, as_json: bool) -> None:
    if output.is_dir():
        raise InputError(f"{output} is a folder.", "Name the file to write.")
    check_target(output)
    started = time.perf_counter()
    with Bar("Restoring") as bar:
        done, _ = interruptible(lambda: mend_file(photo, output, options, load_settings(), HereRunner(), bar))
    report = {"output": str(output), "seconds": round(time.perf_counter() - started, 3), **done.to_json()}
    if as_json:
        typer.echo(json.dumps(report))
        return
    said = f"Wrote {output}: {done.parts:,} parts mended, {done.filled_pixels:,} pixels in {report['seconds']} s"
    typer.echo("\n".join([f"{said}; {done.changed_outside:,} pixels changed outside the mask.", *done.notes]))


def _folder(source: Path, target: Path, options: Options, jobs: int, *, as_json: bool) -> None:
    batch = Batch(source, target, options, load_settings(), jobs=jobs)
    with Bar("Restoring") as bar:
        try:
            interruptible(lambda: batch.run(bar))
        except KeyboardInterrupt:
            batch.cancel()
            raise
        finally:
            batch.write_report()
    done, failed, skipped = batch.counts()
    report = {"output": str(target), "report": str(batch.report), "done": done, "failed": failed, "skipped": skipped}
    report["learned"] = batch.learned()
    typer.echo(
        json.dumps({**report, "files": batch.files()})
        if as_json
        else f"Wrote {target}: {done} restored, {skipped} were done before, {failed} failed. See {batch.report}."
    )
    if failed:
        raise StudioError(f"{failed} of {done + failed + skipped} files could not be restored.", f"See {batch.report}.")
