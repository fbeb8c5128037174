"""What a tool is: it hears of the pointer in photo coordinates and changes a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Flag, auto
from typing import ClassVar, Protocol

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import Edit


class Modifier(Flag):
    """What is held while the pointer moves: keys, or the pen turned to its eraser end."""

    NONE = 0
    SHIFT = auto()
    CONTROL = auto()
    ALT = auto()
    ERASER = auto()


@dataclass(frozen=True, slots=True)
class PointerEvent:
    """Where the pointer is: photo coordinates with fractions, the first pixel's centre at (0.5, 0.5).

    pressure: 0..1, 1 for a mouse. time: seconds from any fixed moment.
    """

    x: float
    y: float
    pressure: float = 1.0
    modifiers: Modifier = Modifier.NONE
    time: float = 0.0


@dataclass(frozen=True, slots=True)
class BrushSettings:
    """size: diameter, 1..3000 pixels of the photo. hardness, opacity, flow: 0..1.

    Opacity is the most that a whole stroke does, flow how much of it each pass gives. pressure_size and
    pressure_opacity say what a pen's pressure scales.
    """

    size: float = 60.0
    hardness: float = 0.8
    opacity: float = 1.0
    flow: float = 1.0
    pressure_size: bool = True
    pressure_opacity: bool = False

    SMALLEST: ClassVar[float] = 1.0
    LARGEST: ClassVar[float] = 3000.0

    def __post_init__(self) -> None:
        if not self.SMALLEST <= self.size <= self.LARGEST:
            raise ValueError(f"a brush of {self.size} pixels")
        for name in ("hardness", "opacity", "flow"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} {getattr(self, name)} is not in 0..1")


class Tool(Protocol):
    """Turns pointer events into edits. Between press and release or cancel it is `active`."""

    @property
    def active(self) -> bool: ...

    def press(self, document: Document, layer_id: str, event: PointerEvent) -> None:
        """Begin to work on a layer; what an unknown or unsuitable layer makes of it is nothing."""
        ...

    def move(self, events: Sequence[PointerEvent]) -> None:
        """All positions since the last call, in order."""
        ...

    def release(self, event: PointerEvent) -> Edit | None:
        """End: the edit that was done, already applied; None when nothing changed."""
        ...

    def cancel(self) -> None:
        """End and leave the document as it was before the press."""
        ...


class Pointer(Protocol):
    """What a canvas reports to: a tool that already knows its document and layer."""

    def press(self, event: PointerEvent) -> None: ...

    def move(self, events: Sequence[PointerEvent]) -> None: ...

    def release(self, event: PointerEvent) -> Edit | None: ...

    def cancel(self) -> None: ...
