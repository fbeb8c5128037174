"""A private X screen with the real program on it, driven by xdotool and seen by ImageMagick."""

from __future__ import annotations

import ctypes
import os
import select
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

#: Seconds that anything on the screen may take; with an empty cache the worker compiles before its first fill.
PATIENCE_S = 90
_NEEDED = ("Xvfb", "xdotool", "import", "xprop")
_IN_MODIFY, _IN_CREATE, _IN_MOVED_TO, _IN_DELETE = 0x2, 0x100, 0x80, 0x200
_IN_OPEN, _IN_ISDIR = 0x20, 0x40000000


def missing() -> str:
    """Why there can be no screen; empty where there can."""
    names = [name for name in _NEEDED if shutil.which(name) is None]
    return f"needs {', '.join(names)}" if names else ""


class Screen:
    """One display. All positions are in pixels of the screen."""

    def __init__(self, display: str) -> None:
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("QT_", "WAYLAND"))},
            "DISPLAY": display,
            "QT_QPA_PLATFORM": "xcb",
        }

    def tool(self, *arguments: object) -> str:
        """Run xdotool; what it says."""
        done = subprocess.run(
            ["xdotool", *map(str, arguments)],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, f"xdotool {arguments}: {done.stderr}"
        return done.stdout.strip()

    def window(self, title: str) -> str:
        """Wait for a window whose title matches `title`, and give it the keyboard: here no window manager does it."""
        found = self.tool("search", "--sync", "--onlyvisible", "--name", title).split()[-1]
        self.tool("windowfocus", "--sync", found)
        return found

    def next_window(self, title: str, last: str) -> str:
        """As `window`, for one that comes with the same title when the window `last` is gone."""
        end = time.monotonic() + PATIENCE_S
        while (found := self.window(title)) == last:
            assert time.monotonic() < end, f"no other {title} came"
        return found

    def until_title(self, window: str, title: str) -> None:
        """Wait until the title of `window` begins with `title`; xprop tells of each change."""
        command = ["xprop", "-id", window, "-spy", "_NET_WM_NAME"]
        with subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, text=True) as spy:
            assert spy.stdout is not None
            try:
                for line in _lines(spy.stdout.fileno()):
                    if f'= "{title}' in line:
                        return
            finally:
                spy.kill()
        raise AssertionError(f"the title never was {title}")

    def press(self, *keys: str) -> None:
        self.tool("key", *keys)

    def write(self, text: str) -> None:
        """Type where the keyboard goes."""
        self.tool("type", text)

    def paint(self, *points: tuple[float, float]) -> None:
        """Press at the first point, move through the others, release at the last."""
        first, *others = [(round(x), round(y)) for x, y in points]
        moves = [word for x, y in others for word in ("mousemove", x, y)]
        self.tool("mousemove", *first, "mousedown", 1, *moves, "mouseup", 1)

    def look(self, path: Path) -> np.ndarray:
        """A screenshot, RGB, which is kept at `path`."""
        subprocess.run(
            ["import", "-window", "root", f"png24:{path}"], env=self.environment, check=True, timeout=PATIENCE_S
        )
        return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)

    def look_until(
        self, condition: Callable[[np.ndarray], object], path: Path, seconds: float = PATIENCE_S
    ) -> np.ndarray:
        """Look again and again, for `seconds` at most: a program paints some moments after it has done something."""
        end = time.monotonic() + seconds
        while not condition(image := self.look(path)):
            assert time.monotonic() < end, f"never seen; the last picture is {path}"
        return image


@contextmanager
def screen(size: str = "1440x960x24") -> Iterator[Screen]:
    """A display that ends with the block."""
    receive, send = os.pipe()
    command = ["Xvfb", "-displayfd", str(send), "-screen", "0", size, "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[send], stderr=subprocess.DEVNULL) as server:
        os.close(send)
        try:
            number = next(_lines(receive))
            yield Screen(f":{number.strip()}")
        finally:
            server.terminate()
            os.close(receive)


@contextmanager
def program(on: Screen, *arguments: Path, temporary: Path, scale: int = 1) -> Iterator[subprocess.Popen[bytes]]:
    """The real program, with a folder for temporary files of its own; killed with the block if it has not ended."""
    command = [sys.executable, "-m", "inpaint_studio", *map(str, arguments)]
    temporary.mkdir(exist_ok=True)
    environment = {**on.environment, "QT_SCALE_FACTOR": str(scale), "TMPDIR": str(temporary)}
    with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)


class FolderWatch:
    """Tells when something in a folder was written, by inotify."""

    def __init__(self, folder: Path) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = self._libc.inotify_init1(os.O_NONBLOCK)
        mask = _IN_MODIFY | _IN_CREATE | _IN_MOVED_TO | _IN_DELETE
        assert self._libc.inotify_add_watch(self._descriptor, os.fsencode(folder), mask) >= 0

    def until(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert select.select([self._descriptor], [], [], end - time.monotonic())[0], "it never came true"
            os.read(self._descriptor, 1 << 16)

    def close(self) -> None:
        os.close(self._descriptor)


class OpenWatch:
    """Remembers which files of a folder were opened, by inotify."""

    def __init__(self, folder: Path) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = self._libc.inotify_init1(os.O_NONBLOCK)
        assert self._libc.inotify_add_watch(self._descriptor, os.fsencode(folder), _IN_OPEN) >= 0

    def opened(self) -> set[str]:
        """Names since the last call, without those of folders."""
        names = set()
        while select.select([self._descriptor], [], [], 0)[0]:
            data = os.read(self._descriptor, 1 << 16)
            while data:
                _, mask, _, length = struct.unpack_from("iIII", data)
                name = data[16 : 16 + length].rstrip(b"\0").decode()
                if name and not mask & _IN_ISDIR:
                    names.add(name)
                data = data[16 + length :]
        return names

    def close(self) -> None:
        os.close(self._descriptor)


def _lines(descriptor: int) -> Iterator[str]:
    """Lines as they come, for `PATIENCE_S` at most."""
    end, rest = time.monotonic() + PATIENCE_S, b""
    while select.select([descriptor], [], [], max(0, end - time.monotonic()))[0]:
        data = os.read(descriptor, 4096)
        if not data:
            return
        *lines, rest = (rest + data).split(b"\n")
        yield from (line.decode() for line in lines)
