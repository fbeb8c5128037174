"""The bar tells what happened, never twice, and nothing gets past it."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt, QTimer, qCritical
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QLabel,
    QLineEdit,
    QMainWindow,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from inpaint_studio.errors import Cancelled, InputError, StudioError
from inpaint_studio.ui.messages import (
    AdviceError,
    Kind,
    Message,
    Messages,
    handle_loop,
    install_hooks,
    keep_log,
    log_path,
)
from inpaint_studio.ui.messages.queue import MOST, Queue


@pytest.fixture
def messages(qtbot: QtBot) -> Iterator[Messages]:
    window = QMainWindow()
    qtbot.addWidget(window)
    centre = QWidget()
    column = QVBoxLayout(centre)
    messages = Messages(window)
    column.addWidget(messages.bar)
    column.addWidget(QLineEdit())
    window.setCentralWidget(centre)
    window.resize(800, 400)
    window.show()
    qtbot.waitExposed(window)
    yield messages
    window.close()


@pytest.fixture
def hooked(messages: Messages) -> Iterator[Messages]:
    undo = install_hooks(messages)
    yield messages
    undo()


def text(messages: Messages, name: str = "messages.text") -> str:
    return messages.bar.findChild(QLabel, name).text()


def failed(message: str = "It failed.") -> StudioError:
    try:
        try:
            raise ZeroDivisionError("why")
        except ZeroDivisionError as error:
            raise StudioError(message, "Try again.") from error
    except StudioError as error:
        return error


def test_an_error_says_what_and_what_to_do(messages: Messages) -> None:
    assert not messages.bar.isVisible()
    messages.show(InputError("The mask is empty.", "Paint one."))
    assert messages.bar.isVisible()
    assert text(messages) == "The mask is empty."
    assert text(messages, "messages.hint") == "Paint one."
    assert not messages.bar.findChild(QPushButton, "messages.details").isVisible()


def test_cancelled_is_silent(messages: Messages) -> None:
    messages.show(Cancelled())
    assert not messages.bar.isVisible()


def test_details_show_the_cause_and_can_be_copied(qtbot: QtBot, messages: Messages) -> None:
    messages.show(failed())
    trace = messages.bar.findChild(QPlainTextEdit, "messages.trace")
    assert not trace.isVisible()
    qtbot.mouseClick(messages.bar.findChild(QPushButton, "messages.details"), Qt.MouseButton.LeftButton)
    assert trace.isVisible()
    assert "ZeroDivisionError: why" in trace.toPlainText()
    qtbot.mouseClick(messages.bar.findChild(QPushButton, "messages.copy"), Qt.MouseButton.LeftButton)
    assert "It failed.\nTry again.\nTraceback" in QGuiApplication.clipboard().text()


def test_a_bad_file_has_no_technical_details_but_the_log_has(
    messages: Messages, caplog: pytest.LogCaptureFixture
) -> None:
    refused = InputError("a.png is damaged.", "Copy it again.")
    refused.__cause__ = ValueError("bad chunk")
    with caplog.at_level(logging.INFO):
        messages.show(refused)
    assert not messages.bar.findChild(QPushButton, "messages.details").isVisible()
    assert "ValueError: bad chunk" in caplog.text


def test_an_information_keeps_no_error_waiting(messages: Messages) -> None:
    messages.info("Paint over the bird.")
    messages.show(failed())
    assert text(messages) == "It failed."
    assert text(messages, "messages.more") == "1 more"
    messages.bar.dismiss()
    assert text(messages) == "Paint over the bird."


def test_advice_is_no_error(messages: Messages) -> None:
    messages.show(AdviceError("Nothing is selected yet.", "Paint over what should go."))
    assert messages.bar.property("kind") == "info"
    assert text(messages, "messages.hint") == "Paint over what should go."
    assert not messages.bar.findChild(QPushButton, "messages.copy").isVisible()


def test_what_stays_is_there_until_it_is_dropped(messages: Messages) -> None:
    messages.info("It is done.")
    assert messages.bar.findChild(QTimer).isActive()
    messages.bar.dismiss()
    messages.info("Paint over the bird.", stays=True)
    assert not messages.bar.findChild(QTimer).isActive()
    messages.info("It is done.")
    messages.drop("Paint over the bird.")
    assert text(messages) == "It is done."
    messages.drop("It is done.")
    assert not messages.bar.isVisible()


def test_later_closes_the_message(qtbot: QtBot, messages: Messages) -> None:
    done: list[str] = []
    messages.warn("There is more.", "", "Open", lambda: done.append("opened"), later="Later")
    later = messages.bar.findChild(QPushButton, "messages.later")
    assert later.isVisible()
    qtbot.mouseClick(later, Qt.MouseButton.LeftButton)
    assert not messages.bar.isVisible()
    assert done == []
    messages.warn("There is nothing more.")
    assert not later.isVisible()


def test_equal_messages_are_counted(messages: Messages) -> None:
    for _ in range(50):
        messages.show(failed())
    assert text(messages) == "It failed. (×50)"
    assert not messages.bar.findChild(QLabel, "messages.more").isVisible()


def test_a_storm_is_bounded_and_closing_brings_the_next(qtbot: QtBot, messages: Messages) -> None:
    for number in range(1000):
        messages.warn(f"Number {number}.")
    assert text(messages) == "Number 0."
    assert text(messages, "messages.more") == f"{MOST - 1} more"
    qtbot.mouseClick(messages.bar.findChild(QToolButton, "messages.close"), Qt.MouseButton.LeftButton)
    assert text(messages) == f"Number {1000 - MOST + 1}."


def test_escape_closes_the_bar_although_the_window_has_a_shortcut_on_it(qtbot: QtBot, messages: Messages) -> None:
    window = messages.bar.window()
    action = QAction(window)
    action.setShortcut(QKeySequence("Esc"))
    window.addAction(action)
    messages.show(failed())
    details = messages.bar.findChild(QPushButton, "messages.details")
    details.setFocus()
    with qtbot.assertNotEmitted(action.triggered):
        qtbot.keyClick(details, Qt.Key.Key_Escape)
    assert not messages.bar.isVisible()


def test_the_action_runs_by_keyboard_and_the_message_goes(qtbot: QtBot, messages: Messages) -> None:
    ran: list[int] = []
    messages.show(failed(), "Try again", lambda: ran.append(1))
    button = messages.bar.findChild(QPushButton, "messages.action")
    assert button.text() == "Try again"
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Return)
    assert ran == [1]
    assert not messages.bar.isVisible()


def test_an_information_goes_by_itself_and_an_error_stays(qtbot: QtBot, messages: Messages) -> None:
    messages.bar._timer.setInterval(20)
    messages.info("Saved.")
    qtbot.waitUntil(lambda: not messages.bar.isVisible())
    messages.show(failed())
    qtbot.wait(60)
    assert messages.bar.isVisible()


def test_any_thread_may_tell(qtbot: QtBot, messages: Messages) -> None:
    thread = threading.Thread(target=messages.show, args=(failed("From a thread."),))
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: text(messages) == "From a thread.")


def test_uncaught_exceptions_become_messages(qtbot: QtBot, hooked: Messages) -> None:
    error = ValueError("nobody caught me")
    sys.excepthook(ValueError, error, None)
    assert text(hooked) == "Something unexpected went wrong: ValueError."
    hooked.bar.dismiss()
    sys.excepthook(Cancelled, Cancelled(), None)
    assert not hooked.bar.isVisible()

    def fail() -> None:
        raise StudioError("The thread failed.", "")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: text(hooked) == "The thread failed.")


def test_uncaught_exceptions_of_tasks_become_messages(messages: Messages) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        handle_loop(loop, messages)
        loop.call_soon(failing)
        await asyncio.sleep(0.01)

    def failing() -> None:
        raise StudioError("The callback failed.", "")

    asyncio.run(main())
    assert text(messages) == "The callback failed."


def test_what_qt_says_goes_to_the_log(hooked: Messages, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        qCritical("a word from Qt")
    assert "a word from Qt" in caplog.text
    assert not hooked.bar.isVisible()


def test_messages_are_in_the_log_file(messages: Messages) -> None:
    with keep_log():
        messages.show(failed())
    written = log_path().read_text("utf-8")
    assert "It failed." in written
    assert "ZeroDivisionError: why" in written


def test_a_log_that_cannot_be_written_costs_nothing(messages: Messages) -> None:
    log_path().parent.parent.mkdir(parents=True, exist_ok=True)
    log_path().parent.write_text("a file where the folder should be")
    with keep_log():
        messages.show(failed())
    assert messages.bar.isVisible()


def test_the_queue_keeps_the_message_shown() -> None:
    queue = Queue()
    for number in range(MOST + 5):
        queue.add(Message(Kind.INFO, str(number)))
    assert queue.current is not None
    assert queue.current.text == "0"
    assert len(queue) == MOST
