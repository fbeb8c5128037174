"""How far a command is: a bar on a terminal, nothing in a pipe."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable
from typing import Self, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from inpaint_studio.engines.contract import Decision, Float

T = TypeVar("T")

#: What the process ends with after Ctrl+C.
CANCELLED = 130


class Bar:
    """A progress bar on stderr; it swings back and forth while nobody can tell how much is left."""

    def __init__(self, title: str) -> None:
        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(title, total=None)

    def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
        """Never cancels: Ctrl+C does."""
        self._bar.update(self._task, description=note, total=None if fraction is None else 1.0, completed=fraction or 0)
        return Decision.CONTINUE

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


#: Set once work was given up.
_given_up = threading.Event()


@atexit.register
def _end_at_once() -> None:
    """End the process, after all else that ends with it, where work was given up: native code that is still running
    would meet a half-ended interpreter and abort.
    """
    if _given_up.is_set():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(CANCELLED)


def interruptible(work: Callable[[], T]) -> T:
    """`work()` in a thread of its own, so that Ctrl+C is heard while native code runs; what it raises is raised here.

    After Ctrl+C the thread is left to the end of the process: it writes no file.
    """
    done: list[T] = []
    failed: list[BaseException] = []

    def body() -> None:
        try:
            done.append(work())
        except BaseException as error:  # noqa: BLE001  raised again by the caller's thread
            failed.append(error)

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    try:
        thread.join()
    except KeyboardInterrupt:
        _given_up.set()
        raise
    if failed:
        raise failed[0]
    return done[0]
