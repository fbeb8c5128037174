"""The commands and what they have in common: one line for an error, exit codes, no traceback."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from inpaint_studio import __version__
from inpaint_studio.cli.detect import detect
from inpaint_studio.cli.engines import engines
from inpaint_studio.cli.fill import fill
from inpaint_studio.cli.models import app as models
from inpaint_studio.cli.progress import CANCELLED
from inpaint_studio.cli.restore import restore
from inpaint_studio.cli.settings import settings
from inpaint_studio.cli.setup import app as setup
from inpaint_studio.errors import Cancelled, InputError, StudioError

#: Exit codes, part of the public face.
DONE, FAILED, BAD_INPUT = 0, 1, 2


def _say_version(wanted: bool) -> None:  # noqa: FBT001  typer calls it
    if wanted:
        typer.echo(f"Inpaint Studio {__version__}")
        raise typer.Exit


app = typer.Typer(
    name="inpaint-studio",
    help="Fill in parts of photographs: objects removed, scans restored, offline, and provably nothing else changed.\n\n"
    "With the names of photos or projects, or with nothing, the window opens: inpaint-studio [PHOTO ...]",
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def about(
    *,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_say_version, help="Say the version and stop.")
    ] = False,
) -> None:
    """Only what stands before a command."""


app.command()(fill)
app.command()(detect)
app.command()(restore)
app.command()(engines)
app.command()(settings)
app.add_typer(models, name="models")
app.add_typer(setup, name="setup")


def main(arguments: Sequence[str]) -> int:
    """Run the command that `arguments` (without the program's name) name; the exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = typer.main.get_command(app).main(
            list(arguments) or ["--help"], prog_name="inpaint-studio", standalone_mode=False
        )
    except InputError as error:
        return _complain(error.message, error.hint, BAD_INPUT)
    except StudioError as error:
        return _complain(error.message, error.hint, FAILED)
    except (Cancelled, KeyboardInterrupt, typer.Abort):
        return _complain("Cancelled.", "", CANCELLED)
    except typer.TyperException as error:
        return _complain(f"{error.format_message().rstrip('.')}.", "Try inpaint-studio --help.", BAD_INPUT)
    return code if isinstance(code, int) else DONE


def _interrupt(*_: object) -> None:
    """A polite kill is a cancel: temporary files go, the target stays."""
    raise KeyboardInterrupt


def _complain(message: str, hint: str, code: int) -> int:
    line = " ".join(f"{message} {hint}".split())
    sys.stderr.write(f"inpaint-studio: {line}\n")
    return code
