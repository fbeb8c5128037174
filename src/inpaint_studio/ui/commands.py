"""What each command of the window does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QSize, Qt, QUrl
from PySide6.QtGui import QImage, QImageIOHandler, QImageReader

from inpaint_studio.document.layers import FillLayer
from inpaint_studio.errors import InputError, StudioError
from inpaint_studio.pixels.mask_operations import MASK_OPERATIONS, MaskOperation
from inpaint_studio.storage.project import SUFFIX, discard, is_project, leftovers, read_thumbnail
from inpaint_studio.storage.registry import FAMILIES
from inpaint_studio.studio.export_options import ExportOptions
from inpaint_studio.studio.folders import folder_of, is_sample, pictures_folder, sample_photo
from inpaint_studio.studio.recent import recent_files
from inpaint_studio.tools.base import BrushSettings
from inpaint_studio.tools.registry import TOOLS
from inpaint_studio.ui import ask
from inpaint_studio.ui.command_palette import CommandPalette
from inpaint_studio.ui.document_tab import DocumentTab
from inpaint_studio.ui.errand import in_thread
from inpaint_studio.ui.export_dialog import ExportDialog
from inpaint_studio.ui.file_flow import project_path
from inpaint_studio.ui.messages import open_log_folder
from inpaint_studio.ui.run_again_dialog import RunAgainDialog
from inpaint_studio.ui.welcome import Recent

if TYPE_CHECKING:
    from inpaint_studio.engines.planner import Leftover
    from inpaint_studio.studio.export import Exported
    from inpaint_studio.ui.window import MainWindow

#: A step of the brush keys: a sixth more or less, at least one pixel.
_STEP = 7 / 6
_HARDER = 0.1
#: Seconds that a dialog may wait for a disk.
_LONG_S = 1

#: Candidates that are made when more are asked for.
_MORE = 3


class Commands(QObject):
    """The window's commands; `handlers` names one for each entry of `actions.COMMANDS`."""

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
        table: dict[str, Callable[[], object]] = {
            "action.open": lambda: window.spawn(self.open()),
            "action.open_sample": self.open_sample,
            "action.save": lambda: window.spawn(self.save(window.tab)),
            "action.save_as": lambda: window.spawn(self.save_as(window.tab)),
            "action.export": lambda: window.spawn(self.export(window.tab)),
            "action.export_layers": lambda: window.spawn(self.export_layers(window.tab)),
            "action.close": lambda: window.spawn(self.close_tab(window.tab)),
            "action.quit": lambda: self._end(),
            "action.undo": lambda: self._with_tab(DocumentTab.undo),
            "action.redo": lambda: self._with_tab(DocumentTab.redo),
            "action.clear_mask": lambda: self._with_tab(DocumentTab.clear_mask),
            "action.add_mask": lambda: self._with_tab(DocumentTab.add_mask),
            "action.fill": self.fill,
            "action.cancel": self.cancel,
            "action.finish": lambda: window.engine.finish(),
            "action.models": window.models.show,
            "action.smaller": lambda: self._resize(1 / _STEP),
            "action.larger": lambda: self._resize(_STEP),
            "action.softer": lambda: self._harden(-_HARDER),
            "action.harder": lambda: self._harden(_HARDER),
            "action.zoom_fit": lambda: self._with_tab(lambda tab: tab.canvas.zoom_fit()),
            "action.zoom_100": lambda: self._with_tab(lambda tab: tab.canvas.zoom_100()),
            "action.zoom_in": lambda: self._with_tab(lambda tab: tab.canvas.zoom_in()),
            "action.zoom_out": lambda: self._with_tab(lambda tab: tab.canvas.zoom_out()),
            "action.overlay": self._toggle_overlay,
            "action.full_screen": self._toggle_full_screen,
            "action.panels": window.toggle_panels,
            "action.palette": self._open_palette,
            "action.log": self._open_log,
        }
        for digit in range(10):
            table[f"action.opacity_{digit}"] = partial(window.change_brush, opacity=digit / 10 or 1.0)
        table |= window.tool_commands.handlers() | window.view_commands.handlers() | window.history_commands.handlers()
        table |= window.layer_commands.handlers() | window.review.handlers()
        table["action.restore_folder"] = window.folders.ask
        table["action.mask_import"] = lambda: window.spawn(self.import_mask(window.tab))
        table["action.mask_export"] = lambda: window.spawn(self.export_mask(window.tab))
        for operation in MASK_OPERATIONS:
            table[f"action.mask_{operation.id}"] = partial(self._operate, operation)
        for tool in TOOLS:
            table[f"tool.{tool.id}"] = partial(window.choose_tool, tool.id)
        return table

    # ---- files

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
                opened = await self._window.files.open(path, self._showing)
            except StudioError as error:
                self._window.messages.show(error)
                self._window.refresh()
                continue
            if isinstance(opened, DocumentTab):
                self._window.tabs.setCurrentWidget(opened)
                continue
            self._window.add_session(opened)
            for note in opened.notes:
                self._window.messages.info(note)
            if is_sample(path):
                hint = self.tr(
                    "Paint over the bird with the brush, then press Enter: the bird is gone, the rest untouched."
                )
                self._window.messages.info(hint)
        self._window.spawn(self._keep_thumbnails())

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
        self._window.add_session(await self._window.files.recover(journal, left.get(journal, "")))
        await self.look_for_leftovers()

    async def discard(self, journal: Path) -> None:
        """Delete what a dead program left; the start page has asked."""
        await asyncio.to_thread(discard, journal)
        await self.look_for_leftovers()

    async def look_for_leftovers(self) -> None:
        """List on the start page what can be recovered and what was open lately."""
        window = self._window
        window.welcome.set_leftovers(await in_thread(leftovers))
        window.welcome.set_recent(await in_thread(lambda: [Recent(path, _picture(path)) for path in recent_files()]))

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
        folder = self._export_folder or folder_of(tab.session)
        dialog = ExportDialog(tab.studio.photo, tab.session.source, self._window, folder)
        if not await ask.finished(dialog):
            return
        self._export_folder = dialog.path.parent
        exported = await self._window.files.export(tab, dialog.path, dialog.options)
        self._told(exported)

    def _told(self, exported: Exported) -> None:
        text = self.tr("Wrote {0}: {1} pixels filled, {2} pixels changed outside the mask.")
        proof = exported.proof
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
                self.tr("Save the changes to {0}?").format(tab.session.name),
                self.tr("Without saving, your masks and fills are lost."),
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
            for tab in self._window.all_tabs:
                if not await self.close_tab(tab):
                    return
        finally:
            self._quitting = False
        self._window.may_close = True
        self._window.folders.stop()
        self._window.engine.begin_close()
        self._window.models.stop()
        await asyncio.to_thread(self._window.engine.wait)
        await asyncio.to_thread(self._window.models.wait)
        self._window.close()
        self._window.ended.emit()

    async def _may_stop(self, text: str) -> bool:
        return await ask.choice(self._window, text, "", self.tr("Stop and Close"), self.tr("Go On")) == 0

    # ---- fills

    def fill(self) -> None:
        """Fill what is selected; while a proposal is worked on, mend it."""
        tab = self._window.tab
        if tab is not None and tab.proposal_worked_on() is not None:
            self._window.review.mend()
        elif tab is not None and self._window.fills.tab is None:
            panel = self._window.fill_panel
            recipe, count = panel.recipe(), panel.count()
            self._try(tab, lambda: self._window.fills.fill(tab, recipe, count))

    def offer_to_grow(self, tab: DocumentTab, layer_id: str, left: Leftover) -> None:
        """Say that something of what was removed is still there; one click fills again with a wider mask."""

        def grow() -> None:
            layer = next((layer for layer in tab.document.layers if layer.id == layer_id), None)
            if isinstance(layer, FillLayer) and not tab.closing:
                wider = replace(layer.recipe, grow=layer.recipe.grow + left.grow_px, chosen={})
                self._try(tab, lambda: self._window.fills.run_again(tab, layer_id, wider))

        self._window.messages.info(left.note, self.tr("Grow by {0} px").format(left.grow_px), grow)

    def more_candidates(self, layer_id: str) -> None:
        """Make some more results for the hole of a fill layer."""
        tab = self._window.tab
        if tab is not None and self._window.fills.tab is None:
            self._try(tab, lambda: self._window.fills.more(tab, layer_id, _MORE))

    async def run_again(self, layer_id: str) -> None:
        """Ask for a fill layer's recipe, and run it again."""
        tab = self._window.tab
        layer = tab.document.layer(layer_id) if tab is not None else None
        if tab is None or not isinstance(layer, FillLayer):
            return
        dialog = RunAgainDialog(layer.recipe, self._window)
        if await ask.finished(dialog):
            recipe = dialog.recipe()
            self._try(tab, lambda: self._window.fills.run_again(tab, layer_id, recipe))

    def _try(self, tab: DocumentTab, filling: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do `filling`; where it fails by no mistake of the user's, such as a worker that was killed, offer it again."""

        async def tried() -> None:
            try:
                await filling()
            except InputError:
                raise
            except StudioError as error:
                self._window.messages.show(error, self.tr("Try Again"), again)

        def again() -> None:
            if not tab.closing:
                self._try(tab, filling)

        self._window.spawn(tried())

    def cancel(self) -> None:
        """Take a running stroke back, otherwise cancel what the status bar shows."""
        tab = self._window.tab
        if tab is not None and tab.canvas.cancel_stroke():
            return
        self._window.status.progress.cancel()

    # ---- masks

    def _operate(self, operation: MaskOperation) -> None:
        if self._window.tab is not None:
            self._window.spawn(self._window.masks.operate(self._window.tab, operation))

    async def import_mask(self, tab: DocumentTab | None) -> None:
        """Ask for pictures and add them as masks."""
        if tab is None:
            return
        folder = folder_of(tab.session)
        for path in await ask.files_to_open(self._window, self.tr("Import a Mask"), folder, self._pictures()):
            await self._window.masks.read(tab, path)

    async def export_mask(self, tab: DocumentTab | None) -> None:
        """Ask for a name and write the mask that is worked on as a gray picture."""
        if tab is None:
            return
        proposed = folder_of(tab.session) / f"{Path(tab.session.name).stem}-mask.png"
        kinds = "PNG (*.png);;TIFF (*.tif)"
        target = await ask.file_to_save(self._window, self.tr("Export the Mask"), proposed, kinds, "png")
        if target is not None:
            await self._window.masks.write(tab, target)

    def _pictures(self) -> str:
        suffixes = " ".join(f"*{suffix}" for family in FAMILIES for suffix in family.suffixes)
        return self.tr("Pictures") + f" ({suffixes})"

    # ---- the rest

    def _with_tab(self, act: Callable[[DocumentTab], object]) -> None:
        if self._window.tab is not None:
            act(self._window.tab)

    def _resize(self, factor: float) -> None:
        size = self._window.brush.size
        wanted = round(size * factor) if factor < 1 else max(round(size * factor), size + 1)
        self._window.change_brush(size=float(min(max(wanted, BrushSettings.SMALLEST), BrushSettings.LARGEST)))

    def _harden(self, by: float) -> None:
        self._window.change_brush(hardness=min(max(round(self._window.brush.hardness + by, 2), 0.0), 1.0))

    def _toggle_full_screen(self) -> None:
        self._window.setWindowState(self._window.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _open_palette(self) -> None:
        CommandPalette(self._window.actions_by_name.values(), self._window).open()

    def _toggle_overlay(self) -> None:
        self._with_tab(lambda tab: tab.canvas.set_overlay_shown(not tab.canvas.overlay_shown))

    def _end(self) -> None:
        self._window.close()

    def _open_log(self) -> None:
        if not open_log_folder():
            raise InputError(self.tr("There is no program here that shows folders."), "")

    async def _keep_thumbnails(self) -> None:
        """Give each journal a picture, so that it can be told apart if it has to be recovered."""
        for tab in self._window.all_tabs:
            await self._window.files.keep_thumbnail(tab)


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
