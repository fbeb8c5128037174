"""What dead programs left: documents with steps that no project file has."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from inpaint_studio.errors import InputError
from inpaint_studio.storage.project import schema
from inpaint_studio.storage.project.opened import read_valid_thumbnail
from inpaint_studio.storage.project.places import JOURNAL, LOCK, hold_journal, journals_folder, remove_journal
from inpaint_studio.storage.project.records import About, Saved, State
from inpaint_studio.storage.project.refusals import in_use, reading

if TYPE_CHECKING:
    import filelock


@dataclass(frozen=True, slots=True)
class Leftover:
    """A journal that can be opened with `open_journal(path)`; a `damaged` one can only be discarded.

    `modified` is the time of the last step (ISO 8601, UTC), `steps` how many are done, `project` its file if it had one.
    """

    path: Path
    id: str
    name: str
    modified: str
    steps: int
    project: Path | None = None
    thumbnail: bytes | None = None
    damaged: bool = False


def leftovers(folder: Path | None = None) -> list[Leftover]:
    """Documents that can be recovered from `folder`, the newest first. Those with nothing unsaved, not
    even a step that was undone, are removed silently.

    Never touches a journal that a living window holds.
    """
    folder = folder or journals_folder()
    found = []
    _sweep(folder)
    for path in folder.glob(f"*{JOURNAL}"):
        lock = _hold(path)
        if lock is None:
            continue
        try:
            leftover = _look(path)
            if leftover is None:
                remove_journal(path, lock)
            else:
                found.append(leftover)
        finally:
            lock.release()
    return sorted(found, key=lambda leftover: leftover.modified, reverse=True)


def discard(path: Path) -> None:
    """Delete the journal `path` for good. Raises InputError when a living window has it."""
    lock = _hold(path)
    if lock is None:
        raise in_use(path)
    remove_journal(path, lock)


def _look(path: Path) -> Leftover | None:
    """What the journal `path` holds; None when it is nothing that anybody would miss."""
    try:
        with reading(path), closing(schema.connect(path)) as connection:
            schema.check(connection, path, pages=False)
            about, state, saved = About.read(connection), State.read(connection), Saved.read(connection)
            newest = connection.execute("SELECT max(number) FROM history").fetchone()[0] or 0
            # who undid everything may still want it back
            if state.top == saved.top and newest <= saved.revision:
                return None
            project = Path(saved.path) if saved.path else None
            thumbnail = read_valid_thumbnail(connection)
    except InputError:
        modified = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
        return Leftover(path, path.stem, path.name, modified, 0, damaged=True)
    return Leftover(path, about.id, about.name, state.modified, state.position, project, thumbnail)


def _sweep(folder: Path) -> None:
    """Delete what was never a journal: one being put together when the program died, and what lay beside it."""
    for lock_path in folder.glob(f"*{LOCK}"):
        path = lock_path.with_suffix(JOURNAL)
        if lock_path.name.startswith("project-") or path.exists():
            continue
        lock = _hold(path)
        if lock is not None:
            remove_journal(path, lock)


def _hold(path: Path) -> filelock.FileLock | None:
    try:
        return hold_journal(path)
    except OSError:
        return None
