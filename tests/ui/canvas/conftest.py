"""A canvas in a shown window. Imports nothing of Qt before a test runs: other runs look into this folder too."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from tests.ui.canvas.desk import Desk

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if os.environ.get("INPAINT_STUDIO_QT") != "1":
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture
def desk(qapp: QApplication) -> Iterator[Desk]:
    """An empty canvas of 800×600 with a brush; fails a test that leaves a window."""
    from PySide6.QtCore import QCoreApplication, QEvent, Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    from inpaint_studio.ui.canvas import Canvas
    from tests.ui.canvas.desk import Desk

    qapp.setAttribute(Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents, on=False)
    canvas = Canvas()
    canvas.resize(800, 600)
    canvas.show()
    QTest.qWaitForWindowExposed(canvas)
    canvas.setFocus()
    yield Desk(canvas)
    canvas.set_document(None)
    canvas.close()
    canvas.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert not QApplication.topLevelWidgets()
