"""A job as its client sees it: what was asked, what was heard, who still cares."""

from __future__ import annotations

import shutil
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

from inpaint_studio.engines.host import arrays, protocol
from inpaint_studio.errors import Cancelled

if TYPE_CHECKING:
    from pathlib import Path

    from inpaint_studio.engines.contract import Float, Payload
    from inpaint_studio.engines.host.ending import Ending

#: Steps kept for a caller that is slow to take them; the oldest go first.
BACKLOG = 256

#: How a job ends: an answer, or the end of its process.
Outcome = protocol.Done | protocol.Failed | protocol.Cancelled


class Stage(Enum):
    """Where a job is."""

    #: Not handed over: the worker knows nothing of it.
    WAITING = 1
    SENDING = 2
    RUNNING = 3
    #: The worker has let go of it.
    OVER = 4


@dataclass(eq=False, slots=True)
class Job:
    """One call of `Worker.run`. Its fields change only under that worker's lock."""

    number: int
    grace: float
    stage: Stage = Stage.WAITING
    #: Nobody wants it any more.
    stopped: bool = False
    #: It shall end and keep what there is.
    finish: bool = False
    #: Its caller has gone; only the process may still be at it.
    left: bool = False
    #: Where its files are, once it has any.
    folder: Path | None = None
    steps: deque[protocol.Step] = field(default_factory=deque)
    outcome: Outcome | Ending | None = None

    def check(self) -> None:
        """Raise Cancelled when nobody wants the job any more."""
        if self.stopped:
            raise Cancelled

    def push(self, step: protocol.Step) -> list[str]:
        """Keep `step` for the caller; returns the files of previews that nobody will see any more.

        Only the newest preview is kept, so that a caller who draws slowly never has a pile of them to go through.
        """
        if self.stopped:
            return [step.preview] if step.preview else []
        unseen = []
        if step.preview:
            unseen = [old.preview for old in self.steps if old.preview]
            self.steps = deque(replace(old, preview=None) for old in self.steps)
        self.steps.append(step)
        if len(self.steps) > BACKLOG:
            oldest = self.steps.popleft()
            unseen += [oldest.preview] if oldest.preview else []
        return unseen

    def next(self) -> protocol.Step | Outcome | Ending | None:
        """What the caller is to hear next: its steps in order, then a result; a failure at once. None: nothing yet."""
        if self.steps and (self.outcome is None or isinstance(self.outcome, protocol.Done)):
            return self.steps.popleft()
        return self.outcome

    def pack(self, payload: Payload, folder: Path) -> protocol.Parcel:
        """Write the arrays of `payload` into `folder`, from now on the job's; raises as `arrays.pack`, or Cancelled."""
        self.folder = folder
        return arrays.pack(payload, folder, "in", self.check)

    def unpack(self, done: protocol.Done) -> Payload:
        """The result. Raises Cancelled."""
        return arrays.unpack(done.payload, self._path(), self.check)

    def preview(self, step: protocol.Step) -> Float | None:
        """The preview of `step`, whose file is removed. Raises Cancelled."""
        if step.preview is None:
            return None
        preview = arrays.load(self._path() / step.preview, self.check)
        self.remove([step.preview])
        return preview

    def remove(self, files: list[str]) -> None:
        """Remove some of the job's files."""
        for name in files:
            with suppress(OSError):  # a virus scanner may hold it; it goes with the folder then
                (self._path() / name).unlink()

    def remove_all(self) -> None:
        """Remove the job's folder."""
        if self.folder is not None:
            # Windows keeps a file that the process has mapped; it goes with the folder above
            shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self) -> Path:
        if self.folder is None:
            raise ValueError("the job was never handed over")
        return self.folder
