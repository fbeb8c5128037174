"""Display scales, each in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_SCALED = """
import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
application = QApplication([])
from inpaint_studio.tools.base import BrushSettings
from inpaint_studio.ui.canvas import Canvas
from tests.ui.canvas.desk import RGB, Desk
def pixels(image):
    image = image.convertToFormat(image.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., :3].copy()
canvas = Canvas()
canvas.resize(800, 600)
canvas.show()
desk = Desk(canvas)
QTest.qWaitForWindowExposed(canvas)
photo = np.full((1500, 2000, 3), 128, np.uint8)
photo[::2, ::2] = 0
desk.open(photo, RGB, BrushSettings(size=30, hardness=1))
ratio = desk.viewport.devicePixelRatioF()
for zoom in (0.5, 1.0, 4.0):
    canvas.zoom_to(zoom)
    desk.settle()
    assert canvas.view.width == round(desk.viewport.width() * ratio), canvas.view
    x, y = canvas.view.to_photo(430 * ratio, 250 * ratio)
    QTest.mouseClick(desk.viewport, Qt.MouseButton.LeftButton, pos=QPointF(430, 250).toPoint())
    desk.settle()
    box = np.argwhere(desk.coverage() > 127)
    assert np.abs((box.min(0) + box.max(0) + 1) / 2 - (y, x)).max() <= 1, (box.min(0), box.max(0), x, y)
    shown = desk.colour(x, y)
    assert shown[0] > shown[1] + 50, shown
    desk.edits.pop().revert(desk.document)
canvas.zoom_100()
desk.settle()
image = desk.viewport.grab().toImage()
left, top = (int(value) for value in canvas.view.to_viewport(900, 700))
assert image.devicePixelRatio() == ratio
block = [[image.pixelColor(left + x, top + y).red() for x in range(4)] for y in range(4)]
assert block == [[0, 128, 0, 128], [128] * 4] * 2, block
desk.tool.brush = BrushSettings(size=150, hardness=0.4)
for zoom in (0.43, 1.0):
    canvas.zoom_to(zoom)
    desk.settle()
    for way in ((30, 12), (-7, 31), (16, -48)):
        canvas.pan(*way)
        desk.settle()
        desk.drag(QPointF(200, 150), QPointF(420, 333))
        painted = pixels(canvas.screen().grabWindow(canvas.winId()).toImage())
        canvas._screen.clear()
        anew = pixels(desk.viewport.grab().toImage())
        # at other scales the offscreen platform gives a corner only
        height, width = (min(sizes) - 1 for sizes in zip(painted.shape[:2], anew.shape[:2]))
        assert np.array_equal(painted[:height, :width], anew[:height, :width]), (zoom, way)
print(ratio)
"""


@pytest.mark.parametrize("scale", ["1", "1.25", "1.5", "2"])
def test_display_scales(scale: str) -> None:
    """At every scale 100 % is one photo pixel on one pixel of the screen."""
    root = str(Path(__file__).parents[3])
    result = subprocess.run(
        [sys.executable, "-c", _SCALED],
        env={**os.environ, "QT_SCALE_FACTOR": scale, "PYTHONPATH": os.pathsep.join([root, *sys.path])},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    assert float(result.stdout) == float(scale)
