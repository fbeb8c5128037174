"""Draws a scene and what lies over it, in device pixels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QRegion
from PySide6.QtWidgets import QWidget

from inpaint_studio.pixels.display_samples import Pixels, ToDisplay
from inpaint_studio.pixels.pyramid import shrunk
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TileKey, tile_keys, tile_rect
from inpaint_studio.tools.base import Ghost
from inpaint_studio.ui.canvas.marks import Marks
from inpaint_studio.ui.canvas.outline import BLOCK, Outline
from inpaint_studio.ui.canvas.scaled import ScaledTiles
from inpaint_studio.ui.canvas.scene import Scene, Show
from inpaint_studio.ui.canvas.view import NEAREST_ZOOM, View

#: Neutral, so that it doesn't colour the judgement of the photo.
SURROUND = QColor(0x2B, 0x2B, 0x2B)
#: Seconds that a frame may spend on tiles that were never shown; the others come with the next frames.
BUDGET = 0.008


@dataclass(frozen=True, slots=True)
class Preview:
    """A picture (uint8 H×W×3) that stands for `rect` of the photo for a while; of any size."""

    rect: Rect
    pixels: NDArray[np.uint8]


class Frame:
    """One paint event: a painter whose unit is the device pixel, and the device rectangles that have to be painted."""

    def __init__(self, viewport: QWidget, event: QPaintEvent) -> None:
        ratio = viewport.devicePixelRatioF()
        self.painter = QPainter(viewport)
        self.painter.scale(1 / ratio, 1 / ratio)
        # at 125 % or 150 % a widget may begin within a device pixel: tiles must not
        origin = self.painter.deviceTransform().map(QPointF(0, 0))
        self.painter.translate(round(origin.x()) - origin.x(), round(origin.y()) - origin.y())
        self.dirty = [device_rect(rect, ratio) for rect in _rects(event.region())]

    def end(self) -> None:
        self.painter.end()


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


def draw_surround(frame: Frame, view: View, photo: Rect | None) -> None:
    """Fill what the photo leaves free."""
    whole = Rect.of_size(view.width + 1, view.height + 1)
    shown = Rect(0, 0, 0, 0) if photo is None else _photo_on_screen(view, photo).clipped(whole)
    if shown.empty:
        frame.painter.fillRect(0, 0, whole.width, whole.height, SURROUND)
        return
    for strip in (
        Rect(0, 0, whole.right, shown.top),
        Rect(0, shown.bottom, whole.right, whole.bottom),
        Rect(0, shown.top, shown.left, shown.bottom),
        Rect(shown.right, shown.top, whole.right, shown.bottom),
    ):
        if not strip.empty:
            frame.painter.fillRect(strip.left, strip.top, strip.width, strip.height, SURROUND)


def _photo_on_screen(view: View, photo: Rect) -> Rect:
    """The device pixels that the photo takes, rounded as its tiles are."""
    return Rect(
        round(photo.left * view.zoom) - view.left,
        round(photo.top * view.zoom) - view.top,
        max(round(photo.right * view.zoom), round(photo.left * view.zoom) + 1) - view.left,
        max(round(photo.bottom * view.zoom), round(photo.top * view.zoom) + 1) - view.top,
    )


def _visible_tiles(dirty: Iterable[Rect], view: View, level: int, extent: Rect) -> Iterator[TileKey]:
    """Each tile of `level` once that shows in one of the dirty device rectangles."""
    inside = shrunk(extent, level)
    seen: set[TileKey] = set()
    for device in dirty:
        for key in tile_keys(shrunk(view.visible(device.grown(1)), level).clipped(inside)):
            if key not in seen:
                seen.add(key)
                yield key


def draw_scene(frame: Frame, view: View, scene: Scene, scaled: ScaledTiles, show: Show, until: float) -> list[Rect]:
    """Draw the tiles; device rectangles that there was no time for are left dark and returned."""
    level = view.level
    scale = view.zoom * (1 << level)
    inside = shrunk(scene.extent, level)
    painter = frame.painter
    shown = _photo_on_screen(view, scene.extent)
    painter.save()
    painter.setClipRect(QRect(shown.left, shown.top, shown.width, shown.height), Qt.ClipOperation.IntersectClip)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
    smooth = view.zoom < NEAREST_ZOOM and scale != 1
    missing = []
    for key in _visible_tiles(frame.dirty, view, level, scene.extent):
        part = tile_rect(key).clipped(inside)
        left, top = round(part.left * scale) - view.left, round(part.top * scale) - view.top
        width = max(1, round(part.right * scale) - view.left - left)
        height = max(1, round(part.bottom * scale) - view.top - top)
        in_time = (
            scaled.prepare(view.zoom, level, show, key, until) if smooth else scene.prepare(show, level, key, until)
        )
        if not in_time:
            painter.fillRect(left, top, width, height, SURROUND)
            missing.append(Rect.of_size(width, height).moved(left, top))
        elif smooth:
            tile = scaled.tile(show, key, (part.width, part.height), (width, height))
            painter.drawImage(left, top, _image(tile))
        else:
            image = _image(scene.tile(show, level, key))
            painter.drawImage(QRect(left, top, width, height), image, QRect(0, 0, part.width, part.height))
    painter.restore()
    return missing


def _image(pixels: Pixels) -> QImage:
    """The memory of `pixels` as an image, not copied: for as long as `pixels` lives."""
    height, width = pixels.shape
    return QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGB32)


def draw_preview(frame: Frame, view: View, preview: Preview) -> None:
    """Lay the preview over its place."""
    height, width = preview.pixels.shape[:2]
    image = QImage(preview.pixels.data, width, height, width * 3, QImage.Format.Format_RGB888)
    left, top = view.to_viewport(preview.rect.left, preview.rect.top)
    size = preview.rect.width * view.zoom, preview.rect.height * view.zoom
    frame.painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, view.zoom < NEAREST_ZOOM)
    frame.painter.drawImage(QRectF(round(left), round(top), *size), image)


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
    frame.painter.drawImage(QRectF(round(left), round(top), width * view.zoom, height * view.zoom), image)


def draw_outline(frame: Frame, view: View, outline: Outline, until: float) -> list[Rect]:
    """Draw the border's blocks; device rectangles that there was no time for are returned."""
    frame.painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
    border = view.shown(outline.rect).grown(1)
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


def draw_brush(frame: Frame, centre: tuple[float, float], radius: float) -> None:
    """The brush's rim: a light circle in a dark one. `centre` and `radius` in device pixels."""
    painter = frame.painter
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    where = QPointF(*centre)
    for reach, colour in ((radius, QColor(0, 0, 0, 200)), (max(radius - 1, 0.5), QColor(255, 255, 255, 220))):
        painter.setPen(QPen(colour, 1))
        painter.drawEllipse(where, reach, reach)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
