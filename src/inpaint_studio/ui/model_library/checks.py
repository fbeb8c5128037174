"""Checks of installed models that run: every byte is read again, in a thread that can be left alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from inpaint_studio.errors import Cancelled
from inpaint_studio.ui.errand import Errand

if TYPE_CHECKING:
    from inpaint_studio.engines.library.installed import InstalledModel


class Checks(QObject):
    """One for each model at most."""

    #: A model's id, the bytes of it that were checked, and of how many; told by the thread that reads them.
    noted = Signal(str, object, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._running: dict[str, Errand[str]] = {}

    def runs(self, model_id: str) -> bool:
        """Whether that model is being checked."""
        return model_id in self._running

    def cancel(self, model_id: str) -> bool:
        """End the check of that model; whether there was one."""
        if (check := self._running.get(model_id)) is not None:
            check.cancel()
        return check is not None

    def stop(self) -> None:
        """End all of them."""
        for check in list(self._running.values()):
            check.cancel()

    async def verify(self, model: InstalledModel) -> str:
        """What was found, in one sentence. Raises InputError when something is wrong with it, Cancelled."""
        from inpaint_studio.engines.library import manage

        def work(cancelled: Callable[[], bool]) -> str:
            def note(done: int, total: int) -> None:
                if cancelled():
                    raise Cancelled
                self.noted.emit(model.id, done, total)

            return manage.verify(model, note)

        self._running[model.id] = Errand(work)
        try:
            return await self._running[model.id].done()
        finally:
            del self._running[model.id]
