"""The window's runner for long work in another thread: a step at a time between the fills, in the same worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from inpaint_studio.errors import Cancelled

if TYPE_CHECKING:
    from inpaint_studio.engines.contract import EngineSpec, FillRequest, FillResult, Payload, Progress
    from inpaint_studio.studio.jobs import JobRunner
    from inpaint_studio.ui.engine_thread import EngineThread

T = TypeVar("T")


class LentRunner:
    """A `JobRunner`. Its methods block: call them from any thread but the window's. Cancel by the progress."""

    def __init__(self, engine: EngineThread) -> None:
        self._engine = engine

    def run(self, spec: EngineSpec, request: FillRequest, progress: Progress) -> FillResult:
        """Run one engine on one request when its turn has come."""
        return self._lent(lambda runner: runner.run(spec, request, progress))

    def task(self, name: str, payload: Payload, progress: Progress) -> Payload:
        """Run one task when its turn has come."""
        return self._lent(lambda runner: runner.task(name, payload, progress))

    def cancel(self) -> None:
        """Nothing: what runs now may be another's."""

    def close(self) -> None:
        """Nothing: the engine thread closes what it lends."""

    def _lent(self, work: Callable[[JobRunner], T]) -> T:
        try:
            outcome = self._engine.lend(work)
        except RuntimeError as error:  # the program is ending
            raise Cancelled from error
        return outcome.result()
