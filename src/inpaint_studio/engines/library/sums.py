"""md5 sums of files, remembered as long as a file is unchanged: reading hundreds of megabytes at each start would be slow."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path

import platformdirs

from inpaint_studio.errors import InputError


def md5_of(path: Path, *, remembered: bool = False) -> str:
    """The md5 sum by which a publisher names a file. remembered: an earlier one will do if size and time are the same.

    Raises InputError when it can't be read.
    """
    try:
        state = path.stat()
        key = [str(path.resolve()), state.st_mtime_ns, state.st_size]
        known = _known()
        for entry in known if remembered else []:
            if entry[:3] == key:
                return str(entry[3])
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    except OSError as error:
        raise InputError(f"{path.name} cannot be read ({error.strerror}).", "Check the file and its folder.") from error
    _remember([entry for entry in known if entry[0] != key[0]] + [[*key, digest]])
    return digest


def _file() -> Path:
    return platformdirs.user_cache_path("inpaint-studio", appauthor=False) / "model-sums.json"


def _known() -> list[list[object]]:
    try:
        stored = json.loads(_file().read_text("utf-8"))
    except (OSError, ValueError):
        return []
    if not isinstance(stored, list):
        return []
    return [entry for entry in stored if isinstance(entry, list) and len(entry) == 4]


def _remember(entries: list[list[object]]) -> None:
    # only time is lost when the cache can't be written
    with suppress(OSError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        _file().write_text(json.dumps(entries), "utf-8")
