"""The entry point: a worker process where one is asked for, otherwise the command line, which also opens the window."""

from __future__ import annotations

import sys


def main(argv: list[str] | None = None) -> int:
    """Run the program with `argv` (default: the process's own, without its name); the exit code."""
    argv = sys.argv[1:] if argv is None else argv
    # first of all: a worker must come up fast, and without anything of the window
    if argv[:1] == ["--worker"]:
        from inpaint_studio.engines.host import worker

        return worker.main()
    from inpaint_studio.cli import app

    return app.main(argv)


if __name__ == "__main__":
    sys.exit(main())
