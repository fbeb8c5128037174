"""Opening, saving, exporting, recovering and closing documents."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Qt, QUrl
from PySide6.QtGui import QImage, QImageIOHandler, QImageReader

from inpaint_studio.errors import StudioError
from inpaint_studio.storage.project import SUFFIX, discard, is_project, leftovers, read_thumbnail
from inpaint_studio.storage.registry import FAMILIES
from inpaint_studio.studio.export_options import ExportOptions
from inpaint_studio.studio.folders import folder_of, is_sample, pictures_folder, sample_photo
from inpaint_studio.studio.recent import recent_files
from inpaint_studio.ui import ask
from inpaint_studio.ui.document_tab import DocumentTab
from inpaint_studio.ui.errand import in_thread
from inpaint_studio.ui.export_dialog import ExportDialog
from inpaint_studio.ui.file_flow import project_path
from inpaint_studio.ui.page_dialog import PageDialog
from inpaint_studio.ui.welcome import Recent

if TYPE_CHECKING:
    from inpaint_studio.studio.export import Exported
    from inpaint_studio.ui.window import MainWindow

#: Seconds that a dialog may wait for a disk.
_LONG_S = 1
#: Megapixels of a page above which its picture is not worth the waiting of the others.
_MOST_PICTURED = 120.0


class FileCommands(QObject):
    """`handlers` names one for each command; the window, the start page and dropped files use the rest."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._quitting = False
        #: Where the last photo was exported to.
        self._export_folder: Path | None = None
        #: Save writes the photo itself: the program was started as another one's editor.
        self.in_place = False

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What to call for each command."""
        window = self._window
        return {
            "action.open": lambda: window.spawn(self.open()),
            "action.open_sample": self.open_sample,
            "action.save": lambda: window.spawn(self.save(window.tab)),
            "action.save_as": lambda: window.spawn(self.save_as(window.tab)),
            "action.export": lambda: window.spawn(self.export(window.tab)),
            "action.export_layers": lambda: window.spawn(self.export_layers(window.tab)),
            "action.close": lambda: window.spawn(self.close_tab(window.tab)),
            "action.quit": lambda: window.close(),
        }

    async def open(self) -> None:
        """Ask for files and open them."""
        suffixes = " ".join(f"*{suffix}" for family in FAMILIES for suffix in family.suffixes)
        kinds = self.tr("Photos and projects") + f" ({suffixes} *{SUFFIX});;" + self.tr("All files") + " (*)"
        folder = await self._last_folder()
        await self.open_files(await ask.files_to_open(self._window, self.tr("Open"), folder, kinds))

    async def open_files(self, paths: Sequence[Path]) -> None:
        """Open `paths` one after the other; what can't be opened is told, and the rest goes on."""
        for path in paths:
            if self._window.tab is None:
                self._window.spawn(self._window.look_early(path))
            try:
                opened = await self._window.files.open(path, self._showing, self._choose_page)
            except StudioError as error:
                self._window.messages.show(error)
                self._window.refresh()
                continue
            if opened is None:
                continue
            if isinstance(opened, DocumentTab):
                self._window.tabs.setCurrentWidget(opened)
                continue
            self._window.add_session(opened)
            for note in opened.notes:
                self._window.messages.info(note)
            if is_sample(path):
                self._show_the_way()
        self._window.spawn(self._after_opening())

    def _show_the_way(self) -> None:
        """What to do with the sample photo, until it is being done."""
        hint = self.tr("Paint over the bird with the brush, then press Enter: the bird is gone, the rest untouched.")
        messages = self._window.messages
        messages.info(hint, stays=True)
        once = Qt.ConnectionType.SingleShotConnection
        self._window.fills.running.connect(lambda _: messages.drop(hint), once)

    async def _after_opening(self) -> None:
        self._window.menus.set_recent(await in_thread(recent_files))
        await self._keep_thumbnails()

    async def _choose_page(self, path: Path, pages: Sequence[int]) -> int | None:
        """Ask which page of `path` is opened; its pictures come one by one."""
        dialog = PageDialog(path, pages, _MOST_PICTURED, self._window)
        pictures = self._window.spawn(dialog.fill_in())
        try:
            return dialog.page if await ask.finished(dialog) else None
        finally:
            pictures.cancel()

    def _showing(self, project: Path) -> DocumentTab | None:
        """The tab in which the project file of that real path is open."""
        return next((tab for tab in self._window.all_tabs if tab.session.project == project), None)

    async def _last_folder(self) -> Path:
        """Where the last file was opened from; the user's own folder where that takes too long to find out."""
        with suppress(TimeoutError):
            recent = await asyncio.wait_for(in_thread(recent_files), _LONG_S)
            if recent and not is_sample(recent[0]):
                return recent[0].parent
        return pictures_folder()

    def open_urls(self, urls: Sequence[QUrl]) -> None:
        """Open files that were dropped."""
        self._window.spawn(self.open_files([Path(url.toLocalFile()) for url in urls if url.isLocalFile()]))

    def open_sample(self) -> None:
        """Open the sample photo, with a word about what to do first."""
        self._window.spawn(self.open_files([sample_photo()]))

    async def recover(self, journal: Path) -> None:
        """Open what a dead program left."""
        left = {leftover.path: leftover.name for leftover in await in_thread(leftovers)}
        self._window.spawn(self._window.look_early(journal))
        try:
            self._window.add_session(await self._window.files.recover(journal, left.get(journal, "")))
        except StudioError:
            self._window.refresh()  # without the early look
            raise
        await self.offer_leftovers()

    async def discard(self, journal: Path) -> None:
        """Delete what a dead program left; the start page has asked."""
        await in_thread(lambda: discard(journal))
        await self.look_for_leftovers()

    async def look_for_leftovers(self) -> None:
        """List on the start page what can be recovered and what was open lately."""
        window = self._window
        window.welcome.set_leftovers(await in_thread(leftovers))
        recent = await in_thread(lambda: [Recent(path, _picture(path)) for path in recent_files()])
        window.welcome.set_recent(recent)
        window.menus.set_recent([one.path for one in recent])

    async def offer_leftovers(self) -> None:
        """Every start: what can be recovered is on the start page, and with documents open it is told in a message."""
        await self.look_for_leftovers()
        whole = [leftover for leftover in await in_thread(leftovers) if not leftover.damaged]
        if not whole or self._window.tab is None:
            return
        text = self.tr("The program ended before your work on {0} was saved.").format(whole[0].name)
        if len(whole) > 1:
            text = self.tr("The program ended before your work on {0} documents was saved.").format(len(whole))
        self._window.messages.warn(
            text,
            self.tr("It is all there, with its undo. Later you find it on the start page, when no document is open."),
            self.tr("Open"),
            lambda: self._window.spawn(self._recover_all([(leftover.path, leftover.name) for leftover in whole])),
            later=self.tr("Later"),
        )

    async def _recover_all(self, journals: Sequence[tuple[Path, str]]) -> None:
        for journal, name in journals:
            try:
                self._window.add_session(await self._window.files.recover(journal, name))
            except StudioError as error:
                self._window.messages.show(error)
        await self.look_for_leftovers()

    async def save(self, tab: DocumentTab | None) -> bool:
        """Save the project where it is, or ask for a name; False when the user thought better of it."""
        if tab is None:
            return False
        if self.in_place and tab.session.project is None and tab.session.source is not None:
            await self._save_in_place(tab, tab.session.source)
            return True
        if tab.session.project is None:
            return await self.save_as(tab)
        await self._window.files.save(tab, tab.session.project)
        return True

    async def _save_in_place(self, tab: DocumentTab, photo: Path) -> None:
        history = tab.studio.history
        position, since = history.position, history.moment()
        self._told(await self._window.files.export(tab, photo, ExportOptions()))
        history.mark_clean(position, since)
        if history.moment() == since:  # otherwise other steps may have led there, and the journal keeps them all
            await in_thread(lambda: tab.session.exported_in_place(position))
        tab.changed.emit()

    async def save_as(self, tab: DocumentTab | None) -> bool:
        """Ask for a name and save the project there; False when the user thought better of it."""
        if tab is None:
            return False
        kinds = self.tr("Inpaint Studio project") + f" (*{SUFFIX})"
        proposed = (tab.session.project or folder_of(tab.session) / tab.session.name).with_suffix(SUFFIX)
        title = self.tr("Save As")
        target = await ask.file_to_save(self._window, title, proposed, kinds, SUFFIX.lstrip("."), project_path)
        if target is None:
            return False
        await self._window.files.save(tab, target)
        return True

    async def export(self, tab: DocumentTab | None) -> None:
        """Ask how, write a photo, and say the number of pixels that changed outside the mask."""
        if tab is None:
            return
        folder, name = self._export_folder or folder_of(tab.session), ""
        photo, source = tab.studio.photo, tab.session.source
        with suppress(TimeoutError, OSError):
            name = await asyncio.wait_for(in_thread(lambda: ExportDialog.proposal(photo, source, folder)), _LONG_S)
        if tab.closing:
            return
        dialog = ExportDialog(photo, source, self._window, folder, name)
        if not await ask.finished(dialog):
            return
        self._export_folder = dialog.path.parent
        exported = await self._window.files.export(tab, dialog.path, dialog.options)
        self._told(exported)

    def _told(self, exported: Exported) -> None:
        proof = exported.proof
        # of what a compression has changed the notes tell
        text = self.tr("Wrote {0}: {1} pixels filled.")
        if proof.lossless or not exported.notes:
            text = self.tr("Wrote {0}: {1} pixels filled, {2} pixels changed outside the mask.")
        notes = " ".join(exported.notes)
        self._window.messages.info(
            f"{text.format(exported.path.name, f'{proof.filled:,}', f'{proof.changed_outside:,}')} {notes}".strip()
        )

    async def export_layers(self, tab: DocumentTab | None) -> None:
        """Ask for a name and write the document with its layers for another editor."""
        if tab is None:
            return
        proposed = (self._export_folder or folder_of(tab.session)) / f"{Path(tab.session.name).stem}.psd"
        kinds = self.tr("Photoshop, full depth") + " (*.psd);;" + self.tr("OpenRaster, 8 bits in sRGB") + " (*.ora)"
        target = await ask.file_to_save(self._window, self.tr("Export with Layers"), proposed, kinds, "psd")
        if target is None:
            return
        self._export_folder = target.parent
        await self._window.files.export_layers(tab, target)
        self._window.messages.info(self.tr("Wrote {0} with its layers; masks are hidden in it.").format(target.name))

    # ---- closing

    async def close_tab(self, tab: DocumentTab | None) -> bool:
        """Close a document, after a question if it is unsaved; False when the user thought better of it."""
        if tab is None or tab.closing:
            return True
        self._window.tabs.setCurrentWidget(tab)
        if self._window.fills.tab is tab:
            if not await self._may_stop(self.tr("A fill is running. Stop it and close?")):
                return False
            self._window.fills.cancel()
        if self._window.files.running(tab):
            if not await self._may_stop(self.tr("A file is being written. Stop that and close?")):
                return False
            self._window.files.stop(tab)
        tab.canvas.cancel_stroke()
        throw_away = False
        if tab.session.unsaved:
            answer = await ask.choice(
                self._window,
                self.tr("Save your work on {0}?").format(tab.session.name),
                self.tr(
                    "It is saved as a project; the photo itself stays as it is. Without saving, masks and fills are lost."
                ),
                self.tr("Save"),
                self.tr("Don't Save"),
                self.tr("Cancel"),
            )
            if answer == 2 or (answer == 0 and not await self.save(tab)):
                return False
            throw_away = answer == 1
        await self._window.files.close(tab, discard=throw_away)
        self._window.remove_tab(tab)
        if not self._quitting and self._window.tab is None:
            self._window.spawn(self.look_for_leftovers())
        return True

    async def quit(self) -> None:
        """Close everything, after the questions that this needs, then the window."""
        if self._quitting:
            return
        self._quitting = True
        self._window.files.stop(None)
        try:
            # questions first: who thinks better of it then finds everything open
            for tab in sorted(self._window.all_tabs, key=self._closes_silently):
                if not await self.close_tab(tab):
                    return
        finally:
            self._quitting = False
        if self._window.toolbox.unkept:
            with suppress(StudioError, TimeoutError):
                await asyncio.wait_for(self._window.toolbox.keep(), _LONG_S)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._window.panels.keep(), _LONG_S)
        self._window.may_close = True
        self._window.folders.stop()
        self._window.engine.begin_close()
        self._window.models.stop()
        await asyncio.to_thread(self._window.engine.wait)
        await asyncio.to_thread(self._window.models.wait)
        self._window.close()
        self._window.ended.emit()

    def _closes_silently(self, tab: DocumentTab) -> bool:
        return not (self._window.fills.tab is tab or self._window.files.running(tab) or tab.session.unsaved)

    async def _may_stop(self, text: str) -> bool:
        return await ask.choice(self._window, text, "", self.tr("Stop and Close"), self.tr("Go On")) == 0

    async def _keep_thumbnails(self) -> None:
        """Give each journal a picture, so that it can be told apart if it has to be recovered."""
        for tab in self._window.all_tabs:
            await self._window.files.keep_pictures(tab)


def _picture(path: Path) -> QImage | None:
    """The thumbnail of a project, or a photo where it can be decoded at a small size: a JPEG, not a large TIFF."""
    if is_project(path):
        data = read_thumbnail(path)
        return None if data is None else QImage.fromData(data)
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    if reader.format() != b"jpeg" or not reader.supportsOption(QImageIOHandler.ImageOption.ScaledSize):
        return None
    reader.setScaledSize(reader.size().scaled(QSize(256, 256), Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    return None if image.isNull() else image
