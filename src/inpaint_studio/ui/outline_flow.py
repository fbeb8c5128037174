"""The outline of what a fill would change, drawn before anybody fills: the mask, grown and feathered as the panel says."""

from __future__ import annotations

import asyncio

from PySide6.QtCore import QObject

from inpaint_studio.document.layers import MaskLayer
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.ui.canvas.outline import Outline
from inpaint_studio.ui.document_tab import DocumentTab


class OutlineFlow(QObject):
    """Keeps a tab's outline in step with its mask: one at a time is made, and of what was asked meanwhile the newest."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._asked: tuple[DocumentTab, Recipe] | None = None
        self._busy = False

    async def show(self, tab: DocumentTab, recipe: Recipe) -> None:
        """Draw the border of what `recipe` would change in `tab` now, or as soon as the one in the making is done."""
        self._asked = tab, recipe
        if self._busy:
            return
        self._busy = True
        try:
            while self._asked is not None:
                asked, self._asked = self._asked, None
                await self._draw(*asked)
        finally:
            self._busy = False

    async def _draw(self, tab: DocumentTab, recipe: Recipe) -> None:
        if tab.closing:
            return
        mask = tab.mask_to_fill()
        layer = tab.document.layer(mask) if mask is not None else None
        if not isinstance(layer, MaskLayer):
            tab.canvas.clear_outline()
            return
        coverage = layer.coverage.snapshot()
        outline = await asyncio.to_thread(Outline.of_fill, coverage, recipe.grow, recipe.feather)
        if self._asked is None and not tab.closing:
            tab.canvas.set_outline(outline)
