"""Opening, saving, exporting and closing: the slow part in a thread, the document's part on the window's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from inpaint_studio.errors import StudioError
from inpaint_studio.settings import Settings
from inpaint_studio.storage.project import SUFFIX, make_thumbnail
from inpaint_studio.studio.export import Exported, export
from inpaint_studio.studio.recent import remember
from inpaint_studio.studio.session import Session, open_any, recover
from inpaint_studio.ui.document_tab import DocumentTab


class FileFlow(QObject):
    """Blocking work on files, off the window's thread. Every method raises StudioError for what it can't do."""

    #: From the journal's thread: why steps can't be kept safe.
    unsafe = Signal(object)

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings

    async def open(self, path: Path) -> Session:
        """Open a photo or a project."""
        session = await asyncio.to_thread(open_any, path, self._settings, failed=self._failed)
        await asyncio.to_thread(remember, path)
        return session

    async def recover(self, journal: Path) -> Session:
        """Open what a dead program left."""
        return await asyncio.to_thread(recover, journal, self._settings, failed=self._failed)

    async def save(self, tab: DocumentTab, target: Path) -> None:
        """Write the project `target`, whose suffix is added where it lacks."""
        target = project_path(target)
        thumbnail = await asyncio.to_thread(_thumbnail(tab))
        position = await asyncio.to_thread(tab.session.save, target, thumbnail)
        tab.session.saved(target, position)
        tab.changed.emit()
        await asyncio.to_thread(remember, target)

    async def export(self, tab: DocumentTab, target: Path, quality: int | None) -> Exported:
        """Write a photo and prove that nothing else changed."""
        return await asyncio.to_thread(export, tab.studio.shown(), target, quality=quality)

    async def keep_thumbnail(self, tab: DocumentTab) -> None:
        """Put a picture of the document into its journal, unless it is closed meanwhile."""
        picture = await asyncio.to_thread(_thumbnail(tab))
        if not tab.closing:
            tab.session.writer.record_thumbnail(picture)

    async def close(self, tab: DocumentTab, *, discard: bool) -> None:
        """End the session of `tab`; its thumbnail goes into the journal if there is something to recover."""
        if not discard and tab.session.unsaved:
            await self.keep_thumbnail(tab)
        tab.closing = True
        try:
            await asyncio.to_thread(tab.session.close, discard=discard)
        except StudioError:
            tab.closing = False
            raise
        tab.canvas.set_document(None)

    def _failed(self, error: StudioError) -> None:
        self.unsafe.emit(error)


def project_path(path: Path) -> Path:
    """`path` with the suffix of projects, added where it lacks."""
    return path if path.suffix.lower() == SUFFIX else path.with_name(f"{path.name}{SUFFIX}")


def _thumbnail(tab: DocumentTab) -> Callable[[], bytes]:
    """What makes the picture of the document as it is now; runs in any thread."""
    composite, canvas = tab.document.composite(), tab.document.canvas
    return lambda: make_thumbnail(composite, canvas)
