"""The real window, driven by input events only: a user with mouse, keys and pen, and conditions that are waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Self

import cv2
import numpy as np
import pytest
import qasync
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, SignalInstance
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from inpaint_studio.settings import Settings
from inpaint_studio.ui.messages import handle_loop
from inpaint_studio.ui.theme import apply_theme
from inpaint_studio.ui.window import MainWindow

_PATIENCE_S = 20


class User:
    """Someone at the window. Positions are in pixels of the photo."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window

    @property
    def tab(self):  # type: ignore[no-untyped-def]
        tab = self.window.tab
        assert tab is not None
        return tab

    def shown(self) -> np.ndarray:
        """The document's visible pixels."""
        return self.tab.document.composite().read(self.tab.document.canvas)

    def widget(self, name: str) -> QWidget:
        """The visible widget with that object name, in whatever window of the program."""
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

    def on_screen(self, x: float, y: float) -> QPoint:
        canvas = self.tab.canvas
        ratio = canvas.devicePixelRatioF()
        left, top = canvas.view.to_viewport(x, y)
        return QPointF(left / ratio, top / ratio).toPoint()

    def paint(
        self, *points: tuple[float, float], modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    ) -> None:
        """Press at the first point, move through the others, release at the last."""
        port = self.tab.canvas.viewport()
        places = [self.on_screen(*point) for point in points]
        QTest.mousePress(port, Qt.MouseButton.LeftButton, modifiers, places[0])
        for place in places[1:]:
            QTest.mouseMove(port, place)
        QTest.mouseRelease(port, Qt.MouseButton.LeftButton, modifiers, places[-1])

    def scribble(self, left: int, top: int, right: int, bottom: int, step: int) -> None:
        """Cover a rectangle with one zigzag stroke."""
        points = []
        for row, y in enumerate(range(top, bottom + 1, step)):
            points += [(left, y), (right, y)] if row % 2 == 0 else [(right, y), (left, y)]
        self.paint(*points)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key where the focus is."""
        target = QApplication.focusWidget() or self.window
        QTest.keyClick(target, key, modifiers)

    def ctrl(self, key: Qt.Key, *, shift: bool = False) -> None:
        more = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
        self.key(key, Qt.KeyboardModifier.ControlModifier | more)

    def click(self, name: str) -> None:
        QTest.mouseClick(self.widget(name), Qt.MouseButton.LeftButton)

    def write(self, name: str, text: str) -> None:
        """Replace the text of a field."""
        field = self.widget(name)
        field.setFocus()
        QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(field, text)

    async def until(self, condition: Callable[[], object], *signals: SignalInstance) -> None:
        """Wait for `condition`, which is looked at whenever one of `signals` comes."""
        met = asyncio.get_running_loop().create_future()

        def look(*_: object) -> None:
            if not met.done() and condition():
                met.set_result(None)

        for signal in signals:
            signal.connect(look)
        try:
            look()
            await asyncio.wait_for(met, _PATIENCE_S)
        finally:
            for signal in signals:
                signal.disconnect(look)

    async def until_there(self, name: str) -> QWidget:
        """Wait until a widget of that name is on the screen."""
        with _Watch(QEvent.Type.Show, name) as shown:
            return self._visible(name) or await asyncio.wait_for(shown.seen, _PATIENCE_S)

    async def back(self) -> None:
        """Return to the window when a dialog is gone: here no window manager does it."""
        with _Watch(QEvent.Type.WindowActivate, "window") as active:
            self.window.activateWindow()
            if not self.window.isActiveWindow():
                await asyncio.wait_for(active.seen, _PATIENCE_S)
        if self.window.tab is not None:
            self.tab.canvas.setFocus()

    async def filled(self) -> None:
        """Wait for the end of the fill that was just asked for."""
        ended: list[bool] = []
        note = self.window.fills.running.connect(lambda running: ended.append(running))
        try:
            await self.until(lambda: False in ended, self.window.fills.running)
        finally:
            self.window.fills.running.disconnect(note)


class _Watch(QObject):
    """Waits for an event of one kind at a widget of one name."""

    def __init__(self, kind: QEvent.Type, name: str) -> None:
        super().__init__()
        self._kind, self._name = kind, name
        self.seen: asyncio.Future[QWidget] = asyncio.get_running_loop().create_future()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        if event.type() == self._kind and watched.objectName() == self._name and not self.seen.done():
            assert isinstance(watched, QWidget)
            self.seen.set_result(watched)
        return False

    def __enter__(self) -> Self:
        QApplication.instance().installEventFilter(self)
        return self

    def __exit__(self, *_: object) -> None:
        QApplication.instance().removeEventFilter(self)


Scenario = Callable[[User], Awaitable[None]]


@pytest.fixture
def at_the_window(qapp: QApplication) -> Callable[..., None]:
    """Run a scenario with the window open on some files; everything is closed afterwards."""
    apply_theme(qapp)
    qapp.setQuitOnLastWindowClosed(False)
    qapp.setAttribute(Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents, False)

    def run(scenario: Scenario, *files: Path) -> None:
        async def body() -> None:
            window = MainWindow(Settings())
            handle_loop(asyncio.get_running_loop(), window.messages)
            user = User(window)
            window.show()
            await user.until(window.isVisible, window.first_painted)
            await window.commands.open_files(files)
            window.fill_panel.load_engines()
            try:
                await scenario(user)
            finally:
                for tab in window.all_tabs:
                    await window.files.close(tab, discard=True)
                await asyncio.to_thread(window.engine.close)
                await window.settle()
                window.may_close = True
                window.close()
                window.deleteLater()

        loop = qasync.QEventLoop(qapp)
        asyncio.set_event_loop(loop)
        try:
            with loop:
                loop.run_until_complete(body())
            qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        finally:
            asyncio.set_event_loop(None)

    return run


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A 600×400 photo: a calm gradient with a loud red block that wants to be removed at (250..330, 150..230)."""
    y, x = np.mgrid[0:400, 0:600].astype(np.float32)
    image = np.stack([90 + x / 10, 120 + y / 10, 150 + (x + y) / 20], -1)
    image += np.random.default_rng(0).normal(0, 2, image.shape)
    image[150:230, 250:330] = (30, 30, 220)
    path = tmp_path / "garden.png"
    cv2.imwrite(str(path), np.clip(image, 0, 255).astype(np.uint8))
    return path


@pytest.fixture
def long_picture(tmp_path: Path) -> Path:
    """Noise in which PatchMatch takes many seconds to fill a large mask."""
    path = tmp_path / "noise.png"
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 255, (2000, 2000, 3), np.uint8))
    return path
