"""The tool at hand on the document of a tab: what a stroke begins with, and where what it made goes."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING

from inpaint_studio.document.edits import Edit
from inpaint_studio.pixels.stroke import Ink
from inpaint_studio.tools.base import Modifier, PointerEvent, Tool
from inpaint_studio.tools.bound import BoundTool
from inpaint_studio.tools.clone import CloneTool
from inpaint_studio.tools.selection import Combine, LateHeal, LatePatch, LateSelection
from inpaint_studio.tools.stroke import StrokeTool

if TYPE_CHECKING:
    from inpaint_studio.ui.document_tab import DocumentTab


class Painting(BoundTool):
    """Paints on the active layer and selects into the mask worked on; whoever begins without one gets a mask."""

    def __init__(self, tab: DocumentTab, tool: Tool) -> None:
        super().__init__(tab.document, tool, None)
        # weakly: the photo's memory is to be free as soon as the tab is gone, not at some later collection
        self._tab: DocumentTab = weakref.proxy(tab)
        #: Where a stroke is that has not come to the photo yet, while there is no layer for it.
        self._beside: PointerEvent | None = None

    def press(self, event: PointerEvent) -> None:
        """Begin with the tool and the layer of this moment; beside the photo only when the stroke comes to it."""
        self._beside = None
        if self._tab.active is None and self._misses(event, event):
            self._beside = event
        else:
            self._begin(event)

    def move(self, events: Sequence[PointerEvent]) -> None:
        """All positions since the last call, in order."""
        for number, event in enumerate(events):
            if self._beside is None:
                super().move(events[number:])
                return
            before, self._beside = self._beside, event
            if not self._misses(before, event):
                self._beside = None
                self._begin(before)
                super().move(events[number:])
                return

    def cancel(self) -> None:
        """End and leave the document as it was before the press."""
        self._beside = None
        super().cancel()

    def _misses(self, one: PointerEvent, other: PointerEvent) -> bool:
        """Whether a stroke from one place to the other lies beside the photo."""
        if not isinstance(self.tool, StrokeTool):
            return False
        reach = self.tool.brush.size / 2 + 1
        extent = self.document.canvas
        return (
            max(one.x, other.x) < extent.left - reach
            or min(one.x, other.x) > extent.right + reach
            or max(one.y, other.y) < extent.top - reach
            or min(one.y, other.y) > extent.bottom + reach
        )

    def _begin(self, event: PointerEvent) -> None:
        if isinstance(self.tool, StrokeTool):
            turned = bool(event.modifiers & (Modifier.ALT | Modifier.ERASER))
            # a mask that is made only to be erased would be in the way
            self._tab.have_something_to_paint_on(make=self.tool.ink is (Ink.ERASE if turned else Ink.OVER))
            self._tab.tell_if_locked()
        sets_source = bool(event.modifiers & Modifier.ALT)
        if isinstance(self.tool, CloneTool) and not sets_source and self.tool.source_in(self.document) is None:
            self._tab.sourceMissing.emit()
        super().press(event)

    def release(self, event: PointerEvent) -> Edit | None:
        """A stroke on a fill that changed nothing may have been meant for a mask."""
        if self._beside is not None:
            self.move([event])
        if self._beside is not None:
            self._beside = None
            return None
        painted = isinstance(self.tool, StrokeTool)
        edit = super().release(event)
        fill = self._tab.fill_worked_on()
        if edit is None and painted and fill is not None and not fill.locked:
            self._tab.strokeInVain.emit()
        return edit

    def mask_for(self, how: Combine) -> str | None:
        """Only what adds makes a mask."""
        return self._tab.select_into(how)

    def late(self, late: LateSelection) -> Edit | None:
        """Whoever listens finds it, and the mask gets it then."""
        self._tab.lateSelection.emit(late)
        return None

    def mend(self, late: LateHeal | LatePatch) -> Edit | None:
        """Whoever listens has it mended."""
        self._tab.lateHeal.emit(late)
        return None
