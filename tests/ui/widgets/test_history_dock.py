from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QAction, QColor, QKeySequence
from PySide6.QtWidgets import QListView, QMainWindow
from pytestqt.qtbot import QtBot

from inpaint_studio.document.edits import SetLayer
from inpaint_studio.studio.studio import Studio
from inpaint_studio.ui.history_dock import HistoryDock
from inpaint_studio.ui.theme import DARK


@pytest.fixture
def dock(qtbot: QtBot) -> Iterator[HistoryDock]:
    window = QMainWindow()
    qtbot.addWidget(window)
    dock = HistoryDock(window)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    window.resize(300, 500)
    window.show()
    qtbot.waitExposed(window)
    yield dock
    window.close()


def rename(studio: Studio, count: int) -> None:
    layer = studio.document.layers[0]
    for number in range(count):
        studio.history.apply(SetLayer.of(studio.document, layer.id, {"name": str(number)}, f"Rename {number}"))


def view(dock: HistoryDock) -> QListView:
    return dock.findChild(QListView, "history.list")


def texts(dock: HistoryDock) -> list[str]:
    model = view(dock).model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def at(dock: HistoryDock, row: int) -> QModelIndex:
    return view(dock).model().index(row, 0)


def test_every_step_is_listed_after_the_beginning(dock: HistoryDock, studio: Studio) -> None:
    rename(studio, 2)
    dock.refresh(studio.history)
    assert texts(dock) == ["Opened", "Add Twig", "Rename 0", "Rename 1"]
    assert at(dock, 3).data(Qt.ItemDataRole.FontRole).bold()
    dock.refresh(None)
    assert texts(dock) == []


def test_undone_steps_are_grey_and_go_when_something_else_is_done(dock: HistoryDock, studio: Studio) -> None:
    rename(studio, 3)
    dock.refresh(studio.history)
    studio.history.undo()
    studio.history.undo()
    dock.refresh(studio.history)
    assert [at(dock, row).data(Qt.ItemDataRole.ForegroundRole) for row in (2, 3, 4)] == [
        None,
        QColor(DARK.faint),
        QColor(DARK.faint),
    ]
    assert "undone" in at(dock, 4).data(Qt.ItemDataRole.AccessibleTextRole)
    rename(studio, 1)
    dock.refresh(studio.history)
    assert texts(dock) == ["Opened", "Add Twig", "Rename 0", "Rename 0"]


def test_a_click_and_enter_go_there(qtbot: QtBot, dock: HistoryDock, studio: Studio) -> None:
    rename(studio, 3)
    dock.refresh(studio.history)
    steps = view(dock)
    dock.goTo.connect(studio.history.go_to)
    with qtbot.waitSignal(dock.goTo) as gone:
        qtbot.mouseClick(steps.viewport(), Qt.MouseButton.LeftButton, pos=steps.visualRect(at(dock, 2)).center())
    assert gone.args == [2]
    assert studio.history.position == 2
    dock.refresh(studio.history)
    action = QAction(dock.window())
    action.setShortcut(QKeySequence("Return"))
    dock.window().addAction(action)
    steps.setFocus()
    qtbot.keyClick(steps, Qt.Key.Key_Up)
    with qtbot.waitSignal(dock.goTo) as gone, qtbot.assertNotEmitted(action.triggered):
        qtbot.keyClick(steps, Qt.Key.Key_Return)
    assert gone.args == [1]


def test_thousands_of_steps_cost_little(dock: HistoryDock, studio: Studio) -> None:
    rename(studio, 5000)
    dock.refresh(studio.history)
    rename(studio, 1)
    began = time.perf_counter()
    dock.refresh(studio.history)
    dock.grab()
    assert time.perf_counter() - began < 0.05
    assert len(texts(dock)) == 5003
