"""What the user has arranged for their hands: named brushes and shortcuts, each in a JSON file beside the settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from inpaint_studio.errors import InputError
from inpaint_studio.settings import settings_path
from inpaint_studio.storage.atomic import atomic_target
from inpaint_studio.tools.base import BrushSettings

_VERSION = 1
#: Names of brushes are cut to this length.
LONGEST_NAME = 60


def load_brushes() -> dict[str, BrushSettings]:
    """The named brushes in the order of saving. Raises InputError when the file can't be understood."""
    known = {field.name for field in fields(BrushSettings)}
    path, stored = _read("brushes")
    try:
        return {
            str(name)[:LONGEST_NAME]: BrushSettings(**{key: value for key, value in values.items() if key in known})
            for name, values in stored.items()
        }
    except (AttributeError, TypeError, ValueError) as error:
        raise _unreadable(path, error) from error


def save_brushes(brushes: Mapping[str, BrushSettings]) -> None:
    """Write all of them, whole or not at all. Raises InputError when the folder can't be written."""
    _write("brushes", {name: asdict(brush) for name, brush in brushes.items()})


def load_shortcuts() -> dict[str, tuple[str, ...]]:
    """For each command whose keys the user has changed, those keys, as `QKeySequence` writes them portably."""
    path, stored = _read("shortcuts")
    if not all(isinstance(keys, list) and all(isinstance(key, str) for key in keys) for keys in stored.values()):
        raise _unreadable(path, ValueError("keys are lists of texts"))
    return {str(name): tuple(keys) for name, keys in stored.items()}


def save_shortcuts(shortcuts: Mapping[str, tuple[str, ...]]) -> None:
    """Write what differs from the program's own. Raises InputError when the folder can't be written."""
    _write("shortcuts", {name: list(keys) for name, keys in shortcuts.items()})


def _path(what: str) -> Path:
    return settings_path().with_name(f"{what}.json")


def _read(what: str) -> tuple[Path, dict[str, Any]]:
    path = _path(what)
    try:
        stored = json.loads(path.read_text("utf-8"))
        if stored["version"] != _VERSION:
            raise ValueError("it is of another version")
        return path, dict(stored[what])
    except FileNotFoundError:
        return path, {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> InputError:
    return InputError(f"The file {path} cannot be read ({error}).", "Mend or delete the file.")


def _write(what: str, values: Mapping[str, Any]) -> None:
    path = _path(what)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{path.parent} cannot be made ({error.strerror}).", "Check the folder's permissions."
        ) from error
    with atomic_target(path) as temporary:
        temporary.write_text(json.dumps({"version": _VERSION, what: dict(values)}, indent=2) + "\n", "utf-8")
