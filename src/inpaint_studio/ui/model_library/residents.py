"""What computes on this machine, and the large models that are open: opened ahead of a fill, and let go again."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton

from inpaint_studio.engines.contract import Decision, Payload
from inpaint_studio.errors import Cancelled
from inpaint_studio.ui.errand import Errand
from inpaint_studio.ui.model_library.extra import is_missing
from inpaint_studio.ui.theme import hint, named

if TYPE_CHECKING:
    from inpaint_studio.engines.contract import Float, Progress


class Tasks(Protocol):
    """Runs a worker's task and blocks until it is done: a `JobRunner` of the window's."""

    def task(self, name: str, payload: Payload, progress: Progress) -> Payload: ...


class Residents(QFrame):
    """A row that says what computes, and does what the cards ask for. `run` does a coroutine and tells what it refuses."""

    #: Other models are open than before.
    changed = Signal()
    #: What is being done with a model, in words; empty when it is over.
    noted = Signal(str, str)

    def __init__(self, tasks: Tasks, run: Callable[[Coroutine[Any, Any, object]], None]) -> None:
        super().__init__()
        named(self, "models.device")
        self._tasks, self._run = tasks, run
        self._work: dict[str, Errand[Payload]] = {}
        #: Ids of engines, the last used last.
        self._open: tuple[str, ...] = ()
        self._text = hint("models.device.text", self.tr("What computes is found out when a model is first used."))
        self._look = named(
            QPushButton(self.tr("Find Out")), "models.device.look", self.tr("Look for graphics cards and free memory")
        )
        self._look.setAutoDefault(False)
        self._look.clicked.connect(self.look)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._text, 1)
        row.addWidget(self._look)
        self.refresh()

    def refresh(self) -> None:
        """Show this only where there is something to find out with."""
        self.setVisible(not is_missing())

    def is_open(self, model_id: str) -> bool:
        """Whether that model is in memory, as far as is known."""
        return any(engine.endswith(f"/{model_id}") for engine in self._open)

    def look(self) -> None:
        """Ask what computes; torch has to be imported for it, elsewhere."""
        self._run(self._ask("", "heavy.probe", {}))

    def load(self, model_id: str) -> None:
        """Open a model now, so that its first fill begins at once."""
        self._run(self._load(model_id))

    def unload(self, model_id: str) -> None:
        """Let go of a model's memory."""
        engine = next(engine for engine in self._open if engine.endswith(f"/{model_id}"))
        self._run(self._ask(model_id, "heavy.unload", {"engine": engine}))

    def cancel(self, model_id: str) -> bool:
        """End what is being done with that model; whether there was anything."""
        work = self._work.get(model_id)
        if work is not None:
            work.cancel()
        return work is not None

    def stop(self) -> None:
        """End all of it."""
        for work in list(self._work.values()):
            work.cancel()

    async def _load(self, model_id: str) -> None:
        from inpaint_studio.engines import catalog

        found = await Errand(lambda _: catalog.specs()).done()
        engine = next((spec.id for spec in found.values() if spec.id.endswith(f"/{model_id}")), "")
        await self._ask(model_id, "heavy.load", {"engine": engine, "options": {}})

    async def _ask(self, model_id: str, task: str, data: dict[str, Any]) -> None:
        if model_id in self._work:
            return

        def work(cancelled: Callable[[], bool]) -> Payload:
            return self._tasks.task(
                task, Payload(data), _Noting(cancelled, lambda note: self.noted.emit(model_id, note))
            )

        self._look.setEnabled(False)
        self._work[model_id] = Errand(work)
        try:
            answer = (await self._work[model_id].done()).data
            self._open = tuple(answer["open"])
            self._text.setText(self.tr("Models compute on {0}.").format(answer["device"]))
            self._look.setText(self.tr("Update"))
        finally:
            del self._work[model_id]
            self._look.setEnabled(True)
            self.noted.emit(model_id, "")
            self.changed.emit()


class _Noting:
    """The progress of a task, in the thread that waits for it."""

    def __init__(self, cancelled: Callable[[], bool], note: Callable[[str], None]) -> None:
        self._cancelled, self._note = cancelled, note

    def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
        if self._cancelled():
            raise Cancelled
        self._note(note)
        return Decision.CONTINUE
