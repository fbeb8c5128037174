"""How long the event loop of a window is held up: the gaps between the beats of a 5 ms timer, by phase."""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import FrameType

from PySide6.QtCore import QObject, Qt, QTimer

_PERIOD_MS = 5
_NOTED_MS = 20
_LIBC = ctypes.PyDLL(None)
#: Before the first and after the last act of a phase, so that a gap belongs to one phase only.
_REST_S = 0.1
#: With this set, what the threads do is written to stderr whenever a beat is this many milliseconds late.
TRACE = "INPAINT_STUDIO_TRACE_STALLS_MS"
_IDLE = ("wait", "get", "_worker", "accept", "select")


class Heartbeat(QObject):
    """Beats from `start` on. `worst` holds for each phase the longest time between two beats, in milliseconds.

    `waited` holds how much of that time the thread stood in the system's queue for a processor: what a busy machine
    adds. Both count only inside phases.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.worst: dict[str, float] = {}
        self.waited: dict[str, float] = {}
        #: Phase, begin and end of every gap that is worth a look, in seconds of `time.perf_counter`.
        self.gaps: list[tuple[str, float, float]] = []
        self._phase = ""
        self._trace = float(os.environ.get(TRACE, "0"))
        if self._trace:
            threading.Thread(target=self._watch, args=(threading.get_ident(),), daemon=True).start()
        self._schedule = _open(Path(f"/proc/self/task/{threading.get_native_id()}/schedstat"))
        self._buffer = ctypes.create_string_buffer(64)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_PERIOD_MS)
        self._timer.timeout.connect(self._beat)
        self._last, self._queued = time.perf_counter(), self._in_queue()

    def start(self) -> None:
        self._last, self._queued = time.perf_counter(), self._in_queue()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    @asynccontextmanager
    async def phase(self, name: str) -> AsyncIterator[None]:
        """What happens inside counts as `name`."""
        await asyncio.sleep(_REST_S)
        self._phase = name
        self.worst.setdefault(name, 0.0)
        try:
            yield
            await asyncio.sleep(_REST_S)
        finally:
            self._phase = ""

    def _beat(self) -> None:
        now, queued = time.perf_counter(), self._in_queue()
        gap, waited = (now - self._last) * 1e3, (queued - self._queued) * 1e3
        self._last, self._queued = now, queued
        if self._phase:
            self._note(gap, waited)

    def _note(self, gap: float, waited: float) -> None:
        if self._trace and gap > self._trace:
            sys.stderr.write(f"==== {self._phase}: {gap:.0f} ms, {waited:.0f} of them in the queue\n")
        if gap > self.worst[self._phase]:
            self.worst[self._phase], self.waited[self._phase] = gap, waited
        if gap > _NOTED_MS:
            self.gaps.append((self._phase, self._last - gap / 1e3, self._last))

    def _watch(self, window: int) -> None:
        """A thread that looks whenever a beat is late. Late itself, it was kept from looking: the lock was held."""
        before = time.perf_counter()
        while True:
            time.sleep(0.004)
            now = time.perf_counter()
            if self._phase and now - self._last > self._trace / 1e3 * 0.7:
                found = {name: _frames(frame) for name, frame in sys._current_frames().items()}
                busy = [lines for name, lines in found.items() if name != window and lines]
                sys.stderr.write(
                    f"  {self._phase} +{(now - self._last) * 1e3:.0f} watch {(now - before) * 1e3:.0f}"
                    f" WINDOW {found[window]} OTHERS {busy}\n"
                )
            before = time.perf_counter()

    def _in_queue(self) -> float:
        """Seconds that this thread has waited for a processor so far; 0 where the system does not tell."""
        if self._schedule < 0:
            return 0.0
        # read without letting the interpreter's lock go: getting it back would itself be a delay
        _LIBC.pread(self._schedule, self._buffer, 64, 0)
        return int(self._buffer.value.split()[1]) / 1e9


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY)
    except OSError:
        return -1


def _frames(frame: FrameType | None) -> str:
    """The innermost calls of a thread; empty for one that waits."""
    if frame is None or frame.f_code.co_name in _IDLE or frame.f_code.co_name == "_watch":
        return ""
    lines = []
    while frame is not None and len(lines) < 9:
        lines.append(f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}:{frame.f_code.co_name}")
        frame = frame.f_back
    return " < ".join(lines)
