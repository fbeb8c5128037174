"""The thread that writes a journal, so that the window never waits for a disk."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from inpaint_studio.background import step_back
from inpaint_studio.errors import InputError, StudioError
from inpaint_studio.storage.project import schema
from inpaint_studio.storage.project.journal import Change, Pictures
from inpaint_studio.storage.project.records import Saved
from inpaint_studio.storage.project.refusals import reading
from inpaint_studio.storage.project.steps import find_step, load_step
from inpaint_studio.storage.project.thumbnail import valid_thumbnail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from inpaint_studio.document.codec import Encoded
    from inpaint_studio.document.document import Document
    from inpaint_studio.document.edits import Edit
    from inpaint_studio.storage.project.journal import Journal


class JournalWriter:
    """Records what happens to a document, in order, each as one transaction; also the `EditStore` of its `History`.

    Both callbacks come from the writer's thread. `acknowledged` hears the number of each change once no death of the
    program can lose it; when a burst of changes is over, no power cut can either. `failed` hears once why that is not so
    (the disk is full, read-only, the file deleted); everything since is kept in memory and tried again with every further
    step and every `flush`.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        acknowledged: Callable[[int], None] | None = None,
        failed: Callable[[StudioError], None] | None = None,
    ) -> None:
        """Takes over `journal`: only this object uses and closes it from now on."""
        self._journal = journal
        self._acknowledged = acknowledged
        self._failed = failed
        self._number = journal.state.revision
        self._pending: deque[Change | Saved] = deque()
        self._spilled: dict[int, Encoded] = {}
        self._error: StudioError | None = None
        self._ending = False
        self._turn = threading.Condition()
        self._saving = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    @property
    def path(self) -> Path:
        return self._journal.path

    @property
    def unsaved(self) -> bool:
        """Whether the document has steps that the project file has not, as far as is committed."""
        return self._journal.unsaved

    def record(self, document: Document, position: int, edit: Edit | None = None) -> int:
        """Take down where `document` stands, with `position` steps done, and return the number of this change.

        `edit` is the step that was just applied, after which nothing can be redone; None after undo, redo and go to.
        Called by the thread that owns the document; it only freezes tiles, some milliseconds for the largest documents.
        """
        layers = tuple(layer.state() for layer in document.layers)
        return self._append(lambda number: Change(number, position, layers, edit))

    @property
    def last_number(self) -> int:
        """The number of the newest change, for `Pictures.shows`; on the thread that owns the document."""
        return self._number

    def record_pictures(self, pictures: Pictures) -> int:
        """Keep pictures of the document. Raises ValueError for a thumbnail that `make_thumbnail` did not make."""
        if not valid_thumbnail(pictures.thumbnail):
            raise ValueError("a thumbnail is a PNG of at most 256 pixels a side")
        return self._append(lambda number: Change(number, pictures=pictures))

    def flush(self) -> None:
        """Wait until everything recorded is committed. Raises InputError when it can't be; it stays in memory."""
        with self._turn:
            self._error = None
            self._turn.notify_all()
            self._turn.wait_for(lambda: not self._pending or self._error is not None or not self._thread.is_alive())
            if self._error is not None:
                raise self._error
            if self._pending:
                raise _stopped()

    def close(self, *, discard: bool = False) -> None:
        """End in good order. The journal stays, to be recovered, only while it has what no project file has.

        With `discard` nothing is kept. Raises InputError when the last steps can't be committed; then nothing ended.
        """
        if not discard:
            self.flush()
        with self._turn:
            if discard:
                self._pending.clear()
            self._ending = True
            self._turn.notify_all()
        self._thread.join()
        self._journal.close(keep=self._journal.unsaved and not discard)

    @contextmanager
    def saving(self) -> Iterator[Journal]:
        """For `save`: the journal with everything committed, one save at a time."""
        with self._saving:
            self.flush()
            yield self._journal

    def mark(self, saved: Saved) -> None:
        """For `save`: remember that it was done, and wait for that."""
        self._append(lambda _: saved)
        self.flush()

    def put(self, edit: Encoded) -> int:
        """For `History`: the number that brings back a step which memory has no room for.

        The step is in the journal already; one that could not be committed yet stays in memory.
        """
        try:
            with reading(self.path), closing(schema.connect(self.path, mode="ro")) as connection:
                number = find_step(connection, edit)
        except InputError:
            number = None
        if number is None:
            with self._turn:
                number = -1 - len(self._spilled)
                self._spilled[number] = edit
        return number

    def get(self, number: int) -> Encoded:
        """The step `number`, from any thread. Raises InputError when it is missing or damaged."""
        with self._turn:
            if number in self._spilled:
                return self._spilled[number]
            waiting = next((change for change in self._pending if self._is_step(change, number)), None)
        if isinstance(waiting, Change) and waiting.edit is not None:
            return waiting.edit.encode()
        with reading(self.path), closing(schema.connect(self.path, mode="ro")) as connection:
            return load_step(connection, number)

    @staticmethod
    def _is_step(change: Change | Saved, number: int) -> bool:
        return isinstance(change, Change) and change.number == number

    def _append(self, make: Callable[[int], Change | Saved]) -> int:
        with self._turn:
            if self._ending:
                raise RuntimeError("the journal is closed")
            self._number += 1
            self._pending.append(make(self._number))
            self._error = None
            self._turn.notify_all()
            return self._number

    def _run(self) -> None:
        step_back()
        try:
            self._work()
        except BaseException:
            # a mistake in the program: whoever waits must hear of it, and the hook for threads hears the rest
            with self._turn:
                self._error = _stopped()
                self._turn.notify_all()
            if self._failed is not None:
                self._failed(_stopped())
            raise

    def _work(self) -> None:
        told = False
        while (change := self._next()) is not None:
            error = self._write(change)
            with self._turn:
                if error is None:
                    if self._pending:  # unless it was discarded meanwhile
                        self._pending.popleft()
                else:
                    self._error = error
                self._turn.notify_all()
            if error is None and isinstance(change, Change) and self._acknowledged is not None:
                self._acknowledged(change.number)
            if error is None and (error := self._harden()) is None:
                told = False
            if error is not None and not told:
                told = True
                if self._failed is not None:
                    self._failed(error)

    def _harden(self) -> StudioError | None:
        """Once all is committed, have the disk hold it; not while a save reads the journal, which ends with a change."""
        with self._turn:
            if self._pending:
                return None
        if not self._saving.acquire(blocking=False):
            return None
        try:
            self._journal.harden()
        except StudioError as error:
            return error
        finally:
            self._saving.release()
        return None

    def _next(self) -> Change | Saved | None:
        """The oldest change, once it may be tried; None at the end."""
        with self._turn:
            self._turn.wait_for(lambda: self._ending or (self._pending and self._error is None))
            return self._pending[0] if self._pending and not self._ending else None

    def _write(self, change: Change | Saved) -> StudioError | None:
        try:
            if isinstance(change, Saved):
                self._journal.mark(change)
            else:
                self._journal.record(change)
        except StudioError as error:
            return error
        except MemoryError:
            return InputError("There is not enough memory to keep the last step safe.", "Close other documents.")
        return None


def _stopped() -> StudioError:
    return InputError("Your steps are no longer kept safe.", "Export your photo, close the document and open it again.")
