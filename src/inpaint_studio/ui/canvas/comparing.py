"""Before and after in one view, and the grid of pixels at high zooms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QPainter

from inpaint_studio.pixels.rect import Rect
from inpaint_studio.ui.canvas.drawing import Frame
from inpaint_studio.ui.canvas.view import View

#: From this zoom on lines between the pixels are drawn.
GRID_ZOOM = 8.0
_GRID = QColor(128, 128, 128, 90)
#: Half the width of the split line's handle, in pixels of the screen.
_HANDLE = 5


def split_place(view: View, share: float) -> int:
    """The device column at which the split line is drawn."""
    return min(max(round(view.width * share), 1), max(view.width - 1, 1))


@contextmanager
def limited(frame: Frame, part: Rect) -> Iterator[None]:
    """Draw in `part` of the viewport only (device pixels)."""
    dirty, frame.dirty = frame.dirty, [cut for rect in frame.dirty if not (cut := rect.clipped(part)).empty]
    frame.painter.save()
    frame.painter.setClipRect(QRect(part.left, part.top, part.width, part.height))
    try:
        yield
    finally:
        frame.painter.restore()
        frame.dirty = dirty


def draw_split(frame: Frame, view: View, share: float, ratio: float) -> None:
    """The line between before (left) and after (right), with a handle in the middle."""
    x, width = split_place(view, share), max(1, round(ratio))
    painter = frame.painter
    painter.fillRect(x - width, 0, width, view.height, QColor(0, 0, 0, 180))
    painter.fillRect(x, 0, width, view.height, QColor(255, 255, 255, 220))
    side = round(_HANDLE * ratio)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor(0, 0, 0, 180))
    painter.setBrush(QColor(255, 255, 255, 230))
    painter.drawEllipse(QRect(x - side, view.height // 2 - side, 2 * side, 2 * side))
    painter.restore()


def draw_grid(frame: Frame, view: View, extent: Rect) -> None:
    """Lines between the photo's pixels, in what is dirty."""
    painter = frame.painter
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
    shown = view.shown(extent)
    for dirty in frame.dirty:
        area = dirty.clipped(shown)
        if area.empty:
            continue
        pixels = view.visible(area).clipped(extent)
        for column in range(pixels.left, pixels.right + 1):
            painter.fillRect(round(column * view.zoom) - view.left, area.top, 1, area.height, _GRID)
        for row in range(pixels.top, pixels.bottom + 1):
            painter.fillRect(area.left, round(row * view.zoom) - view.top, area.width, 1, _GRID)


def near_split(view: View, share: float | None, x: float, ratio: float) -> bool:
    """Whether a press at the device column `x` takes hold of the line."""
    return share is not None and abs(x - split_place(view, share)) <= (_HANDLE + 1) * ratio


SPLIT_CURSOR = Qt.CursorShape.SplitHCursor
