"""Where fills run: the seam between the studio and whatever drives the engines (a thread of the window, the command line)."""

from __future__ import annotations

from typing import Protocol, Self

from inpaint_studio.engines import catalog
from inpaint_studio.engines.contract import EngineSpec, FillRequest, FillResult, Payload, Progress, Silent
from inpaint_studio.engines.host.client import Worker


class JobRunner(Protocol):
    """Runs one engine on one request and blocks until it is done. Raises StudioError, or Cancelled after `cancel`."""

    def run(self, spec: EngineSpec, request: FillRequest, progress: Progress) -> FillResult: ...

    def cancel(self) -> None:
        """End what runs now, from any thread."""
        ...

    def close(self) -> None: ...


class HereRunner:
    """In this process, for scripts and tests. A native call can't be interrupted: `cancel` acts at the next step."""

    def run(self, spec: EngineSpec, request: FillRequest, progress: Progress) -> FillResult:
        return catalog.run_here(spec, request, progress)

    def cancel(self) -> None:
        return

    def close(self) -> None:
        return


class WorkerRunner:
    """In a process of its own: it may crash, hang or be cancelled without harm to the caller."""

    def __init__(self, name: str = "quick") -> None:
        self._worker = Worker(name)

    @property
    def pid(self) -> int | None:
        """The worker's process, if it runs."""
        return self._worker.pid

    def start(self) -> None:
        """Start the process ahead of the first fill."""
        self._worker.start()

    def warm(self) -> None:
        """Start the process, and have it compile what the window paints with. Blocks; raises StudioError or Cancelled."""
        self._worker.run("warm", Payload(), Silent(), grace=0)

    def run(self, spec: EngineSpec, request: FillRequest, progress: Progress) -> FillResult:
        answer = self._worker.run("fill", catalog.to_payload(spec, request), progress, grace=spec.grace)
        return catalog.from_payload(answer)

    def cancel(self) -> None:
        self._worker.cancel()

    def close(self) -> None:
        self._worker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
