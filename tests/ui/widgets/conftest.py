"""Widgets are tested with real input events, and leave no window and no thread behind."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from inpaint_studio.studio.studio import Studio

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if os.environ.get("INPAINT_STUDIO_QT") != "1":
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(autouse=True)
def house_widgets(qtbot: QtBot) -> Iterator[None]:
    """Fails a test that leaves a window. Python 3.11 keeps an entry for each thread of Qt that ended; it goes too."""
    from PySide6.QtCore import QCoreApplication, QEvent
    from PySide6.QtWidgets import QApplication

    from inpaint_studio.ui.theme import apply_theme

    application = QApplication.instance()
    assert isinstance(application, QApplication)
    if not application.styleSheet():
        apply_theme(application)
    before = set(threading.enumerate())
    yield
    for widget in list(qtbot._request.node.qt_widgets) if hasattr(qtbot._request.node, "qt_widgets") else []:
        widget[0]().close()
        widget[0]().deleteLater()
    qtbot._request.node.qt_widgets = []
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    for thread in set(threading.enumerate()) - before:
        if isinstance(thread, threading._DummyThread):
            threading._active.pop(thread.ident, None)  # type: ignore[attr-defined]
    left = [widget.objectName() or type(widget).__name__ for widget in QApplication.topLevelWidgets()]
    assert not left, f"left behind: {left}"


@pytest.fixture
def studio() -> Studio:
    """A photo of noise with one mask."""
    from inpaint_studio.pixels.format import Colour, PixelFormat
    from inpaint_studio.settings import Settings
    from inpaint_studio.storage.photo import Photo
    from inpaint_studio.studio.studio import Studio

    pixels = np.random.default_rng(1).integers(0, 255, (200, 300, 3), np.uint8)
    studio = Studio.of(Photo(pixels, PixelFormat(Colour.RGB)), Settings())
    coverage = np.zeros((200, 300), np.uint8)
    coverage[80:120, 100:150] = 255
    studio.add_mask(coverage, "Twig")
    return studio
