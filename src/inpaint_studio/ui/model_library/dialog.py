"""The dialog of the model library. It may be closed while downloads run; they go on."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from inpaint_studio.errors import Cancelled, StudioError
from inpaint_studio.settings import load_settings
from inpaint_studio.ui import ask
from inpaint_studio.ui.errand import in_thread
from inpaint_studio.ui.model_library.access import asked_token, kept
from inpaint_studio.ui.model_library.cards import ModelList
from inpaint_studio.ui.model_library.checks import Checks
from inpaint_studio.ui.model_library.extra import ExtraOffer
from inpaint_studio.ui.model_library.listing import Listing, consent_text, gather
from inpaint_studio.ui.model_library.residents import Residents, Tasks
from inpaint_studio.ui.model_library.switches import Switches
from inpaint_studio.ui.theme import hint, named

if TYPE_CHECKING:
    from inpaint_studio.engines.library.catalogue import Entry
    from inpaint_studio.engines.library.control import Transfer
    from inpaint_studio.ui.model_library.downloads import Downloads

Spawn = Callable[[Coroutine[Any, Any, object]], object]


class ModelLibrary(QDialog):
    """Lists the models that are here and those on offer. Show it with `show()`; `spawn` runs coroutines on the loop."""

    #: Models have come or gone: there are other engines.
    changed = Signal()
    #: The cards are as the disk is.
    refreshed = Signal()

    def __init__(self, downloads: Downloads, tasks: Tasks, spawn: Spawn, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Models"))
        named(self, "dialog.models", accessible=self.windowTitle())
        self.setAcceptDrops(True)
        self.resize(760, 640)
        self._downloads, self._tasks, self._spawn = downloads, tasks, spawn
        self._listing: Listing | None = None
        #: For downloads of this run, where there is no keyring to keep it in.
        self._token = ""
        self._checks = Checks(self)
        self._checks.noted.connect(self._show_check)
        self._build()
        downloads.moved.connect(self._moved)
        downloads.ended.connect(self._ended)

    def refresh(self) -> None:
        """Look at the disk and show what is there."""
        self._spawn(self._refresh())

    def point_at(self, model_id: str) -> None:
        """Bring the card of that model into sight, now or when it is there."""
        self._list.point_at(model_id)

    def stop(self) -> None:
        """End an installation and checks that run."""
        self._extra.stop()
        self._residents.stop()
        self._checks.stop()

    def tell(self, text: str) -> None:
        """Say something at the foot of the dialog."""
        self._message.setText(text)
        self._message.setVisible(bool(text))

    # ---- building

    def _build(self) -> None:
        self._switches = Switches(self._guarded)
        about = hint("models.about", self.tr("Models stay on this computer, and so do your photos and prompts."))
        top = QHBoxLayout()
        top.addWidget(about, 1)
        top.addWidget(self._switches)
        self._extra = ExtraOffer(self._guarded)
        self._extra.installed.connect(self.changed)
        self._residents = Residents(self._tasks, self._guarded)
        self._residents.changed.connect(self._show_open)
        self._residents.noted.connect(self._show_note)
        self._list = ModelList(self._downloads.state, self._residents.is_open)
        self._list.wanted.connect(self._wanted)
        self._list.forget.connect(lambda path: self._guarded(self._forget(path)))
        self._message = hint("models.message")
        self._message.hide()
        column = QVBoxLayout(self)
        column.setSpacing(8)
        column.addLayout(top)
        column.addWidget(self._extra)
        column.addWidget(self._residents)
        column.addWidget(self._list, 1)
        column.addWidget(self._message)
        column.addLayout(self._buttons())

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        tip = self.tr("Use the models of another program where they are (ComfyUI, A1111, InvokeAI …)")
        for name, text, about, press in (
            ("folder", self.tr("Add Folder…"), tip, self._choose_folder),
            ("file", self.tr("Add File…"), self.tr("A .safetensors or .onnx file; or drop it here"), self._choose_file),
            (
                "token",
                self.tr("Access Token…"),
                self.tr("For models whose licence is accepted on their page"),
                self._ask_token,
            ),
        ):
            button = named(QPushButton(text), f"models.{name}", about)
            button.setAccessibleName(text)
            button.setAutoDefault(False)
            button.clicked.connect(lambda _checked=False, press=press: self._guarded(press()))
            row.addWidget(button)
        row.addStretch(1)
        close = named(QPushButton(self.tr("Close")), "models.close", self.tr("Close"), shortcut=self.tr("Esc"))
        close.clicked.connect(self.close)
        close.setDefault(True)
        row.addWidget(close)
        return row

    # ---- the list

    async def _refresh(self) -> None:
        try:
            self._listing = await in_thread(gather)
            self._switches.show_settings(self._listing)
            self._residents.refresh()
            self._list.show_listing(self._listing)
        except StudioError as error:
            self.tell(f"{error.message} {error.hint}")
        self.refreshed.emit()

    @Slot(str, object)
    def _moved(self, model_id: str, transfer: Transfer) -> None:
        if card := self._list.card(model_id):
            card.show_transfer(transfer)

    @Slot(str, object)
    def _ended(self, model_id: str, error: BaseException | None) -> None:
        if error is None:
            self.tell("")
            self.changed.emit()
        elif not isinstance(error, Cancelled):
            self.tell(f"{error.message} {error.hint}" if isinstance(error, StudioError) else str(error))
        self.refresh()

    # ---- what is asked for

    @Slot(str, str)
    def _wanted(self, model_id: str, what: str) -> None:
        self.tell("")
        if what == "pause":
            self._downloads.pause(model_id)
        elif what == "resume":
            self._downloads.resume(model_id)
        elif what == "cancel":
            self._cancel(model_id)
        elif what == "load":
            self._residents.load(model_id)
        elif what == "unload":
            self._residents.unload(model_id)
        else:
            work = {
                "download": self._download,
                "discard": self._discard,
                "verify": self._verify,
                "remove": self._remove,
            }
            self._guarded(work[what](model_id))

    def _cancel(self, model_id: str) -> None:
        if self._checks.cancel(model_id) or self._residents.cancel(model_id):
            return
        if card := self._list.card(model_id):
            card.set_busy(self.tr("Cancelling"))
        self._downloads.cancel(model_id)

    async def _download(self, model_id: str) -> None:
        from inpaint_studio.engines.library.catalogue import offered
        from inpaint_studio.engines.library.tokens import token

        entry = offered(model_id)
        if await in_thread(lambda: load_settings().offline) and not await self._may_download(entry):
            return
        self._downloads.start(entry, self._token or await in_thread(token))

    async def _may_download(self, entry: Entry) -> bool:
        from inpaint_studio.engines.library.places import endpoint

        text = self.tr("Download {0} from {1}?").format(entry.title, urlsplit(endpoint()).hostname)
        explanation = f"{consent_text(entry)}\n\n{self.tr('Inpaint Studio goes online for this download only.')}"
        return await ask.choice(self, text, explanation, self.tr("Download"), self.tr("Cancel")) == 0

    async def _discard(self, model_id: str) -> None:
        from inpaint_studio.engines.library.staging import discard

        await in_thread(lambda: discard(model_id))
        await self._refresh()

    async def _verify(self, model_id: str) -> None:
        if self._checks.runs(model_id):
            return
        self._show_check(model_id, 0, 0)
        said = ""
        try:
            said = await self._checks.verify(self._model(model_id))
        finally:
            # the list may have been made anew meanwhile
            if card := self._list.card(model_id):
                card.rest()
                card.tell(said)

    @Slot(str, object, object)
    def _show_check(self, model_id: str, done: int, total: int) -> None:
        if card := self._list.card(model_id):
            card.show_check(done, total)

    @Slot(str, str)
    def _show_note(self, model_id: str, note: str) -> None:
        if card := self._list.card(model_id):
            if note:
                card.show_work(note)
            else:
                card.rest()

    @Slot()
    def _show_open(self) -> None:
        self._list.show_open()

    async def _remove(self, model_id: str) -> None:
        from inpaint_studio.engines.library import manage

        model = self._model(model_id)
        if model.origin == "app":
            text = self.tr("Delete {0} from this computer?").format(model.title)
            again = self.tr("It can be downloaded again.")
            if await ask.choice(self, text, again, self.tr("Delete"), self.tr("Cancel")) != 0:
                return
        self.tell(await in_thread(lambda: manage.remove(model_id)))
        self.changed.emit()
        await self._refresh()

    async def _forget(self, path: str) -> None:
        from inpaint_studio.engines.library import manage

        self.tell(await in_thread(lambda: manage.remove(path)))
        self.changed.emit()
        await self._refresh()

    def _model(self, model_id: str) -> Any:
        assert self._listing is not None  # noqa: S101  there is a card
        return next(model for model in self._listing.installed if model.id == model_id)

    # ---- adding

    async def _choose_folder(self) -> None:
        dialog = ask.file_dialog(self, self.tr("Add a folder with models"), Path.home())
        dialog.setObjectName("open.dialog")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        if await ask.finished(dialog):
            await self._add_paths([Path(name) for name in dialog.selectedFiles()])

    async def _choose_file(self) -> None:
        kinds = self.tr("Models") + " (*.safetensors *.onnx *.pt)"
        await self._add_paths(await ask.files_to_open(self, self.tr("Add a model"), Path.home(), kinds))

    async def _add_paths(self, paths: list[Path]) -> None:
        from inpaint_studio.engines.library import manage

        said = []
        for path in paths:
            try:
                usable = await in_thread(lambda path=path: manage.add(path))  # type: ignore[misc]
                said.append(
                    self.tr("{0}: {1} usable here.").format(path.name, ", ".join(model.title for model in usable))
                )
            except StudioError as error:
                said.append(f"{error.message} {error.hint}")
        self.tell("\n".join(said))
        self.changed.emit()
        await self._refresh()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  Qt's name
        """Folders and files are welcome."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802  Qt's name
        """Use what is dropped, where it is."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        self._guarded(self._add_paths(paths))
        # never a move: whoever dragged them would delete the originals
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    # ---- access

    async def _ask_token(self) -> None:
        if (token := await asked_token(self)) is not None:
            self._token = token
            self.tell(await kept(token))

    def _guarded(self, work: Coroutine[Any, Any, object]) -> None:
        """Do `work`; what it refuses is told here, where the user looks, and not behind in the window."""

        async def told() -> None:
            try:
                await work
            except StudioError as error:
                self.tell(f"{error.message} {error.hint}")
            except Cancelled:
                return

        self._spawn(told())
