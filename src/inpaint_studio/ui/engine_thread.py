"""The thread on which fills run: it drives a worker process, and tells the window by queued signals."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

from PySide6.QtCore import QObject, Qt, QThread, Signal, Slot

from inpaint_studio.background import step_back
from inpaint_studio.engines.contract import Decision
from inpaint_studio.errors import Cancelled, StudioError

if TYPE_CHECKING:
    from inpaint_studio.engines.contract import Float
    from inpaint_studio.engines.planner import Filled, FillJob, Plan
    from inpaint_studio.pixels.format import Samples
    from inpaint_studio.pixels.rect import Rect
    from inpaint_studio.studio.jobs import JobRunner

_log = logging.getLogger(__name__)

T = TypeVar("T")

#: Makes the runner, on the engine thread.
MakeRunner = Callable[[], "JobRunner"]


@runtime_checkable
class StartsAhead(Protocol):
    """A runner that can get ready before its first job."""

    def warm(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Report:
    """How far a fill is. preview: a part of the photo as it looks now, at its own depth, without alpha."""

    fraction: float | None
    note: str
    preview: tuple[Rect, Samples] | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """What a fill made."""

    plan: Plan
    filled: Filled


#: How a fill ends.
Outcome = Made | StudioError | Cancelled


class _Order(Enum):
    """What the thread can be told beside a fill."""

    WARM = 1
    CLOSE = 2


class _Task:
    """One fill, on both threads. As the engine's `Progress` it hands on only the newest report, and what the user wants."""

    def __init__(self, job: FillJob, tell: Callable[[_Task], None]) -> None:
        self.job = job
        self.waiter: tuple[asyncio.AbstractEventLoop, asyncio.Future[Made]] | None = None
        #: Set on the window's thread, read on the engine thread.
        self.dropped = False
        self.finish = False
        self.outcome: Outcome | None = None
        self._tell = tell
        self._lock = threading.Lock()
        self._report: Report | None = None
        self._shown: tuple[Rect, Samples] | None = None

    def check(self) -> None:
        """Raise Cancelled when nobody wants the fill any more."""
        if self.dropped:
            raise Cancelled

    def show(self, rect: Rect, samples: Samples) -> None:
        """What the next report shows of the photo."""
        self._shown = rect, samples

    def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
        self.check()
        shown, self._shown = self._shown, None
        with self._lock:
            undelivered = self._report
            if shown is None and undelivered is not None:
                shown = undelivered.preview
            self._report = Report(fraction, note, shown)
        if undelivered is None:
            self._tell(self)
        return Decision.FINISH if self.finish else Decision.CONTINUE

    def take(self) -> Report | None:
        """The newest report that was not taken yet."""
        with self._lock:
            report, self._report = self._report, None
        return report

    def end(self, outcome: Outcome) -> None:
        """On the engine thread: tell the window, and who awaits the fill on whatever loop."""
        self.outcome = outcome
        self.wake(outcome)
        self._tell(self)

    def wake(self, outcome: Outcome) -> None:
        """Resolve the future of who awaits the fill; any thread."""
        if self.waiter is not None:
            loop, future = self.waiter
            with suppress(RuntimeError):  # the loop is closed: nobody awaits any more
                loop.call_soon_threadsafe(_resolve, future, outcome)


class _Loan:
    """Work that is done with the runner between fills; its outcome goes to whatever thread waits."""

    def __init__(self, work: Callable[[JobRunner], Any]) -> None:
        self.work = work
        self.outcome: Future[Any] = Future()


class EngineThread(QThread):
    """Runs one fill at a time. Created, called and heard on the window's thread; nothing here waits but `close`.

    Of each fill either `finished_fill`, `failed` or `cancelled` comes, whether it was submitted or awaited.
    """

    #: float or None, the stage, what `Report.preview` is; a slow window gets the newest only.
    progressed = Signal(object, str, object)
    #: Plan, Filled.
    finished_fill = Signal(object, object)
    #: StudioError.
    failed = Signal(object)
    cancelled = Signal()
    #: After `warm`: the worker is up, and the brush's kernels are compiled.
    ready = Signal()

    _told = Signal(object)

    def __init__(self, make_runner: MakeRunner | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("engine")
        self._make_runner = make_runner or _worker_runner
        self._runner: JobRunner | None = None
        self._task: _Task | None = None
        self._orders: SimpleQueue[_Task | _Loan | _Order] = SimpleQueue()
        self._closing = False
        #: `warm` was called and is not done with: on a first start that compiles for a while, and fills wait for it.
        self._getting_ready = False
        self._told.connect(self._hear, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether a fill runs that is still wanted."""
        return self._task is not None

    def warm(self) -> None:
        """Import what fills need and start the worker, ahead of the first fill."""
        self._order(_Order.WARM)
        self._getting_ready = True

    def submit(self, job: FillJob) -> None:
        """Run `job`. Raises RuntimeError while another is wanted, and after `close`."""
        self._submit(_Task(job, self._told.emit))

    async def fill(self, job: FillJob) -> tuple[Plan, Filled]:
        """Run `job` and wait for it on any asyncio loop. Raises StudioError or Cancelled; cancel it to cancel the fill."""
        loop = asyncio.get_running_loop()
        task = _Task(job, self._told.emit)
        future: asyncio.Future[Made] = loop.create_future()
        task.waiter = loop, future
        self._submit(task)
        try:
            made = await future
        except asyncio.CancelledError:
            if self._task is task:
                self.cancel()
            raise
        finally:
            # the loop may be quicker than the signal: whoever awaited finds the engine free
            self._hear(task)
        return made.plan, made.filled

    def lend(self, work: Callable[[JobRunner], T]) -> Future[T]:
        """Have something short done with the runner, after the fill that runs; Cancelled when the thread ends first."""
        loan = _Loan(work)
        self._order(loan)
        return loan.outcome

    def cancel(self) -> None:
        """Drop the running fill: the window is free when this returns, the engine ends when it hears of it."""
        task, self._task = self._task, None
        if task is None:
            return
        task.dropped = True
        if self._runner is not None:
            self._runner.cancel()
        task.wake(Cancelled())
        self.cancelled.emit()

    def finish(self) -> None:
        """Ask the running fill to stop at its next step and keep what there is."""
        if self._task is not None:
            self._task.finish = True

    def begin_close(self) -> None:
        """Cancel what runs and have the thread end; its `finished` signal tells when nothing is left."""
        if self._closing:
            return
        self.cancel()
        if self._runner is not None:
            self._runner.cancel()  # it may be getting ready
        self._closing = True
        self._orders.put(_Order.CLOSE)

    def close(self) -> None:
        """`begin_close`, and wait for the end."""
        self.begin_close()
        self.wait()

    def run(self) -> None:
        """The thread itself: do orders until told to end."""
        step_back()
        try:
            while (order := self._orders.get()) is not _Order.CLOSE:
                if isinstance(order, _Task):
                    order.end(self._outcome(order))
                elif isinstance(order, _Loan):
                    self._do(order)
                else:
                    self._get_ready()
        finally:
            if self._runner is not None:
                self._runner.close()

    def _submit(self, task: _Task) -> None:
        if self._task is not None:
            raise RuntimeError("a fill is running")
        self._order(task)
        self._task = task
        if self._getting_ready:
            task.step(None, self.tr("Getting ready (a first start compiles for this machine)"))

    def _order(self, order: _Task | _Loan | _Order) -> None:
        if self._closing:
            raise RuntimeError("the engine thread is closed")
        self._orders.put(order)
        self.start()

    def _outcome(self, task: _Task) -> Outcome:
        try:
            from inpaint_studio.studio.studio import Studio

            if self._runner is None:
                self._runner = self._make_runner()
            task.step(None, "Preparing")
            return Made(*Studio.run(task.job, self._runner, task))
        except (StudioError, Cancelled) as error:
            return error
        except MemoryError as error:
            return _caused("There is not enough memory for this fill.", "Fill smaller parts one by one.", error)
        except Exception as error:  # noqa: BLE001  whatever goes wrong here, the window lives on
            _log.exception("a fill failed unexpectedly")
            return _caused("The fill failed for an unexpected reason.", "Please report it with the details.", error)

    def _do(self, loan: _Loan) -> None:
        try:
            if self._closing:
                raise Cancelled
            if self._runner is None:
                self._runner = self._make_runner()
            loan.outcome.set_result(loan.work(self._runner))
        except Exception as error:  # noqa: BLE001  whoever waits raises it again
            loan.outcome.set_exception(error)

    def _get_ready(self) -> None:
        from inpaint_studio.engines import catalog

        try:
            catalog.specs()
            if self._runner is None:
                self._runner = self._make_runner()
            if isinstance(self._runner, StartsAhead):
                self._runner.warm()
        except Cancelled:
            return
        except Exception:  # noqa: BLE001  the first fill meets the same trouble, and tells the user
            _log.exception("the engines could not be made ready")
        finally:
            self._getting_ready = False
        self.ready.emit()

    @Slot(object)
    def _hear(self, task: _Task) -> None:
        report = task.take()
        if task is not self._task:
            return
        if report is not None:
            self.progressed.emit(report.fraction, report.note, report.preview)
        # a slot may have cancelled it, and submitted another
        if task.outcome is None or task is not self._task:
            return
        self._task = None
        match task.outcome:
            case Made(plan, filled):
                self.finished_fill.emit(plan, filled)
            case StudioError() as error:
                self.failed.emit(error)
            case Cancelled():
                self.cancelled.emit()


def _worker_runner() -> JobRunner:
    from inpaint_studio.studio.jobs import WorkerRunner

    return WorkerRunner()


def _caused(message: str, hint: str, cause: Exception) -> StudioError:
    error = StudioError(message, hint)
    error.__cause__ = cause
    return error


def _resolve(future: asyncio.Future[Made], outcome: Outcome) -> None:
    if future.done():
        return
    if isinstance(outcome, Made):
        future.set_result(outcome)
    else:
        future.set_exception(outcome)
