"""What a tool is: it hears of the pointer in photo coordinates and changes a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Flag, auto
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import Edit
from inpaint_studio.pixels.format import Samples
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.stroke_path import Nib
from inpaint_studio.tools.selection import LateHeal, LatePatch, LateSelection, Selection


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

    pressure: 0..1, 1 for a mouse. time: seconds from any fixed moment. pixel: the width of a pixel of the screen, as far
    as eye and hand are concerned, in pixels of the photo.
    """

    x: float
    y: float
    pressure: float = 1.0
    modifiers: Modifier = Modifier.NONE
    time: float = 0.0
    pixel: float = 1.0


@dataclass(frozen=True, slots=True)
class BrushSettings:
    """size: diameter, 1..3000 pixels of the photo. hardness, opacity, flow: 0..1.

    Opacity is the most that a whole stroke does, flow how much of it each pass gives. pressure_size and
    pressure_opacity say what a pen's pressure scales; pressure_gamma 0.25..4 bends it: more than 1 asks for a firmer hand.
    smoothing: 0..1, how far the line lags behind the hand to take its tremor out.
    """

    size: float = 60.0
    hardness: float = 0.8
    opacity: float = 1.0
    flow: float = 1.0
    pressure_size: bool = True
    pressure_opacity: bool = False
    pressure_gamma: float = 1.0
    smoothing: float = 0.0

    SMALLEST: ClassVar[float] = 1.0
    LARGEST: ClassVar[float] = 3000.0
    LEAST_GAMMA: ClassVar[float] = 0.25
    MOST_GAMMA: ClassVar[float] = 4.0

    def __post_init__(self) -> None:
        if not self.SMALLEST <= self.size <= self.LARGEST:
            raise ValueError(f"a brush of {self.size} pixels")
        if not self.LEAST_GAMMA <= self.pressure_gamma <= self.MOST_GAMMA:
            raise ValueError(f"a pressure curve of {self.pressure_gamma}")
        for name in ("hardness", "opacity", "flow", "smoothing"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} {getattr(self, name)} is not in 0..1")


def nib(brush: BrushSettings, event: PointerEvent) -> Nib:
    """The brush at the place of `event`, as pressure makes it."""
    pressure = min(max(event.pressure, 0.0), 1.0) ** brush.pressure_gamma
    radius = brush.size / 2 * (pressure if brush.pressure_size else 1.0)
    return Nib(event.x, event.y, radius, brush.flow * (pressure if brush.pressure_opacity else 1.0))


@dataclass(frozen=True, slots=True)
class Contour:
    """A line through photo coordinates that a tool shows over the canvas. grip: the first point can be clicked on."""

    points: tuple[tuple[float, float], ...]
    closed: bool
    grip: bool = False


@dataclass(frozen=True, slots=True)
class Ghost:
    """What a press would lay at `rect` of the photo: colour samples at its depth, H×W×colours, by `weights` 0..1, H×W."""

    rect: Rect
    samples: Samples
    weights: NDArray[np.float32]


#: What a tool comes to: an edit that is already applied, or what somebody else makes one of; None when nothing changed.
Made = Edit | Selection | LateSelection | LateHeal | LatePatch | None


class Tool(Protocol):
    """Turns pointer events into edits or selections. Between press and release, finish or cancel it is `active`.

    Most are done on release. One that stays active hovers, and goes on with the next press.
    """

    @property
    def active(self) -> bool: ...

    @property
    def outline(self) -> Contour | None:
        """What to show of the work so far beside what the document shows."""
        return None

    def ghost(self, document: Document, event: PointerEvent) -> Ghost | None:
        """What to show under the pointer while nothing is pressed."""
        return None

    def press(self, document: Document, layer_id: str, event: PointerEvent) -> None:
        """Begin to work on a layer; what an unknown or unsuitable layer makes of it is nothing.

        Selecting tools don't look at the layer: whoever takes their selection knows the mask.
        """
        ...

    def move(self, events: Sequence[PointerEvent]) -> None:
        """All positions since the last call, in order."""
        ...

    def release(self, event: PointerEvent) -> Made:
        """End: the edit that was done, already applied, or what was selected; None when nothing changed."""
        ...

    def hover(self, event: PointerEvent) -> None:
        """The pointer moves without a button while the tool is active."""
        return

    def finish(self) -> Made:
        """End what stays active between presses, as a double click or Enter do; the same as from `release`."""
        return None

    def take_back(self) -> None:
        """Undo the last press of what stays active."""
        return

    def cancel(self) -> None:
        """End and leave the document as it was before the press."""
        ...


@runtime_checkable
class Brushed(Protocol):
    """A tool that paints: its brush counts from the next press on."""

    brush: BrushSettings


class Pointer(Protocol):
    """What a canvas reports to: a tool that already knows its document and layer; selections are applied."""

    @property
    def active(self) -> bool: ...

    @property
    def outline(self) -> Contour | None: ...

    def ghost(self, event: PointerEvent) -> Ghost | None: ...

    def press(self, event: PointerEvent) -> None: ...

    def move(self, events: Sequence[PointerEvent]) -> None: ...

    def release(self, event: PointerEvent) -> Edit | None: ...

    def hover(self, event: PointerEvent) -> None: ...

    def finish(self) -> Edit | None: ...

    def take_back(self) -> None: ...

    def cancel(self) -> None: ...
