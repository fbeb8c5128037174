"""Where fills may copy from: what masks with another role than "fill" say."""

from __future__ import annotations

from typing import NamedTuple

from inpaint_studio.document.document import Document
from inpaint_studio.document.layers import MaskLayer
from inpaint_studio.pixels.tiled import TiledImage, united


class Sourcing(NamedTuple):
    """Coverage of what is not to be copied from, and of what alone may be; None: nobody said so."""

    avoid: TiledImage | None = None
    only: TiledImage | None = None

    @classmethod
    def of(cls, document: Document) -> Sourcing:
        """What the visible masks of `document` say now, frozen. An empty one says nothing."""
        return cls(*(cls._said(document, role) for role in ("avoid", "source")))

    @staticmethod
    def _said(document: Document, role: str) -> TiledImage | None:
        masks = [layer for layer in document.layers if isinstance(layer, MaskLayer) and layer.role == role]
        planes = [mask.coverage for mask in masks if mask.visible and not mask.coverage.covered.empty]
        return united(planes) if planes else None
