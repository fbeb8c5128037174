"""How a download is steered from another thread, and what it tells of itself."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from inpaint_studio.errors import Cancelled


@dataclass(frozen=True, slots=True)
class Transfer:
    """Where a download is. done, total: bytes. speed: bytes a second of the last seconds; 0 while nothing flows.

    note: what it does just now, in a few words. paused: whether it waits for the user.
    """

    done: int
    total: int
    speed: float
    note: str
    paused: bool = False


class Control:
    """Pause, go on, cancel: from any thread. The download itself calls `hold`, `rest` and `attach`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._paused = False
        self._cancelled = False
        self._keep = True
        self._stop: Callable[[], None] | None = None

    @property
    def paused(self) -> bool:
        return self._paused

    @property
    def interrupted(self) -> bool:
        """Whether the connection should be left at once."""
        return self._paused or self._cancelled

    @property
    def keeps(self) -> bool:
        """Whether what has arrived shall stay for another time after a cancel."""
        return self._keep

    def pause(self) -> None:
        """Leave the connection; what has arrived stays."""
        self._change(paused=True)

    def resume(self) -> None:
        """Go on where it was left."""
        self._change(paused=False)

    def cancel(self, *, keep: bool = False) -> None:
        """End the download. keep: leave what has arrived, so that another one goes on from there."""
        with self._changed:
            self._cancelled, self._keep = True, keep
        self._change(paused=False)

    def hold(self) -> None:
        """Wait while paused. Raises Cancelled."""
        with self._changed:
            self._changed.wait_for(lambda: self._cancelled or not self._paused)
            if self._cancelled:
                raise Cancelled

    def rest(self, seconds: float) -> None:
        """Wait, but not longer than the user does. Raises Cancelled."""
        with self._changed:
            self._changed.wait_for(lambda: self.interrupted, seconds)
        if self._cancelled:
            raise Cancelled

    def attach(self, stop: Callable[[], None] | None) -> None:
        """Name what wakes the thread that reads the connection; None when there is none any more."""
        with self._changed:
            self._stop = stop
            late = self.interrupted
        if late and stop is not None:
            stop()

    def _change(self, *, paused: bool) -> None:
        with self._changed:
            self._paused = paused
            stop = self._stop if self.interrupted else None
            self._changed.notify_all()
        if stop is not None:
            stop()


class Meter:
    """Counts bytes and tells the speed of the last seconds."""

    _WINDOW = 5.0

    def __init__(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        self._points: deque[tuple[float, int]] = deque([(monotonic(), done)])

    def add(self, nbytes: int) -> None:
        """Note that `nbytes` have arrived."""
        self.done += nbytes
        now = monotonic()
        self._points.append((now, self.done))
        while len(self._points) > 2 and now - self._points[0][0] > self._WINDOW:
            self._points.popleft()

    def restart(self) -> None:
        """Forget the speed: the bytes that come next come after a rest."""
        self._points = deque([(monotonic(), self.done)])

    @property
    def speed(self) -> float:
        (first, before), (last, after) = self._points[0], self._points[-1]
        return max(0.0, (after - before) / (last - first)) if last > first else 0.0
