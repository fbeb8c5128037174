"""What the user has chosen for good: typed, frozen, kept as JSON in the user's configuration folder."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import platformdirs

from inpaint_studio.errors import InputError

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Settings:
    """max_megapixels: larger photos are refused before they are decoded.
    history_mib: memory that undo may use for each open document.
    offline: nothing is downloaded unless the user agrees to that one download; off: pressing Download is enough.
    safety_checker: a model's own checker looks at each fill, where its weights are there; what it blocks is said.
    model_folders: folders and files of the user's that hold models; they are used where they are.
    """

    max_megapixels: float = 400.0
    history_mib: int = 1024
    offline: bool = True
    safety_checker: bool = True
    model_folders: tuple[str, ...] = ()


def settings_path() -> Path:
    """Where the settings are kept."""
    return platformdirs.user_config_path("inpaint-studio", appauthor=False) / "settings.json"


def load_settings(path: Path | None = None) -> Settings:
    """The stored settings; defaults for what is absent. Raises InputError when the file can't be understood."""
    path = path or settings_path()
    try:
        stored = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError) as error:
        raise InputError(f"The settings file {path} cannot be read ({error}).", "Mend or delete the file.") from error
    if not isinstance(stored, dict) or stored.get("version") != _VERSION:
        raise InputError(f"The settings file {path} is of another version.", "Update the program or delete the file.")
    settings = Settings()
    for field in fields(Settings):
        if field.name in stored:
            settings = _restored(settings, field.name, stored[field.name])
    return settings


def changed(settings: Settings, key: str, text: str) -> Settings:
    """`settings` with `key` set to what `text` says. Raises InputError for an unknown key or a value out of range."""
    known = {field.name for field in fields(Settings)}
    if key not in known:
        raise InputError(f"There is no setting named {key}.", f"The settings are: {', '.join(sorted(known))}.")
    now = getattr(settings, key)
    if isinstance(now, tuple):
        raise InputError(f"{key} is a list.", "Add to it with inpaint-studio models add, take away with models remove.")
    if isinstance(now, bool):
        return _with(settings, key, _switch(key, text))
    kind: Any = type(now)
    try:
        value = kind(text)
    except ValueError:
        value = -1
    if not 0 < value < float("inf"):
        raise InputError(f"{text} is no value for {key}.", f"{key} takes a number above 0.")
    return _with(settings, key, value)


def _with(settings: Settings, key: str, value: Any) -> Settings:
    return replace(settings, **{key: value})


def _switch(key: str, text: str) -> bool:
    words = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
    if text.lower() not in words:
        raise InputError(f"{text} is no value for {key}.", f"{key} takes yes or no.")
    return words[text.lower()]


def _restored(settings: Settings, key: str, stored: object) -> Settings:
    if isinstance(getattr(settings, key), tuple) and isinstance(stored, list):
        return _with(settings, key, tuple(str(item) for item in stored))
    return changed(settings, key, str(stored))


def save_settings(settings: Settings, path: Path | None = None) -> None:
    """Write the settings whole or not at all. Raises InputError when the folder can't be written."""
    path = path or settings_path()
    text = json.dumps({"version": _VERSION, **asdict(settings)}, indent=2) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".settings-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f"The settings cannot be saved in {path.parent} ({error.strerror}).", "Check the folder's permissions."
        ) from error
