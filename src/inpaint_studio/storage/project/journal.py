"""The journal of one open document: every step is one transaction, and what it has acknowledged survives any death.

Beside the steps it holds the layers as they are now, so that opening it replays nothing.
"""

from __future__ import annotations

import os
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from inpaint_studio.errors import InputError
from inpaint_studio.storage.project import schema
from inpaint_studio.storage.project.creation import lay_out, store_blob
from inpaint_studio.storage.project.layer_rows import last_id_of, store_layers
from inpaint_studio.storage.project.places import PARTIAL, hold_journal, hold_project, remove_journal
from inpaint_studio.storage.project.records import Pictured, Saved, State, now
from inpaint_studio.storage.project.refusals import in_use, writing
from inpaint_studio.storage.project.steps import drop_steps_after, store_step, stored_steps

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    import filelock

    from inpaint_studio.document.document import Document
    from inpaint_studio.document.edits import Edit
    from inpaint_studio.document.layers import LayerState


#: What the user knows the journal by.
_KEEPER = "The file that keeps your work safe"


@dataclass(frozen=True, slots=True)
class Pictures:
    """What a document looked like just after the change number `shows`: `make_thumbnail`'s and `make_preview`'s."""

    thumbnail: bytes
    preview: bytes | None = None
    shows: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """One transaction to be: where the document stands after it, and the step it takes when it is a new one.

    `number` is above those of all earlier changes. `position` counts the done steps; None when only `pictures` change.
    """

    number: int
    position: int | None = None
    layers: tuple[LayerState, ...] = ()
    edit: Edit | None = None
    pictures: Pictures | None = None


class Journal:
    """The file of one document, held against all other programs. One thread at a time uses it: the writer's."""

    def __init__(self, path: Path, lock: filelock.FileLock) -> None:
        """Use `create`, or `open_journal`. Raises sqlite3.Error."""
        self.path = path
        self.layers: tuple[LayerState, ...] = ()
        self._lock = lock
        self._claimed: Path | None = None
        self._project_lock: filelock.FileLock | None = None
        self._told_gone = False
        self._connection = self._connected()
        try:
            self.state = State.read(self._connection)
            self.saved = Saved.read(self._connection)
            self._numbers = [step.number for step in stored_steps(self._connection)]
            #: The change after which the document last looked different.
            self._moved = self.state.revision
        except BaseException:
            self._connection.close()
            raise

    @classmethod
    def create(
        cls,
        path: Path,
        source: Path | bytes,
        document: Document,
        *,
        name: str = "",
        suffix: str = "",
        page: int = 0,
    ) -> Self:
        """A new journal at `path` for `document`, whose photo is `page` of the file `source`.

        `name` and `suffix` are the file's own unless given. Call it before the document is shared between threads.
        Raises InputError when source or journal can't be used.
        """
        with writing(path, _KEEPER):
            lock = hold_journal(path)
        if lock is None:
            raise in_use(path)
        partial = path.with_suffix(PARTIAL)
        try:
            with writing(path, _KEEPER):
                lay_out(partial, document, source, path.stem, name, suffix, page)
                partial.replace(path)
                journal = cls(path, lock)
        except BaseException:
            partial.unlink(missing_ok=True)
            lock.release()
            raise
        journal.layers = tuple(layer.state() for layer in document.layers)
        return journal

    @property
    def unsaved(self) -> bool:
        """Whether the document is not as the project file has it; a photo nothing was done to has nothing unsaved."""
        return self.state.top != self.saved.top

    def record(self, change: Change) -> None:
        """Commit `change`. Raises InputError when it can't be; then nothing of it is there."""
        self._still_there()
        state = replace(self.state, revision=change.number, modified=now())
        numbers = self._numbers
        with writing(self.path, _KEEPER), self._transaction() as connection:
            if change.pictures is not None:
                self._record_pictures(connection, change.pictures, change.number)
            if change.position is not None:
                numbers = self._record_step(connection, change, change.position)
                store_layers(connection, self.layers, change.layers, change.number)
                top = numbers[change.position - 1] if change.position else 0
                last_id = max(last_id_of(change.layers), state.last_id)
                state = replace(state, position=change.position, top=top, last_id=last_id)
            state.write(connection)
        self.state, self._numbers = state, numbers
        if change.position is not None:
            self.layers, self._moved = change.layers, change.number

    def number_at(self, position: int) -> int:
        """The number of the last of `position` done steps; 0 for none."""
        return self._numbers[position - 1] if position else 0

    def mark(self, saved: Saved) -> None:
        """Remember a save. What the project was told to remove need not be told again."""
        self._still_there()
        with writing(self.path, _KEEPER), self._transaction() as connection:
            saved.write(connection)
            connection.execute("DELETE FROM removed WHERE revision <= ?", (saved.revision,))
        self.saved = saved

    def harden(self) -> None:
        """Have the disk itself hold all that is committed, against a power cut. Raises InputError when it does not."""
        with writing(self.path, _KEEPER), self.path.with_name(f"{self.path.name}-wal").open("r+b") as log:
            os.fsync(log.fileno())

    @contextmanager
    def claiming(self, project: Path) -> Iterator[None]:
        """Hold the project file `project` against other windows, from then on instead of the one held before.

        After an exception the one before is still held. Raises InputError when another window has it.
        """
        if self._claimed == project:
            yield
            return
        lock = hold_project(self.path.parent, project)
        try:
            yield
        except BaseException:
            lock.release()
            raise
        if self._project_lock is not None:
            self._project_lock.release()
        self.adopt(project, lock)

    def adopt(self, project: Path, lock: filelock.FileLock) -> None:
        """Own the lock of the project file `project`, which nothing else releases."""
        self._claimed, self._project_lock = project, lock

    def close(self, *, keep: bool) -> None:
        """End it; without `keep` the file goes too."""
        self._connection.close()
        if self._project_lock is not None:
            self._project_lock.release()
        if keep:
            self._lock.release()
        else:
            remove_journal(self.path, self._lock)

    def _record_step(self, connection: sqlite3.Connection, change: Change, position: int) -> list[int]:
        """Cut off what a new step makes impossible to redo, and add the step; the numbers of all steps then."""
        kept = position - 1 if change.edit is not None else len(self._numbers)
        if not 0 <= kept <= len(self._numbers) or not 0 <= position <= kept + 1:
            raise ValueError(f"position {position} of {len(self._numbers)} steps")
        numbers = self._numbers[:kept]
        if kept < len(self._numbers):
            drop_steps_after(connection, numbers[-1] if numbers else 0, change.number)
        if change.edit is not None:
            store_step(connection, change.number, change.edit)
            numbers.append(change.number)
        return numbers

    def _record_pictures(self, connection: sqlite3.Connection, pictures: Pictures, number: int) -> None:
        """A preview that steps have gone past while it was made is not kept: nobody must take it for the document."""
        store_blob(connection, "thumbnail", pictures.thumbnail, number)
        if pictures.preview is not None and pictures.shows >= self._moved:
            store_blob(connection, "preview", pictures.preview, number)
            Pictured(self.state.top).write(connection)

    def _connected(self) -> sqlite3.Connection:
        connection = schema.connect(self.path)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            # a commit is safe from the program's death; `harden` makes it safe from the machine's
            connection.execute("PRAGMA synchronous = NORMAL")
            # 32 MB: moving the write-ahead log into the file takes ten times as long as a stroke's commit
            connection.execute("PRAGMA wal_autocheckpoint = 4096")
            connection.execute("PRAGMA journal_size_limit = 67108864")
            self._inode = self.path.stat().st_ino
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.rollback()
            raise

    def _still_there(self) -> None:
        """Refuse once when somebody deleted the file, which SQLite would not notice; then put it back."""
        try:
            there = self.path.stat().st_ino == self._inode
        except OSError:
            there = False
        if there:
            self._told_gone = False
            return
        if not self._told_gone:
            self._told_gone = True
            raise InputError(
                f"{_KEEPER} was deleted by another program.",
                "Save the project now; the file is made again with the next step.",
            )
        with writing(self.path, _KEEPER):
            self._put_back()

    def _put_back(self) -> None:
        """The open connection still reads what was deleted."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = self.path.with_suffix(PARTIAL)
        partial.unlink(missing_ok=True)
        with closing(schema.connect(partial, mode="rwc")) as copy:
            self._connection.backup(copy)
        self._connection.close()
        partial.replace(self.path)
        self._connection = self._connected()
