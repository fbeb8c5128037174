"""A tool bound to the document and the layer that it works on."""

from __future__ import annotations

from collections.abc import Sequence

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import Edit
from inpaint_studio.tools.base import PointerEvent, Tool


class BoundTool:
    """A `Pointer`. What is set while a stroke runs counts from the next press on, and the stroke ends where it began."""

    def __init__(self, document: Document, tool: Tool, layer_id: str | None) -> None:
        """Without a layer nothing happens."""
        self.document = document
        self.tool = tool
        self.layer_id = layer_id
        self._running: Tool | None = None

    def press(self, event: PointerEvent) -> None:
        """Begin with the tool and the layer of this moment."""
        self.cancel()
        if self.layer_id is not None:
            self._running = self.tool
            self._running.press(self.document, self.layer_id, event)

    def move(self, events: Sequence[PointerEvent]) -> None:
        """All positions since the last call, in order."""
        if self._running is not None:
            self._running.move(events)

    def release(self, event: PointerEvent) -> Edit | None:
        """End: the edit that was done, already applied; None when nothing changed."""
        running, self._running = self._running, None
        return None if running is None else running.release(event)

    def cancel(self) -> None:
        """End and leave the document as it was before the press."""
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
