"""The files opened last, newest first, kept as JSON in the user's data folder."""

from __future__ import annotations

import json
from pathlib import Path

import platformdirs

_MOST = 12


def _file() -> Path:
    return platformdirs.user_data_path("inpaint-studio", appauthor=False) / "recent.json"


def recent_files() -> list[Path]:
    """Those that still exist. A list that can't be read is an empty one."""
    try:
        names = json.loads(_file().read_text("utf-8"))
        return [path for name in names if isinstance(name, str) and (path := Path(name)).is_file()]
    except (OSError, ValueError, TypeError):
        return []


def remember(path: Path) -> None:
    """Put `path` first. That it could not be kept is no reason to trouble anybody."""
    names = [str(path.resolve())]
    names += [str(other) for other in recent_files() if str(other) not in names]
    try:
        _file().parent.mkdir(parents=True, exist_ok=True)
        temporary = _file().with_suffix(".new")
        temporary.write_text(json.dumps(names[:_MOST]), "utf-8")
        temporary.replace(_file())
    except OSError:
        return
