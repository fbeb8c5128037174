"""The area's view: zooming, moving and turning it, scroll bars, and the size of the viewport."""

from __future__ import annotations

import time
from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QWidget

from inpaint_studio.pixels.rect import Rect
from inpaint_studio.ui.canvas.frames import FrameArea
from inpaint_studio.ui.canvas.view import View

#: Milliseconds after which a zoom that has not changed is taken for the one that was wanted.
_STILL_MS = 120
#: The scroll bars follow a view that moves or zooms step after step every so many milliseconds, between two frames: setting
#: and painting them takes as long as painting the photo.
_BARS_MS = 40


class ViewArea(FrameArea):
    """Knows which part of a photo is seen. Subclasses say how large the photo is, and paint it."""

    zoomChanged = Signal(float)  # noqa: N815  Qt's way to name signals
    #: The View that is shown from now on.
    viewChanged = Signal(object)  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = View()
        self._fitting = True
        self._bars_due = True
        self._bars_behind = False
        self._bars_set = 0.0
        self._bars_later = QTimer(self, singleShot=True)
        self._bars_later.timeout.connect(self._sync_scroll_bars)
        self._syncing = False
        #: Whether others are following just now: they are not followed back.
        self._telling = False
        #: Whether the zoom is on the way to another one: then coarser tiles do, until it has been still for a moment.
        self._coarse = False
        self._still = QTimer(self, singleShot=True, interval=_STILL_MS)
        self._still.timeout.connect(self._refine)
        self.setFrameShape(QFrame.Shape.NoFrame)

    @property
    def view(self) -> View:
        """What part of the photo is seen; see `View.to_photo` and `View.to_viewport`."""
        return self._view

    @property
    def _photo(self) -> Rect:
        """The photo's size and place."""
        return Rect(0, 0, 1, 1)

    def follow(self, view: View) -> None:
        """Show the same part in the same size as a canvas beside this one."""
        if not self._telling:
            # the middles that the two turn about may differ by half the difference of their sizes
            own = replace(self._view, zoom=view.zoom, angle=view.angle)
            self._set_view(own.placed(view.to_photo(0, 0), 0, 0))

    # ---- zoom

    def zoom_fit(self) -> None:
        """Show the whole photo."""
        self._set_view(self._view.fitted(self._photo))
        self._fitting = True

    def zoom_to(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom to `zoom` device pixels a photo pixel; the photo's point at `at` (the middle without) stays there."""
        centre = QPointF(self._view.width / 2, self._view.height / 2) if at is None else at * self._ratio
        self._set_view(self._view.zoomed(zoom, centre.x(), centre.y()))

    def zoom_on(self, factor: float, at: QPointF) -> None:
        """Zoom by `factor` as a wheel or a pinch does, step after step: each is drawn at once, the last one finely."""
        place = at * self._ratio
        # the first step may be the only one: it is fine at once
        self._set_view(self._view.zoomed(self._view.zoom * factor, place.x(), place.y()), coarse=self._still.isActive())
        self._still.start()

    def _refine(self) -> None:
        if self._coarse:
            self._coarse = False
            self._mark_all()

    def zoom_100(self) -> None:
        """One photo pixel on one pixel of the screen."""
        self.zoom_to(1.0)

    def look_at(self, rect: Rect) -> None:
        """Bring `rect` of the photo to the middle, as large as it is well seen; a zoom at which it is stays."""
        self._set_view(self._view.around(rect))

    def zoom_in(self, at: QPointF | None = None) -> None:
        """To the next larger of the usual zooms."""
        self.zoom_to(self._view.stepped(1), at)

    def zoom_out(self, at: QPointF | None = None) -> None:
        """To the next smaller of the usual zooms."""
        self.zoom_to(self._view.stepped(-1), at)

    # ---- place and angle

    def pan(self, dx: float, dy: float) -> None:
        """Move the view by device pixels: to the right and down."""
        x, y = self._view.turned_back(dx, dy)
        self._shift(round(x), round(y))

    def _shift(self, dx: int, dy: int) -> None:
        """Move the view by pixels of the upright view."""
        self._set_view(self._view.moved(dx, dy, self._photo))

    def turn_to(self, angle: float) -> None:
        """Turn the view about its middle, to `angle` degrees clockwise from upright."""
        self._set_view(self._view.turned(angle))

    def _set_view(self, view: View, *, coarse: bool = False) -> None:
        before, self._view = self._view, view
        self._coarse = coarse or (self._coarse and view.zoom == before.zoom)
        self._fitting = False
        if view == before:
            return
        moved = view == replace(before, left=view.left, top=view.top)
        if self._coarse or moved:
            self._bars_behind = True
        else:
            self._bars_due = True
        if moved and self._moves_whole:
            self._mark_moved(before.left - view.left, before.top - view.top)
        else:
            self._mark_all()
        self._telling = True
        self.viewChanged.emit(view)
        self._telling = False
        if view.zoom != before.zoom:
            self.zoomChanged.emit(view.zoom)

    @property
    def _moves_whole(self) -> bool:
        """Whether all that is painted moves with the view."""
        return self._view.angle == 0 and not self._coarse

    # ---- scroll bars and size

    def _after_frame(self) -> None:
        if self._bars_due:
            self._sync_scroll_bars()

        elif self._bars_behind:
            self._bars_later.start(0 if time.perf_counter() > self._bars_set + _BARS_MS / 1000 else _BARS_MS)

    def _sync_scroll_bars(self) -> None:
        self._bars_due = self._bars_behind = False
        self._bars_set = time.perf_counter()
        view = self._view
        bars = self.horizontalScrollBar(), self.verticalScrollBar()
        spread, ranges = view.spread(self._photo), view.scroll_ranges(self._photo)
        self._syncing = True
        for bar, (begin, end), (low, high), size, scrolled in zip(
            bars, spread, ranges, (view.width, view.height), view.scrolled, strict=True
        ):
            value = round(scrolled)
            # no bar for a photo that fits in; one that was moved partly out of sight comes back with Ctrl+0
            needed = end - begin > size
            bar.setRange(min(low, value) if needed else value, max(high, value) if needed else value)
            bar.setPageStep(size)
            bar.setSingleStep(max(1, size // 20))
            bar.setValue(value)
        self._syncing = False

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:  # noqa: N802  Qt's name
        """A scroll bar was moved."""
        if not self._syncing:
            x, y = self._view.scrolled
            self.pan(self.horizontalScrollBar().value() - x, self.verticalScrollBar().value() - y)

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
