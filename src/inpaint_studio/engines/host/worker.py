"""The worker's side: one process that does one job at a time and dies with its client."""

from __future__ import annotations

import faulthandler
import itertools
import os
import signal
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, BinaryIO

from inpaint_studio.engines.contract import Decision
from inpaint_studio.engines.host import arrays, protocol
from inpaint_studio.engines.host.tasks import resolve
from inpaint_studio.errors import Cancelled, InputError, StudioError

if TYPE_CHECKING:
    from inpaint_studio.engines.contract import Float

#: How far a worker stands back, of 19: far enough that the window never waits, not so far that others starve a fill.
_NICE = 5
#: Characters of a traceback worth sending: the end says most.
_DETAIL = 20_000


class _Reports:
    """The way back to the client; any thread may send."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def send(self, line: bytes) -> None:
        try:
            with self._lock:
                self._pipe.write(line)
                self._pipe.flush()
        except OSError:
            os._exit(1)  # the client is gone


class _Job:
    """A job in this process, and the `Progress` its task reports to."""

    def __init__(self, run: protocol.Run, reports: _Reports) -> None:
        self.run = run
        self.folder = Path(run.folder)
        # set by the thread that reads orders; a plain flag is enough
        self.cancelled = False
        self.finish = False
        self._reports = reports
        self._previews = itertools.count()

    def check(self) -> None:
        """Raise Cancelled when the client wants the job no more."""
        if self.cancelled:
            raise Cancelled

    def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
        self.check()
        ref = None if preview is None else self._store(preview)
        step = protocol.Step(self.run.job, None if fraction is None else float(fraction), note, ref)
        self._reports.send(protocol.encode(step))
        return Decision.FINISH if self.finish else Decision.CONTINUE

    def _store(self, preview: Float) -> str:
        ref = f"step-{next(self._previews)}.npy"
        arrays.store(preview, self.folder / ref, self.check)
        return ref

    def work(self) -> bytes:
        """Run the task and return the encoded report of how it ended."""
        number = self.run.job
        try:
            payload = arrays.unpack_mapped(self.run.payload, self.folder)
            result = resolve(self.run.task)(payload, self)
            return protocol.encode(protocol.Done(number, arrays.pack(result, self.folder, "out", self.check)))
        except Cancelled:
            return protocol.encode(protocol.Cancelled(number))
        except (Exception, SystemExit) as error:  # noqa: BLE001  an engine may fail in any way, and none ends the worker
            return protocol.encode(_failure(number, error))


def _failure(number: int, error: BaseException) -> protocol.Failed:
    detail = "".join(traceback.format_exception(error))[-_DETAIL:]
    match error:
        case InputError():
            return protocol.Failed(number, "input", error.message, error.hint, detail)
        case StudioError():
            return protocol.Failed(number, "studio", error.message, error.hint, detail)
        case MemoryError():
            hint = "Close other programs, fill a smaller area, or choose a lighter engine."
            return protocol.Failed(number, "memory", "The engine ran out of memory.", hint, detail)
    hint = "Try again or choose another engine; the log says what happened."
    return protocol.Failed(number, "crash", "The engine failed unexpectedly.", hint, detail)


def _read_orders(pipe: BinaryIO, jobs: SimpleQueue[_Job | None], reports: _Reports) -> None:
    """Hand runs to the main thread and set the flags of the running job, until the client says quit or is gone."""
    job: _Job | None = None
    try:
        for line in pipe:
            match protocol.decode_order(line):
                case protocol.Run() as run:
                    job = _Job(run, reports)
                    jobs.put(job)
                case protocol.Cancel(number) if job is not None and job.run.job == number:
                    job.cancelled = True
                case protocol.Finish(number) if job is not None and job.run.job == number:
                    job.finish = True
                case protocol.Quit():
                    jobs.put(None)
                    return
    except protocol.ProtocolError:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)  # at once, whatever the main thread does: nobody waits for it any more


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The pipes from and to the client; the standard ones lead elsewhere, so that no library can talk into ours."""
    # never closed but by the end of the process: that is how the client hears of it
    orders = os.fdopen(os.dup(0), "rb", closefd=False)
    reports = os.fdopen(os.dup(1), "wb", closefd=False)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return orders, reports


def _prepare_process() -> None:
    # Ctrl+C reaches the whole group; whether the job ends is for the client to say
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # a crash in native code leaves its Python stack on stderr, where the client keeps the last of it
    faulthandler.enable(2)
    # an engine takes every processor there is: the window, of the same user, comes first
    if hasattr(os, "nice"):
        os.nice(_NICE)
    # where Linux must end a process for want of memory it shall be this one, not the one with the document
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800", "ascii")


def main() -> int:
    """Serve the client at the other end of stdin and stdout; the exit code."""
    _prepare_process()
    orders, pipe = _private_pipes()
    reports = _Reports(pipe)
    jobs: SimpleQueue[_Job | None] = SimpleQueue()
    reader = threading.Thread(target=_read_orders, args=(orders, jobs, reports), name="orders", daemon=True)
    reader.start()
    reports.send(protocol.encode(protocol.Ready(os.getpid())))
    while (job := jobs.get()) is not None:
        reports.send(job.work())
    reader.join()
    return 0
