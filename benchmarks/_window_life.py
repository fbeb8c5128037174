"""The life of one window under a heartbeat, for `responsiveness`: the real program, driven by input events."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget

from benchmarks._heartbeat import Heartbeat
from inpaint_studio import app
from inpaint_studio.pixels import stroke_backend
from inpaint_studio.resources import resource
from inpaint_studio.ui.document_tab import DocumentTab
from inpaint_studio.ui.window import MainWindow

_PATIENCE_S = 120.0
_LEFT = Qt.MouseButton.LeftButton
_NONE = Qt.KeyboardModifier.NoModifier
_CTRL, _SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
#: Seconds between two movements of a usual mouse.
_MOUSE_S = 0.008
#: Sides of the fill's mask, 2 % of 24 megapixels, and of the one that is cancelled, for which PatchMatch takes long.
_SMALL, _LARGE = 690, 1500

Point = tuple[float, float]


class _Life:
    """One run: `figures` are ready when the window has closed."""

    def __init__(self, window: MainWindow, folder: Path) -> None:
        self.window = window
        self.folder = folder
        self.beat = Heartbeat()
        self.cancel_free_ms: list[float] = []
        self.beat.start()

    async def run(self) -> None:
        """From the first paint until everything is closed."""
        try:
            await self._live()
        except Exception as error:  # noqa: BLE001  the window would show it in a message that nobody reads
            traceback.print_exception(error)
            os._exit(1)

    async def _live(self) -> None:
        beat = self.beat
        async with beat.phase("worker_start"):
            await self._until(self._warm)
            await asyncio.sleep(1)
        for name in ("photo.jpg", "scan.tif"):
            async with beat.phase("open"):
                await self._open(self.folder / name)
            async with beat.phase("fill"):
                await self._fill()
            async with beat.phase("paint"):
                await self._paint_long_strokes()
            async with beat.phase("cancel"):
                await self._cancel()
            async with beat.phase("save"):
                await self._save(self.folder / f"{name}.inpaint")
                await self._stroke((1000, 3500), (3000, 3400))
                await self._save(None)
            async with beat.phase("export"):
                await self._export(f"{name}.filled.png")
                await self._export(f"{name}.filled.tif")
        async with beat.phase("close"):
            while self.window.tab is not None:
                await self._close_tab()
            await asyncio.sleep(0.5)
        beat.stop()
        self.window.close()

    def figures(self) -> dict[str, object]:
        return {
            "stalls": self.beat.worst,
            "waited": self.beat.waited,
            "gaps": self.beat.gaps,
            "cancel_free_ms": max(self.cancel_free_ms),
        }

    # ---- the user's acts

    def _warm(self) -> bool:
        """Whether all that starts in the background has started."""
        runner = self.window.engine._runner
        return getattr(runner, "pid", None) is not None and stroke_backend.ready()

    async def _open(self, path: Path) -> None:
        count = len(self.window.all_tabs)
        self.window.spawn(self.window.file_commands.open_files([path]))
        await self._until(lambda: len(self.window.all_tabs) > count)
        await asyncio.sleep(1.5)  # the first view and the picture for the journal

    async def _fill(self) -> None:
        self.window.toolbox.change_brush(size=100)
        await self._cover(2300, 1600, _SMALL)
        await self._key(Qt.Key.Key_Return)
        await self._until(lambda: self.window.fills.tab is not None)
        await self._stroke((500, 500), (1500, 600))  # work goes on meanwhile
        await self._until(lambda: self.window.fills.tab is None)
        await asyncio.sleep(0.5)

    async def _paint_long_strokes(self) -> None:
        self.window.toolbox.change_brush(size=500)
        await self._key(Qt.Key.Key_N, _CTRL | _SHIFT)
        for zoom in (self.tab.canvas.zoom_fit, self.tab.canvas.zoom_100):
            zoom()
            for row in range(3):
                await self._stroke((600, 800 + 900 * row), (5400, 1400 + 900 * row))
        self.tab.canvas.zoom_fit()
        for key, times in ((Qt.Key.Key_Z, 4), (Qt.Key.Key_Y, 4)):
            for _ in range(times):
                await self._key(key, _CTRL)
                await asyncio.sleep(0.05)

    async def _cancel(self) -> None:
        """A fill in the midst of native code."""
        self.window.toolbox.change_brush(size=300)
        await self._cover(1500, 1000, _LARGE)
        for wait in (1.5, 0.3):
            await self._key(Qt.Key.Key_Return)
            await self._until(lambda: self.window.fills.tab is not None)
            await asyncio.sleep(wait)
            begin = time.perf_counter()
            await self._key(Qt.Key.Key_Escape)
            await self._until(lambda: self.window.actions_by_name["action.fill"].isEnabled())
            self.cancel_free_ms.append((time.perf_counter() - begin) * 1e3)
            await asyncio.sleep(1.5)

    async def _save(self, target: Path | None) -> None:
        await self._key(Qt.Key.Key_S, _CTRL)
        if target is not None:
            dialog = await self._there("save.dialog")
            self._write("fileNameEdit", str(target))
            QTest.keyClick(self._found("fileNameEdit"), Qt.Key.Key_Return)
            await self._until(lambda: not dialog.isVisible())
        await self._until(lambda: not self.tab.session.unsaved)
        await asyncio.sleep(0.3)

    async def _export(self, name: str) -> None:
        await self._key(Qt.Key.Key_E, _CTRL | _SHIFT)
        await self._there("dialog.export")
        self._write("export.folder", str(self.folder))
        self._write("export.name", name)
        QTest.keyClick(self._found("export.name"), Qt.Key.Key_Return)
        await self._until(lambda: (self.folder / name).exists())
        await asyncio.sleep(0.3)

    async def _close_tab(self) -> None:
        count = len(self.window.all_tabs)
        await self._key(Qt.Key.Key_W, _CTRL)
        await self._until(lambda: len(self.window.all_tabs) < count or self._visible("question"))
        box = self._visible("question")
        if box is not None:
            button = next(b for b in box.findChildren(QPushButton) if "Don" in b.text())
            QTest.mouseClick(button, _LEFT)
            await self._until(lambda: len(self.window.all_tabs) < count)

    # ---- hands and eyes

    @property
    def tab(self) -> DocumentTab:
        tab = self.window.tab
        assert tab is not None
        return tab

    async def _cover(self, left: int, top: int, side: int) -> None:
        """Paint over a square in one zigzag."""
        half = int(self.window.toolbox.brush.size * 0.5)
        rows = range(top + half, top + side - half + 1, half)
        ends = (left + half, left + side - half)
        points = [(x, y) for row, y in enumerate(rows) for x in (ends if row % 2 == 0 else ends[::-1])]
        await self._stroke(*points)

    async def _stroke(self, *corners: Point) -> None:
        """Press, move as a mouse does, release."""
        port = self.tab.canvas.viewport()
        QTest.mousePress(port, _LEFT, _NONE, self._on_screen(*corners[0]))
        for start, end in pairwise(corners):
            for share in np.linspace(0, 1, max(3, int(np.hypot(end[0] - start[0], end[1] - start[1]) / 60)))[1:]:
                at = start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])
                QTest.mouseMove(port, self._on_screen(*at))
                await asyncio.sleep(_MOUSE_S)
        QTest.mouseRelease(port, _LEFT, _NONE, self._on_screen(*corners[-1]))
        await asyncio.sleep(0.05)

    def _on_screen(self, x: float, y: float) -> QPoint:
        ratio = self.tab.canvas.devicePixelRatioF()
        left, top = self.tab.canvas.view.to_viewport(x, y)
        return QPointF(left / ratio, top / ratio).toPoint()

    async def _key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = _NONE) -> None:
        self.window.activateWindow()  # after a dialog no window manager does it here
        await self._until(self.window.isActiveWindow)
        self.tab.canvas.setFocus()
        QTest.keyClick(self.tab.canvas, key, modifiers)

    def _write(self, name: str, text: str) -> None:
        field = self._found(name)
        assert isinstance(field, QLineEdit)
        field.setFocus()
        field.setText(text)

    def _found(self, name: str) -> QWidget:
        widget = self._visible(name)
        assert widget is not None, f"no {name} on the screen"
        return widget

    @staticmethod
    def _visible(name: str) -> QWidget | None:
        for top in QApplication.topLevelWidgets():
            for widget in [top, *top.findChildren(QWidget, name)]:
                if widget.objectName() == name and widget.isVisible():
                    return widget
        return None

    async def _there(self, name: str) -> QWidget:
        await self._until(lambda: self._visible(name) is not None)
        return self._found(name)

    async def _until(self, condition: Callable[[], object]) -> None:
        end = time.perf_counter() + _PATIENCE_S
        while not condition():
            if time.perf_counter() > end:
                raise TimeoutError("the window did not come round to it")
            await asyncio.sleep(0.01)


def main(arguments: Sequence[str]) -> None:
    """Live once, with the photos of the folder that `arguments` name, and print what the heart said."""
    lives: list[_Life] = []

    def ready(window: MainWindow) -> None:
        lives.append(_Life(window, Path(arguments[0])))
        window.spawn(lives[0].run())

    app.main([str(resource("samples/canyon-wren.jpg"))], ready)
    sys.stdout.write(json.dumps(lives[0].figures()) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
