"""Shows a turned view: what is dirty is drawn upright, beside the screen, and that picture is turned onto it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
from PySide6.QtGui import QPainter

from inpaint_studio.pixels.display_samples import Pixels
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import tile_keys, tile_rect
from inpaint_studio.ui.canvas.drawing import Frame, as_image
from inpaint_studio.ui.canvas.view import View

#: Draws an upright view in a frame; device rectangles that there was no time for.
Draw = Callable[[Frame, View], list[Rect]]


class Turned:
    """Keeps the memory of the upright picture from one frame to the next."""

    def __init__(self) -> None:
        self._memory: Pixels = np.empty(0, np.uint32)

    def draw(self, frame: Frame, view: View, draw: Draw) -> list[Rect]:
        """Have `draw` show the dirty parts of `view`; device rectangles that there was no time for."""
        late: list[Rect] = []
        for device in frame.dirty:
            # always the same blocks of the screen: what is repainted alone looks as it did with all around it
            keys = list(tile_keys(device))
            blocks = Rect.union_of(tile_rect(key) for key in keys).clipped(
                Rect.of_size(view.width + 1, view.height + 1)
            )
            behind = view.behind(blocks).grown(1)
            picture = self._picture(behind.width, behind.height)
            # a painter does not keep its picture alive
            image = as_image(picture)
            painter = QPainter(image)
            whole = Rect.of_size(behind.width, behind.height)
            upright = replace(
                view.upright,
                left=view.left + behind.left,
                top=view.top + behind.top,
                width=behind.width,
                height=behind.height,
            )
            for rect in draw(Frame(painter, [whole]), upright):
                place = rect.moved(behind.left, behind.top)
                late.append(view.around_upright(place.left, place.top, place.right, place.bottom))
            painter.end()
            for key in keys:
                block = tile_rect(key).clipped(blocks)
                if not block.empty:
                    frame.painter.drawImage(block.left, block.top, as_image(_turned(picture, behind, view, block)))
        return late

    def _picture(self, width: int, height: int) -> Pixels:
        if self._memory.size < width * height:
            self._memory = np.empty(width * height, np.uint32)
        return self._memory[: width * height].reshape(height, width)


def _turned(picture: Pixels, behind: Rect, view: View, block: Rect) -> Pixels:
    """What `block` of the viewport shows of `picture`, which is the rectangle `behind` of the upright view."""
    right, down = view.turned_back(1, 0), view.turned_back(0, 1)
    first = view.to_upright(block.left + 0.5, block.top + 0.5)
    to_picture = np.array(
        [[right[0], down[0], first[0] - 0.5 - behind.left], [right[1], down[1], first[1] - 0.5 - behind.top]]
    )
    turned = cv2.warpAffine(
        picture.view(np.uint8).reshape(*picture.shape, 4),
        to_picture,
        (block.width, block.height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(turned).view(np.uint32)[..., 0]
