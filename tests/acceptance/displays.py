"""Displays of an X screen that are plugged and unplugged: RandR's monitors, by libXrandr."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import POINTER, byref, c_int, c_ulong, c_void_p


class _Monitor(ctypes.Structure):
    """XRRMonitorInfo."""

    _fields_ = (
        ("name", c_ulong),
        *((field, c_int) for field in ("primary", "automatic", "noutput", "x", "y", "width", "height", "mm", "mm_y")),
        ("outputs", POINTER(c_ulong)),
    )


class Displays:
    """The monitors of one X screen."""

    def __init__(self, display: str) -> None:
        self._x, self._randr = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXrandr.so.2")
        self._x.XOpenDisplay.restype = c_void_p
        self._x.XDefaultRootWindow.restype = self._x.XInternAtom.restype = c_ulong
        self._randr.XRRGetMonitors.restype = POINTER(_Monitor)
        self._display = c_void_p(self._x.XOpenDisplay(display.encode()))
        self._root = c_ulong(self._x.XDefaultRootWindow(self._display))
        first = self._randr.XRRGetMonitors(self._display, self._root, 1, byref(c_int()))
        self._output = first[0].outputs[0]

    def plug(self, name: str, left: int, width: int, height: int, *, first: bool = False) -> None:
        """A monitor that shows a part of the screen; the `first` takes the place of the one that shows all."""
        outputs = (c_ulong * 1)(self._output)
        monitor = _Monitor(self._atom(name), first, 0, first, left, 0, width, height, 300, 200, outputs)
        self._randr.XRRSetMonitor(self._display, self._root, byref(monitor))
        self._x.XSync(self._display, 0)

    def unplug(self, name: str) -> None:
        self._randr.XRRDeleteMonitor(self._display, self._root, self._atom(name))
        self._x.XSync(self._display, 0)

    def close(self) -> None:
        self._x.XCloseDisplay(self._display)

    def _atom(self, name: str) -> c_ulong:
        return c_ulong(self._x.XInternAtom(self._display, name.encode(), 0))


@contextmanager
def displays(display: str) -> Iterator[Displays]:
    """The monitors of `display` as long as the block lasts."""
    made = Displays(display)
    try:
        yield made
    finally:
        made.close()


def missing() -> str:
    """Why there can be none; empty where there can."""
    try:
        ctypes.CDLL("libX11.so.6")
        ctypes.CDLL("libXrandr.so.2")
    except OSError as error:
        return str(error)
    return ""
