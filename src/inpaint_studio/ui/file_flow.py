"""Opening, saving, exporting and closing: the slow part in a thread, the document's part on the window's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from inpaint_studio.errors import Cancelled, StudioError
from inpaint_studio.pixels.format import COVERAGE
from inpaint_studio.pixels.masks import Coverage
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.settings import Settings
from inpaint_studio.storage.files import pages, read_masks, write_photo
from inpaint_studio.storage.photo import Photo
from inpaint_studio.storage.project import SUFFIX, is_project
from inpaint_studio.studio.export import Exported, export
from inpaint_studio.studio.export_layers import layers_export
from inpaint_studio.studio.export_options import ExportOptions
from inpaint_studio.studio.recent import remember
from inpaint_studio.studio.session import Session, open_any, recover
from inpaint_studio.ui.document_tab import DocumentTab
from inpaint_studio.ui.errand import Errand, in_thread
from inpaint_studio.ui.progress import Progress

T = TypeVar("T")
#: Asks the user for one of several pages of a file, from 0; None when they want none.
ChoosePage = Callable[[Path, Sequence[int]], Awaitable[int | None]]

#: Milliseconds after which the user is told that something is going on.
_NOTICED = 400
#: Milliseconds after the last step in which nobody seems to be about to do another.
_PAUSE_MS = 5000


class FileFlow(QObject):
    """Blocking work on files, off the window's thread, with progress and a way out.

    Every method raises StudioError for what it can't do, and Cancelled when the user did not want to wait.
    """

    #: From the journal's thread: why steps can't be kept safe.
    unsafe = Signal(object)

    def __init__(self, settings: Settings, progress: Progress, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._progress = progress
        self._running: list[tuple[DocumentTab | None, Errand[Any]]] = []

    def running(self, tab: DocumentTab | None) -> bool:
        """Whether a file is being written for `tab`; with None, opened."""
        return any(owner is tab for owner, _ in self._running)

    def stop(self, tab: DocumentTab | None) -> None:
        """Cancel what `running` tells of. Each ends with Cancelled where it is awaited."""
        for owner, errand in tuple(self._running):
            if owner is tab:
                errand.cancel()

    async def open(
        self, path: Path, there: Callable[[Path], DocumentTab | None], choose: ChoosePage
    ) -> Session | DocumentTab | None:
        """Open a photo or a project; the tab where `there` knows one for the file's real path.

        `choose` is asked for the page of a file of several; None when it gives none.
        """
        what = self.tr("Opening {0}").format(path.name)
        showing = there(await self._long(None, what, lambda _: path.resolve()))
        if showing is not None:
            return showing
        found = await self._long(None, what, lambda _: (0,) if is_project(path) else pages(path))
        page = found[0] if len(found) == 1 else await choose(path, found)
        if page is None:
            return None
        read = partial(open_any, path, self._settings, page=page, failed=self._failed)
        session = await self._long(None, what, lambda _: read(), _discard)
        await self._long(None, what, lambda _: remember(path))
        return session

    async def recover(self, journal: Path, name: str) -> Session:
        """Open what a dead program left of the document `name`."""
        read = partial(recover, journal, self._settings, failed=self._failed)
        return await self._long(None, self.tr("Opening {0}").format(name), lambda _: read(), _close)

    async def save(self, tab: DocumentTab, target: Path) -> None:
        """Write the project `target`, whose suffix is added where it lacks."""
        target = project_path(target)
        since = tab.studio.history.moment()
        pictures = tab.session.pictures()

        def write(cancelled: Callable[[], bool]) -> int:
            return tab.session.save(target, pictures(), cancelled)

        position = await self._long(tab, self.tr("Saving {0}").format(target.name), write)
        tab.session.saved(target, position, since)
        tab.changed.emit()
        await in_thread(lambda: remember(target))

    async def export(self, tab: DocumentTab, target: Path, options: ExportOptions) -> Exported:
        """Write a photo and prove that nothing else changed."""
        shown = tab.studio.shown()

        def write(cancelled: Callable[[], bool]) -> Exported:
            return export(shown, target, options, cancelled=cancelled)

        return await self._long(tab, self.tr("Writing and checking {0}").format(target.name), write)

    async def export_layers(self, tab: DocumentTab, target: Path) -> Path:
        """Write the document with its layers for another editor."""
        write = layers_export(tab.studio, target, self.tr("Photo"))
        return await self._long(tab, self.tr("Writing {0}").format(target.name), write)

    async def read_masks(self, path: Path) -> tuple[Coverage, Coverage | None]:
        """The picture `path` as a mask, by its brightness and by its alpha channel if that holds anything."""
        limit = self._settings.max_megapixels
        what = self.tr("Opening {0}").format(path.name)
        return await self._long(None, what, lambda _: read_masks(path, max_megapixels=limit))

    async def export_mask(self, tab: DocumentTab, coverage: TiledImage, target: Path) -> None:
        """Write a mask, frozen, as a gray picture; white is selected."""
        canvas = tab.document.canvas

        def write(cancelled: Callable[[], bool]) -> None:
            def verify(_: Path) -> None:
                if cancelled():
                    raise Cancelled

            write_photo(Photo(coverage.read(canvas), COVERAGE), target, verify=verify)

        await self._long(tab, self.tr("Writing {0}").format(target.name), write)

    def follow(self, tab: DocumentTab, spawn: Callable[[Coroutine[Any, Any, None]], object]) -> None:
        """Keep pictures of the document in its journal whenever nothing was done to it for some seconds."""
        timer = QTimer(tab, singleShot=True, interval=_PAUSE_MS)
        tab.changed.connect(timer.start)
        timer.timeout.connect(lambda: spawn(self.keep_pictures(tab)))

    async def keep_pictures(self, tab: DocumentTab) -> None:
        """Put pictures of the document into its journal, unless it is closed meanwhile."""
        pictures = await in_thread(tab.session.pictures())
        if not tab.closing:
            tab.session.writer.record_pictures(pictures)

    async def close(self, tab: DocumentTab, *, discard: bool) -> None:
        """End the session of `tab`; its pictures go into the journal if there is something to recover."""
        if not discard and tab.session.unsaved:
            await self.keep_pictures(tab)
        tab.closing = True
        try:
            await in_thread(lambda: tab.session.close(discard=discard))
        except StudioError:
            tab.closing = False
            raise
        tab.canvas.set_document(None)

    async def _long(
        self,
        tab: DocumentTab | None,
        what: str,
        work: Callable[[Callable[[], bool]], T],
        unwanted: Callable[[T], object] | None = None,
    ) -> T:
        errand = Errand(work, unwanted)
        entry = (tab, errand)
        self._running.append(entry)
        shown = self._progress.begin(what, errand.cancel, after_ms=_NOTICED)
        try:
            return await errand.done()
        finally:
            self._progress.end(shown)
            self._running.remove(entry)

    def _failed(self, error: StudioError) -> None:
        self.unsafe.emit(error)


def project_path(path: Path) -> Path:
    """`path` with the suffix of projects, added where it lacks."""
    return path if path.suffix.lower() == SUFFIX else path.with_name(f"{path.name}{SUFFIX}")


def _discard(session: Session) -> None:
    """A photo or project that was opened too late: its file has all there is."""
    session.close(discard=True)


def _close(session: Session) -> None:
    """What was recovered too late is offered at the next start again."""
    session.close()
