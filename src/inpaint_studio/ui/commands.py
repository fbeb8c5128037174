"""What each command of the window does: those of one line are here, the others in rooms of their own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from inpaint_studio.errors import InputError
from inpaint_studio.pixels.mask_operations import MASK_OPERATIONS, MaskOperation
from inpaint_studio.tools.base import BrushSettings
from inpaint_studio.tools.registry import TOOLS
from inpaint_studio.ui.about import About
from inpaint_studio.ui.command_palette import CommandPalette
from inpaint_studio.ui.document_tab import DocumentTab
from inpaint_studio.ui.messages import log_path, open_log_folder

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

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What to call for each command."""
        window = self._window
        table: dict[str, Callable[[], object]] = {
            "action.undo": lambda: self._with_tab(DocumentTab.undo),
            "action.redo": lambda: self._with_tab(DocumentTab.redo),
            "action.clear_mask": lambda: self._with_tab(DocumentTab.clear_mask),
            "action.add_mask": lambda: self._with_tab(DocumentTab.add_mask),
            "action.cancel": self.cancel,
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
            "action.palette": self._open_palette,
            "action.log": self._open_log,
            "action.about": lambda: About(window).open(),
        }
        for digit in range(10):
            table[f"action.opacity_{digit}"] = partial(window.toolbox.change_brush, opacity=digit / 10 or 1.0)
        table |= window.file_commands.handlers() | window.fill_commands.handlers()
        table |= window.tool_commands.handlers() | window.view_commands.handlers() | window.history_commands.handlers()
        table |= window.layer_commands.handlers() | window.review.handlers()
        table["action.restore_folder"] = window.folders.ask
        table |= window.mask_transfer.handlers() | window.panels.handlers()
        for operation in MASK_OPERATIONS:
            table[f"action.mask_{operation.id}"] = partial(self._operate, operation)
        for tool in TOOLS:
            table[f"tool.{tool.id}"] = partial(window.toolbox.choose, tool.id)
        return table

    # ---- masks

    def _operate(self, operation: MaskOperation) -> None:
        if self._window.tab is not None:
            self._window.spawn(self._window.masks.operate(self._window.tab, operation))

    # ---- the rest

    def cancel(self) -> None:
        """Take a running stroke back, otherwise cancel what the status bar shows, otherwise bring the view upright."""
        tab = self._window.tab
        if tab is not None and tab.canvas.cancel_stroke():
            return
        if not self._window.status.progress.cancel() and tab is not None:
            tab.canvas.stop_turning()

    def _with_tab(self, act: Callable[[DocumentTab], object]) -> None:
        if self._window.tab is not None:
            act(self._window.tab)

    def _resize(self, factor: float) -> None:
        size = self._window.toolbox.brush.size
        wanted = round(size * factor) if factor < 1 else max(round(size * factor), size + 1)
        self._window.toolbox.change_brush(size=float(min(max(wanted, BrushSettings.SMALLEST), BrushSettings.LARGEST)))

    def _harden(self, by: float) -> None:
        self._window.toolbox.change_brush(
            hardness=min(max(round(self._window.toolbox.brush.hardness + by, 2), 0.0), 1.0)
        )

    def _toggle_full_screen(self) -> None:
        self._window.setWindowState(self._window.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _open_palette(self) -> None:
        CommandPalette(self._window.actions_by_name.values(), self._window).open()

    def _toggle_overlay(self) -> None:
        self._with_tab(lambda tab: tab.canvas.set_overlay_shown(not tab.canvas.overlay_shown))

    def _open_log(self) -> None:
        if not open_log_folder():
            raise InputError(
                self.tr("There is no program here that shows folders."), self.tr("The log is {0}.").format(log_path())
            )
