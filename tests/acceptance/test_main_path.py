"""The main path: open, paint, fill, see it gone, undo, redo, save, close, reopen, undo again, export."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PySide6.QtCore import Qt

from inpaint_studio.document.layers import FillLayer
from tests.acceptance.conftest import Run
from tests.acceptance.user import User


def red(image: np.ndarray) -> int:
    """Pixels of the loud block in RGB samples."""
    return int(((image[..., 0] > 180) & (image[..., 1] < 80)).sum())


def test_the_main_path(at_the_window: Run, picture: Path, tmp_path: Path) -> None:
    async def scenario(user: User) -> None:
        window = user.window
        original = user.shown()
        assert red(original) == 80 * 80
        user.key(Qt.Key.Key_B)
        user.scribble(245, 145, 335, 235, 20)
        assert user.tab.document.layers[0].coverage.tiles
        user.key(Qt.Key.Key_Return)
        await user.filled()
        filled = user.shown()
        assert red(filled) == 0
        fill = user.tab.document.layers[-1]
        assert isinstance(fill, FillLayer)
        outside = ~user.tab.studio.shown().effective(user.tab.document.canvas)
        assert np.array_equal(filled[outside], original[outside])
        user.ctrl(Qt.Key.Key_Z)
        assert np.array_equal(user.shown(), original)
        user.ctrl(Qt.Key.Key_Z, shift=True)
        assert np.array_equal(user.shown(), filled)

        assert window.windowTitle().startswith("garden.png*")
        user.ctrl(Qt.Key.Key_S)
        dialog = await user.until_there("save.dialog")
        user.save_as(tmp_path / "garden.inpaint")
        await user.until(lambda: not user.tab.session.unsaved, user.tab.changed)
        assert window.windowTitle().startswith("garden –")
        assert dialog is not None

        await user.back()
        user.ctrl(Qt.Key.Key_W)
        await user.until(lambda: window.tab is None, window.tabs.currentChanged)
        assert window.welcome.isVisible()
        await window.file_commands.open_files([tmp_path / "garden.inpaint"])
        assert np.array_equal(user.shown(), filled)
        user.ctrl(Qt.Key.Key_Z)
        assert np.array_equal(user.shown(), original)
        user.ctrl(Qt.Key.Key_Y)
        assert np.array_equal(user.shown(), filled)

        user.ctrl(Qt.Key.Key_E, shift=True)
        await user.until_there("dialog.export")
        user.write("export.folder", str(tmp_path))
        user.write("export.name", "mended.png")
        user.key(Qt.Key.Key_Return)
        await user.told("mended.png")
        written = cv2.cvtColor(cv2.imread(str(tmp_path / "mended.png")), cv2.COLOR_BGR2RGB)
        assert np.array_equal(written, filled)

    at_the_window(scenario, picture)
