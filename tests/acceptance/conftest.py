"""The real window, driven by input events only: a scenario runs inside the event loop, conditions are waited for."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import pytest
import qasync
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication

from inpaint_studio.settings import Settings
from inpaint_studio.ui.canvas import frames
from inpaint_studio.ui.engine_thread import MakeRunner
from inpaint_studio.ui.messages import handle_loop
from inpaint_studio.ui.theme import apply_theme
from inpaint_studio.ui.window import MainWindow
from tests.acceptance.user import User

Scenario = Callable[[User], Awaitable[None]]


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each frame is drawn whole: in a busy turn tiles would come with the next ones, and a picture taken between lack them."""
    monkeypatch.setattr(frames, "BUDGET", 60.0)
    monkeypatch.setattr(frames, "_LEAST", 60.0)


class Run(Protocol):
    """Runs a scenario with the window open on some files; everything is closed afterwards."""

    def __call__(self, scenario: Scenario, *files: Path, make_runner: MakeRunner | None = None) -> None: ...


@pytest.fixture
def at_the_window(qapp: QApplication) -> Run:
    apply_theme(qapp)
    qapp.setQuitOnLastWindowClosed(False)
    qapp.setAttribute(Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents, False)

    async def body(scenario: Scenario, files: tuple[Path, ...], make_runner: MakeRunner | None) -> None:
        window = MainWindow(Settings(), make_runner)
        handle_loop(asyncio.get_running_loop(), window.messages)
        user = User(window)
        window.show()
        await user.until(window.isVisible, window.first_painted)
        await window.file_commands.open_files(files)
        window.models.list_engines()
        await window.settle()
        try:
            await scenario(user)
        finally:
            await _end(window)

    def run(scenario: Scenario, *files: Path, make_runner: MakeRunner | None = None) -> None:
        loop = qasync.QEventLoop(qapp)
        asyncio.set_event_loop(loop)
        try:
            with loop:
                loop.run_until_complete(body(scenario, files, make_runner))
        finally:
            asyncio.set_event_loop(None)
            # timers that nobody waits for any more, and all of Qt's, end here and on no other thread
            loop._timer.deleteLater()
            qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            gc.collect()

    return run


async def _end(window: MainWindow) -> None:
    """Whatever the scenario left open."""
    for tab in window.all_tabs:
        await window.files.close(tab, discard=True)
    await asyncio.to_thread(window.engine.close)
    # dialogs that a failed scenario left: whoever awaits them closes them
    asking = [task for task in window._tasks if QApplication.activeModalWidget() is not None]
    for task in asking:
        task.cancel()
    await window.settle()
    window.may_close = True
    window.close()
    window.deleteLater()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A 600×400 photo: a calm gradient with a loud red block that wants to be removed at (250..330, 150..230)."""
    return garden(tmp_path / "garden.png")


def garden(path: Path) -> Path:
    """Write `picture` to `path`."""
    y, x = np.mgrid[0:400, 0:600].astype(np.float32)
    image = np.stack([90 + x / 10, 120 + y / 10, 150 + (x + y) / 20], -1)
    image += np.random.default_rng(0).normal(0, 2, image.shape)
    image[150:230, 250:330] = (30, 30, 220)
    cv2.imwrite(str(path), np.clip(image, 0, 255).astype(np.uint8))
    return path


@pytest.fixture
def long_picture(tmp_path: Path) -> Path:
    """Noise in which PatchMatch takes many seconds to fill a large mask."""
    path = tmp_path / "noise.png"
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 255, (2000, 2000, 3), np.uint8))
    return path
