from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QFrame, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from inpaint_studio.resources import resource
from inpaint_studio.storage.project import Leftover
from inpaint_studio.ui.welcome import Recent, Welcome

WHEN = "2026-11-20T10:22:33+00:00"


@pytest.fixture
def page(qtbot: QtBot) -> Iterator[Welcome]:
    page = Welcome()
    qtbot.addWidget(page)
    page.resize(700, 700)
    page.show()
    qtbot.waitExposed(page)
    yield page
    page.close()


def cards(page: Welcome, name: str) -> list[QFrame]:
    return [card for card in page.findChildren(QFrame, name) if card.isVisible()]


def button(page: Welcome, name: str) -> QPushButton:
    return page.findChild(QPushButton, name)


def test_ways_to_begin(qtbot: QtBot, page: Welcome) -> None:
    with qtbot.waitSignal(page.chooseRequested):
        qtbot.mouseClick(button(page, "welcome.open"), Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(page.sampleRequested):
        qtbot.keyClick(button(page, "welcome.sample"), Qt.Key.Key_Space)


def test_recent_files_open_by_mouse_and_keyboard(qtbot: QtBot, page: Welcome) -> None:
    page.set_recent([Recent(Path("/photos/a.jpg")), Recent(Path("/photos/b.jpg"))])
    first, second = cards(page, "welcome.recent")
    with qtbot.waitSignal(page.openRequested) as opened:
        qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    assert opened.args == [[Path("/photos/a.jpg")]]
    with qtbot.waitSignal(page.openRequested) as opened:
        qtbot.keyClick(second, Qt.Key.Key_Return)
    assert opened.args == [[Path("/photos/b.jpg")]]
    page.set_recent([])
    assert cards(page, "welcome.recent") == []


def test_leftovers_are_recovered_or_discarded_after_a_second_press(qtbot: QtBot, page: Welcome) -> None:
    path = Path("/journals/1")
    page.set_leftovers([Leftover(path, "1", "wren.jpg", WHEN, 12)])
    with qtbot.waitSignal(page.recoverRequested) as recovered:
        qtbot.mouseClick(button(page, "welcome.recover"), Qt.MouseButton.LeftButton)
    assert recovered.args == [path]
    with qtbot.assertNotEmitted(page.discardRequested):
        qtbot.mouseClick(button(page, "welcome.discard"), Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(page.discardRequested) as discarded:
        qtbot.mouseClick(button(page, "welcome.discard"), Qt.MouseButton.LeftButton)
    assert discarded.args == [path]


def test_a_damaged_leftover_can_only_be_discarded(page: Welcome) -> None:
    page.set_leftovers([Leftover(Path("/journals/1"), "1", "wren.jpg", "no time", 0, damaged=True)])
    assert not button(page, "welcome.recover").isEnabled()
    assert button(page, "welcome.discard").isEnabled()


def test_files_dropped_are_opened(qtbot: QtBot, page: Welcome) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/photos/a.jpg"), QUrl("https://example.org/b.jpg")])
    action, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entered = QDragEnterEvent(QPoint(5, 5), action, data, left, none)
    page.dragEnterEvent(entered)
    assert entered.isAccepted()
    dropped = QDropEvent(QPointF(5, 5), action | Qt.DropAction.MoveAction, data, left, none)
    dropped.setDropAction(Qt.DropAction.MoveAction)
    with qtbot.waitSignal(page.openRequested) as opened:
        page.dropEvent(dropped)
    # a file manager deletes what was moved
    assert dropped.isAccepted()
    assert dropped.dropAction() == action
    assert opened.args == [[Path("/photos/a.jpg")]]


def test_a_word_dropped_is_not(qtbot: QtBot, page: Welcome) -> None:
    data = QMimeData()
    data.setText("a word")
    event = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    with qtbot.assertNotEmitted(page.openRequested):
        page.dropEvent(event)


def test_recent_files_have_pictures(page: Welcome) -> None:
    picture = QImage(str(resource("samples/canyon-wren.jpg"))).scaledToWidth(200)
    page.set_recent([Recent(Path("/photos/a.jpg"), picture), Recent(Path("/photos/b.jpg"), QImage())])
    pictures = [card.findChild(QLabel).pixmap() for card in cards(page, "welcome.recent")]
    assert [picture.isNull() for picture in pictures] == [False, True]
