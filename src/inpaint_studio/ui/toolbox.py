"""The tools, the one at hand, and the settings with which each works."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from inpaint_studio.studio.preferences import ToolSettings, load_tools, save_tools
from inpaint_studio.tools.base import Brushed, BrushSettings, Tool
from inpaint_studio.tools.clone import CloneTool
from inpaint_studio.tools.combining import SelectingTool
from inpaint_studio.tools.hand import HandTool
from inpaint_studio.tools.registry import TOOLS
from inpaint_studio.tools.selection import Combine
from inpaint_studio.tools.smart_select import SmartSelectTool
from inpaint_studio.tools.wand import WandTool
from inpaint_studio.ui.errand import in_thread

if TYPE_CHECKING:
    from inpaint_studio.ui.document_tab import DocumentTab
    from inpaint_studio.ui.window import MainWindow

#: Milliseconds after the last change to a tool's settings when they are written down.
_PAUSE_MS = 500


class Toolbox(QObject):
    """One of each tool for all documents of the window. How they are set is kept from one start to the next."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._tools = {entry.id: entry.make() for entry in TOOLS}
        #: The id of the tool at hand.
        self.tool_id = TOOLS[0].id
        self._unkept = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._unkept.timeout.connect(lambda: self._window.spawn(self.keep()))

    @property
    def tool(self) -> Tool:
        """The one at hand."""
        return self._tools[self.tool_id]

    @property
    def brush(self) -> BrushSettings:
        """What is painted with; tools that don't paint leave it as it was."""
        return self._window.tool_options.settings

    @property
    def painting(self) -> bool:
        return isinstance(self.tool, Brushed)

    def choose(self, tool_id: str) -> None:
        """Take another tool in hand; each keeps its own brush."""
        self.tool_id = tool_id
        self._window.actions_by_name[f"tool.{tool_id}"].setChecked(True)
        for tab in self._window.all_tabs:
            tab.set_tool(self.tool)
            self.fit(tab)
        self._window.tool_options.show_for(self.tool)
        self._window.status.set_hint(next(self.tr(entry.hint) for entry in TOOLS if entry.id == tool_id))
        self.set_brush(self.tool.brush if isinstance(self.tool, Brushed) else self.brush)

    def set_brush(self, brush: BrushSettings) -> None:
        """Paint with `brush` from the next press on."""
        self._window.tool_options.set_settings(brush)
        if isinstance(self.tool, Brushed):
            self.tool.brush = brush
        for tab in self._window.all_tabs:
            self.fit(tab)

    def change_brush(self, **values: float) -> None:
        """Paint with some settings changed."""
        self.set_brush(replace(self.brush, **values))  # type: ignore[arg-type]  # the names are the callers' literals

    def fit(self, tab: DocumentTab) -> None:
        """Have the canvas of `tab` show the pointer of the tool at hand."""
        tab.canvas.set_brush_size(self.brush.size if self.painting else None)
        tab.canvas.set_panning(isinstance(self.tool, HandTool))

    def set_settings(self, settings: ToolSettings) -> None:
        """Work with `settings` from the next press on, and after the next start."""
        self._set(settings)
        self._unkept.start()

    def set_how(self, how: Combine) -> None:
        """Have what the tool at hand selects go into the mask by `how` until the program ends."""
        if isinstance(self.tool, SelectingTool):
            self.tool.how = how

    def load(self) -> None:
        """Set the tools as they were set last. Raises InputError for a file that can't be read."""
        for settings in load_tools():
            self._set(settings)

    async def keep(self) -> None:
        """Write down how the tools are set. Raises InputError where that can't be done."""
        self._unkept.stop()
        settings = [tool.settings for tool in self._settable]
        await in_thread(lambda: save_tools(settings))

    @property
    def unkept(self) -> bool:
        """Whether something was set that is not written down yet."""
        return self._unkept.isActive()

    @property
    def _settable(self) -> list[WandTool | SmartSelectTool | CloneTool]:
        return [tool for tool in self._tools.values() if isinstance(tool, WandTool | SmartSelectTool | CloneTool)]

    def _set(self, settings: ToolSettings) -> None:
        for tool in self._settable:
            if type(tool.settings) is type(settings):
                tool.settings = settings
