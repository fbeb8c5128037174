"""The window's program: the only place that wires Qt, the event loop, the window and its warm-up together."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from inpaint_studio.background import step_back
from inpaint_studio.errors import InputError

if TYPE_CHECKING:
    from inpaint_studio.ui.window import MainWindow

_LIBRARIES = "libgl1 libegl1 libglib2.0-0 libfontconfig1 libxkbcommon0 libdbus-1-3"
_XCB = "libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0"
_HEADLESS = """There is no screen here, so the window can't open. The command line works without one:

    inpaint-studio fill PHOTO --mask MASK -o OUT

White in MASK is filled. `inpaint-studio --help` tells more.
"""


_IN_PLACE = "--edit-in-place"
#: Numpy asks for huge pages. Each is cleared while the whole process may touch no new memory: the window stood still for 30
#: to 90 ms while a thread of it filled a large array.
_SMALL_PAGES = {"NUMPY_MADVISE_HUGEPAGE": "0"}


def main(arguments: Sequence[str], ready: Callable[[MainWindow], None] | None = None) -> int:
    """Open the window with the files that `arguments` name, or with the welcome page; the exit code.

    With --edit-in-place among them Save writes the photo itself.

    ready: called once, when the first frame is painted and the window takes input.
    """
    if not _has_screen():
        sys.stdout.write(_HEADLESS)
        return 0
    _import_numpy()
    try:
        from PySide6.QtCore import Qt
        from PySide6.QtWidgets import QApplication
    except ImportError as error:
        raise InputError(
            f"The window needs a system library that is missing ({error}).",
            f"On Debian: sudo apt-get install {_LIBRARIES} {_XCB}",
        ) from error
    import qasync

    from inpaint_studio.ui.messages import handle_loop, install_hooks, keep_log
    from inpaint_studio.ui.theme import apply_theme

    application = QApplication(["inpaint-studio"])
    application.setApplicationName("Inpaint Studio")
    application.setDesktopFileName("inpaint-studio")
    # every movement of the pen counts; the canvas gathers them itself
    application.setAttribute(Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents, False)
    application.setQuitOnLastWindowClosed(False)
    apply_theme(application)
    with keep_log(), qasync.QEventLoop(application) as loop:
        asyncio.set_event_loop(loop)
        # whoever computes in Python lets the window have its turn at once, not after 5 ms: it asks at every call of Qt
        sys.setswitchinterval(0.0002)
        loop.set_default_executor(ThreadPoolExecutor(8, "background", step_back))
        loop.run_until_complete(_run(arguments, ready, handle_loop, install_hooks))
    return 0


def _import_numpy() -> None:
    """Numpy reads what it is told by the environment once; workers, which hold nobody up, do not inherit it."""
    told = {name: value for name, value in _SMALL_PAGES.items() if name not in os.environ}
    os.environ.update(told)
    importlib.import_module("numpy")

    for name in told:
        del os.environ[name]


async def _run(
    arguments: Sequence[str],
    ready: Callable[[MainWindow], None] | None,
    handle_loop: Callable[..., None],
    install_hooks: Callable[..., Callable[[], None]],
) -> None:
    from inpaint_studio.settings import Settings, load_settings
    from inpaint_studio.ui.window import MainWindow

    problem = None
    try:
        settings = load_settings()
    except InputError as error:
        settings, problem = Settings(), error
    window = MainWindow(settings)
    unhook = install_hooks(window.messages)
    handle_loop(asyncio.get_running_loop(), window.messages)
    if problem is not None:
        window.messages.show(problem)
    try:
        window.panels.restore()
    except InputError as error:
        window.messages.show(error)
    ended = asyncio.get_running_loop().create_future()
    window.ended.connect(lambda: ended.set_result(None))
    window.first_painted.connect(lambda: ready is not None and ready(window))
    window.show()
    window.file_commands.in_place = _IN_PLACE in arguments
    paths = [Path(name) for name in arguments if name != _IN_PLACE]
    window.spawn(window.begin(paths))
    try:
        await ended
    finally:
        unhook()
        window.deleteLater()


def _has_screen() -> bool:
    """Whether Qt will find a display; only X11 and Wayland can lack one."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
