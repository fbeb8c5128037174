"""`python -m benchmarks NAME --json`: one JSON object of named figures on stdout, everything else on stderr."""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys

import benchmarks
from benchmarks._history import keep

NAMES = sorted(module.name for module in pkgutil.iter_modules(benchmarks.__path__) if not module.name.startswith("_"))


def main() -> int:
    """Run the benchmark that the command line names."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("name", choices=[name for name in NAMES if name != "rivals"])
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    parser.add_argument("--keep", action="store_true", help="add a line to benchmarks/history and draw it anew")
    parser.add_argument("--only", help="parts of it, separated by commas, where it has parts")
    arguments = parser.parse_args()
    module = importlib.import_module(f"benchmarks.{arguments.name}")
    only = arguments.only.split(",") if arguments.only else []
    if unknown := set(only) - set(getattr(module, "PARTS", ())):
        parser.error(f"{arguments.name} has no part {', '.join(sorted(unknown))}")
    figures = module.run(only) if only else module.run()
    if arguments.keep:
        sys.stderr.write(f"kept in {keep(arguments.name, figures)}\n")
    if arguments.json:
        sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    else:
        sys.stdout.writelines(f"{name:40s} {value}\n" for name, value in figures.items())
    return 0


if __name__ == "__main__":
    sys.exit(main())
