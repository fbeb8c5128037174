"""Smart select in the window: the worker finds the object, the mask gets it as one step when no stroke is being drawn."""

from __future__ import annotations

import asyncio

from PySide6.QtCore import QObject

from inpaint_studio.engines.contract import Payload, Silent
from inpaint_studio.errors import Cancelled
from inpaint_studio.studio.smart_select import by_task
from inpaint_studio.tools.selection import LateSelection, Selection
from inpaint_studio.ui.document_tab import DocumentTab
from inpaint_studio.ui.engine_thread import EngineThread
from inpaint_studio.ui.errand import in_thread
from inpaint_studio.ui.progress import Progress

#: What ends sooner needs no progress bar.
_UNTOLD_MS = 300


class SelectFlow(QObject):
    """Finds what was pointed at, one after the other in the order of pointing."""

    def __init__(self, engine: EngineThread, progress: Progress, parent: QObject) -> None:
        super().__init__(parent)
        self._engine = engine
        self._progress = progress
        self._turn = asyncio.Lock()

    async def find(self, tab: DocumentTab, late: LateSelection) -> None:
        """Select it in `tab`; nothing when the user cancels. Raises StudioError."""
        try:
            await self._find(tab, late)
        finally:
            late.over()

    async def _find(self, tab: DocumentTab, late: LateSelection) -> None:
        composite = tab.document.composite()
        async with self._turn:
            task = asyncio.current_task()
            cancelled: list[bool] = []

            def cancel() -> None:
                cancelled.append(True)
                if task is not None:
                    task.cancel()

            work = self._progress.begin(self.tr("Finding the object"), cancel, after_ms=_UNTOLD_MS)
            segment = by_task(lambda name, payload: self._in_worker(name, payload))
            try:
                made = await in_thread(lambda: late.find(composite, segment))
                await pen_up(tab)
            except Cancelled:
                return
            except asyncio.CancelledError:
                if not cancelled:
                    raise
                return
            finally:
                self._progress.end(work)
            # in turn, too: a line that leaves something out takes back what was found before it
            if not tab.closing:
                self._select(tab, made)

    def _in_worker(self, name: str, payload: Payload) -> Payload:
        """On a thread of its own: wait for the worker."""
        return self._engine.lend(lambda runner: runner.task(name, payload, Silent())).result()

    @staticmethod
    def _select(tab: DocumentTab, made: Selection) -> None:
        layer_id = tab.select_into(made.how) if made.region else None
        edit = None if layer_id is None else made.into(tab.document, layer_id)
        if edit is not None:
            tab.remember(edit)
        elif not made.region:
            tab.nothingFound.emit()


async def pen_up(tab: DocumentTab) -> None:
    """Let a stroke that is being drawn come to its end."""
    while tab.canvas.stroke_running and not tab.closing:
        ended = asyncio.get_running_loop().create_future()
        tab.canvas.strokeEnded.connect(tell := lambda ended=ended: ended.done() or ended.set_result(None))
        try:
            await ended
        finally:
            tab.canvas.strokeEnded.disconnect(tell)
