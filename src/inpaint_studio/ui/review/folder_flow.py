"""Restoring a whole folder behind the window: the code of `inpaint-studio restore FOLDER`, with progress and a cancel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from inpaint_studio.background import step_back
from inpaint_studio.errors import Cancelled
from inpaint_studio.settings import load_settings
from inpaint_studio.studio.batch import Batch
from inpaint_studio.studio.folders import folder_of, pictures_folder
from inpaint_studio.studio.mending import Options
from inpaint_studio.ui import ask
from inpaint_studio.ui.errand import Errand
from inpaint_studio.ui.lent_runner import LentRunner
from inpaint_studio.ui.review.folder_dialog import FolderDialog
from inpaint_studio.ui.review.search import Steps

if TYPE_CHECKING:
    from inpaint_studio.ui.window import MainWindow


class FolderFlow(QObject):
    """One folder at a time."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._stop: Callable[[], object] | None = None

    def ask(self) -> None:
        """Ask for folders and restore them."""
        self._window.spawn(self._ask())

    def stop(self) -> None:
        """End what runs; files that are not complete are not written."""
        if self._stop is not None:
            self._stop()

    async def _ask(self) -> None:
        if self._stop is not None:
            self._window.messages.info(self.tr("A folder is being restored already."))
            return
        tab = self._window.tab
        dialog = FolderDialog(folder_of(tab.session) if tab is not None else pictures_folder(), self._window)
        if await ask.finished(dialog):
            await self._restore(dialog.source, dialog.target, dialog.options)

    async def _restore(self, source: Path, target: Path, options: Options) -> None:
        loop, batches = asyncio.get_running_loop(), list[Batch]()

        def told(fraction: float | None, note: str) -> None:
            loop.call_soon_threadsafe(self._window.status.progress.update_work, work, fraction, note)

        def restore(cancelled: Callable[[], bool]) -> Batch:
            step_back()
            batch = Batch(source, target, options, load_settings(), runner=LentRunner(self._window.engine))
            batches.append(batch)
            try:
                batch.run(Steps(cancelled, told))
            finally:
                batch.write_report()
            return batch

        def stop() -> None:
            for batch in batches:
                batch.cancel()
            errand.cancel()

        title = self.tr("Restoring {0}").format(source.name)
        work = self._window.status.progress.begin(title, stop)
        errand = Errand(restore)
        self._stop = stop
        try:
            batch = await errand.done()
        except Cancelled:
            self._window.messages.info(
                self.tr("Stopped. What is done is in {0}; the same again goes on from there.").format(target)
            )
            return
        finally:
            self._stop = None
            self._window.status.progress.end(work)
        self._tell(batch)

    def _tell(self, batch: Batch) -> None:
        done, failed, before = batch.counts()
        text = self.tr("{0} restored, {1} were done before, {2} failed.").format(done, before, failed)
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(batch.report))):
            text = f"{text} {self.tr('The report is {0}.').format(batch.report)}"
        if failed:
            self._window.messages.warn(text, self.tr("The report says why."))
        else:
            self._window.messages.info(text)
