"""A document as screen tiles: watches what changes and has only that made anew. Knows nothing of Qt."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import IntEnum

from inpaint_studio.document.composite import Composite
from inpaint_studio.document.document import Document
from inpaint_studio.document.layers import Layer, MaskLayer, ProposalLayer
from inpaint_studio.pixels.display import Overlay, PhotoStage, Stage, TintStage
from inpaint_studio.pixels.display_samples import Pixels, ToDisplay, plain_transform
from inpaint_studio.pixels.format import Samples
from inpaint_studio.pixels.pyramid import Pyramid
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TILE, TiledImage, TileKey, tile_rect
from inpaint_studio.ui.canvas.watch import Change, LayerWatch

#: What was painted by hand on a proposal: more to mend, and less.
_CORRECTIONS = {"added": 0xF0E442, "removed": 0x4060FF}
#: How strongly a mask covers at full coverage and opacity: half.
_STRENGTH = 128


class Show(IntEnum):
    """What of a document is shown."""

    ORIGINAL = 0
    FILLED = 1
    MASKED = 2
    #: The fills alone, on nothing.
    FILLS = 3
    #: As masked, without the mask that is worked on.
    OTHERS = 4


class _Made:
    """What the fills make of the photo. Knows nothing of its scene, so that no cycle keeps a closed document in memory."""

    def __init__(self, document: Document, *, alone: bool = False) -> None:
        """alone: black instead of the photo."""
        self._document = document
        self._below = TiledImage(document.format, document.canvas) if alone else document.photo
        self._composite: Composite | None = None

    def forget(self) -> None:
        """The fills are others now."""
        self._composite = None

    def read(self, rect: Rect) -> Samples | None:
        """The pixels of `rect`, which lies within one tile."""
        if self._composite is None:
            self._composite = replace(self._document.composite(), photo=self._below)
        key = _key(rect)
        if any(fill.alpha.tile(key) is not None for fill in self._composite.fills):
            return self._composite.read(rect)
        return _part(self._below, rect)


class Scene:
    """The tiles of one document: the photo, with its fills, with its masks laid over.

    The active mask lies on top of the others, all of which are kept flattened with the photo: a stroke costs the same
    whatever the number of layers.
    """

    def __init__(
        self, document: Document, changed: Callable[[Sequence[Rect], bool], None], to_display: ToDisplay | None = None
    ) -> None:
        """`changed` hears, in photo coordinates, what looks different, and whether that is so without the active mask as
        well. Only a weak reference to its owner is kept."""
        self.document = document
        self.extent = document.canvas
        self._changed = weakref.WeakMethod(changed)
        self._active: str | None = None
        self._made = _Made(document)
        self._masks: dict[tuple[str, str], tuple[Layer, Pyramid]] = {}
        transform = to_display or plain_transform(document.format.colour)
        photo = Pyramid(lambda rect: _part(document.photo, rect), self.extent)
        #: From the photo's samples to the screen's colours.
        self.to_display = transform
        self._original = PhotoStage(photo, document.format, transform)
        self._filled = PhotoStage(Pyramid(self._made.read, self.extent), document.format, transform)
        self._made_alone = _Made(document, alone=True)
        self._fills = PhotoStage(Pyramid(self._made_alone.read, self.extent), document.format, transform)
        self._others = TintStage(self._filled)
        self._masked = TintStage(self._others)
        #: In the order of `Show`; asked for each tile of each frame.
        self._stages: tuple[Stage, ...] = (self._original, self._filled, self._masked, self._fills, self._others)
        self._watch = LayerWatch(document)
        self._lay_masks()
        # the document must not keep a canvas alive that forgot to say goodbye
        itself: weakref.WeakMethod[Callable[[Rect], None]] = weakref.WeakMethod(self._hear)
        self._unsubscribe = document.subscribe(lambda rect: _call(itself, rect))

    def close(self) -> None:
        """Stop listening."""
        self._unsubscribe()

    def show_by(self, to_display: ToDisplay) -> None:
        """Show everything in other colours from now on, as on another screen."""
        self.to_display = to_display
        for photo in (self._original, self._filled, self._fills):
            photo.show_by(to_display)
        for tinted in (self._others, self._masked):
            tinted.invalidate(self.extent)
        self._tell([self.extent], below=True)

    @property
    def active(self) -> str | None:
        """The layer whose strokes are cheap and whose mask lies on top."""
        return self._active

    @active.setter
    def active(self, layer_id: str | None) -> None:
        if layer_id == self._active:
            return
        covered = [self._covered(self._active), self._covered(layer_id)]
        self._active = layer_id
        self._lay_masks()
        for rect in covered:
            self._others.invalidate(rect)
            self._masked.invalidate(rect)
            self._tell([rect], below=True)

    @property
    def nbytes(self) -> int:
        """Memory that the kept tiles take."""
        stages = (self._original, self._filled, self._fills, self._others, self._masked)
        return sum(stage.nbytes for stage in stages)

    @property
    def mask_nbytes(self) -> int:
        """Memory of the masks' smaller copies."""
        return sum(pyramid.nbytes for _, pyramid in self._masks.values())

    def tile(self, show: Show, level: int, key: TileKey) -> Pixels:
        """256×256 pixels (0xffRRGGBB); draw them before anything else changes."""
        return self._stages[show].tile(level, key)

    def prepare(self, show: Show, level: int, key: TileKey, until: float) -> bool:
        """Do what `tile` needs; False when `time.perf_counter()` passed `until` before all was done."""
        return self._stages[show].prepare(level, key, until)

    def fresh(self, show: Show, level: int, key: TileKey) -> bool:
        """Whether `tile` is there as it is to look, but for masks to be laid over."""
        return self._stages[show].fresh(level, key)

    def painted(self, level: int, key: TileKey) -> list[tuple[Overlay, Samples]]:
        """The coverage, uint8 256×256, that lies over what `Show.OTHERS` shows of a tile; see `prepare`. Read it only."""
        return self._masked.painted(level, key)

    def _covered(self, layer_id: str | None) -> Rect:
        return Rect.union_of(
            plane.covered
            for layer in self.document.layers
            if layer.id == layer_id
            for name, plane in layer.planes.items()
            if not isinstance(layer, ProposalLayer) or name in _CORRECTIONS
        )

    def _hear(self, rect: Rect) -> None:
        rect = rect.clipped(self.extent)
        change = self._watch.look(rect)
        if not change.any:
            return
        if change.masks_differ:
            self._lay_masks()
        if change.fills:
            self._made.forget()
            self._made_alone.forget()
        parts = [part.clipped(self.extent) for part in self.document.changed_parts]
        below = bool(change.fills or change.masks_differ or change.tiles - {self._active})
        for part in parts:
            self._invalidate(part, change, below=below)
        self._tell(parts, below=below)

    def _invalidate(self, rect: Rect, change: Change, *, below: bool) -> None:
        for (layer_id, _), (_, pyramid) in self._masks.items():
            if layer_id in change.tiles:
                pyramid.invalidate(rect)
        if change.fills:
            self._filled.invalidate(rect)
            self._fills.invalidate(rect)
        if below:
            self._others.invalidate(rect)
        self._masked.invalidate(rect)

    def _lay_masks(self) -> None:
        """Take over which masks there are, their order, colours and opacities."""
        known, self._masks = self._masks, {}
        tinted = [
            (layer, plane, colour) for layer in self.document.layers for plane, colour in self._tints(layer).items()
        ]
        for layer, plane, _ in tinted:
            kept = known.get((layer.id, plane))
            fresh = kept is None or kept[0] is not layer
            self._masks[layer.id, plane] = (layer, self._pyramid(layer, plane)) if fresh or kept is None else kept
        seen = [one for one in tinted if one[0].visible and one[0].opacity > 0]
        self._others.set_overlays([self._overlay(*one) for one in seen if one[0].id != self._active])
        self._masked.set_overlays([self._overlay(*one) for one in seen if one[0].id == self._active])

    def _tints(self, layer: Layer) -> dict[str, int]:
        """The planes of a layer that are laid over the photo, each with its colour 0xRRGGBB."""
        if isinstance(layer, MaskLayer):
            return {"coverage": layer.colour}
        # what is corrected of a proposal concerns whoever works on it
        return _CORRECTIONS if isinstance(layer, ProposalLayer) and layer.id == self._active else {}

    def _pyramid(self, layer: Layer, plane: str) -> Pyramid:
        return Pyramid(lambda rect: _part(layer.planes[plane], rect), self.extent)

    def _overlay(self, layer: Layer, plane: str, colour: int) -> Overlay:
        return Overlay(self._masks[layer.id, plane][1], colour, round(_STRENGTH * min(layer.opacity, 1.0)))

    def _tell(self, parts: Sequence[Rect], *, below: bool) -> None:
        changed = self._changed()
        if changed is not None:
            changed(parts, below)


def _key(rect: Rect) -> TileKey:
    return rect.top // TILE, rect.left // TILE


def _part(image: TiledImage, rect: Rect) -> Samples | None:
    """The pixels of `rect`, which lies within one tile, without a copy."""
    key = _key(rect)
    tile = image.tile(key)
    return None if tile is None else tile[rect.within(tile_rect(key)).slices]


def _call(method: weakref.WeakMethod[Callable[[Rect], None]], rect: Rect) -> None:
    alive = method()
    if alive is not None:
        alive(rect)
