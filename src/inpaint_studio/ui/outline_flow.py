"""The outline of what a fill would change, drawn before anybody fills: the mask, grown and feathered as the panel says."""

from __future__ import annotations

import asyncio

from PySide6.QtCore import QObject

from inpaint_studio.document.layers import MaskLayer
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.pixels.masks import Hole, effective_mask
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.ui.document_tab import DocumentTab


class OutlineFlow(QObject):
    """Keeps a tab's outline in step with its mask; only the newest question is answered."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._asked = 0

    async def show(self, tab: DocumentTab, recipe: Recipe) -> None:
        """Draw the border of what `recipe` would change in `tab` now."""
        self._asked += 1
        asked = self._asked
        mask = tab.mask_to_fill()
        layer = tab.document.layer(mask) if mask is not None else None
        if not isinstance(layer, MaskLayer):
            tab.canvas.clear_outline()
            return
        coverage, canvas = layer.coverage.snapshot(), tab.document.canvas
        rect, hole = await asyncio.to_thread(_effective, coverage, canvas, recipe)
        if asked == self._asked and not tab.closing:
            tab.canvas.set_outline(rect, hole)


def _effective(coverage: TiledImage, canvas: Rect, recipe: Recipe) -> tuple[Rect, Hole]:
    rect = coverage.covered.grown(recipe.grow + recipe.feather + 1).clipped(canvas)
    return rect, effective_mask(coverage.read(rect)[..., 0], recipe.grow, recipe.feather) > 0
