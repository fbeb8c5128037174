"""`inpaint-studio fill`."""

from __future__ import annotations

import json
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from inpaint_studio.cli.progress import Bar, interruptible
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines.contract import AUTO
from inpaint_studio.errors import InputError
from inpaint_studio.settings import load_settings
from inpaint_studio.storage.family import Keep
from inpaint_studio.storage.files import check_target, read_mask
from inpaint_studio.studio.export import Exported, export
from inpaint_studio.studio.export_options import ExportOptions
from inpaint_studio.studio.jobs import HereRunner, JobRunner, WorkerRunner
from inpaint_studio.studio.studio import Studio


def fill(
    photo: Annotated[Path, typer.Argument(help="The photo; it is not changed.", show_default=False)],
    mask: Annotated[Path, typer.Option("--mask", help="A picture of the photo's size; white is filled.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The file to write; its ending says the format.")],
    engine: Annotated[str, typer.Option(help="See `inpaint-studio engines`.")] = AUTO,
    grow: Annotated[int, typer.Option(min=0, max=1000, help="Grow the mask by this many pixels.")] = 0,
    feather: Annotated[int, typer.Option(min=0, max=1000, help="Fade the fill out over this many pixels.")] = 0,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Same seed, same result.")] = 0,
    avoid: Annotated[
        Path | None, typer.Option(help="A picture of the photo's size; nothing is copied from white.")
    ] = None,
    source: Annotated[
        Path | None, typer.Option(help="A picture of the photo's size; patches are copied from white alone.")
    ] = None,
    option: Annotated[list[str] | None, typer.Option(help="An engine's option, as KEY=VALUE; may be repeated.")] = None,
    seams: Annotated[bool, typer.Option(help="Match the fill's tones to its rim.")] = True,  # noqa: FBT002
    grain: Annotated[bool, typer.Option(help="Give the fill the grain of its surroundings.")] = True,  # noqa: FBT002
    quality: Annotated[
        int | None,
        typer.Option(min=1, max=100, help="For JPEG, WebP and AVIF; else the photo's own, or no loss."),
    ] = None,
    bits: Annotated[int | None, typer.Option(help="8 or 16 bits a sample; else the photo's own.")] = None,
    size: Annotated[int | None, typer.Option(min=1, help="Scale down to this long side in pixels.")] = None,
    metadata: Annotated[Keep, typer.Option(help="How much of the photo's metadata to hand on.")] = Keep.ALL,
    srgb: Annotated[bool, typer.Option("--srgb", help="Convert to sRGB instead of handing the profile on.")] = False,  # noqa: FBT002
    provenance: Annotated[bool, typer.Option(help="Say in the metadata what was filled, and by what.")] = True,  # noqa: FBT002
    page: Annotated[int, typer.Option(min=1, help="The page of a TIFF of several.")] = 1,
    isolated: Annotated[bool, typer.Option("--isolated", help="Run the engine in a process of its own.")] = False,  # noqa: FBT002
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,  # noqa: FBT002
) -> None:
    """Fill what a mask selects, and prove that nothing else changed."""
    started = time.perf_counter()
    recipe = Recipe(
        engine, options=_options(option or []), seed=seed, grow=grow, feather=feather, seams=seams, grain=grain
    )
    check_target(output)
    if bits not in (None, 8, 16):
        raise InputError(f"{bits} is no depth that can be written.", "Use --bits 8 or --bits 16.")
    options = ExportOptions(quality, bits, size, metadata, srgb, provenance)
    settings = load_settings()
    studio = Studio.open(photo, settings, page - 1)
    masks = [studio.add_mask(read_mask(mask, max_megapixels=settings.max_megapixels))]
    for path, name, role in ((avoid, "Avoid", "avoid"), (source, "Source", "source")):
        if path is not None:
            studio.add_mask(read_mask(path, max_megapixels=settings.max_megapixels), name, role)
    runner: JobRunner = WorkerRunner() if isolated else HereRunner()
    with closing(runner), Bar("Filling") as bar:
        exported, report = _filled(studio, masks, recipe, runner, bar, output, options)
    report = {"output": str(output), "engine": engine, "seed": seed} | report
    report["seconds"] = round(time.perf_counter() - started, 3)
    typer.echo(json.dumps(report) if as_json else _sentence(output, exported, report))


def _filled(
    studio: Studio, masks: list[str], recipe: Recipe, runner: JobRunner, bar: Bar, output: Path, options: ExportOptions
) -> tuple[Exported, dict[str, Any]]:
    """Fill, write and check; what was written and what there is to say of it."""
    job = studio.fill_job(masks, recipe)
    plan, filled = interruptible(lambda: studio.run(job, runner, bar))
    studio.accept(plan, filled, masks)
    bar.step(None, "Writing and checking")
    exported = export(studio.shown(), output, options)
    proof = exported.proof
    return exported, {
        "chosen": plan.chosen,
        "filled_pixels": proof.filled,
        "changed_outside": proof.changed_outside,
        "changed_outside_mask": proof.changed_outside_mask,
        "bits": exported.format.bits,
        "lossless": proof.lossless,
        "notes": [*studio.photo.notes, *filled.notes, *exported.notes],
    }


def _options(texts: list[str]) -> dict[str, str]:
    options = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not (key and equals):
            raise InputError(f"{text} is not an option.", "Write it as KEY=VALUE.")
        options[key] = value
    return options


def _sentence(output: Path, exported: Exported, report: dict[str, Any]) -> str:
    proof = exported.proof
    wrote = (
        f"Wrote {output}: {proof.filled:,} pixels filled by {' and '.join(report['chosen'])} in {report['seconds']} s"
    )
    return "\n".join([f"{wrote}; {proof.changed_outside:,} pixels changed outside the mask.", *report["notes"]])
