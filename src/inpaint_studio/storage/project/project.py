"""Project files: what Save writes and Open reads. A save is whole or the old file stands."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from inpaint_studio.errors import InputError
from inpaint_studio.storage.atomic import atomic_target
from inpaint_studio.storage.project import schema
from inpaint_studio.storage.project.opened import (
    MOST_BYTES,
    Opened,
    ReadPhoto,
    open_held,
    read_valid_thumbnail,
    saved_id,
)
from inpaint_studio.storage.project.places import (
    PARTIAL,
    hold_journal,
    hold_project,
    journals_folder,
    new_journal,
    remove_journal,
)
from inpaint_studio.storage.project.records import Saved, State
from inpaint_studio.storage.project.refusals import in_use, reading, writing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inpaint_studio.storage.project.journal import Pictures
    from inpaint_studio.storage.project.writer import JournalWriter

#: The suffix of project files.
SUFFIX = ".inpaint"

_COPY_PAGES = 2048
#: How many steps of SQLite's machine go by between two questions whether the user cancelled.
_ASK_EVERY = 20_000

#: From the attached journal into the project: first what went, then what came, all since the revision `?1`.
_CHANGES = (
    "DELETE FROM main.history_blobs WHERE number > (SELECT min(step) FROM journal.removed WHERE revision > ?1)",
    "DELETE FROM main.history WHERE number > (SELECT min(step) FROM journal.removed WHERE revision > ?1)",
    (
        "DELETE FROM main.layers WHERE id IN"
        " (SELECT layer FROM journal.removed WHERE revision > ?1 AND layer IS NOT NULL AND plane IS NULL)"
    ),
    (
        "DELETE FROM main.tiles WHERE layer IN"
        " (SELECT layer FROM journal.removed WHERE revision > ?1 AND layer IS NOT NULL AND plane IS NULL)"
    ),
    (
        'DELETE FROM main.tiles WHERE (layer, plane, "row", "column") IN'
        ' (SELECT layer, plane, "row", "column" FROM journal.removed WHERE revision > ?1 AND plane IS NOT NULL)'
    ),
    (
        "INSERT INTO main.layers SELECT * FROM journal.layers WHERE revision > ?1 ON CONFLICT (id) DO UPDATE SET"
        " position = excluded.position, kind = excluded.kind, version = excluded.version, json = excluded.json,"
        " revision = excluded.revision"
    ),
    (
        'INSERT INTO main.tiles SELECT * FROM journal.tiles WHERE revision > ?1 ON CONFLICT (layer, plane, "row", "column")'
        " DO UPDATE SET blob = excluded.blob, revision = excluded.revision"
    ),
    "INSERT INTO main.history SELECT * FROM journal.history WHERE number > ?1",
    "INSERT INTO main.history_blobs SELECT * FROM journal.history_blobs WHERE number > ?1",
    "INSERT OR REPLACE INTO main.blobs SELECT * FROM journal.blobs WHERE revision > ?1",
    (
        "INSERT OR REPLACE INTO main.meta SELECT key, value FROM journal.meta"
        " WHERE ?1 >= 0 AND key <> 'saved' AND (key, value) NOT IN (SELECT key, value FROM main.meta)"
    ),
)


@dataclass(frozen=True, slots=True)
class Written:
    """What a save did: whether the file was built anew, how many rows that took, and how many done steps it holds."""

    whole: bool
    rows: int
    position: int


def save(
    writer: JournalWriter,
    target: Path,
    *,
    pictures: Pictures | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Written:
    """Write the document of `writer`, with every step recorded before the call, into the project file `target`.

    Only what changed is written when `target` is the file of the last save; anything else there is replaced by a whole
    new file. Blocks: call it from a thread of its own; steps may be recorded meanwhile. Raises InputError, or Cancelled
    soon after `cancelled` says so; either way the old file stands.
    """
    if pictures is not None:
        writer.record_pictures(pictures)
    target = _resolved(target)
    with writer.saving() as journal, writing(target), journal.claiming(target):
        old, new = journal.saved, Saved(secrets.token_hex(16), path=str(target))
        if _goes_on(target, old):
            saved, written = _save_changes(journal.path, target, old, new, cancelled)
        else:
            saved, written = _save_whole(journal.path, target, new, cancelled)
        writer.mark(saved)
    return written


def mark_exported(writer: JournalWriter, position: int) -> None:
    """Remember that the document, with `position` steps done, is in the photo's own file: nothing of it is unsaved.

    For documents without a project file. Blocks. Raises InputError when it can't be written down.
    """
    with writer.saving() as journal:
        # without an id no project goes on from here: the first save writes it whole
        writer.mark(Saved(revision=journal.state.revision, top=journal.number_at(position)))


def open_project(
    path: Path,
    *,
    read: ReadPhoto,
    folder: Path | None = None,
    most_bytes: int = MOST_BYTES,
    progress: Callable[[float], None] | None = None,
) -> Opened:
    """Open the project `path` with its undo history, into a new journal in `folder`.

    `read` decodes the photo inside. `progress` hears how much is copied, in 0..1, and may raise Cancelled. Raises
    InputError for what is no project, damaged, newer, or open in another window. Blocks for seconds when it is large.
    """
    folder = folder or journals_folder()
    path = _resolved(path)
    with reading(path):
        schema.check_file(path)
        project_lock = hold_project(folder, path)
    try:
        with reading(path):
            journal_path = new_journal(folder)
            lock = hold_journal(journal_path)
        if lock is None:
            raise in_use(path)
        try:
            _copy(path, journal_path, progress)
            opened = open_held(journal_path, lock, read=read, most_bytes=most_bytes, shown=path)
        except BaseException:
            remove_journal(journal_path, lock)
            raise
    except BaseException:
        project_lock.release()
        raise
    opened.journal.adopt(path, project_lock)
    return replace(opened, project=path, name=path.stem)


def is_project(path: Path) -> bool:
    """Whether the header of the file `path` is a project's, of whatever version; False when it can't be read."""
    try:
        return schema.is_ours(path)
    except OSError:
        return False


def read_thumbnail(path: Path) -> bytes | None:
    """The picture inside a project as a PNG of at most 256 pixels a side; None when there is none or it can't be read."""
    try:
        with reading(path):
            schema.check_file(path)
            with closing(schema.connect(path, mode="ro")) as connection:
                schema.check(connection, path, pages=False)
                return read_valid_thumbnail(connection)
    except InputError:
        return None


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(f"{path.name} is not a usable file name.", "Choose another name.") from error


def _goes_on(target: Path, old: Saved) -> bool:
    """Whether `target` still is what the last save left there, and may be written to."""
    try:
        writable = target.is_file() and bool(target.stat().st_mode & 0o222)
    except OSError:
        return False
    return writable and old.id != "" and saved_id(target) == old.id


def _save_changes(
    journal: Path, target: Path, old: Saved, new: Saved, cancelled: Callable[[], bool] | None
) -> tuple[Saved, Written]:
    """One transaction with a rollback journal, which is safe on network drives too."""
    with closing(schema.connect(target)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("ATTACH DATABASE ? AS journal", (schema.uri(journal, mode="ro"),))
        _listen(connection, cancelled)
        before = connection.total_changes
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in _CHANGES:
                connection.execute(statement, (old.revision,))
            state = State.read(connection)
            saved = _finished(connection, new, state)
            connection.execute("COMMIT")
        except BaseException:
            connection.rollback()
            raise
        return saved, Written(whole=False, rows=connection.total_changes - before, position=state.position)


def _save_whole(journal: Path, target: Path, new: Saved, cancelled: Callable[[], bool] | None) -> tuple[Saved, Written]:
    """A new file beside the old one, which it replaces when it is complete."""
    with atomic_target(target, verify=_verify) as temporary:
        with closing(schema.connect(journal, mode="ro")) as connection:
            _listen(connection, cancelled)
            # the only statement that copies a living journal as it is at one moment, and leaves no gaps
            connection.execute("VACUUM INTO ?", (schema.uri(temporary, mode="rw", locks=False),))
        with closing(schema.connect(temporary, locks=False)) as connection:
            # nobody knows of this file yet, and it is made to last when it gets its name
            connection.execute("PRAGMA journal_mode = MEMORY")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("BEGIN")
            connection.execute("DELETE FROM removed")
            state = State.read(connection)
            saved = _finished(connection, new, state)
            connection.execute("COMMIT")
            rows = sum(connection.execute(count).fetchone()[0] for count in _COUNTS)
    return saved, Written(whole=True, rows=rows, position=state.position)


_COUNTS = tuple(
    f"SELECT count(*) FROM {table}"  # noqa: S608  names from this line
    for table in ("meta", "source", "blobs", "layers", "tiles", "history", "history_blobs")
)


def _finished(connection: sqlite3.Connection, new: Saved, state: State) -> Saved:
    saved = replace(new, revision=state.revision, top=state.top)
    saved.write(connection)
    return saved


def _verify(temporary: Path) -> None:
    """Read back what was written."""
    with closing(schema.connect(temporary, mode="ro", locks=False)) as connection:
        schema.check(connection, temporary)


def _listen(connection: sqlite3.Connection, cancelled: Callable[[], bool] | None) -> None:
    """Let SQLite stop in the middle of a statement when the user cancels."""
    if cancelled is not None:
        connection.set_progress_handler(cancelled, _ASK_EVERY)


def _copy(project: Path, journal: Path, progress: Callable[[float], None] | None) -> None:
    """Copy `project` page by page, after SQLite has rolled back what a killed save left half done."""
    partial = journal.with_suffix(PARTIAL)
    with reading(project):
        size = project.stat().st_size
        if shutil.disk_usage(journal.parent).free < 2 * size:
            raise InputError(
                f"{project.name} could not be opened: there is not enough space for a working copy.",
                f"Free {2 * size / 1e9:.1f} GB on the disk of {journal.parent}.",
            )
        with closing(schema.connect(project)) as source, closing(schema.connect(partial, mode="rwc")) as target:
            source.execute("BEGIN")
            # takes the lock that the copy needs, or says that it is taken; the copy itself would wait for ever
            schema.check(source, project, pages=False)
            source.backup(
                target,
                pages=_COPY_PAGES,
                progress=lambda _, left, total: progress(1 - left / max(1, total)) if progress else None,
            )
            source.execute("COMMIT")
        with partial.open("rb+") as stream:
            schema.sync(stream)
        partial.replace(journal)
