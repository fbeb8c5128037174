"""Which part of the photo a viewport shows, in whole device pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from inpaint_studio.pixels.pyramid import LEVELS
from inpaint_studio.pixels.rect import Rect

SMALLEST_ZOOM, LARGEST_ZOOM = 0.01, 64.0
#: From this zoom on a photo's pixels are shown as squares.
NEAREST_ZOOM = 2.0
#: What is looked at is well seen from so many device pixels on, up to that share of the viewport; what is not gets so many
#: pixels, as far as this zoom allows.
_WELL_SEEN, _MOST_OF_VIEW, _COMFORTABLE, _CLOSEST = 16, 0.6, 160, 4.0
#: So many device pixels of the photo stay in sight when it is moved.
_KEPT_IN_SIGHT = 48

_STEPS = (
    0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 1 / 16, 1 / 12, 1 / 8, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3,
    1, 1.5, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32, 48, 64,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class View:
    """`zoom` device pixels a photo pixel. The viewport is `width` × `height` device pixels; its top-left one is
    (`left`, `top`) of the zoomed photo, whose origin is the photo's (0, 0).

    Device pixels, so that 100 % is one photo pixel on one pixel of the screen whatever the display scale.
    """

    zoom: float = 1.0
    left: int = 0
    top: int = 0
    width: int = 1
    height: int = 1

    @property
    def level(self) -> int:
        """The pyramid level to draw from: the smallest that has at least a pixel for each pixel of the screen."""
        return min(LEVELS - 1, max(0, math.floor(math.log2(1 / self.zoom) + 1e-9)))

    def to_photo(self, x: float, y: float) -> tuple[float, float]:
        """Photo coordinates of a place in the viewport."""
        return (x + self.left) / self.zoom, (y + self.top) / self.zoom

    def to_viewport(self, x: float, y: float) -> tuple[float, float]:
        """Where in the viewport photo coordinates are shown."""
        return x * self.zoom - self.left, y * self.zoom - self.top

    def shown(self, rect: Rect) -> Rect:
        """The device pixels of the viewport that `rect` of the photo touches."""
        left, top = self.to_viewport(rect.left, rect.top)
        right, bottom = self.to_viewport(rect.right, rect.bottom)
        return Rect(math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom))

    def visible(self, device: Rect) -> Rect:
        """The photo's pixels that `device` (device pixels of the viewport) shows."""
        left, top = self.to_photo(device.left, device.top)
        right, bottom = self.to_photo(device.right, device.bottom)
        return Rect(math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom))

    def zoomed(self, zoom: float, x: float, y: float) -> View:
        """With another zoom, the photo's point at (x, y) of the viewport staying where it is."""
        zoom = min(max(zoom, SMALLEST_ZOOM), LARGEST_ZOOM)
        photo_x, photo_y = self.to_photo(x, y)
        return replace(self, zoom=zoom, left=round(photo_x * zoom - x), top=round(photo_y * zoom - y))

    def stepped(self, direction: int) -> float:
        """The next larger (direction 1) or smaller (−1) of the usual zooms."""
        if direction > 0:
            return next((step for step in _STEPS if step > self.zoom * 1.001), LARGEST_ZOOM)
        return next((step for step in reversed(_STEPS) if step < self.zoom * 0.999), SMALLEST_ZOOM)

    def moved(self, dx: int, dy: int, photo: Rect) -> View:
        """Shifted by device pixels; a strip of `photo` stays in sight."""
        low_x, high_x = self.scroll_range(photo.left, photo.right, self.width)
        low_y, high_y = self.scroll_range(photo.top, photo.bottom, self.height)
        return replace(self, left=min(max(self.left + dx, low_x), high_x), top=min(max(self.top + dy, low_y), high_y))

    def scroll_range(self, begin: int, end: int, size: int) -> tuple[int, int]:
        """Least and greatest `left` or `top` for a photo from `begin` to `end` in a viewport of `size`."""
        kept = min(_KEPT_IN_SIGHT, size // 2)
        return math.floor(begin * self.zoom) - size + kept, math.ceil(end * self.zoom) - kept

    def resized(self, width: int, height: int) -> View:
        """In a viewport of another size, the top-left corner staying."""
        return replace(self, width=max(1, width), height=max(1, height))

    def fitted(self, photo: Rect) -> View:
        """All of `photo` as large as it goes, at most 100 %, in the middle."""
        zoom = min(self.width / max(1, photo.width), self.height / max(1, photo.height), 1.0)
        return replace(self, zoom=max(zoom, SMALLEST_ZOOM)).centred(photo)

    def around(self, rect: Rect) -> View:
        """`rect` of the photo in the middle; the zoom changes only where it would be too small or too large to see."""
        side, most = max(1, rect.width, rect.height), _MOST_OF_VIEW * min(self.width, self.height)
        zoom = self.zoom
        if not _WELL_SEEN <= side * zoom <= most:
            zoom = min(_CLOSEST, most / side, max(1.0, _COMFORTABLE / side))
        return replace(self, zoom=max(zoom, SMALLEST_ZOOM)).centred(rect)

    def centred(self, photo: Rect) -> View:
        """The middle of `photo` in the middle."""
        return replace(
            self,
            left=round((photo.left + photo.right) * self.zoom / 2 - self.width / 2),
            top=round((photo.top + photo.bottom) * self.zoom / 2 - self.height / 2),
        )
