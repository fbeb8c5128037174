"""`inpaint-studio setup`."""

from __future__ import annotations

from typing import Annotated

import typer

from inpaint_studio.studio.setup import install, offer, plan_installation, requirements_of

app = typer.Typer(help="Install optional parts into this environment.")


@app.callback()
def _setup() -> None:
    """Install optional parts into this environment."""


@app.command()
def diffusion(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask before downloading.")] = False,  # noqa: FBT002
) -> None:
    """Install torch and diffusers, which the learned engines need. Says the download size first."""
    _install("diffusion", "Installed. `inpaint-studio engines` lists what can run now.", yes=yes)


@app.command()
def raw(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask before downloading.")] = False,  # noqa: FBT002
) -> None:
    """Install LibRaw, which develops camera raws. Says the download size first."""
    _install("raw", "Installed. Camera raws can be opened now.", yes=yes)


def _install(extra: str, then: str, *, yes: bool) -> None:
    typer.echo("Asking the package index what is missing …", err=True)
    installation = plan_installation(requirements_of(extra))
    if not installation.packages:
        typer.echo(f"Everything for {extra} is installed already.")
        return
    offer(installation, typer.echo)
    if not yes:
        typer.confirm("Download and install now?", abort=True, err=True)
    install(installation)
    typer.echo(then)
