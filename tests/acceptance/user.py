"""Someone at the window: what they press, see and wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import numpy as np
from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QPointF, Qt, QUrl, SignalInstance
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialogButtonBox,
    QLabel,
    QListView,
    QListWidget,
    QPushButton,
    QWidget,
)

from inpaint_studio.document.layers import Layer
from inpaint_studio.ui.document_tab import DocumentTab
from inpaint_studio.ui.window import MainWindow

_PATIENCE_S = 20
_LEFT, _NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
_SHOWS = (QEvent.Type.Show, QEvent.Type.Paint, QEvent.Type.Hide)


class User:
    """Someone at the window. Positions are in pixels of the photo."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window

    # ---- what there is

    @property
    def tab(self) -> DocumentTab:
        tab = self.window.tab
        assert tab is not None
        return tab

    @property
    def layers(self) -> Sequence[Layer]:
        """Bottom first."""
        return self.tab.document.layers

    @property
    def steps(self) -> tuple[str, ...]:
        """The labels of the steps that are done."""
        history = self.tab.studio.history
        return history.labels[: history.position]

    def shown(self) -> np.ndarray:
        """The document's visible pixels."""
        return self.tab.document.composite().read(self.tab.document.canvas)

    def covered(self, x: int, y: int) -> int:
        """The coverage of the mask that is worked on, at a pixel: 0 to 255."""
        layer = self.tab.document.layer(self.tab.active)
        return int(layer.coverage.read(self.tab.document.canvas)[y, x, 0])

    def widget(self, name: str) -> QWidget:
        """The visible widget with that object name, in whatever window of the program."""
        widget = self._visible(name)
        assert widget is not None, f"no {name} on the screen"
        return widget

    def widgets(self, name: str) -> list[QWidget]:
        """All visible ones of that name, in the order in which they were made."""
        found = self.window.findChildren(QWidget, name)
        return [widget for widget in found if widget.isVisible()]

    @staticmethod
    def _visible(name: str) -> QWidget | None:
        for top in QApplication.topLevelWidgets():
            for widget in [top, *top.findChildren(QWidget, name)]:
                if widget.objectName() == name and widget.isVisible():
                    return widget
        return None

    def is_there(self, name: str) -> bool:
        return self._visible(name) is not None

    def text(self, name: str) -> str:
        """What a visible label says; empty when it isn't there."""
        label = self._visible(name)
        return label.text() if isinstance(label, QLabel) else ""

    # ---- mouse, pen and keys

    def on_screen(self, x: float, y: float) -> QPoint:
        canvas = self.tab.canvas
        ratio = canvas.devicePixelRatioF()
        left, top = canvas.view.to_viewport(x, y)
        return QPointF(left / ratio, top / ratio).toPoint()

    def paint(self, *points: tuple[float, float], modifiers: Qt.KeyboardModifier = _NONE) -> None:
        """Press at the first point, move through the others, release at the last."""
        port = self.tab.canvas.viewport()
        places = [self.on_screen(*point) for point in points]
        QTest.mousePress(port, _LEFT, modifiers, places[0])
        for place in places[1:]:
            self.move(place, held=_LEFT)
        QTest.mouseRelease(port, _LEFT, modifiers, places[-1])

    def scribble(self, left: int, top: int, right: int, bottom: int, step: int) -> None:
        """Cover a rectangle with one zigzag stroke."""
        points = []
        for row, y in enumerate(range(top, bottom + 1, step)):
            points += [(left, y), (right, y)] if row % 2 == 0 else [(right, y), (left, y)]
        self.paint(*points)

    def move(self, place: QPoint, held: Qt.MouseButton = Qt.MouseButton.NoButton, on: QWidget | None = None) -> None:
        """Move the mouse over the canvas. `QTest.mouseMove` would turn the event loop inside of the scenario's task."""
        port = on or self.tab.canvas.viewport()
        spot = QPointF(place)
        everywhere = QPointF(port.mapToGlobal(spot))
        event = QMouseEvent(QEvent.Type.MouseMove, spot, everywhere, Qt.MouseButton.NoButton, held, _NONE)
        QApplication.sendEvent(port, event)

    def point_at(self, x: float, y: float) -> None:
        self.move(self.on_screen(x, y))

    def point_away(self) -> None:
        """Take the mouse off the canvas."""
        QApplication.sendEvent(self.tab.canvas.viewport(), QEvent(QEvent.Type.Leave))

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = _NONE) -> None:
        """Press a key where the focus is."""
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifiers)

    def ctrl(self, key: Qt.Key, *, shift: bool = False) -> None:
        more = Qt.KeyboardModifier.ShiftModifier if shift else _NONE
        self.key(key, Qt.KeyboardModifier.ControlModifier | more)

    def click(self, name: str) -> None:
        QTest.mouseClick(self.widget(name), _LEFT)

    def choose(self, layer_id: str, held: Qt.KeyboardModifier = _NONE) -> QListView:
        """Click on the row of a layer; the list then has the focus. With Ctrl held it is chosen too."""
        rows = self.widget("layers.list")
        assert isinstance(rows, QListView)
        index = rows.model().index(rows.model().row_of(layer_id), 0)
        rows.scrollTo(index)
        place = rows.visualRect(index).center()
        QTest.mouseClick(rows.viewport(), _LEFT, held, place)
        rows.setFocus()
        return rows

    def choose_engine(self, engine: str) -> None:
        """Go through the fill panel's engines with the arrow keys."""
        box = self.widget("fill.engine")
        assert isinstance(box, QComboBox)
        box.setFocus()
        away = box.findData(engine) - box.currentIndex()
        for _ in range(abs(away)):
            QTest.keyClick(box, Qt.Key.Key_Down if away > 0 else Qt.Key.Key_Up)
        assert box.currentData() == engine, f"{engine} is not offered"

    def go_to_tab(self, index: int) -> None:
        """Click on the tab of a document."""
        bar = self.window.tabs.tabBar()
        QTest.mouseClick(bar, _LEFT, _NONE, bar.tabRect(index).center())

    def go_to_step(self, row: int) -> None:
        """Click on a row of the history; row 0 is the document as it was opened."""
        rows = self.widget("history.list")
        assert isinstance(rows, QListView)
        index = rows.model().index(row, 0)
        rows.scrollTo(index)
        QTest.mouseClick(rows.viewport(), _LEFT, _NONE, rows.visualRect(index).center())

    def write(self, name: str, text: str, within: QWidget | None = None) -> None:
        """Replace the text of a field."""
        field = self.widget(name) if within is None else within.findChild(QWidget, name)
        field.setFocus()
        QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(field, text)

    def save_as(self, path: Path | str) -> None:
        """Type a file name into the dialog for saving, and press its button: Enter may belong to the list of proposals."""
        self.write("fileNameEdit", str(path))
        box = self.widget("save.dialog").findChild(QDialogButtonBox)
        QTest.mouseClick(box.button(QDialogButtonBox.StandardButton.Save), _LEFT)

    async def command(self, name: str) -> None:
        """Do an action by the command palette: Ctrl+K, its text, down to it, Enter."""
        action = self.window.actions_by_name[name]
        self.ctrl(Qt.Key.Key_K)
        await self.until_there("palette.text")
        self.write("palette.text", action.text().replace("&", "").rstrip("…"))
        found = self.widget("palette.list")
        assert isinstance(found, QListWidget)
        for _ in range(found.count()):
            if found.currentItem().data(Qt.ItemDataRole.UserRole) is action:
                break
            self.key(Qt.Key.Key_Down)
        else:
            raise AssertionError(f"{name} cannot be done now")
        self.key(Qt.Key.Key_Return)
        await self.until_gone("palette.text")
        if not action.text().endswith("…"):  # else a dialog comes
            await self.back()

    def answer(self, label: str) -> None:
        """Press the button of the question that is on the screen."""
        buttons = self.widget("question").findChildren(QPushButton)
        QTest.mouseClick(next(button for button in buttons if button.text().replace("&", "") == label), _LEFT)

    def drop(self, *paths: Path, action: Qt.DropAction = Qt.DropAction.CopyAction) -> QDropEvent:
        """Let go of files over the window, as a file manager does it."""
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        actions = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
        enter = QDragEnterEvent(QPoint(300, 300), actions, data, _LEFT, _NONE)
        enter.setDropAction(action)
        QApplication.sendEvent(self.window, enter)
        assert enter.isAccepted()
        drop = QDropEvent(QPointF(300, 300), actions, data, _LEFT, _NONE)
        drop.setDropAction(action)
        QApplication.sendEvent(self.window, drop)
        assert drop.isAccepted()
        return drop

    # ---- waiting

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

    async def until_seen(self, condition: Callable[[], object]) -> None:
        """Wait for `condition`, which is looked at whenever a widget is shown, painted or hidden."""
        with _Watch(condition, *_SHOWS) as watch:
            await watch.met()

    async def until_there(self, name: str) -> QWidget:
        """Wait until a widget of that name is on the screen."""
        await self.until_seen(lambda: self.is_there(name))
        return self.widget(name)

    async def until_gone(self, name: str) -> None:
        await self.until_seen(lambda: not self.is_there(name))

    async def told(self, part: str) -> str:
        """Wait for a message with `part` in it; text and hint."""
        await self.until_seen(lambda: part in self.text("messages.text"))
        return f"{self.text('messages.text')}\n{self.text('messages.hint')}"

    async def quiet(self) -> None:
        """Close all messages."""
        for _ in range(20):
            if self.is_there("messages"):
                self.click("messages.close")
        assert not self.is_there("messages")

    async def back(self) -> None:
        """Return to the window when a dialog is gone: here no window manager does it."""
        self.window.activateWindow()
        with _Watch(self.window.isActiveWindow, QEvent.Type.WindowActivate) as watch:
            await watch.met()
        if self.window.tab is not None:
            self.tab.canvas.setFocus()

    async def opened(self, count: int) -> None:
        """Wait until so many documents are open."""
        await self.until(lambda: len(self.window.all_tabs) == count, self.window.tabs.currentChanged)

    async def filling(self) -> None:
        """Wait until the worker copies: a native call that can't be interrupted."""
        notes: list[str] = []
        self.window.engine.progressed.connect(note := lambda _, text, __: notes.append(text))
        try:
            await self.until(lambda: any("opying" in text for text in notes), self.window.engine.progressed)
        finally:
            self.window.engine.progressed.disconnect(note)

    async def filled(self) -> None:
        """Wait for the end of the fill that was just asked for."""
        ended: list[bool] = []
        self.window.fills.running.connect(note := ended.append)
        try:
            await self.until(lambda: False in ended, self.window.fills.running)
        finally:
            self.window.fills.running.disconnect(note)

    async def recording(self) -> None:
        """Wait until every step so far is safe in the journal."""
        await asyncio.to_thread(self.tab.session.writer.flush)


class _Watch(QObject):
    """Looks at a condition whenever an event of some kind reaches any widget."""

    def __init__(self, condition: Callable[[], object], *kinds: QEvent.Type) -> None:
        super().__init__()
        self._condition, self._kinds = condition, kinds
        self._loop = asyncio.get_running_loop()
        self._met: asyncio.Future[None] = self._loop.create_future()
        self._due = False

    async def met(self) -> None:
        self._look()
        await asyncio.wait_for(self._met, _PATIENCE_S)

    def _look(self) -> None:
        self._due = False
        if not self._met.done() and self._condition():
            self._met.set_result(None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        if event.type() in self._kinds and not self._due:
            # after the event has done its work
            self._due = True
            self._loop.call_soon(self._look)
        return False

    def __enter__(self) -> Self:
        QApplication.instance().installEventFilter(self)
        return self

    def __exit__(self, *_: object) -> None:
        QApplication.instance().removeEventFilter(self)
