"""What the viewport shows of a document, kept from one frame to the next: what stays the same is not drawn again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage, QPainter

from inpaint_studio.pixels.rect import Rect
from inpaint_studio.ui.canvas.drawing import Frame
from inpaint_studio.ui.canvas.view import View

#: Draws in a frame; device rectangles that there was no time for.
Draw = Callable[[Frame, View], list[Rect]]
#: Rectangles that wait to be drawn one by one; more become the one around them.
_MOST_WAITING = 32
#: What is new is drawn straight into a frame from this share of the viewport on.
_MUCH = 0.5


class Screen:
    """A picture as large as the viewport, of a view that is not turned.

    Pixel (x, y) of the zoomed photo lies at (x - left, y - top) of the picture, modulo its size, with a left and top that
    stay: to move the view copies nothing, and only the strips that come into sight are drawn.
    """

    def __init__(self) -> None:
        self._image = QImage()
        self._left = self._top = 0
        self._look: object = None
        #: In pixels of the zoomed photo: what the picture has, and which parts of it look different by now.
        self._known = Rect(0, 0, 0, 0)
        self._stale: list[Rect] = []

    def clear(self) -> None:
        """All will have to be drawn anew."""
        self._look, self._known = None, Rect(0, 0, 0, 0)
        self._stale.clear()

    def forget(self, rect: Rect) -> None:
        """`rect`, in pixels of the zoomed photo, looks different."""
        part = rect.clipped(self._known)
        if part.empty:
            return
        self._stale.append(part)
        if len(self._stale) > _MOST_WAITING:
            self._stale = [Rect.union_of(self._stale)]

    def draw(self, frame: Frame, view: View, look: object, draw: Draw) -> list[Rect]:
        """Bring the picture up to date by `draw`, and lay it on what is dirty of the frame; device rectangles that there
        was no time for. `look` is all that, beside what is forgotten, changes how the document is shown."""
        self._take(view, look)
        seen = Rect.of_size(view.width + 1, view.height + 1).moved(view.left, view.top)
        new, again, waiting = seen.without(self._known), [], []
        dirty = [part.moved(view.left, view.top) for part in frame.dirty]
        for stale in self._stale:
            part = stale.clipped(seen)
            if any(not part.clipped(one).empty for one in dirty):
                again.append(part)
            elif not part.empty:
                # it is to be drawn in a frame of its own: this one is for what lay over the picture
                waiting.append(part)
        self._known, self._stale = seen, waiting
        area = sum(part.area for part in (*new, *again))
        if area > _MUCH * seen.area and area <= sum(dirty.area for dirty in frame.dirty):
            # nearly all of the frame is new: to keep it as well would cost a copy; the next frame with less to do will
            self._stale += new + again
            return draw(frame, view)
        late = self._renew(view, new, draw) + self._renew(view, again, draw, drawn=True)
        for rect in late:
            self.forget(rect.moved(view.left, view.top))
        self._lay(frame, view)
        return late

    def _take(self, view: View, look: object) -> None:
        """Begin anew when nothing of the picture can be used."""
        width, height = view.width + 1, view.height + 1
        if (self._image.width(), self._image.height()) != (width, height):
            self._image = QImage(width, height, QImage.Format.Format_RGB32)
            self.clear()
        look = look, view.zoom
        if self._look != look:
            self.clear()
            # so that a whole view lies in the picture in one piece
            self._look, self._left, self._top = look, view.left, view.top

    def _renew(self, view: View, wanted: list[Rect], draw: Draw, *, drawn: bool = False) -> list[Rect]:
        late: list[Rect] = []
        if not wanted:
            return late
        painter = QPainter(self._image)
        for rect in wanted:
            for part, x, y in self._pieces(rect):
                place = part.moved(-view.left, -view.top)
                painter.save()
                painter.translate(x - place.left, y - place.top)
                painter.setClipRect(QRect(place.left, place.top, place.width, place.height))
                late += draw(Frame(painter, [place], drawn=drawn), view)
                painter.restore()
        painter.end()
        return late

    def _lay(self, frame: Frame, view: View) -> None:
        painter = frame.painter
        painter.save()
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        whole = Rect.of_size(view.width + 1, view.height + 1)
        for dirty in frame.dirty:
            # Qt draws many times faster with a single rectangle for a clip
            painter.setClipRect(QRect(dirty.left, dirty.top, dirty.width, dirty.height))
            for part, x, y in self._pieces(dirty.clipped(whole).moved(view.left, view.top)):
                place = QPoint(part.left - view.left, part.top - view.top)
                painter.drawImage(place, self._image, QRect(x, y, part.width, part.height))
        painter.restore()

    def _pieces(self, rect: Rect) -> Iterator[tuple[Rect, int, int]]:
        """The up to four pieces in which `rect` of the zoomed photo lies in the picture, and where each begins there."""
        width, height = self._image.width(), self._image.height()
        top = rect.top
        while top < rect.bottom:
            y = (top - self._top) % height
            bottom = min(rect.bottom, top + height - y)
            left = rect.left
            while left < rect.right:
                x = (left - self._left) % width
                right = min(rect.right, left + width - x)
                yield Rect(left, top, right, bottom), x, y
                left = right
            top = bottom
