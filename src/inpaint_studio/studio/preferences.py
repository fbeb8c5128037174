"""What the user has arranged for their hands: named brushes, shortcuts and how the tools are set, each in a JSON file
beside the settings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from inpaint_studio.errors import InputError
from inpaint_studio.settings import settings_path
from inpaint_studio.storage.atomic import atomic_target
from inpaint_studio.tools.base import BrushSettings
from inpaint_studio.tools.clone import CloneSettings
from inpaint_studio.tools.smart_select import SmartSelectSettings
from inpaint_studio.tools.wand import WandSettings

#: The settings of a tool that are not its brush.
ToolSettings = WandSettings | SmartSelectSettings | CloneSettings

_VERSION = 1
#: By the ids of their tools.
_TOOLS: dict[str, type[ToolSettings]] = {
    "wand": WandSettings,
    "smart_select": SmartSelectSettings,
    "clone": CloneSettings,
}


@dataclass(frozen=True, slots=True)
class Layout:
    """How the window was left: what Qt writes about its place and about its panels, in base64; empty for none."""

    window: str = ""
    panels: str = ""


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


def load_tools() -> list[ToolSettings]:
    """How tools were set last, those that were set at all. Raises InputError when the file can't be understood."""
    path, stored = _read("tools")
    try:
        return [_known(kind, stored[tool]) for tool, kind in _TOOLS.items() if tool in stored]
    except (AttributeError, TypeError, ValueError) as error:
        raise _unreadable(path, error) from error


def _known(kind: type[ToolSettings], values: Mapping[str, Any]) -> ToolSettings:
    """`kind` with those of `values` that it has; what a newer version wrote beside them is left out."""
    return kind(**{field.name: values[field.name] for field in fields(kind) if field.name in values})


def save_tools(settings: Sequence[ToolSettings]) -> None:
    """Write them all, whole or not at all. Raises InputError when the folder can't be written."""
    _write("tools", {tool: asdict(one) for tool, kind in _TOOLS.items() for one in settings if type(one) is kind})


def load_layout() -> Layout:
    """How the window was left last. Raises InputError when the file can't be understood."""
    _, stored = _read("layout")
    return Layout(**{field.name: str(stored.get(field.name, "")) for field in fields(Layout)})


def save_layout(layout: Layout) -> None:
    """Write it, whole or not at all. Raises InputError when the folder can't be written."""
    _write("layout", asdict(layout))


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
