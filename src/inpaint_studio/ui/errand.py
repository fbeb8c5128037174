"""Blocking work in a thread that may be left alone: a disk or a network folder that hangs must not hold the window."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Generic, TypeVar

from inpaint_studio.errors import Cancelled

T = TypeVar("T")


class Errand(Generic[T]):
    """One function in a daemon thread of its own. Made, awaited and cancelled on the event loop's thread.

    The pool of `asyncio.to_thread` is no place for work on files of the user's: it has few threads, and the program
    waits for them at its end.
    """

    def __init__(self, work: Callable[[Callable[[], bool]], T], unwanted: Callable[[T], object] | None = None) -> None:
        """`work` is given a function that says whether it was cancelled. `unwanted` is called, in the thread, with
        what it made all the same."""
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[T] = self._loop.create_future()
        self._work, self._unwanted = work, unwanted
        self._lock = threading.Lock()
        self._cancelled = self._delivered = False
        threading.Thread(target=self._run, name="errand", daemon=True).start()

    def cancelled(self) -> bool:
        """Whether nobody waits any more; any thread."""
        return self._cancelled

    def cancel(self) -> None:
        """Whoever waits gets Cancelled now; the thread hears of it when it can."""
        with self._lock:
            if self._delivered:
                return
            self._cancelled = True
        if not self._future.done():
            self._future.set_exception(Cancelled())

    async def done(self) -> T:
        """What the work returns, or raises. Raises Cancelled after `cancel`."""
        try:
            return await self._future
        except asyncio.CancelledError:
            self.cancel()
            raise

    def _run(self) -> None:
        try:
            result = self._work(self.cancelled)
        except BaseException as error:  # noqa: BLE001  whoever waits raises it again
            self._deliver(partial(self._future.set_exception, error))
            return
        if not self._deliver(partial(self._future.set_result, result)) and self._unwanted is not None:
            self._unwanted(result)

    def _deliver(self, settle: Callable[[], None]) -> bool:
        with self._lock:
            if self._cancelled:
                return False
            self._delivered = True
        with suppress(RuntimeError):  # the loop is closed: nobody awaits any more
            self._loop.call_soon_threadsafe(lambda: None if self._future.done() else settle())
        return True


async def in_thread(work: Callable[[], T]) -> T:
    """What `work` returns, which may block for as long as a disk does."""
    return await Errand(lambda _: work()).done()
