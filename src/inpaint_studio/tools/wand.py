"""The magic wand as a tool: a click selects what looks like the place clicked on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from inpaint_studio.document.document import Document
from inpaint_studio.pixels.wand import wand
from inpaint_studio.tools.base import PointerEvent
from inpaint_studio.tools.combining import SelectingTool
from inpaint_studio.tools.selection import Selection


@dataclass(frozen=True, slots=True)
class WandSettings:
    """tolerance: 0..255, how many 8-bit levels a channel may differ. contiguous: only what is connected.

    all_layers: look at what is visible, the photo with its fills; otherwise at the photo as it was opened.
    """

    tolerance: int = 32
    contiguous: bool = True
    all_layers: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.tolerance <= 255:
            raise ValueError(f"a tolerance of {self.tolerance}")


class WandTool(SelectingTool):
    """Selects by the photo, with or without its fills, never by masks. The place of the press counts."""

    def __init__(self, settings: WandSettings | None = None) -> None:
        self.settings = settings or WandSettings()
        self._pressed: tuple[Document, PointerEvent] | None = None

    @property
    def active(self) -> bool:
        return self._pressed is not None

    def press(self, document: Document, _layer_id: str, event: PointerEvent) -> None:
        """Remember the place."""
        self._pressed = document, event

    def move(self, events: Sequence[PointerEvent]) -> None:
        """Nothing: a wand is not dragged."""

    def release(self, _event: PointerEvent) -> Selection | None:
        """Select."""
        pressed, self._pressed = self._pressed, None
        if pressed is None:
            return None
        document, at = pressed
        region = wand(
            document.composite().read if self.settings.all_layers else document.photo.read,
            document.format,
            document.canvas,
            (math.floor(at.x), math.floor(at.y)),
            self.settings.tolerance,
            contiguous=self.settings.contiguous,
        )
        return Selection(region, self.combine(at.modifiers), "Magic wand")

    def cancel(self) -> None:
        """Forget the place."""
        self._pressed = None
