"""What nobody caught becomes one message, and the document stays."""

from __future__ import annotations

import logging
import sys
import threading
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

from inpaint_studio.errors import Cancelled, StudioError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from types import TracebackType

    from inpaint_studio.ui.messages.bar import Messages

_log = logging.getLogger(__name__)
_qt_log = logging.getLogger("qt")

_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def tell(messages: Messages, error: BaseException) -> None:
    """Show `error` as what it is; any thread."""
    if isinstance(error, Cancelled):
        return
    if isinstance(error, StudioError):
        messages.show(error)
    else:
        messages.unexpected(error)


def install_hooks(messages: Messages) -> Callable[[], None]:
    """Send uncaught exceptions of all threads, and what Qt says, to `messages` and the log; the result undoes that."""
    before, before_threads = sys.excepthook, threading.excepthook

    def uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, Exception):
            tell(messages, error)
        else:
            before(kind, error, trace)

    def uncaught_in_thread(failure: threading.ExceptHookArgs) -> None:
        if isinstance(failure.exc_value, Exception):
            tell(messages, failure.exc_value)

    def said(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        _qt_log.log(_LEVELS.get(kind, logging.WARNING), "%s", text)

    sys.excepthook, threading.excepthook = uncaught, uncaught_in_thread
    before_qt = qInstallMessageHandler(said)

    def undo() -> None:
        sys.excepthook, threading.excepthook = before, before_threads
        qInstallMessageHandler(before_qt)

    return undo


def handle_loop(loop: asyncio.AbstractEventLoop, messages: Messages) -> None:
    """Show exceptions of tasks and callbacks on `loop` that nobody awaited."""

    def failed(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, Exception):
            tell(messages, error)
        else:
            _log.error("asyncio: %s", context.get("message"))

    loop.set_exception_handler(failed)
