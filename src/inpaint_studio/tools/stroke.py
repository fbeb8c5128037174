"""The one tool behind brush, eraser and soft edge: they differ only in their ink."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import Edit, Paint
from inpaint_studio.document.layers import FillLayer, Layer, MaskLayer
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.stroke import Ink, PlaneStroke
from inpaint_studio.pixels.stroke_path import Nib, curve
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.tools.base import BrushSettings, Modifier, PointerEvent, Tool

_LABELS = {Ink.OVER: "Brush stroke", Ink.ERASE: "Erase", Ink.SOFTEN: "Soften edge"}
_FILL_LABELS = {Ink.OVER: "Show fill", Ink.ERASE: "Bring original back", Ink.SOFTEN: "Soften edge of fill"}
_OPPOSITE = {Ink.OVER: Ink.ERASE, Ink.ERASE: Ink.OVER, Ink.SOFTEN: Ink.SOFTEN}
#: The blur of the soft edge for each pixel of the brush's size, and its bounds in pixels.
_SOFTNESS, _LEAST_SOFTNESS, _MOST_SOFTNESS = 1 / 12, 1.5, 48.0


@dataclass(slots=True)
class _Stroke:
    document: Document
    layer_id: str
    plane: str
    image: TiledImage
    label: str
    paint: PlaneStroke
    brush: BrushSettings
    previous: Nib | None
    last: Nib


class StrokeTool(Tool):
    """Paints on a mask's coverage. On a fill it paints what is hidden: there the eraser brings the original back.

    Shift+press draws a straight line from where the last stroke on this document ended; Alt or the pen's eraser turn
    the brush into the eraser and the other way round. `brush` counts from the next press on.
    """

    def __init__(self, ink: Ink, brush: BrushSettings | None = None) -> None:
        self.ink = ink
        self.brush = brush or BrushSettings()
        self._stroke: _Stroke | None = None
        self._ended: tuple[weakref.ref[Document], Nib] | None = None

    @property
    def active(self) -> bool:
        return self._stroke is not None

    def press(self, document: Document, layer_id: str, event: PointerEvent) -> None:
        """Begin a stroke with a dot, or with Shift with a line."""
        self.cancel()
        target = _target(document, layer_id)
        if target is None:
            return
        layer, plane = target
        ink = _OPPOSITE[self.ink] if event.modifiers & (Modifier.ALT | Modifier.ERASER) else self.ink
        image, label = layer.planes[plane], (_FILL_LABELS if plane == "hidden" else _LABELS)[ink]
        paint = PlaneStroke(
            image,
            _OPPOSITE[ink] if plane == "hidden" else ink,
            hardness=self.brush.hardness,
            opacity=self.brush.opacity,
            softness=min(max(self.brush.size * _SOFTNESS, _LEAST_SOFTNESS), _MOST_SOFTNESS),
        )
        nib = _nib(self.brush, event)
        self._stroke = _Stroke(document, layer_id, plane, image, label, paint, self.brush, None, nib)
        nibs = [nib]
        if event.modifiers & Modifier.SHIFT and self._ended is not None and self._ended[0]() is document:
            nibs = [self._ended[1], nib]
        _tell(document, paint.draw(nibs, joined=False))

    def move(self, events: Sequence[PointerEvent]) -> None:
        """Draw on through every position."""
        stroke = self._running()
        if stroke is None:
            return
        dirty = []
        for event in events:
            nib = _nib(stroke.brush, event)
            if nib == stroke.last:
                continue
            path = [stroke.last, *curve(stroke.previous, stroke.last, nib)]
            dirty.append(stroke.paint.draw(path, joined=True))
            stroke.previous, stroke.last = stroke.last, nib
        _tell(stroke.document, Rect.union_of(dirty))

    def release(self, event: PointerEvent) -> Edit | None:
        """End the stroke where the pointer was last; the place of the release itself is drawn only if it moved there."""
        stroke = self._running()
        if stroke is None:
            return None
        if (event.x, event.y) != (stroke.last.x, stroke.last.y):
            # a pen reports no pressure as it leaves: keep the last one
            pressed = stroke.last._replace(x=event.x, y=event.y)
            path = [stroke.last, *curve(stroke.previous, stroke.last, pressed)]
            _tell(stroke.document, stroke.paint.draw(path, joined=True))
            stroke.last = pressed
        self._stroke = None
        self._ended = weakref.ref(stroke.document), stroke.last
        before, after = stroke.paint.finish()
        if not after:
            return None
        return Paint(stroke.layer_id, stroke.plane, stroke.image.format, before, after, stroke.label)

    def cancel(self) -> None:
        """Put back what the stroke painted; nothing when there is none."""
        stroke, self._stroke = self._stroke, None
        if stroke is not None:
            _tell(stroke.document, stroke.paint.revert())

    def _running(self) -> _Stroke | None:
        """The stroke, unless its layer was taken away under it."""
        stroke = self._stroke
        if stroke is not None and _plane_of(stroke.document, stroke.layer_id, stroke.plane) is not stroke.image:
            self._stroke = stroke = None
        return stroke


def _target(document: Document, layer_id: str) -> tuple[Layer, str] | None:
    """The layer and the name of its plane that strokes go to."""
    layer = next((layer for layer in document.layers if layer.id == layer_id), None)
    if isinstance(layer, MaskLayer):
        return layer, "coverage"
    if isinstance(layer, FillLayer):
        return layer, "hidden"
    return None


def _plane_of(document: Document, layer_id: str, plane: str) -> TiledImage | None:
    return next((layer.planes.get(plane) for layer in document.layers if layer.id == layer_id), None)


def _nib(brush: BrushSettings, event: PointerEvent) -> Nib:
    pressure = min(max(event.pressure, 0.0), 1.0)
    radius = brush.size / 2 * (pressure if brush.pressure_size else 1.0)
    return Nib(event.x, event.y, radius, brush.flow * (pressure if brush.pressure_opacity else 1.0))


def _tell(document: Document, rect: Rect) -> None:
    if not rect.empty:
        document.changed(rect)
