"""What the retouching brushes share: a stroke that lays pixels on a layer of their own."""

from __future__ import annotations

import weakref
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import Edit
from inpaint_studio.pixels.format import COVERAGE
from inpaint_studio.pixels.stroke import Ink, PlaneStroke
from inpaint_studio.pixels.stroke_path import Nib, curve
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.tools.base import BrushSettings, Modifier, PointerEvent, Tool, nib
from inpaint_studio.tools.retouch import Retouching, Source
from inpaint_studio.tools.selection import LateHeal
from inpaint_studio.tools.steady import Steady


@dataclass(slots=True)
class RetouchStroke:
    """A stroke in the making. pixel: the width of a pixel of the screen in pixels of the photo."""

    document: Document
    layer_id: str
    retouching: Retouching
    source: Source
    coverage: TiledImage
    paint: PlaneStroke
    brush: BrushSettings
    steady: Steady
    previous: Nib | None
    last: Nib
    pixel: float


class RetouchTool(Tool):
    """Lays a source along a stroke. `brush` counts from the next press on."""

    #: What a layer that is made for it is called.
    layer_name = "Retouching"

    def __init__(self, brush: BrushSettings | None = None) -> None:
        self.brush = brush or BrushSettings()
        self.stroke: RetouchStroke | None = None
        self._ended: tuple[weakref.ref[Document], Nib] | None = None

    @property
    def active(self) -> bool:
        return self.stroke is not None

    def begin(self, document: Document, layer_id: str, event: PointerEvent, source: Source) -> None:
        """Begin a stroke with a dot, or with Shift with a line."""
        first = nib(self.brush, event)
        coverage = TiledImage(COVERAGE, document.canvas)
        paint = PlaneStroke(coverage, Ink.OVER, hardness=self.brush.hardness, opacity=self.brush.opacity)
        retouching = Retouching(document, layer_id, self.layer_name)
        steady = Steady(self.brush.smoothing, event)
        self.stroke = RetouchStroke(
            document, layer_id, retouching, source, coverage, paint, self.brush, steady, None, first, event.pixel
        )
        nibs = [first]
        if event.modifiers & Modifier.SHIFT and self._ended is not None and self._ended[0]() is document:
            nibs = [self._ended[1], first]
        self._draw(nibs, joined=False)

    def move(self, events: Sequence[PointerEvent]) -> None:
        """Draw on through every position."""
        if self.stroke is not None:
            for event in self.stroke.steady.steadied(events):
                self._draw_to(nib(self.stroke.brush, event))

    def release(self, event: PointerEvent) -> Edit | LateHeal | None:
        """End the stroke."""
        stroke = self.stroke
        if stroke is None:
            return None
        if (event.x, event.y) != (stroke.last.x, stroke.last.y):
            self._draw_to(stroke.last._replace(x=event.x, y=event.y))
        self.stroke = None
        self._ended = weakref.ref(stroke.document), stroke.last
        return self.done(stroke) if stroke.retouching.there else None

    @abstractmethod
    def done(self, stroke: RetouchStroke) -> Edit | LateHeal | None:
        """What a finished stroke comes to."""

    def cancel(self) -> None:
        """Put back what the stroke painted; nothing when there is none."""
        stroke, self.stroke = self.stroke, None
        if stroke is not None:
            stroke.retouching.revert()

    def _draw_to(self, to: Nib) -> None:
        stroke = self.stroke
        if stroke is None or to == stroke.last:
            return
        self._draw([stroke.last, *curve(stroke.previous, stroke.last, to)], joined=True)
        stroke.previous, stroke.last = stroke.last, to

    def _draw(self, nibs: list[Nib], *, joined: bool) -> None:
        stroke = self.stroke
        if stroke is None or not stroke.retouching.there:
            return
        rect = stroke.paint.draw(nibs, joined=joined)
        if not rect.empty:
            weights = stroke.coverage.read(rect)[..., 0].astype(np.float32) / np.float32(255)
            stroke.retouching.lay(rect, stroke.source, weights)
