"""The log file that a user can find and send."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from queue import SimpleQueue
from typing import TYPE_CHECKING

import platformdirs
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MOST_BYTES = 1 << 20
_OLDER_FILES = 3


def log_path() -> Path:
    """The log file of the running program; older ones lie beside it."""
    return platformdirs.user_log_path("inpaint-studio", appauthor=False) / "inpaint-studio.log"


def open_log_folder() -> bool:
    """Show the log's folder in the file manager; False when the desktop has none."""
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_path().parent)))


@contextmanager
def keep_log(level: int = logging.INFO) -> Iterator[None]:
    """Write what is logged inside to the log file, in a thread: nobody who logs waits for a disk.

    A folder that cannot be written only costs the file.
    """
    root = logging.getLogger()
    before = root.level
    try:
        log_path().parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = RotatingFileHandler(
            log_path(), maxBytes=_MOST_BYTES, backupCount=_OLDER_FILES, encoding="utf-8", delay=True
        )
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"))
    records: SimpleQueue[logging.LogRecord] = SimpleQueue()
    entrance, writer = QueueHandler(records), QueueListener(records, handler)
    writer.start()
    root.addHandler(entrance)
    root.setLevel(level)
    try:
        yield
    finally:
        root.removeHandler(entrance)
        root.setLevel(before)
        writer.stop()
        handler.close()
