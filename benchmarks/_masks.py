"""Masks and opening on large photos: wand, growing, smart select, and how soon a JPEG is seen."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import cv2
import numpy as np
import qasync
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication

from inpaint_studio.document.composite import Composite
from inpaint_studio.document.document import Document
from inpaint_studio.engines.contract import Silent
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.pixels.mask_operations import MASK_OPERATIONS, operate
from inpaint_studio.pixels.smart_select import Prompt
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.pixels.wand import wand
from inpaint_studio.settings import Settings
from inpaint_studio.studio.jobs import WorkerRunner
from inpaint_studio.studio.smart_select import by_task
from inpaint_studio.tools.selection import Combine, LateSelection
from inpaint_studio.ui.window import MainWindow

_ROUNDS = 5
_24MP, _100MP = (6000, 4000), (11600, 8700)


def masks(large: Document) -> dict[str, object]:
    """`large`: 100 megapixels with masks of which the last is grown."""
    figures: dict[str, object] = {}
    photo = TiledImage.from_array(scene(*_24MP), PixelFormat(Colour.RGB))
    width, height = _24MP
    add = _adder(figures)
    # a contiguous wand on the object, which is some fifth of the photo, with edges all round
    add(
        "wand_24mp",
        lambda: wand(photo.read, photo.format, photo.extent, (width // 2, height // 2), 60, contiguous=True),
    )
    grow = next(operation for operation in MASK_OPERATIONS if operation.id == "grow")
    coverage = large.layers[-1].planes["coverage"].snapshot()
    add("grow_50px_100mp", lambda: operate(grow, coverage, 50))
    reach = 0.36 * height
    box = (width / 2 - reach, height / 2 - reach, width / 2 + reach, height / 2 + reach)
    late = LateSelection(Prompt(box=box), Combine.ADD, "Smart select")
    with WorkerRunner() as runner:
        runner.start()
        segment = by_task(lambda name, payload: runner.task(name, payload, Silent()))
        composite = Composite(photo, ())
        add("smart_select_24mp", lambda: late.find(composite, segment))
    return figures


def _adder(figures: dict[str, object]) -> Callable[[str, Callable[[], object]], None]:
    def add(name: str, act: Callable[[], object]) -> None:
        act()
        times, cpu = [], []
        for _ in range(_ROUNDS):
            begin, spent = time.perf_counter(), time.process_time()
            act()
            times.append((time.perf_counter() - begin) * 1e3)
            cpu.append((time.process_time() - spent) * 1e3)
        figures[f"{name}_ms"] = round(float(np.median(times)), 1)
        figures[f"{name}_p95_ms"] = round(float(np.percentile(times, 95)), 1)
        figures[f"{name}_cpu_ms"] = round(float(np.median(cpu)), 1)

    return add


def scene(width: int, height: int) -> NDArray[np.uint8]:
    """A textured blob on a textured ground."""
    rng = np.random.default_rng(3)
    small = rng.normal(0, 12, (height // 8, width // 8, 3)).astype(np.float32)
    photo = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    y, x = np.ogrid[0:height, 0:width]
    turn = np.arctan2(y - height / 2, x - width / 2).astype(np.float32)
    radius = np.hypot(y - height / 2, x - width / 2).astype(np.float32)
    inside = radius < min(width, height) * (0.27 + 0.05 * np.sin(7 * turn))
    photo += np.where(inside[..., None], np.float32((190, 110, 60)), np.float32((90, 130, 120)))
    return np.clip(photo, 0, 255).astype(np.uint8)


def opening() -> dict[str, object]:
    """From the command until pixels of the photo are on the screen, and until it can be painted on; JPEGs, quality 92."""
    figures: dict[str, object] = {}
    application = QApplication.instance() or QApplication([])
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, _own_folders(Path(folder))):
        for name, size in (("24mp", _24MP), ("100mp", _100MP)):
            path = Path(folder) / f"{name}.jpg"
            Image.fromarray(scene(*size)).save(path, quality=92)
            loop = qasync.QEventLoop(application)
            asyncio.set_event_loop(loop)
            with loop:
                seen, ready = loop.run_until_complete(_opened(path))
            asyncio.set_event_loop(None)
            figures[f"open_{name}_first_pixels_ms"] = round(float(np.median(seen)), 1)
            figures[f"open_{name}_first_pixels_p95_ms"] = round(float(np.percentile(seen, 95)), 1)
            figures[f"open_{name}_ready_ms"] = round(float(np.median(ready)), 1)
    return figures


def _own_folders(folder: Path) -> dict[str, str]:
    return {f"XDG_{name}_HOME": str(folder / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")}


async def _opened(path: Path) -> tuple[list[float], list[float]]:
    window = MainWindow(Settings())
    window.resize(1920, 1080)
    window.show()
    QCoreApplication.processEvents()
    seen: list[float] = []
    ready: list[float] = []
    for _ in range(3):
        begin = time.perf_counter()
        first: list[float] = []
        note = lambda first=first, begin=begin: first or first.append((time.perf_counter() - begin) * 1e3)  # noqa: E731
        window.early.painted.connect(note)
        await window.file_commands.open_files([path])
        tab = window.tab
        assert tab is not None
        painted = asyncio.get_running_loop().create_future()
        tell = lambda painted=painted: painted.done() or painted.set_result(None)  # noqa: E731
        tab.canvas.painted.connect(tell)
        await painted
        tab.canvas.painted.disconnect(tell)
        window.early.painted.disconnect(note)
        ready.append((time.perf_counter() - begin) * 1e3)
        seen.append(first[0] if first else ready[-1])
        await window.files.close(tab, discard=True)
        window.remove_tab(tab)
        await window.settle()
    await asyncio.to_thread(window.engine.close)
    window.may_close = True
    window.close()
    window.deleteLater()
    return seen, ready
