"""The hand: it moves the view, which is the canvas's business, and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from inpaint_studio.document.document import Document
from inpaint_studio.tools.base import PointerEvent, Tool


class HandTool(Tool):
    """A canvas that shows this tool pans by itself; whoever hands it events all the same gets no edit."""

    def __init__(self) -> None:
        self._held = False

    @property
    def active(self) -> bool:
        return self._held

    def press(self, _document: Document, _layer_id: str, _event: PointerEvent) -> None:
        """Take hold."""
        self._held = True

    def move(self, _events: Sequence[PointerEvent]) -> None:
        """Nothing of the document moves."""

    def release(self, _event: PointerEvent) -> None:
        """Let go."""
        self._held = False

    def cancel(self) -> None:
        """Let go."""
        self._held = False
