"""The entry: the worker, the command line or the window, each without what only another one needs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from inpaint_studio import network

#: What makes the first argument a command rather than a file to open; a test holds it against the command line's own.
COMMANDS = ("fill", "detect", "restore", "engines", "models", "settings", "setup")

#: Before or behind a photo's name: Save writes the photo itself, as external editors of other programs do.
EDIT_IN_PLACE = "--edit-in-place"


def main(argv: Sequence[str] | None = None) -> int:
    """Run what `argv` asks for, the program's own arguments by default, and return the exit code."""
    argv = sys.argv[1:] if argv is None else argv
    network.guard()
    if list(argv[:1]) == ["--worker"]:
        from inpaint_studio.engines.host import worker

        return worker.main()
    if argv and (argv[0] in COMMANDS or (argv[0].startswith("-") and argv[0] != EDIT_IN_PLACE)):
        from inpaint_studio.cli import app as commands

        return commands.main(argv)
    from inpaint_studio import app
    from inpaint_studio.errors import InputError

    if mistaken := _mistaken(argv):
        sys.stderr.write(
            f"inpaint-studio: There is no command and no file named {mistaken}. "
            f"The commands are: {', '.join(COMMANDS)}; a file is opened in the window.\n"
        )
        return 2
    try:
        return app.main(argv)
    except InputError as error:
        sys.stderr.write(f"inpaint-studio: {error.message} {error.hint}\n")
        return 1


def _mistaken(argv: Sequence[str]) -> str:
    """A single word that can only be a mistyped command: no file has this name, and it has nothing of a path."""
    if len(argv) < 1 or not argv[0].isalpha() or Path(argv[0]).exists():
        return ""
    return argv[0]


if __name__ == "__main__":
    sys.exit(main())
