"""What a document shows at one moment, for threads that export it while the document goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inpaint_studio.document.composite import Composite
from inpaint_studio.document.document import Document
from inpaint_studio.document.layers import FillLayer, PixelLayer
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.pixels.masks import Hole
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.storage.photo import Photo
from inpaint_studio.storage.provenance import Fill


@dataclass(frozen=True, slots=True)
class Shown:
    """The visible pixels, and which of them visible fills and retouching may have changed."""

    photo: Photo
    extent: Rect
    composite: Composite
    _opacities: tuple[TiledImage, ...]
    _masks: tuple[TiledImage, ...]
    _fills: tuple[tuple[Recipe, TiledImage], ...] = ()

    @classmethod
    def of(cls, photo: Photo, document: Document) -> Shown:
        """What `document`, made from `photo`, shows now."""
        over = [layer for layer in document.layers if isinstance(layer, PixelLayer) and layer.visible]
        fills = [layer for layer in over if isinstance(layer, FillLayer)]
        return cls(
            photo,
            document.photo.extent,
            document.composite(),
            tuple(layer.alpha.snapshot() for layer in over),
            # what is retouched by hand is selected by the stroke itself
            tuple(layer.mask.snapshot() if isinstance(layer, FillLayer) else layer.alpha.snapshot() for layer in over),
            tuple((fill.recipe, fill.alpha.snapshot()) for fill in fills),
        )

    def fills(self) -> tuple[Fill, ...]:
        """What the visible fills were made by, for the photo's metadata. Counts pixels, so call it from a thread."""
        return tuple(_described(recipe, opacity) for recipe, opacity in self._fills)

    def effective(self, rect: Rect) -> Hole:
        """Pixels of `rect` that visible fills may have changed, H×W."""
        return _any(rect, self._opacities)

    def selected(self, rect: Rect) -> Hole:
        """Pixels of `rect` that the user selected for the visible fills, H×W."""
        return _any(rect, self._masks)


def _described(recipe: Recipe, opacity: TiledImage) -> Fill:
    engines = sorted(recipe.chosen) or [recipe.engine]
    area = sum(int(np.count_nonzero(tile)) for tile in opacity.tiles.values())
    # an engine that is a family with a model in it was trained; the others are algorithms
    return Fill(" and ".join(engines), recipe.seed, area, trained=any("/" in engine for engine in engines))


def _any(rect: Rect, planes: Sequence[TiledImage]) -> Hole:
    result = np.zeros((rect.height, rect.width), np.bool_)
    for plane in planes:
        result |= plane.read(rect)[..., 0] > 0
    return result
