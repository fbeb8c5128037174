"""`inpaint-studio engines`."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from inpaint_studio.engines.planner import all_specs


def engines(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,  # noqa: FBT002
) -> None:
    """List the fill engines and whether they can run here."""
    rows = [
        {
            "id": spec.id,
            "title": spec.title,
            "licence": spec.licence,
            "available": spec.availability.available,
            "reason": spec.availability.reason,
            "remedy": spec.availability.remedy,
        }
        for spec in all_specs().values()
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    table = Table("Engine", "For", "Ready", "What to do", box=None)
    for spec in all_specs().values():
        here = spec.availability
        table.add_row(spec.id, spec.title, "yes" if here.available else "no", f"{here.reason} {here.remedy}".strip())
    Console().print(table)
