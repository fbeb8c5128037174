"""Which implementation paints: numpy from the first moment on, compiled kernels as soon as they are loaded."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from inpaint_studio.pixels import compiled, stroke_fallback

_MODULES = ("stroke_kernels", "stroke_laying_kernels")
_log = logging.getLogger(__name__)


class Kernels(NamedTuple):
    """The inner loops, described in `stroke_kernels` and `stroke_laying_kernels`."""

    capsule: Callable[..., tuple[int, int, int, int]]
    over: Callable[..., None]
    erase: Callable[..., None]
    tint: Callable[..., None]

    @classmethod
    def of(cls, stroke: Any, laying: Any) -> Kernels:
        """From the module that has `capsule` and the one that has the others."""
        return cls(stroke.capsule, laying.over, laying.erase, laying.tint)


FALLBACK = Kernels.of(stroke_fallback, stroke_fallback)

_current = FALLBACK
_loading = threading.Lock()


def kernels() -> Kernels:
    """The fastest inner loops there are at this moment."""
    return _current


def ready() -> bool:
    """Whether the compiled kernels paint."""
    return _current is not FALLBACK


def warm() -> bool:
    """Load the compiled kernels, or compile them the first time (seconds); call it in a thread after the first paint.

    They are kept in a folder of the user's. False, with a line in the log, when they can't be had: numpy goes on.
    """
    global _current
    with _loading:
        if ready():
            return True
        try:
            with uncollected():
                _current = Kernels.of(*(compiled.load(f"inpaint_studio.pixels.{name}") for name in _MODULES))
        except compiled.UncompiledError as error:
            _log.warning("painting goes on without compiled kernels: %s", error)
    return ready()


@contextmanager
def uncollected() -> Iterator[None]:
    """Without garbage collection: in the midst of so many new objects it holds the window's thread up for some 80 ms."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
