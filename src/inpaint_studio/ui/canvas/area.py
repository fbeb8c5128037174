"""The scrolling, zooming area that shows a document; what happens by the pointer is in `canvas`."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QWidget

from inpaint_studio.document.document import Document
from inpaint_studio.pixels.display_samples import ToDisplay, eight_bit
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.ui.canvas.drawing import (
    BUDGET,
    Frame,
    Preview,
    draw_outline,
    draw_preview,
    draw_scene,
    draw_surround,
)
from inpaint_studio.ui.canvas.frames import FrameArea
from inpaint_studio.ui.canvas.outline import Outline
from inpaint_studio.ui.canvas.scaled import ScaledTiles
from inpaint_studio.ui.canvas.scene import Scene, Show
from inpaint_studio.ui.canvas.view import View


class CanvasArea(FrameArea):
    """Shows the tiles of a document. Input and changes are gathered and painted together, at most once a frame."""

    zoomChanged = Signal(float)  # noqa: N815  Qt's way to name signals
    #: A frame is on the widget.
    painted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: Scene | None = None
        self._scaled: ScaledTiles | None = None
        self._view = View()
        self._fitting = True
        self._overlay_shown = True
        self._before_shown = False
        self._preview: Preview | None = None
        self._outline: Outline | None = None
        self._bars_due = True
        self._syncing = False
        self.setFrameShape(QFrame.Shape.NoFrame)
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
        self._preview = self._outline = None
        self.zoom_fit()

    def set_active_layer(self, layer_id: str | None) -> None:
        """The layer that is painted on: its mask lies on top."""
        if self._scene is not None:
            self._scene.active = layer_id

    @property
    def mask_nbytes(self) -> int:
        """Memory that the canvas keeps of masks, beside the document's own."""
        return 0 if self._scene is None else self._scene.mask_nbytes

    def _document_changed(self, rect: Rect) -> None:
        if self._scaled is not None:
            self._scaled.invalidate(rect)
        self._mark(rect)

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

    def set_preview(self, rect: Rect, image: NDArray[np.float32]) -> None:
        """Lay `image` (float H×W×3, 0..1, the screen's colours, any size) over `rect` of the photo until it is cleared."""
        self._preview = Preview(rect, np.ascontiguousarray(eight_bit(np.asarray(image, np.float32))))
        self._mark(rect)

    def clear_preview(self) -> None:
        """Take the preview away."""
        preview, self._preview = self._preview, None
        if preview is not None:
            self._mark(preview.rect)

    def set_outline(self, outline: Outline) -> None:
        """Draw a border, such as that of what a fill would change, in place of the one before."""
        self.clear_outline()
        self._outline = outline
        self._mark(outline.rect)

    def clear_outline(self) -> None:
        """Draw no border any more."""
        outline, self._outline = self._outline, None
        if outline is not None:
            self._mark(outline.rect)

    # ---- the view

    @property
    def view(self) -> View:
        """What part of the photo is seen; see `View.to_photo` and `View.to_viewport`."""
        return self._view

    @property
    def _photo(self) -> Rect:
        return Rect(0, 0, 1, 1) if self._scene is None else self._scene.extent

    def zoom_fit(self) -> None:
        """Show the whole photo."""
        self._set_view(self._view.fitted(self._photo))
        self._fitting = True

    def zoom_to(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom to `zoom` device pixels a photo pixel; the photo's point at `at` (the middle without) stays there."""
        centre = QPointF(self._view.width / 2, self._view.height / 2) if at is None else at * self._ratio
        self._set_view(self._view.zoomed(zoom, centre.x(), centre.y()))

    def zoom_100(self) -> None:
        """One photo pixel on one pixel of the screen."""
        self.zoom_to(1.0)

    def zoom_in(self, at: QPointF | None = None) -> None:
        """To the next larger of the usual zooms."""
        self.zoom_to(self._view.stepped(1), at)

    def zoom_out(self, at: QPointF | None = None) -> None:
        """To the next smaller of the usual zooms."""
        self.zoom_to(self._view.stepped(-1), at)

    def pan(self, dx: float, dy: float) -> None:
        """Move the view by device pixels: to the right and down."""
        self._set_view(self._view.moved(round(dx), round(dy), self._photo))

    def _set_view(self, view: View) -> None:
        before, self._view = self._view, view
        self._fitting = False
        if view == before:
            return
        self._bars_due = True
        self._mark_all()
        if view.zoom != before.zoom:
            self.zoomChanged.emit(view.zoom)

    def _sync_scroll_bars(self) -> None:
        view, photo = self._view, self._photo
        self._syncing = True
        for bar, begin, end, size, value in (
            (self.horizontalScrollBar(), photo.left, photo.right, view.width, view.left),
            (self.verticalScrollBar(), photo.top, photo.bottom, view.height, view.top),
        ):
            low, high = view.scroll_range(begin, end, size)
            # no bar for a photo that fits in; one that was moved partly out of sight comes back with Ctrl+0
            needed = (end - begin) * view.zoom > size
            bar.setRange(min(low, value) if needed else value, max(high, value) if needed else value)
            bar.setPageStep(size)
            bar.setSingleStep(max(1, size // 20))
            bar.setValue(value)
        self._syncing = False

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:  # noqa: N802  Qt's name
        """A scroll bar was moved."""
        if not self._syncing:
            left, top = self.horizontalScrollBar().value(), self.verticalScrollBar().value()
            self.pan(left - self._view.left, top - self._view.top)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """Keep the top-left corner, so that a bar that appears moves nothing, or the fit."""
        super().resizeEvent(event)
        self._take_size()

    def event(self, event: QEvent) -> bool:
        """The window moved to a screen of another scale."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._take_size()
        return super().event(event)

    def _take_size(self) -> None:
        fitting = self._fitting
        size = self.viewport().size()
        self._set_view(self._view.resized(round(size.width() * self._ratio), round(size.height() * self._ratio)))
        if fitting:
            self.zoom_fit()

    # ---- painting

    def _after_frame(self) -> None:
        if self._bars_due:
            # after the photo: painting two bars takes as long as painting it
            self._bars_due = False
            self._sync_scroll_bars()

    def _mark(self, rect: Rect) -> None:
        """`rect` of the photo looks different."""
        self._mark_device(self._view.shown(rect).grown(2))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """Draw what is dirty."""
        frame = Frame(self.viewport(), event)
        until = time.perf_counter() + BUDGET
        missing: list[Rect] = []
        draw_surround(frame, self._view, None if self._scene is None else self._scene.extent)
        if self._scene is not None and self._scaled is not None:
            missing = draw_scene(frame, self._view, self._scene, self._scaled, self._show(), until)
            if self._preview is not None and not self._before_shown:
                draw_preview(frame, self._view, self._preview)
            if self._outline is not None and not self._before_shown:
                missing += draw_outline(frame, self._view, self._outline, until)
        self._draw_over(frame)
        frame.end()
        for rect in missing:
            self._mark_device(rect)
        self.painted.emit()

    def _show(self) -> Show:
        if self._before_shown:
            return Show.ORIGINAL
        return Show.MASKED if self._overlay_shown else Show.FILLED

    def _draw_over(self, frame: Frame) -> None:
        """Draw what belongs to the pointer."""
