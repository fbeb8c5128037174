"""Where the files that ship with the program lie: `resources/` in a source tree, inside the package in a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def resource(name: str) -> Path:
    """Path of the shipped file `name` (a path below `resources/` with forward slashes).

    Raises FileNotFoundError for a file that does not ship: a broken installation, not a user's mistake.
    """
    for root in (_PACKAGE / "resources", _PACKAGE.parents[1] / "resources"):
        path = root / name
        if path.exists():
            return path
    raise FileNotFoundError(f"resources/{name} is missing from this installation")
