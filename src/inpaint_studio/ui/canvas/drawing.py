"""Draws a scene and what lies over it, in device pixels."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QRegion
from PySide6.QtWidgets import QWidget

from inpaint_studio.pixels.display_samples import Pixels, ToDisplay
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TileKey
from inpaint_studio.tools.base import Ghost
from inpaint_studio.ui.canvas.marks import Marks
from inpaint_studio.ui.canvas.outline import BLOCK, Outline
from inpaint_studio.ui.canvas.view import NEAREST_ZOOM, View

#: Neutral, so that it doesn't colour the judgement of the photo.
SURROUND = QColor(0x2B, 0x2B, 0x2B)
_RIM_LIGHT, _RIM_DARK = QColor(255, 255, 255), QColor(0, 0, 0, 215)


@dataclass(frozen=True, slots=True)
class Preview:
    """A picture (uint8 H×W×3) that stands for `rect` of the photo for a while; of any size."""

    rect: Rect
    pixels: NDArray[np.uint8]


class Frame:
    """A painter whose unit is the device pixel, and the device rectangles that have to be painted.

    drawn: the same place of the photo is there already, as it looked before; where there is no time it may stay.
    """

    def __init__(self, painter: QPainter, dirty: list[Rect], *, drawn: bool = False) -> None:
        self.painter = painter
        self.dirty = dirty
        self.drawn = drawn

    @classmethod
    def of(cls, viewport: QWidget, event: QPaintEvent) -> Frame:
        """One paint event; its painter has to be ended."""
        ratio = viewport.devicePixelRatioF()
        painter = QPainter(viewport)
        painter.scale(1 / ratio, 1 / ratio)
        # at 125 % or 150 % a widget may begin within a device pixel: tiles must not
        origin = painter.deviceTransform().map(QPointF(0, 0))
        painter.translate(round(origin.x()) - origin.x(), round(origin.y()) - origin.y())
        return cls(painter, [device_rect(rect, ratio) for rect in _rects(event.region())])


def _rects(region: QRegion) -> list[QRect]:
    # the stubs don't know that a region can be iterated
    return list(cast("Iterable[QRect]", region))


def device_rect(rect: QRect, ratio: float) -> Rect:
    """The device pixels that a rectangle of a widget touches."""
    return Rect(
        int(rect.left() * ratio),
        int(rect.top() * ratio),
        -int(-(rect.right() + 1) * ratio // 1),
        -int(-(rect.bottom() + 1) * ratio // 1),
    )


def as_image(pixels: Pixels) -> QImage:
    """The memory of `pixels` as an image, not copied: for as long as `pixels` lives."""
    height, width = pixels.shape
    return QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGB32)


def draw_surround(frame: Frame, view: View, photo: Rect | None) -> None:
    """Fill what the photo leaves free."""
    whole = Rect.of_size(view.width + 1, view.height + 1)
    shown = Rect(0, 0, 0, 0) if photo is None else photo_on_screen(view, photo).clipped(whole)
    if all(shown.contains(dirty) for dirty in frame.dirty):
        return
    for strip in whole.without(shown):
        frame.painter.fillRect(strip.left, strip.top, strip.width, strip.height, SURROUND)


def photo_on_screen(view: View, photo: Rect) -> Rect:
    """The device pixels that the photo takes, rounded as its tiles are."""
    return Rect(
        round(photo.left * view.zoom) - view.left,
        round(photo.top * view.zoom) - view.top,
        max(round(photo.right * view.zoom), round(photo.left * view.zoom) + 1) - view.left,
        max(round(photo.bottom * view.zoom), round(photo.top * view.zoom) + 1) - view.top,
    )


def draw_preview(frame: Frame, view: View, preview: Preview) -> None:
    """Lay the preview over its place."""
    height, width = preview.pixels.shape[:2]
    image = QImage(preview.pixels.data, width, height, width * 3, QImage.Format.Format_RGB888)
    left, top = view.to_viewport(preview.rect.left, preview.rect.top)
    size = preview.rect.width * view.zoom, preview.rect.height * view.zoom
    frame.painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, view.zoom < NEAREST_ZOOM)
    frame.painter.drawImage(QRectF(_nearest(left), _nearest(top), *size), image)


def _nearest(place: float) -> int:
    """The next whole pixel, the same wherever the view is: `round` takes halves now up, now down."""
    return math.floor(place + 0.5)


def draw_ghost(frame: Frame, view: View, ghost: Ghost, to_display: ToDisplay) -> None:
    """Lay what a tool would lay over its place."""
    height, width = ghost.weights.shape
    rgb = to_display(np.ascontiguousarray(ghost.samples)).astype(np.float32) * ghost.weights[..., None]
    pixels = np.empty((height, width, 4), np.uint8)
    pixels[..., 2::-1] = rgb
    pixels[..., 3] = ghost.weights * 255
    image = QImage(pixels.data, width, height, width * 4, QImage.Format.Format_ARGB32_Premultiplied)
    left, top = view.to_viewport(ghost.rect.left, ghost.rect.top)
    frame.painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, view.zoom < NEAREST_ZOOM)
    frame.painter.drawImage(QRectF(_nearest(left), _nearest(top), width * view.zoom, height * view.zoom), image)


def draw_outline(frame: Frame, view: View, outline: Outline, until: float) -> list[Rect]:
    """Draw the border's blocks; device rectangles that there was no time for are returned."""
    frame.painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
    border = view.shown(outline.rect).grown(outline.width)
    missing = []
    for key in _visible_blocks([dirty.clipped(border) for dirty in frame.dirty], view):
        left, top = key[1] * BLOCK - view.left, key[0] * BLOCK - view.top
        if not outline.ready(view.zoom, key, until):
            missing.append(Rect.of_size(BLOCK, BLOCK).moved(left, top))
        elif (block := outline.block(key)) is not None:
            image = QImage(block.data, BLOCK, BLOCK, BLOCK * 4, QImage.Format.Format_ARGB32_Premultiplied)
            frame.painter.drawImage(left, top, image)
    return missing


def draw_marks(frame: Frame, view: View, marks: Marks, until: float) -> list[Rect]:
    """Draw the blocks of the rings; device rectangles that show former ones, for want of time, are returned."""
    frame.painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
    border = view.shown(marks.rect).grown(16)
    late = []
    for key in _visible_blocks([dirty.clipped(border) for dirty in frame.dirty], view):
        left, top = key[1] * BLOCK - view.left, key[0] * BLOCK - view.top
        if marks.ready(view.zoom, key, until):
            block = marks.block(key)
        else:
            block = marks.old_block(key)
            late.append(Rect.of_size(BLOCK, BLOCK).moved(left, top))
        if block is not None:
            image = QImage(block.data, BLOCK, BLOCK, BLOCK * 4, QImage.Format.Format_ARGB32_Premultiplied)
            frame.painter.drawImage(left, top, image)
    return late


def _visible_blocks(dirty: Iterable[Rect], view: View) -> set[TileKey]:
    """The blocks of the zoomed photo that show in one of the dirty device rectangles."""
    return {
        (row, column)
        for device in dirty
        if not device.empty
        for row in range((device.top + view.top) // BLOCK, (device.bottom - 1 + view.top) // BLOCK + 1)
        for column in range((device.left + view.left) // BLOCK, (device.right - 1 + view.left) // BLOCK + 1)
    }


def draw_brush(frame: Frame, centre: tuple[float, float], radius: float, width: int) -> None:
    """The brush's rim from `radius` inward: a light circle between two dark ones, each of `width`; all in device pixels."""
    painter = frame.painter
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    where = QPointF(*centre)
    for ring in range(3 * width):
        # circles of one pixel are drawn many times faster than wider ones
        painter.setPen(QPen(_RIM_LIGHT if ring // width == 1 else _RIM_DARK, 1))
        reach = max(radius - ring, 0.5)
        painter.drawEllipse(where, reach, reach)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
