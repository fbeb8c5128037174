"""Make the README's pictures with the program itself: python packaging/pictures.py.

The before/after picture comes from the command line; the screenshot from the real window, painted in by mouse events, on
whatever screen there is (QT_QPA_PLATFORM=offscreen will do).
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from inpaint_studio.ui.window import MainWindow

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "resources/samples/canyon-wren.jpg"
MASK = ROOT / "resources/samples/canyon-wren-mask.png"
IMAGES = ROOT / "docs/images"
#: The window's width and height.
SIZE = (1360, 860)
#: Rows and columns of the sample that the picture shows.
VIEW = np.s_[90:390, 390:790]
#: Where a brush goes over the bird, in pixels of the sample.
STROKE = [(545, 173), (590, 166), (540, 180), (500, 190), (480, 200), (510, 205), (500, 225), (470, 240), (510, 250)]
STROKE += [(460, 270), (500, 280), (450, 292), (515, 292), (520, 270)]


def before_after() -> None:
    """Fill the sample on the command line and put before, mask and after side by side."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "after.png"
        line = [
            sys.executable,
            "-m",
            "inpaint_studio",
            "fill",
            SAMPLE,
            "--mask",
            MASK,
            "--grow",
            "4",
            "--feather",
            "2",
            "-o",
            out,
        ]
        subprocess.run(line, check=True)
        before, after = cv2.imread(str(SAMPLE)), cv2.imread(str(out))
    mask = cv2.imread(str(MASK), cv2.IMREAD_GRAYSCALE)
    if before is None or after is None or mask is None:
        sys.exit("A sample is missing.")
    red = np.where(mask[..., None] > 0, before // 2 + np.array([0, 0, 127], np.uint8), before)
    gap = np.full((before[VIEW].shape[0], 8, 3), 255, np.uint8)
    picture = np.hstack([before[VIEW], gap, red[VIEW], gap, after[VIEW]])
    cv2.imwrite(str(IMAGES / "before-after.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 90])


async def _paint(window: MainWindow) -> None:
    from PySide6.QtCore import QPointF, Qt
    from PySide6.QtTest import QTest

    while window.tab is None:
        await asyncio.sleep(0.05)
    window.resize(*SIZE)
    await asyncio.sleep(1)
    window.messages.bar.dismiss()
    canvas = window.tab.canvas
    places = [QPointF(*canvas.view.to_viewport(x, y)).toPoint() for x, y in STROKE]
    QTest.mousePress(canvas.viewport(), Qt.MouseButton.LeftButton, pos=places[0])
    for place in places[1:]:
        QTest.mouseMove(canvas.viewport(), place)
    QTest.mouseRelease(canvas.viewport(), Qt.MouseButton.LeftButton, pos=places[-1])
    await asyncio.sleep(1)
    window.grab().save(str(IMAGES / "window.png"))
    await window.files.close(window.tab, discard=True)
    window.remove_tab(window.tab)
    window.close()


def screenshot() -> None:
    """Open the window on the sample, paint over the bird and take its picture."""
    from inpaint_studio import app

    with tempfile.TemporaryDirectory() as folder:
        # as on the first day, and not as whoever runs this has left it
        os.environ.update(XDG_CONFIG_HOME=folder, XDG_DATA_HOME=folder, XDG_STATE_HOME=folder)
        app.main([str(SAMPLE)], lambda window: window.spawn(_paint(window)))


if __name__ == "__main__":
    before_after()
    screenshot()
