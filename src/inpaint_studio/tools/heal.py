"""The heal brush: what is painted over is mended as soon as the pen is up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inpaint_studio.document.composite import Composite
from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import Edit
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.pixels.format import Samples
from inpaint_studio.pixels.masks import OPAQUE
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.tools.base import PointerEvent
from inpaint_studio.tools.retouch import Retouching
from inpaint_studio.tools.retouch_tool import RetouchStroke, RetouchTool
from inpaint_studio.tools.selection import LateHeal, LatePatch

#: How much of a spot's own brightness is seen under the mark while it is painted.
_SEEN = 0.5
#: A spot mends into its surroundings over so many pixels.
_FEATHER = 2


class HealTool(RetouchTool):
    """Marks spots that are mended on release; somebody else runs the engine and calls `healed` with what it made."""

    def press(self, document: Document, layer_id: str, event: PointerEvent) -> None:
        """Begin to mark."""
        self.cancel()
        self.begin(document, layer_id, event, _Marked(document.composite()))

    def done(self, stroke: RetouchStroke) -> LateHeal | None:
        stroke.retouching.revert()
        painted = stroke.coverage.snapshot()
        if not any(tile.any() for tile in painted.tiles.values()):
            return None
        return LateHeal(painted, stroke.layer_id, Recipe(feather=_FEATHER))


class _Marked:
    """The photo with the colour of masks over it: red, or black on gray."""

    def __init__(self, composite: Composite) -> None:
        self._composite = composite

    def __call__(self, rect: Rect) -> tuple[Samples, NDArray[np.bool_]]:
        colours = self._composite.format.colour.channels
        samples = self._composite.read(rect)[..., :colours]
        marked = samples * _SEEN
        if colours == 3:
            marked[..., 0] += self._composite.format.white * (1 - _SEEN)
        return marked.astype(samples.dtype), np.ones(samples.shape[:2], np.bool_)


def mended(document: Document, late: LateHeal | LatePatch, pixels: TiledImage, alpha: TiledImage) -> Edit | None:
    """The step that lays what was made of `late` (`pixels` with the 16-bit opacity `alpha`) onto the retouching; it is
    done already. None when nothing changed.
    """

    def source(rect: Rect) -> tuple[Samples, NDArray[np.bool_]]:
        return pixels.read(rect), np.ones((rect.height, rect.width), np.bool_)

    retouching = Retouching(document, late.layer_id, RetouchTool.layer_name)
    rect = alpha.covered
    weights = alpha.read(rect)[..., 0].astype(np.float32) / np.float32(OPAQUE)
    retouching.lay(rect, source, weights)
    return retouching.finish("Heal" if isinstance(late, LateHeal) else "Patch")
