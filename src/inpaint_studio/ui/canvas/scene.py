"""A document as screen tiles: watches what changes and has only that made anew. Knows nothing of Qt."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from enum import IntEnum

from inpaint_studio.document.composite import Composite
from inpaint_studio.document.document import Document
from inpaint_studio.document.layers import MaskLayer
from inpaint_studio.pixels.display import Overlay, PhotoStage, Stage, TintStage
from inpaint_studio.pixels.display_samples import Pixels, ToDisplay, plain_transform
from inpaint_studio.pixels.format import Samples
from inpaint_studio.pixels.pyramid import Pyramid
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TILE, TiledImage, TileKey, tile_rect
from inpaint_studio.ui.canvas.watch import LayerWatch

#: How strongly a mask covers at full coverage and opacity: half.
_STRENGTH = 128


class Show(IntEnum):
    """What of a document is shown."""

    ORIGINAL = 0
    FILLED = 1
    MASKED = 2


class _Made:
    """What the fills make of the photo. Knows nothing of its scene, so that no cycle keeps a closed document in memory."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._composite: Composite | None = None

    def forget(self) -> None:
        """The fills are others now."""
        self._composite = None

    def read(self, rect: Rect) -> Samples | None:
        """The pixels of `rect`, which lies within one tile."""
        if self._composite is None:
            self._composite = self._document.composite()
        key = _key(rect)
        if any(fill.alpha.tile(key) is not None for fill in self._composite.fills):
            return self._composite.read(rect)
        return _part(self._document.photo, rect)


class Scene:
    """The tiles of one document: the photo, with its fills, with its masks laid over.

    The active mask lies on top of the others, all of which are kept flattened with the photo: a stroke costs the same
    whatever the number of layers.
    """

    def __init__(
        self, document: Document, changed: Callable[[Rect], None], to_display: ToDisplay | None = None
    ) -> None:
        """`changed` hears, in photo coordinates, what looks different. Only a weak reference to its owner is kept."""
        self.document = document
        self.extent = document.canvas
        self._changed = weakref.WeakMethod(changed)
        self._active: str | None = None
        self._made = _Made(document)
        self._masks: dict[str, tuple[MaskLayer, Pyramid]] = {}
        transform = to_display or plain_transform(document.format.colour)
        photo = Pyramid(lambda rect: _part(document.photo, rect), self.extent)
        self._original = PhotoStage(photo, document.format, transform)
        self._filled = PhotoStage(Pyramid(self._made.read, self.extent), document.format, transform)
        self._others = TintStage(self._filled)
        self._masked = TintStage(self._others)
        #: In the order of `Show`; asked for each tile of each frame.
        self._stages: tuple[Stage, ...] = (self._original, self._filled, self._masked)
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
        for photo in (self._original, self._filled):
            photo.show_by(to_display)
        for tinted in (self._others, self._masked):
            tinted.invalidate(self.extent)
        self._tell(self.extent)

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
            self._tell(rect)

    @property
    def nbytes(self) -> int:
        """Memory that the kept tiles take."""
        stages = (self._original, self._filled, self._others, self._masked)
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

    def _covered(self, layer_id: str | None) -> Rect:
        return Rect.union_of(layer.covered for layer in self.document.layers if layer.id == layer_id)

    def _hear(self, rect: Rect) -> None:
        rect = rect.clipped(self.extent)
        change = self._watch.look(rect)
        if not change.any:
            return
        if change.masks_differ:
            self._lay_masks()
        for layer_id in change.tiles:
            if layer_id in self._masks:
                self._masks[layer_id][1].invalidate(rect)
        if change.fills:
            self._made.forget()
            self._filled.invalidate(rect)
        if change.fills or change.masks_differ or change.tiles - {self._active}:
            self._others.invalidate(rect)
        self._masked.invalidate(rect)
        self._tell(rect)

    def _lay_masks(self) -> None:
        """Take over which masks there are, their order, colours and opacities."""
        masks = [layer for layer in self.document.layers if isinstance(layer, MaskLayer)]
        known, self._masks = self._masks, {}
        for layer in masks:
            kept = known.get(layer.id)
            self._masks[layer.id] = kept if kept is not None and kept[0] is layer else (layer, self._pyramid(layer))
        seen = [layer for layer in masks if layer.visible and layer.opacity > 0]
        self._others.set_overlays([self._overlay(layer) for layer in seen if layer.id != self._active])
        self._masked.set_overlays([self._overlay(layer) for layer in seen if layer.id == self._active])

    def _pyramid(self, layer: MaskLayer) -> Pyramid:
        return Pyramid(lambda rect: _part(layer.coverage, rect), self.extent)

    def _overlay(self, layer: MaskLayer) -> Overlay:
        return Overlay(self._masks[layer.id][1], layer.colour, round(_STRENGTH * min(layer.opacity, 1.0)))

    def _tell(self, rect: Rect) -> None:
        _call(self._changed, rect)


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
