"""What each command of the window does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QSize, Qt, QUrl
from PySide6.QtGui import QImage, QImageIOHandler, QImageReader

from inpaint_studio.document.layers import FillLayer
from inpaint_studio.errors import InputError, StudioError
from inpaint_studio.pixels.mask_operations import MASK_OPERATIONS, MaskOperation
from inpaint_studio.resources import resource
from inpaint_studio.storage.project import SUFFIX, discard, is_project, leftovers, read_thumbnail
from inpaint_studio.storage.registry import FAMILIES
from inpaint_studio.studio.recent import recent_files
from inpaint_studio.tools.base import BrushSettings
from inpaint_studio.tools.registry import TOOLS
from inpaint_studio.ui import ask
from inpaint_studio.ui.command_palette import CommandPalette
from inpaint_studio.ui.document_tab import DocumentTab
from inpaint_studio.ui.export_dialog import ExportDialog
from inpaint_studio.ui.file_flow import project_path
from inpaint_studio.ui.messages import open_log_folder
from inpaint_studio.ui.run_again_dialog import RunAgainDialog
from inpaint_studio.ui.welcome import Recent

if TYPE_CHECKING:
    from inpaint_studio.ui.window import MainWindow

#: A step of the brush keys: a sixth more or less, at least one pixel.
_STEP = 7 / 6
_HARDER = 0.1


class Commands(QObject):
    """The window's commands; `handlers` names one for each entry of `actions.COMMANDS`."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._quitting = False
        #: Where the last photo was exported to.
        self._export_folder: Path | None = None

    def handlers(self) -> dict[str, Callable[[], None]]:
        """What to call for each command."""
        window = self._window
        table: dict[str, Callable[[], None]] = {
            "action.open": lambda: window.spawn(self.open()),
            "action.open_sample": self.open_sample,
            "action.save": lambda: window.spawn(self.save(window.tab)),
            "action.save_as": lambda: window.spawn(self.save_as(window.tab)),
            "action.export": lambda: window.spawn(self.export(window.tab)),
            "action.close": lambda: window.spawn(self.close_tab(window.tab)),
            "action.quit": lambda: self._end(),
            "action.undo": lambda: self._with_tab(DocumentTab.undo),
            "action.redo": lambda: self._with_tab(DocumentTab.redo),
            "action.clear_mask": lambda: self._with_tab(DocumentTab.clear_mask),
            "action.add_mask": lambda: self._with_tab(DocumentTab.add_mask),
            "action.fill": self.fill,
            "action.cancel": self.cancel,
            "action.finish": lambda: window.engine.finish(),
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
        recent = recent_files()
        folder = recent[0].parent if recent else Path.home()
        await self.open_files(await ask.files_to_open(self._window, self.tr("Open"), folder, kinds))

    async def open_files(self, paths: Sequence[Path]) -> None:
        """Open `paths` one after the other; what can't be opened is told, and the rest goes on."""
        for path in paths:
            if (there := self._showing(path)) is not None:
                self._window.tabs.setCurrentWidget(there)
                continue
            try:
                self._window.add_session(await self._window.files.open(path))
            except StudioError as error:
                self._window.messages.show(error)
                continue
            if path.resolve() == _sample():
                hint = self.tr(
                    "Paint over the bird with the brush, then press Enter: the bird is gone, the rest untouched."
                )
                self._window.messages.info(hint)
        self._window.spawn(self._keep_thumbnails())

    def _showing(self, project: Path) -> DocumentTab | None:
        """The tab in which a project file is open."""
        wanted = project.resolve()
        return next((tab for tab in self._window.all_tabs if tab.session.project == wanted), None)

    def open_urls(self, urls: Sequence[QUrl]) -> None:
        """Open files that were dropped."""
        self._window.spawn(self.open_files([Path(url.toLocalFile()) for url in urls if url.isLocalFile()]))

    def open_sample(self) -> None:
        """Open the sample photo, with a word about what to do first."""
        self._window.spawn(self.open_files([_sample()]))

    async def recover(self, journal: Path) -> None:
        """Open what a dead program left."""
        self._window.add_session(await self._window.files.recover(journal))
        await self.look_for_leftovers()

    async def discard(self, journal: Path) -> None:
        """Delete what a dead program left; the start page has asked."""
        await asyncio.to_thread(discard, journal)
        await self.look_for_leftovers()

    async def look_for_leftovers(self) -> None:
        """List on the start page what can be recovered and what was open lately."""
        window = self._window
        window.welcome.set_leftovers(await asyncio.to_thread(leftovers))
        paths = await asyncio.to_thread(recent_files)
        window.welcome.set_recent([Recent(path, await asyncio.to_thread(_picture, path)) for path in paths])

    async def save(self, tab: DocumentTab | None) -> bool:
        """Save the project where it is, or ask for a name; False when the user thought better of it."""
        if tab is None:
            return False
        if tab.session.project is None:
            return await self.save_as(tab)
        await self._window.files.save(tab, tab.session.project)
        return True

    async def save_as(self, tab: DocumentTab | None) -> bool:
        """Ask for a name and save the project there; False when the user thought better of it."""
        if tab is None:
            return False
        source = tab.session.project or tab.session.source or Path.home() / tab.session.name
        kinds = self.tr("Inpaint Studio project") + f" (*{SUFFIX})"
        proposed = source.with_suffix(SUFFIX)
        target = await ask.file_to_save(self._window, self.tr("Save As"), proposed, kinds, SUFFIX.lstrip("."))
        if target is None:
            return False
        whole = project_path(target)
        # the dialog has asked about the name as it was typed
        if whole != target and whole.exists() and not await self._may_replace(whole):
            return False
        await self._window.files.save(tab, whole)
        return True

    async def _may_replace(self, path: Path) -> bool:
        text = self.tr("{0} exists already. Replace it?").format(path.name)
        return await ask.choice(self._window, text, "", self.tr("Replace"), self.tr("Cancel")) == 0

    async def export(self, tab: DocumentTab | None) -> None:
        """Ask how, write a photo, and say the number of pixels that changed outside the mask."""
        if tab is None:
            return
        source = tab.session.source
        project = tab.session.project
        folder = self._export_folder or (project.parent if project is not None and source is None else None)
        dialog = ExportDialog(tab.studio.photo, source, self._window, folder)
        if not await ask.finished(dialog):
            return
        self._export_folder = dialog.path.parent
        self._window.status.progress.begin(self.tr("Writing and checking"))
        try:
            exported = await self._window.files.export(tab, dialog.path, dialog.quality)
        finally:
            self._window.status.progress.end()
        text = self.tr("Wrote {0}: {1} pixels filled, {2} pixels changed outside the mask.")
        proof = exported.proof
        notes = " ".join(exported.notes)
        self._window.messages.info(
            f"{text.format(exported.path.name, f'{proof.filled:,}', f'{proof.changed_outside:,}')} {notes}".strip()
        )

    # ---- closing

    async def close_tab(self, tab: DocumentTab | None) -> bool:
        """Close a document, after a question if it is unsaved; False when the user thought better of it."""
        if tab is None or tab.closing:
            return True
        self._window.tabs.setCurrentWidget(tab)
        if self._window.fills.tab is tab:
            if not await self._may_stop():
                return False
            self._window.engine.cancel()
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
        try:
            for tab in self._window.all_tabs:
                if not await self.close_tab(tab):
                    return
        finally:
            self._quitting = False
        self._window.may_close = True
        self._window.engine.begin_close()
        await asyncio.to_thread(self._window.engine.wait)
        self._window.close()
        self._window.ended.emit()

    async def _may_stop(self) -> bool:
        text = self.tr("A fill is running. Stop it and close?")
        return await ask.choice(self._window, text, "", self.tr("Stop and Close"), self.tr("Go On")) == 0

    # ---- fills

    def fill(self) -> None:
        """Fill what is selected."""
        tab = self._window.tab
        if tab is not None and self._window.fills.tab is None:
            self._try(tab, lambda: self._window.fills.fill(tab, self._window.fill_panel.recipe()))

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
        """Take a running stroke back, otherwise cancel the fill."""
        tab = self._window.tab
        if tab is not None and tab.canvas.cancel_stroke():
            return
        self._window.engine.cancel()

    # ---- masks

    def _operate(self, operation: MaskOperation) -> None:
        if self._window.tab is not None:
            self._window.spawn(self._window.masks.operate(self._window.tab, operation))

    async def import_mask(self, tab: DocumentTab | None) -> None:
        """Ask for pictures and add them as masks."""
        if tab is None:
            return
        folder = (tab.session.source or tab.session.project or Path.home() / "mask").parent
        for path in await ask.files_to_open(self._window, self.tr("Import a Mask"), folder, self._pictures()):
            await self._window.masks.read(tab, path)

    async def export_mask(self, tab: DocumentTab | None) -> None:
        """Ask for a name and write the mask that is worked on as a gray picture."""
        if tab is None:
            return
        beside = tab.session.source or tab.session.project or Path.home() / tab.session.name
        proposed = beside.with_name(f"{beside.stem}-mask.png")
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


def _sample() -> Path:
    return resource("samples/canyon-wren.jpg").resolve()


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
