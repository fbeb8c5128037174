"""Draws the tiles of a scene: finely where the zoom rests, quickly while it changes."""

from __future__ import annotations

import math

import cv2
import numpy as np
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QPainter

from inpaint_studio.pixels.display_samples import Pixels
from inpaint_studio.pixels.pyramid import LEVELS, shrunk
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TILE, TileKey, tile_keys, tile_rect
from inpaint_studio.ui.canvas.drawing import SURROUND, Frame, as_image, photo_on_screen
from inpaint_studio.ui.canvas.scaled import Place, ScaledTiles
from inpaint_studio.ui.canvas.scene import Scene, Show
from inpaint_studio.ui.canvas.view import NEAREST_ZOOM, View


def draw_scene(frame: Frame, view: View, scene: Scene, scaled: ScaledTiles, show: Show, until: float) -> list[Rect]:
    """Draw the tiles; device rectangles that there was no time for are returned. Meanwhile there is how they looked before,
    or what is known of them from other levels."""
    level = view.level
    scale = view.zoom * (1 << level)
    inside = shrunk(scene.extent, level)
    painter = frame.painter
    _begin(painter, view, scene)
    smooth = view.zoom < NEAREST_ZOOM
    if smooth:
        scaled.at(view.zoom, level)
    missing = []
    drawn: set[TileKey] = set()
    wanted = Rect.union_of(frame.dirty)
    for device in frame.dirty:
        seen = shrunk(view.visible(device.grown(1)), level).clipped(inside)
        # plain numbers: hundreds of tiles a frame
        columns = [
            (column, *span)
            for column in _tiles_of(seen.left, seen.right)
            if _meets(span := _span(column, inside.left, inside.right, scale, view.left), device.left, device.right)
        ]
        for row in _tiles_of(seen.top, seen.bottom):
            source_top, source_bottom, top, height = span = _span(row, inside.top, inside.bottom, scale, view.top)
            if not _meets(span, device.top, device.bottom):
                continue
            for column, source_left, source_right, left, width in columns:
                key = row, column
                if key in drawn:
                    continue
                drawn.add(key)
                if smooth:
                    place = Place(source_left, source_top, source_right, source_bottom, width, height)
                    image = scaled.image(show, key, place, until)
                    if image is not None:
                        painter.drawImage(left, top, image)
                        continue
                elif scene.prepare(show, level, key, until):
                    tile = scene.tile(show, level, key)[source_top:source_bottom, source_left:source_right]
                    area = Rect.of_size(width, height).moved(left, top)
                    part = area.clipped(wanted)
                    painter.drawImage(part.left, part.top, as_image(scaled.enlarged(tile, area, part)))
                    continue
                if not frame.drawn:
                    _draw_stand_in(painter, scene, show, level, key, QRect(left, top, width, height))
                missing.append(Rect.of_size(width, height).moved(left, top))
    painter.restore()
    return missing


def _draw_stand_in(painter: QPainter, scene: Scene, show: Show, level: int, key: TileKey, place: QRect) -> None:
    """Draw what a larger or smaller level has of a tile, by single pixels; dark where there is nothing."""
    row, column = key
    inside = tile_rect(key).clipped(shrunk(scene.extent, level))
    for up in range(1, LEVELS - level):
        above = row >> up, column >> up
        if scene.fresh(show, level + up, above):
            area, step = tile_rect(above), 1 << up
            source = QRectF(
                inside.left / step - area.left, inside.top / step - area.top, inside.width / step, inside.height / step
            )
            painter.drawImage(QRectF(place), as_image(scene.tile(show, level + up, above)), source)
            return
    painter.fillRect(place, SURROUND)
    if level == 0:
        return
    across, down = place.width() / inside.width, place.height() / inside.height
    finer = shrunk(scene.extent, level - 1)
    for below in ((2 * row + y, 2 * column + x) for y in (0, 1) for x in (0, 1)):
        area = tile_rect(below)
        part = area.clipped(finer)
        if part.empty or not scene.fresh(show, level - 1, below):
            continue
        left, top = (
            place.left() + (part.left / 2 - inside.left) * across,
            place.top() + (part.top / 2 - inside.top) * down,
        )
        right, bottom = left + part.width / 2 * across, top + part.height / 2 * down
        target = QRect(round(left), round(top), round(right) - round(left), round(bottom) - round(top))
        whole = QRect(part.left - area.left, part.top - area.top, part.width, part.height)
        painter.drawImage(target, as_image(scene.tile(show, level - 1, below)), whole)


def place_of_change(view: View, rect: Rect) -> Rect:
    """The pixels of the zoomed photo that tiles show differently when `rect` of the photo has changed. A tile is scaled by
    itself: what changes in one is not seen in its neighbours."""
    small = shrunk(rect, view.level)
    scale = view.zoom * (1 << view.level)
    left, right = _reach(small.left, small.right, scale)
    top, bottom = _reach(small.top, small.bottom, scale)
    return Rect(left, top, right, bottom)


def _reach(begin: int, end: int, scale: float) -> tuple[int, int]:
    """From where to where the pixels from `begin` to `end` of a level are seen, their neighbours' blend with them included,
    but not beyond their tiles."""
    first, last = begin // TILE * TILE, -(-end // TILE) * TILE
    low, high = max(math.floor((begin - 1) * scale), round(first * scale)), round(last * scale)
    # a last tile that is less than a pixel of the screen still gets one
    return low, max(min(math.ceil((end + 1) * scale), high), low + 1)


def _tiles_of(begin: int, end: int) -> range:
    """The rows or columns of tiles that the pixels from `begin` to `end` lie in."""
    return range(begin // TILE, (end - 1) // TILE + 1) if end > begin else range(0)


def _span(index: int, begin: int, end: int, scale: float, origin: int) -> tuple[int, int, int, int]:
    """A row or column of tiles, in a raster from `begin` to `end`: its first and last pixel within the tile, and its
    first device pixel and their number."""
    first, last = max(index * TILE, begin), min((index + 1) * TILE, end)
    return first - index * TILE, last - index * TILE, *_stretch(first, last, scale, origin)


def _meets(span: tuple[int, int, int, int], begin: int, end: int) -> bool:
    """Whether a row or column of tiles has any of the device pixels from `begin` to `end`."""
    return span[2] < end and span[2] + span[3] > begin


def _stretch(begin: int, end: int, scale: float, origin: int) -> tuple[int, int]:
    """The first device pixel of what lies between two pixels of a level, and their number; neighbours share no device
    pixel and leave none free."""
    place = round(begin * scale) - origin
    return place, max(1, round(end * scale) - origin - place)


class Passing:
    """Draws views of which the next one follows at once, while the zoom changes: all tiles in one picture, which is
    scaled as a whole. That takes half the time of `draw_scene`, of which nothing would be used again."""

    def __init__(self) -> None:
        # the same memory for each frame: fresh memory takes as long as scaling
        self._source = np.empty(0, np.uint32)
        self._target = np.empty(0, np.uint32)

    def draw(self, frame: Frame, view: View, scene: Scene, show: Show, until: float) -> list[Rect]:
        """Draw the tiles; device rectangles that there was no time for are returned."""
        level = view.coarse_level
        scale = view.zoom * (1 << level)
        inside = shrunk(scene.extent, level)
        _begin(frame.painter, view, scene)
        late: list[Rect] = []
        for device in frame.dirty:
            seen = shrunk(view.visible(device.grown(1)), level).clipped(inside)
            if seen.empty:
                continue
            columns, rows = (
                _stretch(seen.left, seen.right, scale, view.left),
                _stretch(seen.top, seen.bottom, scale, view.top),
            )
            self._source, source = _raster(self._source, seen.width, seen.height)
            self._target, target = _raster(self._target, columns[1], rows[1])
            missing = _gather(source, seen, level, scene, show, until)
            four = source.view(np.uint8).reshape(*source.shape, 4), target.view(np.uint8).reshape(*target.shape, 4)
            cv2.resize(four[0], (columns[1], rows[1]), dst=four[1], interpolation=cv2.INTER_LINEAR)
            frame.painter.drawImage(columns[0], rows[0], as_image(target))
            for key in missing:
                part = tile_rect(key).clipped(inside)
                left, width = _stretch(part.left, part.right, scale, view.left)
                top, height = _stretch(part.top, part.bottom, scale, view.top)
                _draw_stand_in(frame.painter, scene, show, level, key, QRect(left, top, width, height))
                late.append(Rect.of_size(width, height).moved(left, top))
        frame.painter.restore()
        return late


def _begin(painter: QPainter, view: View, scene: Scene) -> None:
    """Draw within the photo, over all that is there, until `painter.restore()`."""
    shown = photo_on_screen(view, scene.extent)
    painter.save()
    painter.setClipRect(QRect(shown.left, shown.top, shown.width, shown.height), Qt.ClipOperation.IntersectClip)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)


def _raster(memory: Pixels, width: int, height: int) -> tuple[Pixels, Pixels]:
    """`memory`, larger if it has to be, and `height` × `width` of it."""
    if memory.size < width * height:
        memory = np.empty(width * height, np.uint32)
    return memory, memory[: width * height].reshape(height, width)


def _gather(source: Pixels, seen: Rect, level: int, scene: Scene, show: Show, until: float) -> list[TileKey]:
    """Put the tiles of `seen`, in pixels of `level`, into `source`, which is that large; those there was no time for."""
    missing = []
    for key in tile_keys(seen):
        area = tile_rect(key)
        part = area.clipped(seen)
        if scene.prepare(show, level, key, until):
            source[part.within(seen).slices] = scene.tile(show, level, key)[part.within(area).slices]
        else:
            source[part.within(seen).slices] = SURROUND.rgb()
            missing.append(key)
    return missing
