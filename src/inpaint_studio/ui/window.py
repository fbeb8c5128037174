"""The main window: tabs with documents, docks around them. What its commands do is in `commands`."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QActionGroup, QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QDockWidget, QGridLayout, QMainWindow, QStackedWidget, QTabWidget, QToolBar, QWidget

from inpaint_studio.errors import StudioError
from inpaint_studio.pixels import stroke_backend
from inpaint_studio.settings import Settings
from inpaint_studio.studio.jobs import JobRunner
from inpaint_studio.studio.session import Session
from inpaint_studio.tools.registry import TOOLS
from inpaint_studio.ui.actions import ALWAYS, COMMANDS, ON_THE_DOCUMENT, build_actions
from inpaint_studio.ui.candidates_dock import CandidatesDock
from inpaint_studio.ui.colour import screen_space
from inpaint_studio.ui.commands import Commands
from inpaint_studio.ui.document_tab import DocumentTab
from inpaint_studio.ui.early_look import EarlyLook, early_picture
from inpaint_studio.ui.engine_thread import EngineThread
from inpaint_studio.ui.errand import in_thread
from inpaint_studio.ui.file_commands import FileCommands
from inpaint_studio.ui.file_flow import FileFlow
from inpaint_studio.ui.fill_commands import FillCommands
from inpaint_studio.ui.fill_flow import FillFlow
from inpaint_studio.ui.fill_panel import FillPanel
from inpaint_studio.ui.heal_flow import HealFlow
from inpaint_studio.ui.history_commands import HistoryCommands
from inpaint_studio.ui.history_dock import HistoryDock
from inpaint_studio.ui.icons import icon
from inpaint_studio.ui.layer_commands import LayerCommands
from inpaint_studio.ui.layers_dock import LayersDock
from inpaint_studio.ui.mask_flow import MaskFlow
from inpaint_studio.ui.mask_transfer import MaskTransfer
from inpaint_studio.ui.menus import Menus
from inpaint_studio.ui.messages import Messages
from inpaint_studio.ui.models_flow import ModelsFlow
from inpaint_studio.ui.navigator import NavigatorDock
from inpaint_studio.ui.outline_flow import OutlineFlow
from inpaint_studio.ui.panels import Panels
from inpaint_studio.ui.review import FolderFlow, ReviewFlow
from inpaint_studio.ui.screens import ScreenKeeper
from inpaint_studio.ui.select_flow import SelectFlow
from inpaint_studio.ui.status import StatusBar
from inpaint_studio.ui.tool_commands import ToolCommands
from inpaint_studio.ui.tool_options import ToolOptions
from inpaint_studio.ui.toolbox import Toolbox
from inpaint_studio.ui.view_commands import ViewCommands
from inpaint_studio.ui.welcome import Welcome

#: Seconds after which the start goes on without the files that are still being opened.
_PATIENCE_S = 5


class MainWindow(QMainWindow):
    """Holds the open documents and keeps docks, title and status bar in step with the one in front."""

    #: The first frame is on the screen.
    first_painted = Signal()
    #: Everything is closed and the engine has ended: the program may end.
    ended = Signal()

    def __init__(self, settings: Settings, make_runner: Callable[[], JobRunner] | None = None) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setAcceptDrops(True)
        self.resize(1360, 860)
        self.messages = Messages(self)
        self.engine = EngineThread(make_runner, self)
        self.fills = FillFlow(self.engine, self)
        self.outlines = OutlineFlow(self)
        self.masks = MaskFlow(self)
        self.models = ModelsFlow(self)
        self.screens = ScreenKeeper(self)
        self.toolbox = Toolbox(self)
        self.panels = Panels(self)
        self.menus = Menus(self)
        self.may_close = False
        self._painted = False
        self._tasks: set[asyncio.Task[object]] = set()
        self.tool_commands = ToolCommands(self)
        self.layer_commands = LayerCommands(self)
        self.mask_transfer = MaskTransfer(self)
        self.view_commands = ViewCommands(self)
        self.history_commands = HistoryCommands(self)
        self.review = ReviewFlow(self)
        self.folders = FolderFlow(self)
        self.file_commands = FileCommands(self)
        self.fill_commands = FillCommands(self)
        self.commands = Commands(self)
        self.actions_by_name = build_actions(self, self.commands.handlers())
        self._build_centre()
        self._build_docks()
        self._build_bars()
        self.panels.arrange()
        self.panels.follow()
        self.selecting = SelectFlow(self.engine, self.status.progress, self)
        self.healing = HealFlow(self.engine, self.status.progress, self)
        self.files = FileFlow(settings, self.status.progress, self)
        for name in ON_THE_DOCUMENT:
            action = self.actions_by_name[name]
            self.removeAction(action)
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self.tabs.addAction(action)
        self._connect()
        for use_own in (self.tool_commands.use_own_shortcuts, self.toolbox.load):
            try:
                use_own()
            except StudioError as error:
                self.messages.show(error)
        self.toolbox.choose(self.toolbox.tool_id)
        self.refresh()

    # ---- building

    def _build_centre(self) -> None:
        self.welcome = Welcome(self)
        self.tabs = QTabWidget(self)
        self.tabs.setObjectName("tabs")
        self.tabs.setDocumentMode(True)
        self.tabs.setTabsClosable(True)
        self.tabs.setMovable(True)
        self.pages = QStackedWidget(self)
        self.pages.addWidget(self.welcome)
        self.pages.addWidget(self.tabs)
        self.early = EarlyLook(self)
        self.pages.addWidget(self.early)
        centre = QWidget(self)
        layers = QGridLayout(centre)
        layers.setContentsMargins(0, 0, 0, 0)
        layers.addWidget(self.pages, 0, 0)
        # over the pages, so that the photo stays where it is while a message comes and goes
        layers.addWidget(self.messages.bar, 0, 0, Qt.AlignmentFlag.AlignBottom)
        self.setCentralWidget(centre)

    def event(self, event: QEvent) -> bool:
        """Notice the first frame."""
        done = super().event(event)
        if event.type() == QEvent.Type.Paint and not self._painted:
            self._painted = True
            self.first_painted.emit()
        return done

    async def begin(self, paths: Sequence[Path]) -> None:
        """What every start does: open `paths`, then `warm_up`, which does not wait for a disk that hangs."""
        opening = self.spawn(self.file_commands.open_files(paths))
        await asyncio.wait([opening], timeout=_PATIENCE_S)
        if not self.may_close:
            self.warm_up()

    def warm_up(self) -> None:
        """What the first fill and the first stroke would wait for; call it when the window is on the screen."""
        self.models.list_engines()
        self.engine.warm()
        self.spawn(self.file_commands.offer_leftovers())

    @staticmethod
    async def _load_kernels() -> None:
        await asyncio.to_thread(_warm_kernels)
        # what is loaded by now stays: no collection has to go through all of it again, which takes some 60 ms
        gc.freeze()

    def _build_docks(self) -> None:
        self.fill_panel = FillPanel(self)
        self.fill_dock = QDockWidget(self.tr("Fill"), self)
        self.fill_dock.setObjectName("dock.fill")
        self.fill_dock.setWidget(self.fill_panel)
        self.layers = LayersDock(self)
        handled = self.layer_commands.handlers()
        about_layers = [command.name for command in COMMANDS if command.name in handled]
        self.layers.set_commands(self.menus.grouped([*about_layers, "action.copy_mask", "action.paste_mask"]))
        self.history = HistoryDock(self)
        self.candidates = CandidatesDock(self.spawn, self)
        self.navigator = NavigatorDock(self)

    def _build_bars(self) -> None:
        for command in COMMANDS:
            if command.icon:
                self.actions_by_name[command.name].setIcon(icon(command.icon))
        self.menus.build()
        self.tool_bar = tools = QToolBar(self.tr("Tools"), self)
        tools.setObjectName("toolbar.tools")
        # so that all tools are in sight on a screen of 720 lines
        tools.setIconSize(QSize(20, 20))
        group = QActionGroup(self)
        for tool in TOOLS:
            group.addAction(self.actions_by_name[f"tool.{tool.id}"])
            tools.addAction(self.actions_by_name[f"tool.{tool.id}"])
        tools.addSeparator()
        for name in ("action.undo", "action.redo"):
            tools.addAction(self.actions_by_name[name])
        self.options_bar = options = QToolBar(self.tr("Tool settings"), self)
        options.setObjectName("toolbar.options")
        self.tool_options = ToolOptions(self)
        options.addWidget(self.tool_options)
        self.status = StatusBar(self)
        self.setStatusBar(self.status)

    def _connect(self) -> None:
        self.tabs.currentChanged.connect(self._switched)
        self.tabs.tabCloseRequested.connect(lambda index: self.spawn(self.file_commands.close_tab(self.tab_at(index))))
        self.menus.openRequested.connect(lambda path: self.spawn(self.file_commands.open_files([path])))
        self.welcome.chooseRequested.connect(self.actions_by_name["action.open"].trigger)
        self.welcome.openRequested.connect(lambda paths: self.spawn(self.file_commands.open_files(paths)))
        self.welcome.sampleRequested.connect(self.file_commands.open_sample)
        self.welcome.recoverRequested.connect(lambda path: self.spawn(self.file_commands.recover(path)))
        self.welcome.discardRequested.connect(lambda path: self.spawn(self.file_commands.discard(path)))
        self.fill_panel.fillRequested.connect(self.fill_commands.fill)
        self.fill_panel.form.getRequested.connect(self.models.get)
        self.fill_panel.changed.connect(self._outline)
        self.fill_panel.changed.connect(self._name_engine)
        self.layers.edit.connect(lambda edit: self._with_tab(lambda tab: tab.do(edit)))
        self.layers.activeChanged.connect(lambda layer_id: self._with_tab(lambda tab: tab.activate(layer_id or None)))
        self.candidates.moreAsked.connect(self.fill_commands.more_candidates)
        self.layers.runAgain.connect(lambda layer_id: self.spawn(self.fill_commands.run_again(layer_id)))
        self.history.goTo.connect(lambda position: self._with_tab(lambda tab: tab.go_to(position)))
        self.tool_options.changed.connect(self.toolbox.set_brush)
        self.tool_options.wandChanged.connect(self.toolbox.set_settings)
        self.tool_options.cloneChanged.connect(self.toolbox.set_settings)
        self.tool_options.moreAsked.connect(self.tool_commands.pop_up)
        self.tool_options.smartChanged.connect(self.toolbox.set_settings)
        self.tool_options.howChanged.connect(self.toolbox.set_how)
        self.engine.ready.connect(lambda: self.spawn(self._load_kernels()))
        self.files.unsafe.connect(self.messages.show)
        self.fill_commands.follow()

    # ---- documents

    @property
    def tab(self) -> DocumentTab | None:
        """The document in front."""
        widget = self.tabs.currentWidget()
        return widget if isinstance(widget, DocumentTab) else None

    def tab_at(self, index: int) -> DocumentTab:
        """The document of the tab `index`."""
        widget = self.tabs.widget(index)
        assert isinstance(widget, DocumentTab)  # noqa: S101  nothing else is ever added
        return widget

    @property
    def all_tabs(self) -> list[DocumentTab]:
        return [self.tab_at(index) for index in range(self.tabs.count())]

    def add_session(self, session: Session) -> DocumentTab:
        """Show a document in a tab of its own, in front."""
        tab = DocumentTab(session, self.toolbox.tool, self.tabs)
        tab.changed.connect(self.refresh)
        tab.changed.connect(self._outline)
        tab.changed.connect(self.navigator.navigator.refresh)
        self.files.follow(tab, self.spawn)
        tab.failed.connect(self.messages.show)
        tab.activeChanged.connect(self._activated)
        tab.strokeInVain.connect(self._stroke_in_vain)
        tab.lateSelection.connect(lambda late: self.spawn(self.selecting.find(tab, late)))
        tab.lateHeal.connect(lambda late: self.spawn(self.healing.mend(tab, late)))
        tab.sourceMissing.connect(
            lambda: self.messages.info(
                self.tr("Alt+click (or Ctrl+click) where to copy from, then paint over what should go.")
            )
        )
        tab.nothingFound.connect(self._nothing_found)
        tab.lockedTouched.connect(self._locked_touched)
        self.review.keys.watch_canvas(tab.canvas)
        tab.canvas.zoomChanged.connect(self.status.set_zoom)
        self.view_commands.watch(tab)
        tab.canvas.cursorMoved.connect(self._pointed)
        self.toolbox.fit(tab)
        self.tool_commands.watch(tab)
        self.tabs.setCurrentIndex(self.tabs.addTab(tab, tab.title))
        self.refresh()
        tab.canvas.setFocus()
        return tab

    def remove_tab(self, tab: DocumentTab) -> None:
        """Take the tab of a closed document away."""
        self.tabs.removeTab(self.tabs.indexOf(tab))
        tab.deleteLater()
        self.refresh()

    async def look_early(self, path: Path) -> None:
        """Show a photo that is being opened, if nothing else is open that one might be working on."""
        screen = screen_space(self)
        seen = await in_thread(lambda: early_picture(path, screen))
        if seen is not None and self.tab is None and self.files.running(None):
            self.early.show_picture(*seen)
            self.pages.setCurrentWidget(self.early)

    def refresh(self) -> None:
        """Show what the document in front has become."""
        tab = self.tab
        self.pages.setCurrentWidget(self.tabs if tab is not None else self.welcome)
        self.early.clear()
        for index, other in enumerate(self.all_tabs):
            self.tabs.setTabText(index, other.title)
        self.setWindowTitle(f"{tab.title} – Inpaint Studio" if tab is not None else "Inpaint Studio")
        self.history.refresh(tab.studio.history if tab is not None else None)
        history = tab.studio.history if tab is not None else None
        enabled = {command.name: tab is not None or command.name in ALWAYS for command in COMMANDS}
        enabled["action.undo"] = history is not None and history.position > 0
        enabled["action.redo"] = history is not None and history.position < len(history.labels)
        enabled["action.finish"] = self.fills.tab is not None
        enabled["action.fill"] = tab is not None and self.fills.tab is None
        for name, on in enabled.items():
            self.actions_by_name[name].setEnabled(on)
        self.fill_panel.setEnabled(tab is not None)
        self.candidates.follow(tab, self.layers.selected[-1] if self.layers.selected else None)
        self.review.follow()

    def _with_tab(self, act: Callable[[DocumentTab], None]) -> None:
        if self.tab is not None:
            act(self.tab)

    def _switched(self) -> None:
        tab = self.tab
        document = tab.document if tab is not None else None
        self.layers.set_document(document)
        self.status.set_document(document)
        if tab is not None:
            self.layers.set_active(tab.active or "")
            self.status.set_zoom(tab.canvas.view.zoom)
            self.actions_by_name["action.overlay"].setChecked(tab.canvas.overlay_shown)
            self.view_commands.show_state(tab)
        self.navigator.navigator.set_canvas(tab.canvas if tab is not None else None)
        self.refresh()

    def _activated(self, layer_id: str) -> None:
        if self.sender() is self.tab:
            self.layers.set_active(layer_id)
            self.review.follow()

    def _name_engine(self) -> None:
        self.status.set_engine(self.fill_panel.form.engine_title)

    def _outline(self) -> None:
        """Draw anew what a fill would change."""
        if self.tab is not None and not self.tab.closing:
            self.spawn(self.outlines.show(self.tab, self.fill_panel.recipe()))

    def _pointed(self, x: float, y: float) -> None:
        self.status.set_pointer((int(x // 1), int(y // 1)))

    def _stroke_in_vain(self) -> None:
        self.messages.info(
            self.tr(
                "You are painting on a fill: the eraser (E) brings the original back, the brush (B) the fill. "
                "To select something else, add a mask (Ctrl+Shift+N)."
            )
        )

    def _locked_touched(self, name: str) -> None:
        self.messages.info(self.tr("{0} is locked. Unlock it with Ctrl+/ to paint on it.").format(name))

    def _nothing_found(self) -> None:
        self.messages.info(self.tr("No object was found there. Drag a closer box round it, or scribble on it."))

    # ---- async work and the end

    def spawn(self, work: Coroutine[Any, Any, object]) -> asyncio.Task[object]:
        """Do `work` on the event loop; what it raises is shown."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def settle(self) -> None:
        """Wait until nothing that was spawned runs any more."""
        while others := self._tasks - {asyncio.current_task()}:
            await asyncio.wait(others)

    def _done(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.messages.show(error)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  Qt's name
        """Ask what has to be asked first; the window closes when all is closed."""
        if self.may_close:
            event.accept()
            return
        event.ignore()
        self.spawn(self.file_commands.quit())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  Qt's name
        """Files are welcome."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802  Qt's name
        """Open what is dropped, one after the other."""
        self.file_commands.open_urls(event.mimeData().urls())
        # never a move: whoever dragged them would delete the originals
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()


def _warm_kernels() -> None:
    """Load what the worker has compiled: the brush's loops, and those by which a fill is matched to its rim."""
    from inpaint_studio.pixels import compiled, membrane

    with suppress(OSError):
        compiled.forget_others()
    stroke_backend.warm()
    with stroke_backend.uncollected(), suppress(StudioError):  # the first fill says why it can't be compiled
        membrane.warm()
