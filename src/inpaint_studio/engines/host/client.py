"""The client's side: a worker process as one object with a blocking `run`."""

from __future__ import annotations

import itertools
import logging
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from inpaint_studio.engines.contract import Decision
from inpaint_studio.engines.host import protocol
from inpaint_studio.engines.host.ending import Ending
from inpaint_studio.engines.host.folder import PrivateFolder, sweep
from inpaint_studio.engines.host.job import Job, Outcome, Stage
from inpaint_studio.engines.host.link import Link, hung, not_started, stopped
from inpaint_studio.errors import Cancelled, InputError, OutOfMemoryError, StudioError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inpaint_studio.engines.contract import Payload, Progress

_log = logging.getLogger(__name__)

#: Seconds a process may take to come up: a cold disk and a virus scanner need some.
_START = 60.0
#: Seconds a process may take to end in good order.
_QUIT = 1.0
#: Seconds to wait for a killed process; one that the kernel holds longer is left to it.
_DIE = 10.0
#: Windows does not interrupt a wait for Ctrl+C: there a waiting caller wakes this often to hear it.
_WAKE = 0.1 if sys.platform == "win32" else None


class Worker:
    """A process that does one job at a time, started when it is first needed and again after it crashed or was killed.

    `run` blocks its thread; everything else may be called from any thread and returns at once, except `close`.
    """

    def __init__(self, name: str, *, start_seconds: float = _START) -> None:
        self.name = name
        self._start_seconds = start_seconds
        #: Guards all that follows, and is notified whenever some of it has changed.
        self._state = threading.Condition()
        self._numbers = itertools.count(1)
        self._link: Link | None = None
        #: The calls of `run` that wait or work.
        self._jobs: set[Job] = set()
        #: The one that the process belongs to, until the process has let go of it.
        self._current: Job | None = None
        self._timers: list[threading.Timer] = []
        self._folder: PrivateFolder | None = None
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The process that is there now, if any."""
        with self._state:
            return None if self._link is None or self._link.ending is not None else self._link.pid

    def start(self) -> None:
        """Start the process ahead of the first `run`, which is also who tells if that fails."""
        with self._state, suppress(StudioError):
            if not self._closed and not self._dying:
                self._live_link()

    def run(self, task: str, payload: Payload, progress: Progress, *, grace: float, patience: float = 0.0) -> Payload:
        """Have the worker do `task`; calls from several threads take turns.

        grace: seconds the task may need to hear a cancel. The caller is free at once all the same, but the process is
        killed only after that long; 0 kills it at once. patience: seconds without a word after which it counts as hung
        and is killed; 0: for ever.
        Raises what the task raised (StudioError, InputError), StudioError when the process stopped or does not start,
        Cancelled after `cancel`, after `close` or when `progress` raises it. Whatever else `progress` raises, and
        KeyboardInterrupt, stops the job too.
        """
        job = Job(next(self._numbers), grace)
        try:
            link = self._claim(job)
            self._hand_over(job, link, task, payload)
            return self._follow(job, progress, patience)
        except BaseException as error:
            if isinstance(error, Exception):
                job.check()  # once it is cancelled, whatever went wrong on the way out is of no interest
            self._stop(job)
            raise
        finally:
            self._leave(job)

    def cancel(self) -> None:
        """Free every caller of `run`, with Cancelled."""
        with self._state:
            for job in self._jobs:
                self._stop(job)

    def finish(self) -> None:
        """Ask the running job to stop and keep what there is."""
        with self._state:
            if self._current is not None:
                self._finish(self._current)

    def close(self) -> None:
        """End the process and remove its files; callers of `run` get Cancelled. Nothing is left behind afterwards."""
        with self._state:
            self._closed = True
            self.cancel()
            link, folder, self._folder = self._link, self._folder, None
            if link is not None and link.ready and self._current is None:
                link.send(protocol.Quit())
            elif link is not None:
                link.kill()
            timers = self._timers
        for timer in timers:
            timer.cancel()
            timer.join()
        if link is not None and not link.join(_QUIT):
            link.kill()
            if not link.join(_DIE):
                _log.error("the %s worker, process %d, does not die", self.name, link.pid)
        if folder is not None:
            folder.close()

    # The life of a job, on its caller's thread.

    def _claim(self, job: Job) -> Link:
        """Wait for the worker to be free, and for a process that answers."""
        with self._state:
            if self._closed:
                raise Cancelled
            self._jobs.add(job)
            self._wait(job, lambda: self._current is None and not self._dying)
            self._current = job
            link = self._live_link()
            if not self._wait(job, lambda: link.ready or link.ending is not None, self._start_seconds):
                link.kill()
                raise not_started(f"it gave no sign for {self._start_seconds:g} seconds")
            if link.ending is not None:
                raise not_started(link.ending.last_words or link.ending.cause)
            return link

    def _hand_over(self, job: Job, link: Link, task: str, payload: Payload) -> None:
        folder = self._job_folder(job)
        line = protocol.encode(protocol.Run(job.number, task, job.pack(payload, folder), str(folder)))
        with self._state:
            job.check()
            if link.ending is not None:
                raise stopped(link.ending)
            job.stage = Stage.SENDING
        link.write(line)
        with self._state:
            if job.stage is Stage.SENDING:
                job.stage = Stage.RUNNING
            if job.finish:  # asked for before there was anybody to tell
                link.send(protocol.Finish(job.number))

    def _follow(self, job: Job, progress: Progress, patience: float) -> Payload:
        while True:
            match self._next(job, patience):
                case protocol.Step() as step:
                    if progress.step(step.fraction, step.note, job.preview(step)) is Decision.FINISH:
                        with self._state:
                            self._finish(job)
                case protocol.Done() as done:
                    return job.unpack(done)
                case protocol.Failed() as failed:
                    raise self._failure(failed)
                case protocol.Cancelled():
                    raise Cancelled
                case Ending() as end:
                    raise stopped(end)

    def _next(self, job: Job, patience: float) -> protocol.Step | Outcome | Ending:
        with self._state:
            while (event := job.next()) is None:
                heard = self._wait(job, lambda: job.steps or job.outcome is not None, patience or None)
                if not heard:
                    if self._link is not None:
                        self._link.kill()
                    raise hung(patience)
            job.check()
            return event

    def _failure(self, failed: protocol.Failed) -> StudioError:
        level = logging.ERROR if failed.kind == "crash" else logging.INFO
        _log.log(level, "the %s worker's job failed: %s\n%s", self.name, failed.message, failed.detail)
        kinds = {"input": InputError, "memory": OutOfMemoryError}
        return kinds.get(failed.kind, StudioError)(failed.message, failed.hint)

    def _leave(self, job: Job) -> None:
        with self._state:
            self._jobs.discard(job)
            job.left = True
            if job.stage is Stage.WAITING and self._current is job:
                self._current = None
                self._state.notify_all()
            over = job.stage in {Stage.WAITING, Stage.OVER}
        if over:  # else the process still works on the files, and they go when it lets go of them
            job.remove_all()

    def _job_folder(self, job: Job) -> Path:
        """A new folder for the files of `job`, whose turn it is."""
        if self._folder is None:
            sweep()  # before the lock is taken: there may be much to remove
        with self._state:
            job.check()
            if self._folder is not None and not self._folder.alive:
                self._folder.close()
                self._folder = None
            if self._folder is None:
                self._folder = PrivateFolder()
            return self._folder.of_job(job.number)

    # Under the lock.

    def _wait(self, job: Job, condition: Callable[[], object], seconds: float | None = None) -> bool:
        """Wait for `condition`, at most `seconds`; whether it came true. Raises Cancelled when `job` is stopped."""
        while not self._state.wait_for(lambda: job.stopped or condition(), _WAKE if seconds is None else seconds):
            if seconds is not None:
                return False
        job.check()
        return True

    @property
    def _dying(self) -> bool:
        return self._link is not None and self._link.killed and self._link.ending is None

    def _live_link(self) -> Link:
        if self._link is not None and self._link.ending is not None:
            self._link.join()  # it has said its last, so its thread is about to end
            self._link = None
        if self._link is None:
            self._link = Link(self.name, self._tell)
        return self._link

    def _stop(self, job: Job) -> None:
        """Have nobody wait for `job` any more, and the process let go of it soon."""
        with self._state:
            if job.stopped:
                return
            job.stopped = True
            self._state.notify_all()
            if job.stage in {Stage.WAITING, Stage.OVER} or self._link is None:
                return
            if job.stage is Stage.SENDING or job.grace <= 0:  # one that does not even read would hear nothing
                self._link.kill()
                return
            self._link.send(protocol.Cancel(job.number))
            timer = threading.Timer(job.grace, self._expire, (job,))
            timer.name, timer.daemon = f"{self.name} worker grace", True
            self._timers = [*(old for old in self._timers if old.is_alive()), timer]
            timer.start()

    def _finish(self, job: Job) -> None:
        if job.stage is Stage.RUNNING and not job.finish and self._link is not None:
            self._link.send(protocol.Finish(job.number))
        job.finish = True

    def _settle(self, job: Job | None, outcome: Outcome | Ending) -> None:
        """Note that the process has let go of `job`, if it ever knew it."""
        if job is None or job.stage is Stage.WAITING or not (isinstance(outcome, Ending) or outcome.job == job.number):
            return
        job.stage, job.outcome = Stage.OVER, outcome
        self._current = None
        for timer in self._timers:
            timer.cancel()

    # On other threads.

    def _expire(self, job: Job) -> None:
        with self._state:
            if job.stage is not Stage.OVER and self._link is not None:
                self._link.kill()

    def _tell(self, event: protocol.Report | Ending) -> None:
        """Take in what the process said, or that it ended; on its link's thread."""
        unseen: list[str] = []
        with self._state:
            job, link = self._current, self._link
            match event:
                case protocol.Ready() if link is not None:
                    link.ready = True
                case protocol.Step() if job is not None and job.number == event.job:
                    unseen = job.push(event)
                case Ending() if link is not None:
                    link.ending = event
                    self._settle(job, event)
                case protocol.Done() | protocol.Failed() | protocol.Cancelled():
                    self._settle(job, event)
            self._state.notify_all()
            abandoned = job is not None and job.left and job.stage is Stage.OVER
        if job is not None and unseen:
            job.remove(unseen)
        if job is not None and abandoned:
            job.remove_all()
