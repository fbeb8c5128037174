"""The patch: a region is drawn round, dragged to where something better is, and mended from there without a seam."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inpaint_studio.document.composite import Composite
from inpaint_studio.document.document import Document
from inpaint_studio.pixels import membrane, shapes
from inpaint_studio.pixels.format import ALPHA16, COVERAGE, from_float, to_float
from inpaint_studio.pixels.masks import OPAQUE
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.shapes import Point
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.tools.base import Contour, PointerEvent, Tool
from inpaint_studio.tools.clone import CloneSettings, Copying
from inpaint_studio.tools.retouch import Retouching, Source
from inpaint_studio.tools.retouch_tool import RetouchTool
from inpaint_studio.tools.selection import LatePatch

#: The rim, in pixels, that tells by how much the copy differs from the place it comes to.
_RIM = 3
#: The rim's grain is averaged over so many pixels.
_GRAIN = 2.0
#: A drag shorter than this, in pixels of the screen, is a click.
_CLICK = 3


@dataclass(slots=True)
class _Work:
    document: Document
    layer_id: str
    points: list[Point]
    #: The region is closed, and waits to be dragged.
    closed: bool = False
    grip: Point | None = None
    way: Point = (0, 0)
    #: The composite when the drag began, and what shows it in the region meanwhile.
    showing: tuple[Composite, Retouching] | None = None


class PatchTool(Tool):
    """A drag draws round a region; a second one, from inside it, goes to the source. A drag from outside begins anew."""

    def __init__(self) -> None:
        self._work: _Work | None = None

    @property
    def active(self) -> bool:
        return self._work is not None

    @property
    def outline(self) -> Contour | None:
        """The region, and where its source is while it is dragged."""
        work = self._work
        if work is None:
            return None
        dx, dy = work.way
        return Contour(tuple((x + dx, y + dy) for x, y in work.points), closed=work.closed)

    def press(self, document: Document, layer_id: str, event: PointerEvent) -> None:
        """Begin a region, or take one up."""
        work = self._work
        if work is not None and work.document is document and work.closed and _inside(work, event):
            work.grip = event.x, event.y
            return
        self.cancel()
        self._work = _Work(document, layer_id, [(event.x, event.y)])

    def move(self, events: Sequence[PointerEvent]) -> None:
        """Draw on, or drag."""
        work = self._work
        if work is None:
            return
        if not work.closed:
            work.points += [(event.x, event.y) for event in events]
        elif work.grip is not None:
            work.way = _within(work, events[-1].x - work.grip[0], events[-1].y - work.grip[1])
            self._show(work)

    def release(self, event: PointerEvent) -> LatePatch | None:
        """Close the region, or mend it from where it was dragged to."""
        work = self._work
        if work is None:
            return None
        self.move([event])
        if not work.closed:
            work.closed = True
            if _coverage(work).covered.empty:
                self._work = None
            return None
        dragged = max(abs(side) for side in work.way) >= _CLICK * event.pixel
        if not dragged:
            self._hide(work)
            work.grip, work.way = None, (0, 0)
            return None
        self.cancel()
        return LatePatch(_coverage(work).snapshot(), (int(work.way[0]), int(work.way[1])), work.layer_id)

    def take_back(self) -> None:
        """Forget the region."""
        self.cancel()

    def cancel(self) -> None:
        """Leave everything as it was."""
        work, self._work = self._work, None
        if work is not None:
            self._hide(work)

    def _show(self, work: _Work) -> None:
        """What is in the source, unblended, while it is looked for."""
        if work.showing is None:
            composite = work.document.composite()
            work.showing = composite, Retouching(work.document, work.layer_id, RetouchTool.layer_name)
        composite, retouching = work.showing
        coverage = _coverage(work)
        rect = coverage.covered
        if retouching.there:
            weights = coverage.read(rect)[..., 0].astype(np.float32) / np.float32(255)
            retouching.lay(rect, _copying(composite, work.way), weights)

    @staticmethod
    def _hide(work: _Work) -> None:
        if work.showing is not None:
            work.showing[1].revert()
            work.showing = None


def _copying(composite: Composite, way: Point) -> Source:
    return Copying(composite, (way[0], way[1]), (0, 0), CloneSettings())


def _coverage(work: _Work) -> TiledImage:
    extent = work.document.canvas
    image = TiledImage(COVERAGE, extent)
    for key, tile in shapes.region(shapes.polygon(work.points, extent), extent).items():
        image.writable(key)[...] = tile[..., None]
    return image


def _within(work: _Work, right: float, down: float) -> Point:
    """As far as the source goes without leaving the photo, whole pixels: beyond it there is nothing to copy."""
    extent = work.document.canvas
    around = _tight(_coverage(work))
    across = min(max(round(right), extent.left - around.left), extent.right - around.right)
    return across, min(max(round(down), extent.top - around.top), extent.bottom - around.bottom)


def _inside(work: _Work, event: PointerEvent) -> bool:
    x, y = int(event.x // 1), int(event.y // 1)
    rect = Rect(x, y, x + 1, y + 1).clipped(work.document.canvas)
    return not rect.empty and bool(_coverage(work).read(rect).any())


def patched(composite: Composite, late: LatePatch) -> tuple[TiledImage, TiledImage]:
    """What mends the region: pixels without alpha and their 16-bit opacity. Any thread may call it.

    The copy is raised or lowered, in each channel, by a membrane through what it differs by at the rim: a Poisson
    equation for the copy's own gradients (Pérez, Gangnet and Blake 2003).
    """
    rect = _tight(late.coverage).grown(2 * _RIM).clipped(composite.photo.extent)
    covered = late.coverage.read(rect)[..., 0]
    copy, known = _copying(composite, late.way)(rect)
    colours = composite.format.colour.channels
    here, there = to_float(composite.read(rect)[..., :colours]), to_float(copy)
    inside = covered > 0
    rim = known & ~inside
    mended = there
    if rim.any():
        differs = np.where(rim[..., None], here - there, np.float32(0))
        free = ~rim
        mended = there + membrane.stretch(membrane.averaged(differs, rim, _GRAIN), free)
    pixels = TiledImage(composite.format.without_alpha(), composite.photo.extent)
    pixels.write(rect, from_float(mended, composite.format.numpy))
    alpha = TiledImage(ALPHA16, composite.photo.extent)
    alpha.write(rect, np.where(known, covered.astype(np.uint32) * OPAQUE // 255, 0).astype(np.uint16)[..., None])
    alpha.drop_blank_tiles()
    return pixels, alpha


def _tight(coverage: TiledImage) -> Rect:
    around = coverage.covered
    return Rect.around(coverage.read(around)[..., 0] > 0).moved(around.left, around.top)
