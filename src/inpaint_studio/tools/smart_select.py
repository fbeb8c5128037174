"""Smart select as a tool: a box round an object or a scribble on it; what the object is, is found out afterwards.

A scribble on what is to be left out (with Alt, or chosen) belongs to the object that was shown before: it is looked for
again, and what is found takes the place of what was found. Undo goes back by one scribble.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from inpaint_studio.document.document import Document
from inpaint_studio.document.layers import MaskLayer
from inpaint_studio.pixels.shapes import Point
from inpaint_studio.pixels.smart_select import Prompt
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.tools.base import Contour, PointerEvent, Tool
from inpaint_studio.tools.combining import combine_by
from inpaint_studio.tools.selection import Combine, LateSelection

#: A box with a side shorter than this, in pixels of the screen, is no box but a click.
_CLICK = 4.0
#: So many steps back an object can still be changed.
_STEPS = 16
_TITLE = "Smart select"


class Pointing(StrEnum):
    """How the object is shown."""

    BOX = "box"
    SCRIBBLE = "scribble"
    LEAVE_OUT = "leave out"


class Sketch:
    """One object as the user has shown it so far in one document, and the mask before and after each step."""

    def __init__(self) -> None:
        self._layer_id = ""
        self._base: TiledImage | None = None
        self._shown: deque[tuple[Prompt, TiledImage]] = deque(maxlen=_STEPS)
        #: What is still looked for, oldest first.
        self.waiting: list[Prompt] = []

    def prompt(self, document: Document, worked_on: str) -> Prompt | None:
        """What was shown of the object that the mask holds now.

        None when the mask was changed since, all was undone, or the layer that is worked on is another mask.
        """
        if self.waiting:
            return self.waiting[-1]
        masks = {layer.id: layer for layer in document.layers if isinstance(layer, MaskLayer)}
        if worked_on in masks and worked_on != self._layer_id:
            return None
        return self._prompt_in(masks[self._layer_id]) if self._layer_id in masks else None

    def _prompt_in(self, layer: MaskLayer) -> Prompt | None:
        if layer.id != self._layer_id:
            return None
        return next((prompt for prompt, after in reversed(self._shown) if after.same_pixels(layer.coverage)), None)

    def base_in(self, layer: MaskLayer) -> TiledImage:
        """The coverage before the object, if `layer` holds it; otherwise as it is."""
        if self._base is not None and self._prompt_in(layer) is not None:
            return self._base
        return layer.coverage.snapshot()

    def note(self, prompt: Prompt, layer: MaskLayer, base: TiledImage) -> None:
        """The object shown by `prompt` is in `layer` now, on top of `base`."""
        if base is not self._base:
            self._layer_id, self._base = layer.id, base
            self._shown.clear()
        self._shown.append((prompt, layer.coverage.snapshot()))


@dataclass(frozen=True, slots=True)
class _Step:
    """One prompt of a sketch on its way into the mask: a `SketchStep`."""

    sketch: Sketch
    prompt: Prompt

    def base(self, layer: MaskLayer) -> TiledImage:
        return self.sketch.base_in(layer)

    def done(self, layer: MaskLayer, base: TiledImage) -> None:
        self.sketch.note(self.prompt, layer, base)

    def over(self) -> None:
        if self.prompt in self.sketch.waiting:
            self.sketch.waiting.remove(self.prompt)


@dataclass(frozen=True, slots=True)
class SmartSelectSettings:
    """by: how the object is shown. width: of a scribble, in pixels of the screen."""

    by: Pointing = Pointing.BOX
    width: float = 12.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "by", Pointing(self.by))
        if not 1 <= self.width <= 200:
            raise ValueError(f"a scribble of {self.width} pixels")


class SmartSelectTool(Tool):
    """A drag is a box, or a line on the object, or on what is to be left out; a click is a scribble in any case.

    Alt leaves out of the object that was shown before; where there is none, it takes the one under it from the mask.
    """

    def __init__(self, settings: SmartSelectSettings | None = None) -> None:
        self.settings = settings or SmartSelectSettings()
        self._settings = self.settings
        self._points: list[Point] = []
        self._pressed: PointerEvent | None = None
        self._document: weakref.ref[Document] | None = None
        self._layer_id = ""
        self._sketches: weakref.WeakKeyDictionary[Document, Sketch] = weakref.WeakKeyDictionary()

    @property
    def active(self) -> bool:
        return self._pressed is not None

    @property
    def outline(self) -> Contour | None:
        if self._pressed is None:
            return None
        if self._settings.by is not Pointing.BOX:
            return Contour(tuple(self._points), closed=False)
        (x, y), (x2, y2) = self._points[0], self._points[-1]
        return Contour(((x, y), (x2, y), (x2, y2), (x, y2)), closed=True)

    def press(self, document: Document, layer_id: str, event: PointerEvent) -> None:
        """Begin a box or a scribble."""
        self._document, self._layer_id = weakref.ref(document), layer_id
        self._pressed, self._settings = event, self.settings
        self._points = [(event.x, event.y)]

    def move(self, events: Sequence[PointerEvent]) -> None:
        """Draw on."""
        if self._pressed is not None:
            self._points += [(event.x, event.y) for event in events]

    def release(self, event: PointerEvent) -> LateSelection | None:
        """Say what was shown."""
        pressed, self._pressed = self._pressed, None
        document = None if self._document is None else self._document()
        if pressed is None or document is None:
            return None
        points = (*self._points, (event.x, event.y))
        how = combine_by(pressed.modifiers)
        if self._settings.by is Pointing.LEAVE_OUT and how is Combine.ADD:
            how = Combine.SUBTRACT
        (x, y), (x2, y2) = points[0], points[-1]
        if self._settings.by is Pointing.BOX and min(abs(x2 - x), abs(y2 - y)) >= _CLICK * event.pixel:
            prompt = Prompt(box=(min(x, x2), min(y, y2), max(x, x2), max(y, y2)), width=self._width(event))
            return self._looked_for(document, prompt, how)
        return self._scribbled(document, points, how, self._width(event))

    def _width(self, event: PointerEvent) -> float:
        return self._settings.width * event.pixel

    def _scribbled(self, document: Document, points: tuple[Point, ...], how: Combine, width: float) -> LateSelection:
        """A line belongs to the object shown before when it leaves out of it, or adds to what was left out of."""
        sketch = self._sketches.get(document)
        before = None if sketch is None else sketch.prompt(document, self._layer_id)
        alone = Prompt(lines=(points,), width=width)
        if sketch is None or before is None or how is Combine.INTERSECT:
            return self._looked_for(document, alone, how)
        if how is Combine.SUBTRACT:
            more = replace(before, background=(*before.background, points), width=width)
            return _late(sketch, more, "Smart select: leave out")
        if before.background and not before.bounds.clipped(alone.bounds).empty:
            more = replace(before, lines=(*before.lines, points), width=width)
            return _late(sketch, more, _TITLE)
        return self._looked_for(document, alone, how)

    def _looked_for(self, document: Document, prompt: Prompt, how: Combine) -> LateSelection:
        """Another object; what is added can have parts left out afterwards."""
        if how is not Combine.ADD:
            return LateSelection(prompt, how, _TITLE)
        sketch = self._sketches[document] = Sketch()
        return _late(sketch, prompt, _TITLE)

    def cancel(self) -> None:
        """Forget what was drawn."""
        self._pressed = None


def _late(sketch: Sketch, prompt: Prompt, title: str) -> LateSelection:
    sketch.waiting.append(prompt)
    return LateSelection(prompt, Combine.ADD, title, _Step(sketch, prompt))
