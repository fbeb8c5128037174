"""`inpaint-studio settings`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from inpaint_studio.settings import changed, load_settings, save_settings, settings_path


def settings(
    key: Annotated[str, typer.Argument(help="The setting to show or change; none shows all.")] = "",
    value: Annotated[str, typer.Argument(help="Its new value.")] = "",
) -> None:
    """Show or change the settings."""
    now = load_settings()
    if value:
        now = changed(now, key, value)
        save_settings(now)
    shown = asdict(now)
    if key:
        if key not in shown:
            # an unknown key is told the same way whether it is read or written
            changed(now, key, "")
        shown = {key: shown[key]}
    else:
        typer.echo(f"# {settings_path()}")
    for name, stored in shown.items():
        typer.echo(f"{name} = {stored}")
