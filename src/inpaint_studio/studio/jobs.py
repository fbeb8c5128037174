"""Where fills run: the seam between the studio and whatever drives the engines (a thread of the window, the command line)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, Self

from inpaint_studio.engines import catalog
from inpaint_studio.engines.contract import EngineSpec, FillRequest, FillResult, Payload, Progress, Silent
from inpaint_studio.engines.host.client import Worker
from inpaint_studio.engines.host.tasks import resolve
from inpaint_studio.errors import EngineDiedError, OutOfMemoryError, StudioError

#: Seconds in which the process of the large models hears that what it opens is not wanted: it keeps those that are open.
_GRACE = 2.0


class JobRunner(Protocol):
    """Runs one engine on one request and blocks until it is done. Raises StudioError, or Cancelled after `cancel`.

    `task` does the same with one of the other `host.tasks`; a task of the window's is quick, or is killed by a cancel. Those
    of the large models ("heavy.…") run where they do.
    """

    def run(self, spec: EngineSpec, request: FillRequest, progress: Progress) -> FillResult: ...

    def task(self, name: str, payload: Payload, progress: Progress) -> Payload: ...

    def cancel(self) -> None:
        """End what runs now, from any thread."""
        ...

    def close(self) -> None: ...


class HereRunner:
    """In this process, for scripts and tests. A native call can't be interrupted: `cancel` acts at the next step."""

    def run(self, spec: EngineSpec, request: FillRequest, progress: Progress) -> FillResult:
        return _stepping_down(lambda asked: catalog.run_here(spec, asked, progress), spec, request, progress)

    def task(self, name: str, payload: Payload, progress: Progress) -> Payload:
        return resolve(name)(payload, progress)

    def cancel(self) -> None:
        return

    def close(self) -> None:
        return


class WorkerRunner:
    """In processes of their own, which may crash, hang or be cancelled without harm to the caller: one for the embedded
    engines, and one for large models, which starts when the first of them is used.
    """

    def __init__(self) -> None:
        self._workers = {kind: Worker(kind) for kind in ("quick", "heavy")}

    @property
    def pid(self) -> int | None:
        """The process of the embedded engines, if it runs."""
        return self._workers["quick"].pid

    @property
    def heavy_pid(self) -> int | None:
        """The process of the large models, if it runs."""
        return self._workers["heavy"].pid

    def start(self) -> None:
        """Start the process of the embedded engines ahead of the first fill."""
        self._workers["quick"].start()

    def warm(self) -> None:
        """Start the process, and have it compile what the window paints with. Blocks; raises StudioError or Cancelled."""
        self._workers["quick"].run("warm", Payload(), Silent(), grace=0)

    def run(self, spec: EngineSpec, request: FillRequest, progress: Progress) -> FillResult:
        worker = self._workers[spec.worker]

        def attempt(asked: FillRequest) -> FillResult:
            payload = catalog.to_payload(spec, asked)
            answer = worker.run("fill", payload, progress, grace=spec.grace, patience=spec.patience)
            return catalog.from_payload(answer)

        return _stepping_down(attempt, spec, request, progress)

    def task(self, name: str, payload: Payload, progress: Progress) -> Payload:
        if name.startswith("heavy."):
            return self._workers["heavy"].run(name, payload, progress, grace=_GRACE)
        return self._workers["quick"].run(name, payload, progress, grace=0)

    def cancel(self) -> None:
        for worker in self._workers.values():
            worker.cancel()

    def close(self) -> None:
        for worker in self._workers.values():
            worker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _stepping_down(
    attempt: Callable[[FillRequest], FillResult], spec: EngineSpec, request: FillRequest, progress: Progress
) -> FillResult:
    """`attempt(request)`; when memory runs out, again with the engine's lighter options as long as there are any.

    After a crash that doesn't look like a want of memory there is one more try. Raises what the last attempt raised.
    """
    crashed, lighter = False, request
    while True:
        try:
            result = attempt(lighter)
        except (MemoryError, OutOfMemoryError, EngineDiedError) as error:
            options = None if spec.lighter is None else spec.lighter(lighter.options)
            if options is None or crashed:
                raise _told(error) from error
            crashed = isinstance(error, EngineDiedError)
            lighter = replace(request, options=options)
        else:
            if lighter is request:
                return result
            said = "Memory was short: it was filled in a slower way that needs less of it."
            return replace(result, note=f"{result.note} {said}".strip())
        # outside the handler: what failed must not keep its memory through its traceback
        progress.step(None, "That took too much memory: trying a way that needs less")


def _told(error: Exception) -> StudioError:
    if isinstance(error, StudioError):
        return error
    return OutOfMemoryError(
        "There is not enough memory for this fill.",
        "Close other programs, fill a smaller area, or choose a lighter engine.",
    )
