"""`inpaint-studio models`."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from inpaint_studio import network
from inpaint_studio.cli.progress import Bar, interruptible
from inpaint_studio.engines.library import manage, places
from inpaint_studio.engines.library.catalogue import Entry, catalogue, offered
from inpaint_studio.engines.library.control import Control, Transfer
from inpaint_studio.engines.library.installed import InstalledModel, find_installed, installed, refused
from inpaint_studio.engines.library.places import endpoint
from inpaint_studio.engines.library.staging import unfinished
from inpaint_studio.engines.library.tokens import store_token, token
from inpaint_studio.errors import InputError
from inpaint_studio.settings import load_settings

app = typer.Typer(
    help="List, download, add, remove and verify the models of the learned engines.", no_args_is_help=True
)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_models(as_json: _Json = False) -> None:  # noqa: FBT002
    """List the models on this computer, and those on offer. Asks no server."""
    here = installed()
    on_offer = [entry for entry in catalogue() if entry.id not in {model.id for model in here}]
    if as_json:
        typer.echo(json.dumps(_report(here, on_offer), indent=2))
        return
    console = Console(highlight=False)
    parts = {left.id: f"{100 * left.done // max(left.total, 1)} % downloaded" for left in unfinished()}
    for model in here:
        entry = next((entry for entry in catalogue() if entry.id == model.id), None)
        purpose = entry.purpose if entry else f"{model.family}, {model.variant}; {model.path}"
        facts = ("here", f"{model.memory_mib:,} MiB", _memory(entry), model.licence or "licence unknown")
        _line(console, model.id, model.title, purpose, facts)
    for entry in on_offer:
        state = parts.get(entry.id, "not here")
        _line(console, entry.id, entry.title, entry.purpose, (state, _about(entry), _memory(entry), entry.licence))
    for bad in refused():
        console.print(escape(f"Not used: {bad.path}\n    {bad.reason} {bad.hint}"), style="yellow")


@app.command()
def get(
    model: Annotated[str, typer.Argument(help="An id of the list.", show_default=False)],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask before downloading.")] = False,  # noqa: FBT002
    as_json: _Json = False,  # noqa: FBT002
) -> None:
    """Download a model. Says size and licence first; goes on where an earlier download was cut off."""
    entry = offered(model)
    here = find_installed(entry.id)
    if here is None:
        _offer(entry)
        if not yes:
            typer.confirm(f"Download from {urlsplit(endpoint()).hostname} now?", abort=True, err=True)
        _download(entry)
        here = find_installed(entry.id)
    if here is None:
        raise InputError(f"{entry.title} was downloaded and has gone since.", "Download it again.")
    if as_json:
        typer.echo(json.dumps(_described(here), indent=2))
        return
    typer.echo(f"{here.title} is in {here.path}.")
    if entry.extra and importlib.util.find_spec("torch") is None:
        typer.echo("It runs once this is installed, too: inpaint-studio setup diffusion")


@app.command()
def add(
    path: Annotated[Path, typer.Argument(help="A folder with models, or one .safetensors or .onnx file.")],
    as_json: _Json = False,  # noqa: FBT002
) -> None:
    """Use models that another program keeps (ComfyUI, A1111, InvokeAI ...) where they are; nothing is moved."""
    usable = manage.add(path)
    if as_json:
        typer.echo(json.dumps([_described(model) for model in usable], indent=2))
        return
    for model in usable:
        typer.echo(f"{model.id}: {model.title} ({model.family}, {model.variant})")


@app.command()
def remove(which: Annotated[str, typer.Argument(help="A model's id, or an added folder.", show_default=False)]) -> None:
    """Delete a downloaded model, or stop using an added one; files of others are never touched."""
    typer.echo(manage.remove(which))


@app.command()
def verify(
    which: Annotated[str, typer.Argument(help="A model's id; none: all of them.")] = "",
    as_json: _Json = False,  # noqa: FBT002
) -> None:
    """Read models again and compare them with what the hub listed. Fails when one is damaged."""
    models = [model for model in installed() if which in {"", model.id}]
    rows = [{"id": bad.path.name, "sound": False, "message": bad.reason} for bad in refused() if not which]
    if which and not models:
        raise InputError(f"There is no model named {which} here.", "See: inpaint-studio models list.")
    rows += [_verified(model) for model in models]
    for row in rows if not as_json else []:
        typer.echo(row["message"])
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    if not all(row["sound"] for row in rows):
        raise typer.Exit(1)


@app.command("token")
def set_token() -> None:
    """Keep an access token in the system's keyring, for models whose licence is accepted on their page. Empty removes it."""
    store_token(typer.prompt("Access token", hide_input=True, default="", show_default=False, err=True))
    typer.echo("Done.")


def _line(console: Console, model_id: str, title: str, purpose: str, facts: tuple[str, ...]) -> None:
    console.print(f"[bold]{escape(model_id)}[/]  {escape(title)}")
    console.print(escape(f"    {purpose}\n    {' · '.join(facts)}"))


def _verified(model: InstalledModel) -> dict[str, object]:
    try:
        with Bar(f"Checking {model.title}") as bar:

            def note(done: int, total: int) -> None:
                bar.step(done / max(total, 1), f"Checking {model.title}")

            return {"id": model.id, "sound": True, "message": interruptible(lambda: manage.verify(model, note))}
    except InputError as error:
        return {"id": model.id, "sound": False, "message": f"{error.message} {error.hint}"}


def _offer(entry: Entry) -> None:
    lines = [
        f"{entry.title}: {entry.purpose}",
        f"Download: {_about(entry)} from {endpoint()}/{entry.repository}",
        f"Runs with: {_memory(entry)}",
        f"Licence: {entry.licence}. {entry.restrictions}",
    ]
    typer.echo("\n".join(lines), err=True)


def _download(entry: Entry) -> None:
    from inpaint_studio.engines.library.download import download
    from inpaint_studio.engines.library.hub import Hub

    control = Control()
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(entry.title, total=None)

        def report(transfer: Transfer) -> None:
            bar.update(task, description=transfer.note, completed=transfer.done, total=transfer.total or None)

        def work() -> Path:
            with network.consented():
                return download(entry, Hub(token=token()), control, report)

        try:
            interruptible(work)
        except KeyboardInterrupt:
            control.cancel(keep=True)
            typer.echo("What has arrived is kept: the same command goes on from there.", err=True)
            raise


def _report(here: list[InstalledModel], on_offer: list[Entry]) -> dict[str, object]:
    left = {part.id: part for part in unfinished()}
    return {
        "offline": load_settings().offline,
        "folder": str(places.models_folder()),
        "installed": [_described(model) for model in here],
        "offered": [
            {
                "id": entry.id,
                "title": entry.title,
                "purpose": entry.purpose,
                "family": entry.family,
                "about_mib": entry.about_mib,
                "memory_gib": entry.memory_gib,
                "licence": entry.licence,
                "restrictions": entry.restrictions,
                "repository": entry.repository,
                "revision": entry.revision,
                "gated": entry.gated,
                "arrived_bytes": left[entry.id].done if entry.id in left else 0,
            }
            for entry in on_offer
        ],
        "refused": [{"path": str(bad.path), "reason": bad.reason, "remedy": bad.hint} for bad in refused()],
    }


def _described(model: InstalledModel) -> dict[str, object]:
    return {
        "id": model.id,
        "title": model.title,
        "family": model.family,
        "variant": model.variant,
        "layout": model.layout,
        "origin": model.origin,
        "path": str(model.path),
        "licence": model.licence,
        "weights_mib": model.memory_mib,
        "native": model.native,
        "commit": model.commit,
    }


def _about(entry: Entry) -> str:
    return f"about {entry.about_mib:,} MiB" if entry.about_mib < 1024 else f"about {entry.about_mib / 1024:.1f} GiB"


def _memory(entry: Entry | None) -> str:
    if entry is None:
        return "graphics memory unknown"
    return f"graphics memory {entry.memory_gib:g} GiB" if entry.memory_gib else "no graphics card needed"
