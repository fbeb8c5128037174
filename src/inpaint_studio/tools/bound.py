"""A tool bound to the document and the layer that it works on."""

from __future__ import annotations

from collections.abc import Sequence

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import Edit
from inpaint_studio.document.sourcing import Sourcing
from inpaint_studio.pixels.smart_select import grabcut
from inpaint_studio.tools.base import Contour, Ghost, Made, PointerEvent, Tool
from inpaint_studio.tools.heal import mended
from inpaint_studio.tools.patch import patched
from inpaint_studio.tools.selection import Combine, LateHeal, LatePatch, LateSelection, Selection


class BoundTool:
    """A `Pointer`. What is set while a stroke runs counts from the next press on, and the stroke ends where it began.

    A selection goes into the mask that is worked on when it is done.
    """

    def __init__(self, document: Document, tool: Tool, layer_id: str | None) -> None:
        """Without a layer nothing happens."""
        self.document = document
        self.tool = tool
        self.layer_id = layer_id
        self._running: Tool | None = None

    def mask_for(self, _how: Combine) -> str | None:
        """The mask that a selection goes into."""
        return self.layer_id

    @property
    def active(self) -> bool:
        return self._running is not None and self._running.active

    @property
    def outline(self) -> Contour | None:
        return None if self._running is None else self._running.outline

    def ghost(self, event: PointerEvent) -> Ghost | None:
        """What to show under the pointer while nothing is pressed."""
        return None if self.active else self.tool.ghost(self.document, event)

    def press(self, event: PointerEvent) -> None:
        """Begin with the tool and the layer of this moment, or go on with what stayed active."""
        if self._running is not self.tool:
            self.cancel()
        self._running = self.tool
        self._running.press(self.document, self.layer_id or "", event)

    def move(self, events: Sequence[PointerEvent]) -> None:
        """All positions since the last call, in order."""
        if self._running is not None:
            self._running.move(events)

    def hover(self, event: PointerEvent) -> None:
        """The pointer moves without a button."""
        if self._running is not None:
            self._running.hover(event)

    def release(self, event: PointerEvent) -> Edit | None:
        """End: the edit that was done, already applied; None when nothing changed or the tool goes on."""
        running = self._running
        return None if running is None else self._done(running, running.release(event))

    def finish(self) -> Edit | None:
        """End what stays active between presses."""
        running = self._running
        return None if running is None else self._done(running, running.finish())

    def take_back(self) -> None:
        """Undo the last press of what stays active."""
        if self._running is not None:
            self._running.take_back()

    def cancel(self) -> None:
        """End and leave the document as it was before the press."""
        running, self._running = self._running, None
        if running is not None:
            running.cancel()

    def late(self, late: LateSelection) -> Edit | None:
        """What takes a while to find: found at once here; a window has it found elsewhere and applies it later."""
        try:
            return self._into_mask(late.find(self.document.composite(), grabcut))
        finally:
            late.over()

    def mend(self, late: LateHeal | LatePatch) -> Edit | None:
        """What takes a while to make: made at once here; a window has it made elsewhere."""
        composite = self.document.composite()
        if isinstance(late, LatePatch):
            return mended(self.document, late, *patched(composite, late))
        from inpaint_studio.engines import catalog, planner
        from inpaint_studio.engines.contract import Silent

        job = planner.FillJob(composite, late.coverage, late.recipe, *Sourcing.of(self.document))
        plan = planner.plan(job, catalog.specs())
        filled = planner.execute(plan, catalog.run_here, Silent())
        return mended(self.document, late, filled.pixels, filled.alpha)

    def _done(self, tool: Tool, made: Made) -> Edit | None:
        if not tool.active:
            self._running = None
        if isinstance(made, LateSelection):
            return self.late(made)
        if isinstance(made, LateHeal | LatePatch):
            return self.mend(made)
        return self._into_mask(made) if isinstance(made, Selection) else made

    def _into_mask(self, made: Selection) -> Edit | None:
        layer_id = self.mask_for(made.how) if made.region else None
        return None if layer_id is None else made.into(self.document, layer_id)
