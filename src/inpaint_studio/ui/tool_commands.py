"""Commands about the tool at hand: quick mask, swapping brush and eraser, the brush by dragging, named brushes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QCursor

from inpaint_studio.studio.preferences import (
    LONGEST_NAME,
    load_brushes,
    load_shortcuts,
    save_brushes,
    save_shortcuts,
)
from inpaint_studio.tools.base import BrushSettings
from inpaint_studio.tools.stroke import StrokeTool
from inpaint_studio.ui import ask
from inpaint_studio.ui.brush_popup import BrushPopup
from inpaint_studio.ui.document_tab import DocumentTab
from inpaint_studio.ui.shortcuts import ShortcutsDialog, apply_keys, changes_of, with_changes

if TYPE_CHECKING:
    from inpaint_studio.ui.window import MainWindow

#: Screen pixels from a soft brush to a hard one.
_HARDNESS_WAY = 200


class ToolCommands(QObject):
    """`handlers` names one for each of its commands; `watch` has a tab's canvas change the brush."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._popup: BrushPopup | None = None
        self._brush_before = BrushSettings()
        #: What Q takes in hand: the paint that was used last, and what was in hand beside painting.
        self._paint, self._other = "brush", "hand"

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What to call for each command."""
        return {
            "action.quick_mask": self.quick_mask,
            "action.colour_range": self._colour_range,
            "action.shortcuts": lambda: self._window.spawn(self._shortcuts()),
            "action.swap": self._swap,
            "action.brush_defaults": lambda: self._window.toolbox.set_brush(BrushSettings()),
            "action.brush_popup": lambda: self.pop_up(QCursor.pos()),
        }

    def watch(self, tab: DocumentTab) -> None:
        """Hear of the right mouse button on the canvas of `tab`."""
        tab.canvas.menuRequested.connect(self.pop_up)
        tab.canvas.brushDragBegan.connect(self._begin_drag)
        tab.canvas.brushDragged.connect(self._drag)

    def quick_mask(self) -> None:
        """Paint on the red mask, or look at the photo without it and with the tool that was in hand before."""
        window, tab = self._window, self._window.tab
        if tab is None:
            return
        painting = isinstance(window.toolbox.tool, StrokeTool)
        if painting and tab.canvas.overlay_shown:
            self._paint = window.toolbox.tool_id
            self._show_masks(tab, shown=False)
            window.toolbox.choose(self._other)
            return
        if not painting:
            self._other = window.toolbox.tool_id
            window.toolbox.choose(self._paint)
        tab.canvas.cancel_stroke()
        tab.activate(tab.have_mask().id)
        tab.have_something_to_paint_on()
        self._show_masks(tab, shown=True)

    def _show_masks(self, tab: DocumentTab, *, shown: bool) -> None:
        tab.canvas.set_overlay_shown(shown)
        self._window.actions_by_name["action.overlay"].setChecked(shown)

    def _swap(self) -> None:
        self._window.toolbox.choose("brush" if self._window.toolbox.tool_id == "eraser" else "eraser")

    def _colour_range(self) -> None:
        window, tab = self._window, self._window.tab
        if tab is not None:
            window.spawn(window.masks.colour_range(tab, tab.canvas.pointed_at))

    def use_own_shortcuts(self) -> None:
        """Give the actions the keys that the user has chosen. Raises InputError for a file that can't be read."""
        apply_keys(self._window.actions_by_name, with_changes(load_shortcuts()))

    async def _shortcuts(self) -> None:
        actions = self._window.actions_by_name
        dialog = ShortcutsDialog(actions, with_changes(load_shortcuts()), self._window)
        if await ask.finished(dialog):
            save_shortcuts(changes_of(dialog.keys))
            apply_keys(actions, dialog.keys)

    # ---- the brush by the right mouse button

    def _begin_drag(self) -> None:
        self._brush_before = self._window.toolbox.brush

    def _drag(self, right: float, down: float) -> None:
        if not self._window.toolbox.painting:
            return
        before = self._brush_before
        size = min(max(before.size + 2 * right, BrushSettings.SMALLEST), BrushSettings.LARGEST)
        hardness = min(max(before.hardness + down / _HARDNESS_WAY, 0.0), 1.0)
        self._window.toolbox.change_brush(size=round(size, 1 if size < 10 else 0), hardness=round(hardness, 2))

    def pop_up(self, at: QPoint) -> None:
        """Show the brush's pop-up at a place of the screen; nothing for tools that don't paint."""
        if not self._window.toolbox.painting:
            return
        if self._popup is None:
            self._popup = BrushPopup(self._window)
            self._popup.changed.connect(self._window.toolbox.set_brush)
            self._popup.saveRequested.connect(self._save)
            self._popup.deleteRequested.connect(self._delete)
        self._popup.pop_up(self._window.toolbox.brush, load_brushes(), at)

    def _save(self, name: str) -> None:
        self._keep(load_brushes() | {name[:LONGEST_NAME]: self._window.toolbox.brush})

    def _delete(self, name: str) -> None:
        self._keep({other: brush for other, brush in load_brushes().items() if other != name})

    def _keep(self, brushes: dict[str, BrushSettings]) -> None:
        save_brushes(brushes)
        if self._popup is not None:
            self._popup.set_brushes(brushes)
