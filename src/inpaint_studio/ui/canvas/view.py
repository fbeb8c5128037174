"""Which part of the photo a viewport shows, in whole device pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

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
    (`left`, `top`) of the zoomed photo, whose origin is the photo's (0, 0). All that is then turned by `angle` degrees
    clockwise about the viewport's middle, on a corner of pixels so that quarter turns fall on whole ones.

    Device pixels, so that 100 % is one photo pixel on one pixel of the screen whatever the display scale.
    """

    zoom: float = 1.0
    left: int = 0
    top: int = 0
    width: int = 1
    height: int = 1
    angle: float = 0.0

    @property
    def level(self) -> int:
        """The pyramid level to draw from: the smallest that has at least a pixel for each pixel of the screen."""
        return min(LEVELS - 1, max(0, math.floor(math.log2(1 / self.zoom) + 1e-9)))

    @property
    def coarse_level(self) -> int:
        """The level to draw from while the zoom goes on changing: a quarter of the tiles, a little soft. To make pixels
        smaller takes twice as long as to make them up to twice as large."""
        return min(LEVELS - 1, max(0, math.ceil(math.log2(1 / self.zoom) - 1e-9)))

    @property
    def upright(self) -> View:
        """The same without being turned."""
        return self if self.angle == 0 else replace(self, angle=0.0)

    @property
    def middle(self) -> tuple[int, int]:
        """What the view turns about, in device pixels."""
        return self.width // 2, self.height // 2

    def turned_back(self, dx: float, dy: float) -> tuple[float, float]:
        """A way across the viewport as it were if the view was upright."""
        cosine, sine = _turn(self.angle)
        return dx * cosine + dy * sine, dy * cosine - dx * sine

    def to_upright(self, x: float, y: float) -> tuple[float, float]:
        """Where a place in the viewport would be if the view was upright."""
        if self.angle == 0:
            return x, y
        middle_x, middle_y = self.middle
        dx, dy = self.turned_back(x - middle_x, y - middle_y)
        return middle_x + dx, middle_y + dy

    def from_upright(self, x: float, y: float) -> tuple[float, float]:
        """Where in the viewport a place of the upright view is."""
        if self.angle == 0:
            return x, y
        middle_x, middle_y = self.middle
        cosine, sine = _turn(self.angle)
        dx, dy = x - middle_x, y - middle_y
        return middle_x + dx * cosine - dy * sine, middle_y + dx * sine + dy * cosine

    def to_photo(self, x: float, y: float) -> tuple[float, float]:
        """Photo coordinates of a place in the viewport."""
        x, y = self.to_upright(x, y)
        return (x + self.left) / self.zoom, (y + self.top) / self.zoom

    def to_viewport(self, x: float, y: float) -> tuple[float, float]:
        """Where in the viewport photo coordinates are shown."""
        return self.from_upright(x * self.zoom - self.left, y * self.zoom - self.top)

    def shown(self, rect: Rect) -> Rect:
        """The device pixels of the viewport that `rect` of the photo touches, or a few more when it is turned."""
        left, top = rect.left * self.zoom - self.left, rect.top * self.zoom - self.top
        right, bottom = rect.right * self.zoom - self.left, rect.bottom * self.zoom - self.top
        return self.around_upright(left, top, right, bottom)

    def around_upright(self, left: float, top: float, right: float, bottom: float) -> Rect:
        """The device pixels of the viewport that a rectangle of the upright view touches."""
        if self.angle:
            corners = [self.from_upright(x, y) for x in (left, right) for y in (top, bottom)]
            (left, right), (top, bottom) = ((min(one), max(one)) for one in zip(*corners, strict=True))
        return Rect(math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom))

    def behind(self, device: Rect) -> Rect:
        """The pixels of the upright view that `device` (device pixels of the viewport) shows."""
        if self.angle == 0:
            return device
        corners = [self.to_upright(x, y) for x in (device.left, device.right) for y in (device.top, device.bottom)]
        xs, ys = zip(*corners, strict=True)
        return Rect(math.floor(min(xs)), math.floor(min(ys)), math.ceil(max(xs)), math.ceil(max(ys)))

    def visible(self, device: Rect) -> Rect:
        """The photo's pixels that `device` (device pixels of the viewport) shows."""
        place = self.behind(device).moved(self.left, self.top)
        return Rect(
            math.floor(place.left / self.zoom),
            math.floor(place.top / self.zoom),
            math.ceil(place.right / self.zoom),
            math.ceil(place.bottom / self.zoom),
        )

    def turned(self, angle: float) -> View:
        """Turned by `angle` degrees clockwise, any number of them, about the viewport's middle."""
        angle = math.remainder(angle, 360)
        return replace(self, angle=180.0 if angle == -180 else angle + 0.0)

    def zoomed(self, zoom: float, x: float, y: float) -> View:
        """With another zoom, the photo's point at (x, y) of the viewport staying where it is."""
        zoom = min(max(zoom, SMALLEST_ZOOM), LARGEST_ZOOM)
        return replace(self, zoom=zoom).placed(self.to_photo(x, y), x, y)

    def placed(self, point: tuple[float, float], x: float, y: float) -> View:
        """Moved so that `point` of the photo is at (x, y) of the viewport."""
        x, y = self.to_upright(x, y)
        return replace(self, left=round(point[0] * self.zoom - x), top=round(point[1] * self.zoom - y))

    def stepped(self, direction: int) -> float:
        """The next larger (direction 1) or smaller (−1) of the usual zooms."""
        if direction > 0:
            return next((step for step in _STEPS if step > self.zoom * 1.001), LARGEST_ZOOM)
        return next((step for step in reversed(_STEPS) if step < self.zoom * 0.999), SMALLEST_ZOOM)

    def moved(self, dx: int, dy: int, photo: Rect) -> View:
        """Shifted by pixels of the upright view; a strip of `photo` stays in sight."""
        view = replace(self, left=self.left + dx, top=self.top + dy)
        x, y = view.scrolled
        (low_x, high_x), (low_y, high_y) = self.scroll_ranges(photo)
        back = view.turned_back(min(max(x, low_x), high_x) - x, min(max(y, low_y), high_y) - y)
        return replace(view, left=view.left + round(back[0]), top=view.top + round(back[1]))

    @property
    def scrolled(self) -> tuple[float, float]:
        """How far the photo's origin lies left of and above the viewport's."""
        x, y = self.to_viewport(0, 0)
        return -x, -y

    def spread(self, photo: Rect) -> tuple[tuple[float, float], tuple[float, float]]:
        """From where to where `photo` goes on the screen, to the right and down, in device pixels from its origin."""
        cosine, sine = _turn(self.angle)
        corners = [
            (x * self.zoom * cosine - y * self.zoom * sine, x * self.zoom * sine + y * self.zoom * cosine)
            for x in (photo.left, photo.right)
            for y in (photo.top, photo.bottom)
        ]
        xs, ys = zip(*corners, strict=True)
        return (min(xs), max(xs)), (min(ys), max(ys))

    def scroll_ranges(self, photo: Rect) -> tuple[tuple[int, int], tuple[int, int]]:
        """Least and greatest `scrolled`, to the right and down, at which some of `photo` is in sight."""
        (left, right), (top, bottom) = self.spread(photo)
        kept_x, kept_y = min(_KEPT_IN_SIGHT, self.width // 2), min(_KEPT_IN_SIGHT, self.height // 2)
        return (
            (math.floor(left) - self.width + kept_x, math.ceil(right) - kept_x),
            (math.floor(top) - self.height + kept_y, math.ceil(bottom) - kept_y),
        )

    def resized(self, width: int, height: int) -> View:
        """In a viewport of another size, the top-left corner staying."""
        other = replace(self, width=max(1, width), height=max(1, height))
        return other if self.angle == 0 else other.placed(self.to_photo(0, 0), 0, 0)

    def fitted(self, photo: Rect) -> View:
        """All of `photo` as large as it goes, at most 100 %, in the middle."""
        (left, right), (top, bottom) = replace(self, zoom=1.0).spread(photo)
        zoom = min(self.width / max(1, right - left), self.height / max(1, bottom - top), 1.0)
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


@lru_cache(maxsize=8)
def _turn(angle: float) -> tuple[float, float]:
    """Cosine and sine of `angle` degrees, exact for quarter turns."""
    quarters, rest = divmod(angle, 90)
    if rest == 0:
        return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[int(quarters) % 4]
    return math.cos(math.radians(angle)), math.sin(math.radians(angle))
