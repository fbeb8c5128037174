"""Undo and redo, bounded by bytes: the oldest steps go to a store on disk, or are dropped with a word."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from inpaint_studio.document.codec import Encoded
from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import Edit, Group, decode_edit
from inpaint_studio.errors import InputError


class EditStore(Protocol):
    """Where steps go that memory has no room for; the journal is one."""

    def put(self, edit: Encoded) -> int:
        """Keep `edit`; the number brings it back."""
        ...

    def get(self, number: int) -> Encoded: ...


class KeptStep(Protocol):
    """A step that a store keeps under `number`."""

    @property
    def number(self) -> int: ...

    @property
    def label(self) -> str: ...

    @property
    def nbytes(self) -> int: ...


@dataclass(slots=True)
class _Step:
    label: str
    edit: Edit | None
    nbytes: int
    stored: int | None = None


class History:
    """The steps of one document. `position` counts those that are done; later ones can be redone."""

    def __init__(
        self,
        document: Document,
        limit_bytes: int,
        store: EditStore | None = None,
        dropped: Callable[[int], None] | None = None,
        heard: Callable[[int, Edit | None], object] | None = None,
    ) -> None:
        """`dropped` hears how many old steps were forgotten because there was neither memory nor a store for them.

        `heard` is called with the position: after each new step with its edit, after undo, redo and go to with None.
        """
        self._document = document
        self._limit = limit_bytes
        self._store = store
        self._dropped = dropped
        self._heard = heard
        self._steps: list[_Step] = []
        self._open: list[Edit] | None = None
        self._clean: int | None = 0
        #: Of each step that took the place of an undone one, the position it led to.
        self._forks: list[int] = []
        self.position = 0

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of all steps, done and redoable, oldest first."""
        return tuple(step.label for step in self._steps)

    @property
    def nbytes(self) -> int:
        """Memory that the steps hold."""
        return sum(step.nbytes for step in self._steps if step.edit is not None)

    @property
    def clean(self) -> bool:
        """Whether the document is as it was at the last `mark_clean`."""
        return self._clean == self.position

    def moment(self) -> int:
        """For `mark_clean`: to be asked when a save begins."""
        return len(self._forks)

    def limit_to(self, nbytes: int) -> None:
        """Hold at most `nbytes` from now on; what has no room any more goes as it does after a step."""
        self._limit = nbytes
        self._make_room()

    def mark_clean(self, position: int | None = None, since: int | None = None) -> None:
        """Take the document as it is now for the saved one; or as it was at `position` at some time since `since`.

        When other steps have led to `position` since then, nobody knows which of the two was saved: then none was.
        """
        at = self.position if position is None else position
        forked = since is not None and any(fork <= at for fork in self._forks[since:])
        self._clean = None if forked else at

    def restore(self, steps: Iterable[KeptStep], position: int) -> None:
        """Begin with `steps`, which the store keeps, `position` of them done. For a history without steps."""
        self._steps = [_Step(step.label, None, step.nbytes, step.number) for step in steps]
        self.position = position
        self._clean = None

    def apply(self, edit: Edit) -> None:
        """Do `edit` and remember it; what could be redone is forgotten."""
        edit.apply(self._document)
        self.record(edit)

    def record(self, edit: Edit) -> None:
        """Remember `edit`, which is done already: a stroke shows while it is drawn."""
        if self._open is not None:
            self._open.append(edit)
        else:
            self._push(edit)

    @contextmanager
    def transaction(self, label: str) -> Iterator[None]:
        """All edits applied inside become one step, inner transactions too; an exception takes them back.

        Undo and redo are refused inside.
        """
        outer, edits = self._open, list[Edit]()
        self._open = edits
        try:
            yield
        except BaseException:
            Group(label, tuple(edits)).revert(self._document)
            raise
        finally:
            self._open = outer
        if outer is not None:
            outer.extend(edits)
        elif edits:
            self._push(Group(label, tuple(edits)))

    def undo(self) -> str | None:
        """Take the last done step back; its label, or None when there is none."""
        return self._move(-1)

    def redo(self) -> str | None:
        """Do the next undone step again; its label, or None when there is none."""
        return self._move(1)

    def go_to(self, position: int) -> None:
        """Undo or redo until `position` steps are done."""
        self._refuse_inside_transaction()
        while self.position != min(max(position, 0), len(self._steps)):
            self._one(1 if position > self.position else -1)
        self._tell(None)

    def _move(self, by: int) -> str | None:
        self._refuse_inside_transaction()
        if not 0 <= self.position + by <= len(self._steps):
            return None
        label = self._one(by)
        self._tell(None)
        return label

    def _one(self, by: int) -> str:
        """Undo (-1) or redo (1) one step."""
        step = self._steps[min(self.position, self.position + by)]
        edit = self._load(step)
        try:
            if by < 0:
                edit.revert(self._document)
            else:
                edit.apply(self._document)
        except (LookupError, TypeError, ValueError) as error:
            if step.edit is not None:
                raise
            # what a damaged or hostile file brought in
            raise InputError(f"The step “{step.label}” does not fit this document.", "Go on from here.") from error
        self.position += by
        return step.label

    def _tell(self, edit: Edit | None) -> None:
        if self._heard is not None:
            self._heard(self.position, edit)

    def _refuse_inside_transaction(self) -> None:
        if self._open is not None:
            raise RuntimeError("a transaction is open")

    def _push(self, edit: Edit) -> None:
        if self.position < len(self._steps):
            del self._steps[self.position :]
            self._forks.append(self.position + 1)
        if self._clean is not None and self._clean > self.position:
            self._clean = None
        self._steps.append(_Step(edit.label, edit, edit.nbytes))
        self.position += 1
        # the store may be a journal that hears of the step: it must have it before it is asked to keep it
        self._tell(edit)
        self._make_room()

    def _load(self, step: _Step) -> Edit:
        if step.edit is not None:
            return step.edit
        if self._store is None or step.stored is None:
            raise RuntimeError(f"the step {step.label} is neither in memory nor stored")
        return decode_edit(self._store.get(step.stored))

    def _make_room(self) -> None:
        """Send the oldest steps away until the rest fits; the newest always stays."""
        used = self.nbytes
        forgotten = 0
        for step in self._steps[:-1]:
            if used <= self._limit:
                break
            if step.edit is None:
                continue
            used -= step.nbytes
            if self._store is not None:
                step.stored = self._store.put(step.edit.encode())
                step.edit = None
            else:
                forgotten += 1
        if forgotten:
            # without a store nothing older than a forgotten step can be undone either
            del self._steps[:forgotten]
            self.position -= forgotten
            self._clean = None if self._clean is None or self._clean < forgotten else self._clean - forgotten
            if self._dropped is not None:
                self._dropped(forgotten)
