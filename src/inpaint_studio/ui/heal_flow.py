"""Heal brush and patch in the window: each place is mended behind it as soon as the pen is up, one after the other."""

from __future__ import annotations

import asyncio

from PySide6.QtCore import QObject

from inpaint_studio.document.document import Document
from inpaint_studio.document.sourcing import Sourcing
from inpaint_studio.engines.contract import Silent
from inpaint_studio.engines.planner import Filled, FillJob
from inpaint_studio.errors import Cancelled
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.studio.jobs import JobRunner
from inpaint_studio.studio.studio import Studio
from inpaint_studio.tools.heal import mended
from inpaint_studio.tools.patch import patched
from inpaint_studio.tools.selection import LateHeal, LatePatch
from inpaint_studio.ui.document_tab import DocumentTab
from inpaint_studio.ui.engine_thread import EngineThread
from inpaint_studio.ui.progress import Progress
from inpaint_studio.ui.select_flow import pen_up

#: What ends sooner needs no progress bar.
_UNTOLD_MS = 300


class HealFlow(QObject):
    """Mends spots in the order of painting; each sees the ones before it mended, and is one step."""

    def __init__(self, engine: EngineThread, progress: Progress, parent: QObject) -> None:
        super().__init__(parent)
        self._engine = engine
        self._progress = progress
        self._turn = asyncio.Lock()

    async def mend(self, tab: DocumentTab, late: LateHeal | LatePatch) -> None:
        """Mend one spot of `tab`; nothing when the user cancels. Raises StudioError."""
        cancelled: list[bool] = []
        task = asyncio.current_task()

        def cancel() -> None:
            cancelled.append(True)
            if task is not None:
                task.cancel()

        work = self._progress.begin(self.tr("Mending"), cancel, after_ms=_UNTOLD_MS)
        try:
            async with self._turn:
                pixels, alpha = await self._made(tab.document, late)
                await pen_up(tab)
                edit = None if tab.closing else mended(tab.document, late, pixels, alpha)
                if edit is not None:
                    tab.remember(edit)
        except Cancelled:
            return
        except asyncio.CancelledError:
            if not cancelled:
                raise
        finally:
            self._progress.end(work)

    async def _made(self, document: Document, late: LateHeal | LatePatch) -> tuple[TiledImage, TiledImage]:
        composite = document.composite()
        if isinstance(late, LatePatch):
            return await asyncio.to_thread(patched, composite, late)
        job = FillJob(composite, late.coverage, late.recipe, *Sourcing.of(document))

        def run(runner: JobRunner) -> Filled:
            return Studio.run(job, runner, Silent())[1]

        filled = await asyncio.wrap_future(self._engine.lend(run))
        return filled.pixels, filled.alpha
