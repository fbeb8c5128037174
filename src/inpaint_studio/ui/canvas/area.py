"""The area that shows a document; what happens by the pointer is in `canvas`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QPaintEvent
from PySide6.QtWidgets import QWidget

from inpaint_studio.document.document import Document
from inpaint_studio.pixels.display_samples import ToDisplay, eight_bit
from inpaint_studio.pixels.format import Samples
from inpaint_studio.pixels.pyramid import LEVELS, shrunk
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import tile_keys, tile_rect
from inpaint_studio.restore.places import Codes
from inpaint_studio.ui.canvas.comparing import GRID_ZOOM, draw_grid, draw_split, limited, split_place
from inpaint_studio.ui.canvas.drawing import (
    Frame,
    Preview,
    draw_marks,
    draw_outline,
    draw_preview,
    draw_surround,
)
from inpaint_studio.ui.canvas.marks import Marks
from inpaint_studio.ui.canvas.outline import Outline
from inpaint_studio.ui.canvas.scaled import ScaledTiles
from inpaint_studio.ui.canvas.scene import Scene, Show
from inpaint_studio.ui.canvas.screen import Screen
from inpaint_studio.ui.canvas.tiles import Passing, draw_scene, place_of_change
from inpaint_studio.ui.canvas.turned import Turned
from inpaint_studio.ui.canvas.view import NEAREST_ZOOM, View
from inpaint_studio.ui.canvas.view_area import ViewArea

#: A preview is shown at about this many pixels at most: more would hold up the window.
_PREVIEW_PIXELS = 1 << 19


class CanvasArea(ViewArea):
    """Shows the tiles of a document. Input and changes are gathered and painted together, at most once a frame."""

    #: A frame is on the widget.
    painted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: Scene | None = None
        self._scaled: ScaledTiles | None = None
        self._overlay_shown = True
        self._before_shown = False
        self._fills_alone = False
        self._split: float | None = None
        self._grid_shown = True
        self._preview: Preview | None = None
        self._outline: Outline | None = None
        self._marks: Marks | None = None
        self._passing = Passing()
        self._turned = Turned()
        self._screen = Screen()
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    # ---- the document

    @property
    def document(self) -> Document | None:
        return None if self._scene is None else self._scene.document

    def set_document(self, document: Document | None, to_display: ToDisplay | None = None) -> None:
        """Show `document`, fitted in, or nothing. The document stays the caller's; call with None when it is closed.

        `to_display` takes its samples to the screen's colours; without one they are shown as they are.
        """
        if self._scene is not None:
            self._scene.close()
        self._scene = None if document is None else Scene(document, self._document_changed, to_display)
        self._scaled = None if self._scene is None else ScaledTiles(self._scene)
        self._preview = self._outline = self._marks = None
        self._screen.clear()
        self.zoom_fit()

    def to_display(self, samples: Samples) -> NDArray[np.uint8]:
        """`samples` of the document (H×W×C without alpha) in the screen's colours, H×W×3."""
        assert self._scene is not None  # noqa: S101  who has samples has a document
        return self._scene.to_display(samples)

    def show_by(self, to_display: ToDisplay) -> None:
        """Show the same document in other colours, as on another screen."""
        if self._scene is not None:
            self._scene.show_by(to_display)

    def set_active_layer(self, layer_id: str | None) -> None:
        """The layer that is painted on: its mask lies on top."""
        if self._scene is not None:
            self._scene.active = layer_id

    @property
    def mask_nbytes(self) -> int:
        """Memory that the canvas keeps of masks, beside the document's own."""
        return 0 if self._scene is None else self._scene.mask_nbytes

    def _document_changed(self, parts: Sequence[Rect], below: bool) -> None:
        for part in parts:
            if self._scaled is not None:
                self._scaled.invalidate(part, below=below)
            self._screen.forget(place_of_change(self._view, part))
        whole = Rect.union_of(parts)
        # one rectangle is painted many times faster than several, see `frames`
        much = sum(part.area for part in parts) * 2 > whole.area
        for rect in [whole] if much else parts:
            self._mark_device(self._around(rect))

    # ---- what is shown over it

    @property
    def overlay_shown(self) -> bool:
        return self._overlay_shown

    def set_overlay_shown(self, shown: bool) -> None:
        """Whether masks are laid over the photo."""
        self._overlay_shown = shown
        self._mark_all()

    def set_before_shown(self, shown: bool) -> None:
        """Whether the original photo is shown instead, without fills and masks."""
        self._before_shown = shown
        self._mark_all()

    @property
    def fills_alone(self) -> bool:
        return self._fills_alone

    def set_fills_alone(self, alone: bool) -> None:
        """Whether only what was filled is shown, on black."""
        self._fills_alone = alone
        self._mark_all()

    @property
    def split(self) -> float | None:
        """Where the line between before and after is, as a share of the width; None when there is none."""
        return self._split

    def set_split(self, share: float | None) -> None:
        """Show the original left of a line."""
        self._split = None if share is None else min(max(share, 0.0), 1.0)
        self._mark_all()

    @property
    def grid_shown(self) -> bool:
        return self._grid_shown

    def set_grid_shown(self, shown: bool) -> None:
        """Whether lines part the pixels above 800 %."""
        self._grid_shown = shown
        self._mark_all()

    def set_preview(self, rect: Rect, image: NDArray[np.float32]) -> None:
        """Lay `image` (float H×W×3, 0..1, the screen's colours, any size) over `rect` of the photo until it is cleared."""
        self._preview = Preview(rect, np.ascontiguousarray(eight_bit(np.asarray(image, np.float32))))
        self._mark(rect)

    def show_filling(self, rect: Rect, samples: Samples) -> None:
        """Lay `samples` (H×W×C of the photo's type, without alpha) over `rect`: a fill on its way, until it is cleared."""
        if self._scene is None:
            return
        # what a screen can't show needs no conversion
        stride = max(1, round((samples.shape[0] * samples.shape[1] / _PREVIEW_PIXELS) ** 0.5))
        seen = np.ascontiguousarray(samples[::stride, ::stride])
        self._preview = Preview(rect, np.ascontiguousarray(self._scene.to_display(seen)))
        self._mark(rect)

    @property
    def preview_shown(self) -> bool:
        """Whether something lies over the photo."""
        return self._preview is not None

    def clear_preview(self) -> None:
        """Take the preview away."""
        preview, self._preview = self._preview, None
        if preview is not None:
            self._mark(preview.rect)

    def set_outline(self, outline: Outline) -> None:
        """Draw a border, such as that of what a fill would change, in place of the one before."""
        self.clear_outline()
        self._outline = outline
        outline.width = self._line
        self._mark(outline.rect)

    def clear_outline(self) -> None:
        """Draw no border any more."""
        outline, self._outline = self._outline, None
        if outline is not None:
            self._mark(outline.rect)

    def set_marks(self, marks: Marks | None) -> None:
        """Draw the outlines of parts, in place of those before; None for none."""
        before, self._marks = self._marks, marks
        for known in (before, marks):
            if known is not None:
                self._mark_rings(known)

    def recode_marks(self, codes: Codes) -> None:
        """Show the outlines of other parts from now on."""
        if self._marks is not None and self._marks.recode(codes):
            self._mark_rings(self._marks)

    def _mark_rings(self, marks: Marks) -> None:
        place = self._view.shown(marks.rect).grown(16)
        self._screen.forget(place.moved(self._view.left, self._view.top))
        self._mark_device(place)

    @property
    def _photo(self) -> Rect:
        return Rect(0, 0, 1, 1) if self._scene is None else self._scene.extent

    def picture(self, most: int, until: float) -> QImage | None:
        """The whole document without masks, some `most` pixels large; None when there was no time to make it."""
        scene = self._scene
        if scene is None:
            return None
        level = min(LEVELS - 1, max(0, math.ceil(math.log2(max(scene.extent.width, scene.extent.height) / most))))
        small = shrunk(scene.extent, level)
        keys = list(tile_keys(small))
        if not all(scene.prepare(Show.FILLED, level, key, until) for key in keys):
            return None
        pixels = np.empty((small.height, small.width), np.uint32)
        for key in keys:
            area = tile_rect(key)
            inside = area.clipped(small)
            pixels[inside.within(small).slices] = scene.tile(Show.FILLED, level, key)[inside.within(area).slices]
        height, width = pixels.shape
        return QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGB32).copy()

    # ---- painting

    def _mark(self, rect: Rect) -> None:
        """`rect` of the photo looks different, with the lines around it."""
        place = self._around(rect)
        self._screen.forget(place.moved(self._view.left, self._view.top))
        self._mark_device(place)

    def _around(self, rect: Rect) -> Rect:
        """The device pixels of `rect` of the photo and of the lines around it."""
        return self._view.shown(rect).grown(1 + self._line)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """Draw what is dirty."""
        if self._moved != (0, 0):
            # Qt asks before the frame: what is painted now must not be moved any more
            self._moved = (0, 0)
            self._mark_all()
        frame = Frame.of(self.viewport(), event)
        until = self._deadline()
        missing: list[Rect] = []
        if self._scene is None or self._scaled is None:
            draw_surround(frame, self._view, None)
        else:
            missing = self._draw_document(frame, self._scene, self._scaled, until)
        self._draw_over(frame)
        frame.painter.end()
        self.give_way()
        for rect in missing:
            self._mark_device(rect)
        self.painted.emit()

    def _draw_document(self, frame: Frame, scene: Scene, scaled: ScaledTiles, until: float) -> list[Rect]:
        """Draw the photo with what lies over it; device rectangles that there was no time for."""
        view = self._view
        # of pixels shown as large squares there are so few that a kept picture would take longer to read
        if self._split is None and view.angle == 0 and not self._coarse and view.zoom < NEAREST_ZOOM:
            draw = partial(self._draw_upright, scene, scaled, self._show(), until)
            return self._screen.draw(frame, view, (self._show(), self._grid_shown), draw)
        self._screen.clear()
        whole = Rect.of_size(view.width + 1, view.height + 1)
        parts = [(whole, self._show())]
        if self._split is not None:
            x = split_place(view, self._split)
            parts = [(replace(whole, right=x), Show.ORIGINAL), (replace(whole, left=x), self._show())]
        missing: list[Rect] = []
        for part, show in parts:
            draw = partial(self._draw_upright, scene, scaled, show, until)
            # Qt draws many times faster with a single rectangle for a clip
            for device in [cut for dirty in frame.dirty if not (cut := dirty.clipped(part)).empty]:
                with limited(frame, device):
                    missing += draw(frame, view) if view.angle == 0 else self._turned.draw(frame, view, draw)
        if self._split is not None:
            draw_split(frame, view, self._split, self._ratio)
        return missing

    def _draw_upright(
        self, scene: Scene, scaled: ScaledTiles, show: Show, until: float, frame: Frame, view: View
    ) -> list[Rect]:
        """Draw all of the photo that `view`, which is not turned, shows in a frame."""
        draw_surround(frame, view, scene.extent)
        if self._coarse and view.zoom < NEAREST_ZOOM:
            missing = self._passing.draw(frame, view, scene, show, until)
        else:
            missing = draw_scene(frame, view, scene, scaled, show, until)
        if show is not Show.ORIGINAL:
            if self._preview is not None:
                draw_preview(frame, view, self._preview)
            if self._outline is not None:
                missing += draw_outline(frame, view, self._outline, until)
            if self._marks is not None:
                missing += draw_marks(frame, view, self._marks, until)
        if self._grid_shown and view.zoom > GRID_ZOOM:
            draw_grid(frame, view, scene.extent)
        return missing

    @property
    def _moves_whole(self) -> bool:
        # the original stays on its side of the line
        return self._split is None and super()._moves_whole

    def _show(self) -> Show:
        if self._before_shown:
            return Show.ORIGINAL
        if self._fills_alone:
            return Show.FILLS
        return Show.MASKED if self._overlay_shown else Show.FILLED

    def _draw_over(self, frame: Frame) -> None:
        """Draw what belongs to the pointer."""
