"""Gathers what is to be done and painted into frames."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from typing import cast

from PySide6.QtCore import QCoreApplication, QEvent, QRect, Qt, QTimer
from PySide6.QtGui import QRegion
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from inpaint_studio.pixels.rect import Rect

_FRAME = QEvent.Type(QEvent.registerEventType())
#: Frames follow each other at least so many seconds apart: faster than any screen, slower than the fastest mouse.
_FRAME_SECONDS = 0.004
#: Seconds that a frame may spend on tiles that were never shown; the others come with the next frames.
BUDGET = 0.008
#: Even in a busy turn of the event loop something comes along.
_LEAST = 0.002
#: So many times the area that is dirty may be painted to have a single rectangle.
_LITTLE_MORE = 2.0


class FrameArea(QAbstractScrollArea):
    """A scroll area that repaints what was marked at most once a frame, as soon as the waiting input is handled."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dirty = QRegion()
        #: By how many device pixels what is shown has to be moved to the right and down before the next frame is painted.
        self._moved = (0, 0)
        self._frame_due = False
        #: When the frame that is due was asked for, and when the last one ended.
        self._asked = self._frame_ended = 0.0
        self._pause = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._pause.timeout.connect(self._post_frame)

    @property
    def _ratio(self) -> float:
        return self.viewport().devicePixelRatioF()

    @property
    def _line(self) -> int:
        """Device pixels of a line that is one pixel wide to the eye."""
        return max(1, round(self._ratio))

    def _mark_device(self, device: Rect) -> None:
        """`device`, in device pixels of the viewport, looks different."""
        ratio = self._ratio
        size = self.viewport().size()
        rect = device.clipped(Rect.of_size(math.ceil(size.width() * ratio), math.ceil(size.height() * ratio)))
        if rect.empty:
            return
        left, top = math.floor(rect.left / ratio), math.floor(rect.top / ratio)
        right, bottom = math.ceil(rect.right / ratio), math.ceil(rect.bottom / ratio)
        self._dirty += QRect(left, top, right - left, bottom - top)
        self._schedule_frame()

    def _mark_all(self) -> None:
        self._dirty = QRegion(self.viewport().rect())
        self._schedule_frame()

    def _mark_moved(self, dx: int, dy: int) -> None:
        """All that is shown moves by device pixels to the right and down, but for what is marked by `_mark_fixed`."""
        ratio = self._ratio
        if ratio != int(ratio) or dx % ratio or dy % ratio or self._all_dirty:
            self._mark_all()
            return
        self._mark_fixed()
        # what was to be repainted moves along, and what was repainted in its place has to be once more
        self._dirty += self._dirty.translated(int(dx // ratio), int(dy // ratio))
        self._moved = (self._moved[0] + dx, self._moved[1] + dy)
        self._schedule_frame()

    def _mark_fixed(self) -> None:
        """Mark what lies over the picture and does not move with it."""

    @property
    def _all_dirty(self) -> bool:
        return self._dirty.rectCount() == 1 and self._dirty.boundingRect() == self.viewport().rect()

    def _move_picture(self) -> None:
        """Have Qt move what is on the widget: half the memory is touched that painting it would touch."""
        (dx, dy), self._moved = self._moved, (0, 0)
        if self._all_dirty or (dx, dy) == (0, 0):
            return
        viewport, ratio = self.viewport(), int(self._ratio)
        whole = viewport.rect()
        dx, dy = dx // ratio, dy // ratio
        # with a rectangle, or whatever lies in the viewport would be moved as well
        viewport.scroll(dx, dy, whole)
        self._dirty += QRegion(whole) - QRegion(whole.translated(dx, dy))

    def _schedule_frame(self) -> None:
        """Have everything that is gathered until then done and painted in one go."""
        if self._frame_due:
            return
        self._frame_due = True
        self._asked = time.perf_counter()
        wait = self._frame_ended + _FRAME_SECONDS - self._asked
        if wait > 0:
            self._pause.start(math.ceil(wait * 1000))
        else:
            self._post_frame()

    def _post_frame(self) -> None:
        # low priority: input that waits already belongs to this frame
        QCoreApplication.postEvent(self, QEvent(_FRAME), Qt.EventPriority.LowEventPriority.value)

    def event(self, event: QEvent) -> bool:
        """A frame is due."""
        if event.type() == _FRAME:
            self._run_frame()
            return True
        return super().event(event)

    def _run_frame(self) -> None:
        # whatever is marked from here on until the end belongs to this frame
        self._frame_due = True
        self._gather()
        self._move_picture()
        dirty, self._dirty = self._dirty, QRegion()
        self._frame_due = False
        if not dirty.isEmpty():
            # at once: update() would wait for Qt's own timer, which costs up to 5 ms more
            self.viewport().repaint(_simple(dirty))
        self.give_way()
        self._after_frame()

    def give_way(self) -> None:
        """Have the next frame follow after a while, in which the event loop has its turn: call it before much else is done."""
        self._frame_ended = time.perf_counter()

    def _deadline(self) -> float:
        """Until when (`time.perf_counter`) what is painted now may be drawn. What else was done since the frame was asked for,
        or painted right before, counts: the event loop is held up by all of it."""
        now = time.perf_counter()
        if now < self._frame_ended + _FRAME_SECONDS / 2:
            return now + min(_LEAST, BUDGET)
        spent = now - self._asked if self._asked > self._frame_ended else 0.0
        return now + min(BUDGET, max(_LEAST, BUDGET + 2 * _FRAME_SECONDS - spent))

    def _gather(self) -> None:
        """Do what was put off until the frame."""

    def _after_frame(self) -> None:
        """Do what can wait until the frame is painted."""


def _simple(region: QRegion) -> QRegion:
    """The rectangle round `region` where that is little more: Qt draws many times faster with a rectangle for a clip."""
    if region.rectCount() == 1:
        return region
    whole = region.boundingRect()
    # the stubs don't know that a region can be iterated
    covered = sum(rect.width() * rect.height() for rect in cast("Iterable[QRect]", region))
    return QRegion(whole) if whole.width() * whole.height() <= _LITTLE_MORE * covered else region
