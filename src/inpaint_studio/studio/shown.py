"""What a document shows at one moment, for threads that export it while the document goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inpaint_studio.document.composite import Composite
from inpaint_studio.document.document import Document
from inpaint_studio.document.layers import FillLayer
from inpaint_studio.pixels.masks import Hole
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.storage.photo import Photo


@dataclass(frozen=True, slots=True)
class Shown:
    """The visible pixels, and which of them visible fills may have changed."""

    photo: Photo
    extent: Rect
    composite: Composite
    _opacities: tuple[TiledImage, ...]
    _masks: tuple[TiledImage, ...]

    @classmethod
    def of(cls, photo: Photo, document: Document) -> Shown:
        """What `document`, made from `photo`, shows now."""
        fills = [layer for layer in document.layers if isinstance(layer, FillLayer) and layer.visible]
        return cls(
            photo,
            document.photo.extent,
            document.composite(),
            tuple(fill.alpha.snapshot() for fill in fills),
            tuple(fill.mask.snapshot() for fill in fills),
        )

    def effective(self, rect: Rect) -> Hole:
        """Pixels of `rect` that visible fills may have changed, H×W."""
        return _any(rect, self._opacities)

    def selected(self, rect: Rect) -> Hole:
        """Pixels of `rect` that the user selected for the visible fills, H×W."""
        return _any(rect, self._masks)


def _any(rect: Rect, planes: Sequence[TiledImage]) -> Hole:
    result = np.zeros((rect.height, rect.width), np.bool_)
    for plane in planes:
        result |= plane.read(rect)[..., 0] > 0
    return result
