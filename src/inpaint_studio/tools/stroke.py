"""The one tool behind brush, eraser and soft edge: they differ only in their ink."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import Edit, Group, Paint
from inpaint_studio.document.layers import Layer, MaskLayer, PixelLayer, ProposalLayer
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.stroke import Ink, PlaneStroke
from inpaint_studio.pixels.stroke_path import Nib, curve
from inpaint_studio.pixels.tiled import TiledImage, in_bands
from inpaint_studio.tools.base import BrushSettings, Modifier, PointerEvent, Tool, nib
from inpaint_studio.tools.steady import Steady

_LABELS = {Ink.OVER: "Brush stroke", Ink.ERASE: "Erase", Ink.SOFTEN: "Soften edge"}
_FILL_LABELS = {Ink.OVER: "Show fill", Ink.ERASE: "Bring original back", Ink.SOFTEN: "Soften edge of fill"}
_OPPOSITE = {Ink.OVER: Ink.ERASE, Ink.ERASE: Ink.OVER, Ink.SOFTEN: Ink.SOFTEN}
#: The blur of the soft edge for each pixel of the brush's size, and its bounds in pixels.
_SOFTNESS, _LEAST_SOFTNESS, _MOST_SOFTNESS = 1 / 12, 1.5, 48.0


@dataclass(frozen=True, slots=True)
class _Inked:
    """What a stroke does to one plane."""

    plane: str
    image: TiledImage
    paint: PlaneStroke

    def finish(self, layer_id: str, label: str) -> list[Edit]:
        """The edit that was done, if anything was."""
        before, after = self.paint.finish()
        return [Paint(layer_id, self.plane, self.image.format, before, after, label)] if after else []


@dataclass(slots=True)
class _Stroke:
    document: Document
    layer_id: str
    label: str
    inked: tuple[_Inked, ...]
    brush: BrushSettings
    steady: Steady
    previous: Nib | None
    last: Nib


class StrokeTool(Tool):
    """Paints on a mask's coverage. On a fill it paints what is hidden: there the eraser brings the original back. On a
    proposal the brush adds and the eraser removes, each taking back what the other did before.

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
        ink = _OPPOSITE[self.ink] if event.modifiers & (Modifier.ALT | Modifier.ERASER) else self.ink
        label = (_FILL_LABELS if isinstance(target, PixelLayer) else _LABELS)[ink]
        inked = tuple(self._inked(plane, target.planes[plane], own) for plane, own in _inks(target, ink).items())
        first = nib(self.brush, event)
        steady = Steady(self.brush.smoothing, event)
        self._stroke = _Stroke(document, layer_id, label, inked, self.brush, steady, None, first)
        nibs = [first]
        if event.modifiers & Modifier.SHIFT and self._ended is not None and self._ended[0]() is document:
            nibs = [self._ended[1], first]
        self._draw(nibs, joined=False)

    def _inked(self, plane: str, image: TiledImage, ink: Ink) -> _Inked:
        softness = min(max(self.brush.size * _SOFTNESS, _LEAST_SOFTNESS), _MOST_SOFTNESS)
        brush = self.brush
        paint = PlaneStroke(image, ink, hardness=brush.hardness, opacity=brush.opacity, softness=softness)
        return _Inked(plane, image, paint)

    def _draw(self, path: list[Nib], *, joined: bool) -> None:
        if self._stroke is not None:
            inked = self._stroke.inked
            _tell(self._stroke.document, [part for one in inked for part in one.paint.draw_parts(path, joined=joined)])

    def move(self, events: Sequence[PointerEvent]) -> None:
        """Draw on through every position."""
        stroke = self._running()
        if stroke is None:
            return
        dirty: list[Rect] = []
        for event in stroke.steady.steadied(events):
            to = nib(stroke.brush, event)
            if to == stroke.last:
                continue
            path = [stroke.last, *curve(stroke.previous, stroke.last, to)]
            for one in stroke.inked:
                dirty += one.paint.draw_parts(path, joined=True)
            stroke.previous, stroke.last = stroke.last, to
        _tell(stroke.document, dirty)

    def release(self, event: PointerEvent) -> Edit | None:
        """End the stroke where the pointer was last; the place of the release itself is drawn only if it moved there."""
        stroke = self._running()
        if stroke is None:
            return None
        if (event.x, event.y) != (stroke.last.x, stroke.last.y):
            # a pen reports no pressure as it leaves: keep the last one
            pressed = stroke.last._replace(x=event.x, y=event.y)
            path = [stroke.last, *curve(stroke.previous, stroke.last, pressed)]
            self._draw(path, joined=True)
            stroke.last = pressed
        self._stroke = None
        self._ended = weakref.ref(stroke.document), stroke.last
        edits = [edit for one in stroke.inked for edit in one.finish(stroke.layer_id, stroke.label)]
        if len(edits) > 1:
            return Group(stroke.label, tuple(edits))
        return edits[0] if edits else None

    def cancel(self) -> None:
        """Put back what the stroke painted; nothing when there is none."""
        stroke, self._stroke = self._stroke, None
        if stroke is not None:
            for one in stroke.inked:
                rect = one.paint.revert()
                if not rect.empty:
                    stroke.document.changed(rect)

    def _running(self) -> _Stroke | None:
        """The stroke, unless its layer was taken away under it."""
        stroke = self._stroke
        if stroke is not None and any(
            _plane_of(stroke.document, stroke.layer_id, one.plane) is not one.image for one in stroke.inked
        ):
            self._stroke = stroke = None
        return stroke


def _target(document: Document, layer_id: str) -> Layer | None:
    """The layer that strokes go to."""
    layer = next((layer for layer in document.layers if layer.id == layer_id), None)
    return None if layer is None or layer.locked else layer


def _inks(layer: Layer, ink: Ink) -> dict[str, Ink]:
    """The planes of `layer` that a stroke with `ink` changes, and how."""
    if isinstance(layer, MaskLayer):
        return {"coverage": ink}
    if isinstance(layer, PixelLayer):
        return {"hidden": _OPPOSITE[ink]}
    if isinstance(layer, ProposalLayer):
        opposite = {} if ink is Ink.SOFTEN else {"removed": _OPPOSITE[ink]}
        return {"added": ink, **opposite}
    return {}


def _plane_of(document: Document, layer_id: str, plane: str) -> TiledImage | None:
    return next((layer.planes.get(plane) for layer in document.layers if layer.id == layer_id), None)


def _tell(document: Document, parts: Sequence[Rect]) -> None:
    """Say what changed, `parts` of single tiles: what a round brush leaves free of its square is not shown again."""
    bands = in_bands(parts)
    if bands:
        document.changed(Rect.union_of(bands), bands)
