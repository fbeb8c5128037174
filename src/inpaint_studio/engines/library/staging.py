"""Downloads on their way: what is left of them, and how finished models come and go in one step."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from inpaint_studio.engines.library import places
from inpaint_studio.engines.library.record import FileEntry, read_record
from inpaint_studio.errors import StudioError


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A download that was left. done, total: bytes."""

    id: str
    done: int
    total: int


def staging_of(model_id: str) -> Path:
    """The folder in which the download of that model grows."""
    return places.models_folder() / places.STAGING / model_id


def unfinished() -> list[Unfinished]:
    """Downloads that were paused, or cut off by a crash, and can go on."""
    found = []
    staging = places.models_folder() / places.STAGING
    for folder in sorted(staging.iterdir()) if staging.is_dir() else []:
        plan = read_record(folder) if folder.is_dir() else None
        if plan is not None:
            done = sum(arrived(folder, file) for file in plan.files)
            found.append(Unfinished(plan.id, done, sum(file.size for file in plan.files)))
    return found


def discard(model_id: str) -> None:
    """Remove what an unfinished download has left."""
    shutil.rmtree(staging_of(model_id), ignore_errors=True)


def put_away(folder: Path) -> None:
    """Remove a model's folder: out of the list in one step, then from the disk. Raises StudioError when it is in use."""
    trash = folder.parent / places.TRASH
    try:
        trash.mkdir(parents=True, exist_ok=True)
        folder.rename(trash / f"{folder.name}-{os.getpid()}-{monotonic():.6f}")
    except OSError as error:
        raise StudioError(
            f"{folder.name} cannot be removed ({error.strerror}).", "Wait until no fill uses it, then try again."
        ) from error
    shutil.rmtree(trash, ignore_errors=True)


def part_of(target: Path) -> Path:
    """Where the file `target` grows until its digest is right."""
    return target.with_name(target.name + ".part")


def arrived(folder: Path, file: FileEntry) -> int:
    """Bytes of `file` that are in the staging `folder`."""
    target = folder / file.path
    for path in (target, part_of(target)):
        with suppress(OSError):
            return min(path.stat().st_size, file.size)
    return 0
