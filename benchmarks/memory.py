"""Whether closing documents gives their memory back: the real window opens and closes 50 photos, with a stroke in each.

`rss_growth_mib` (gate 30) is what the process holds more after the last than after the tenth, by when everything that is
loaded once has been loaded. `rss_peak_mib` is the most while a document was open, `documents_alive` how many are still
there at the end although nobody can reach them. Collections run as they always do: none is asked for.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import traceback
import weakref
from collections.abc import Sequence
from pathlib import Path

import cv2
import psutil
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from inpaint_studio import app
from inpaint_studio.document.document import Document
from inpaint_studio.resources import resource
from inpaint_studio.ui.window import MainWindow

_DOCUMENTS, _WARM = 50, 10
_WIDTH, _HEIGHT = 3000, 2000


class _Life:
    """One window that opens and closes."""

    def __init__(self, window: MainWindow, photo: Path) -> None:
        self._window = window
        self._photo = photo
        self._documents: list[weakref.ref[Document]] = []
        self.figures: dict[str, float] = {}

    async def run(self) -> None:
        try:
            await self._live()
        except Exception as error:  # noqa: BLE001  the window would show it in a message that nobody reads
            traceback.print_exception(error)
            os._exit(1)

    async def _live(self) -> None:
        peak, sizes = 0.0, []
        for _ in range(_DOCUMENTS):
            await self._open_and_paint()
            peak = max(peak, _mib())
            await self._close()
            sizes.append(_mib())
        self.figures = {
            "documents": _DOCUMENTS,
            "photo_mp": _WIDTH * _HEIGHT / 1e6,
            "rss_growth_mib": round(sizes[-1] - sizes[_WARM - 1], 1),
            "rss_peak_mib": round(peak),
            "documents_alive": sum(document() is not None for document in self._documents),
        }
        self._window.close()

    async def _open_and_paint(self) -> None:
        window = self._window
        await window.file_commands.open_files([self._photo])
        tab = window.tab
        assert tab is not None
        self._documents.append(weakref.ref(tab.document))
        await asyncio.sleep(0.15)
        port = tab.canvas.viewport()
        QTest.mousePress(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(300, 300))
        for x in range(300, 600, 20):
            QTest.mouseMove(port, QPoint(x, 320))
        QTest.mouseRelease(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(600, 320))
        await asyncio.sleep(0.1)

    async def _close(self) -> None:
        tab = self._window.tab
        assert tab is not None
        await self._window.files.close(tab, discard=True)
        self._window.remove_tab(tab)
        del tab
        await asyncio.sleep(0.1)


def _mib() -> float:
    return psutil.Process().memory_info().rss / 2**20


def main(arguments: Sequence[str]) -> None:
    """Live once with the photo that `arguments` name."""
    lives: list[_Life] = []

    def ready(window: MainWindow) -> None:
        lives.append(_Life(window, Path(arguments[0])))
        window.spawn(lives[0].run())

    app.main([], ready)
    sys.stdout.write(json.dumps(lives[0].figures) + "\n")


def run() -> dict[str, float]:
    """All figures of one window in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        photo, sample = Path(name, "photo.jpg"), cv2.imread(str(resource("samples/canyon-wren.jpg")))
        assert sample is not None
        cv2.imwrite(str(photo), cv2.resize(sample, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_CUBIC))
        environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ, "XDG_DATA_HOME": name, "XDG_STATE_HOME": name}
        line = [
            sys.executable,
            "-c",
            "import sys; from benchmarks import memory; memory.main(sys.argv[1:])",
            str(photo),
        ]
        done = subprocess.run(
            line, env=environment, check=True, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
        )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures
