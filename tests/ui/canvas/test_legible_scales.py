"""At 200 % the lines are as wide to the eye as at 100 %: in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_LOOK = """
import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
application = QApplication([])
from inpaint_studio.pixels.format import COVERAGE
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.tools.base import BrushSettings
from inpaint_studio.tools.bound import BoundTool
from inpaint_studio.tools.shapes import lasso_tool
from inpaint_studio.ui.canvas import Canvas
from inpaint_studio.ui.canvas.outline import Outline
from tests.ui.canvas.desk import RGB, Desk
from tests.ui.legible import along, circle, photos, seen

canvas = Canvas()
canvas.resize(900, 700)
canvas.show()
desk = Desk(canvas)
QTest.qWaitForWindowExposed(canvas)
ratio = int(desk.viewport.devicePixelRatioF())

def gray():
    image = desk.viewport.grab().toImage()
    image = image.convertToFormat(image.Format.Format_Grayscale8)
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())[:, :image.width()].copy()

for name, photo in photos().items():
    desk.open(photo, RGB, BrushSettings(size=60, hardness=1))
    canvas.zoom_to(2.0, QPointF(0, 0))
    canvas.set_brush_size(60)
    desk.settle()
    desk.settle()
    QApplication.sendEvent(desk.viewport, QEvent(QEvent.Type.Leave))
    desk.settle()
    before = gray()
    desk.mouse(QEvent.Type.MouseMove, QPointF(300, 200), Qt.MouseButton.NoButton)
    desk.settle()
    share = seen(before, gray(), circle((300 * ratio, 200 * ratio), 60), 3 * ratio)
    assert share > 0.97, (name, "brush", share)
    thick = (np.abs(gray().astype(int) - before)[200 * ratio] >= 60).sum()
    assert thick >= 2 * ratio, (name, "brush", thick)
    canvas.set_brush_size(None)
    canvas.pointer = BoundTool(desk.document, lasso_tool(), "L1")
    corners = [(100, 100), (220, 220), (340, 100), (300, 300)]
    desk.mouse(QEvent.Type.MouseButtonPress, QPointF(*corners[0]))
    for corner in corners[1:]:
        desk.mouse(QEvent.Type.MouseMove, QPointF(*corner))
    desk.settle()
    share = seen(before, gray(), along(*[(x * ratio, y * ratio) for x, y in corners]), 3 * ratio)
    assert share > 0.97, (name, "lasso", share)
    canvas.cancel_stroke()
    inside = TiledImage(COVERAGE, desk.document.canvas)
    mask = np.zeros((600, 900, 1), np.uint8)
    for row in range(100):
        mask[100 + row, 200 - row : 200 + row] = 255
    inside.write(desk.document.canvas, mask)
    canvas.set_outline(Outline(inside))
    desk.settle()
    view = canvas.view
    triangle = along(view.to_viewport(200, 100), view.to_viewport(101, 199), view.to_viewport(299, 199))
    after = gray()
    share = seen(before, after, triangle, 3 * ratio)
    assert share > 0.99, (name, "outline", share)
    canvas.clear_outline()
    desk.settle()
    assert np.array_equal(gray(), before), (name, np.argwhere(gray() != before))
print(ratio)
"""


@pytest.mark.parametrize("scale", ["1", "2"])
def test_lines_are_seen_on_every_photo(scale: str) -> None:
    root = str(Path(__file__).parents[3])
    result = subprocess.run(
        [sys.executable, "-c", _LOOK],
        env={**os.environ, "QT_SCALE_FACTOR": scale, "PYTHONPATH": os.pathsep.join([root, *sys.path])},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) == int(scale)
