"""A canvas in a shown window, and real input events for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QPointingDevice, QTabletEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import AddLayer, Edit
from inpaint_studio.document.layers import MaskLayer
from inpaint_studio.pixels.format import Colour, PixelFormat, Samples
from inpaint_studio.pixels.stroke import Ink
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.tools.base import BrushSettings
from inpaint_studio.tools.bound import BoundTool
from inpaint_studio.tools.stroke import StrokeTool
from inpaint_studio.ui.canvas import Canvas


class Desk:
    """A canvas with its document and a brush, driven by events."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.viewport = canvas.viewport()
        self.edits: list[Edit] = []
        canvas.strokeFinished.connect(self._finished)

    def _finished(self, edit: Edit) -> None:
        self.edits.append(edit)

    def open(self, samples: Samples, pixel_format: PixelFormat, brush: BrushSettings | None = None) -> Document:
        """Show a photo with one empty mask that the brush paints on."""
        self.document = Document(TiledImage.from_array(samples, pixel_format))
        AddLayer(MaskLayer.empty(self.document.new_id(), "Mask", self.document.canvas).state(), 0).apply(self.document)
        self.canvas.set_document(self.document)
        self.canvas.set_active_layer("L1")
        self.tool = StrokeTool(Ink.OVER, brush or BrushSettings(size=20, hardness=1))
        self.canvas.pointer = BoundTool(self.document, self.tool, "L1")
        self.settle()
        return self.document

    def settle(self) -> None:
        """Until all is painted: tiles that are new may take several frames."""
        QTest.qWait(10)
        while self.canvas._frame_due:
            QTest.qWait(5)

    def at(self, x: float, y: float) -> QPointF:
        """Where in the viewport widget a place of the photo is."""
        ratio = self.viewport.devicePixelRatioF()
        left, top = self.canvas.view.to_viewport(x, y)
        return QPointF(left / ratio, top / ratio)

    def mouse(
        self,
        kind: QEvent.Type,
        at: QPointF,
        button: Qt.MouseButton = Qt.MouseButton.LeftButton,
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        held = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseButtonRelease else button
        changed = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseMove else button
        where = QPointF(self.viewport.mapToGlobal(at.toPoint()))
        QApplication.sendEvent(self.viewport, QMouseEvent(kind, at, where, changed, held, modifiers))

    def drag(self, *points: QPointF, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        self.mouse(QEvent.Type.MouseButtonPress, points[0], button)
        for point in points[1:]:
            self.mouse(QEvent.Type.MouseMove, point, button)
        self.mouse(QEvent.Type.MouseButtonRelease, points[-1], button)
        self.settle()

    def tablet(self, kind: QEvent.Type, at: QPointF, pressure: float, end: QPointingDevice.PointerType) -> QTabletEvent:
        button = Qt.MouseButton.NoButton if kind is QEvent.Type.TabletMove else Qt.MouseButton.LeftButton
        held = Qt.MouseButton.NoButton if kind is QEvent.Type.TabletRelease else Qt.MouseButton.LeftButton
        device = QPointingDevice(
            "pen", 1, QPointingDevice.DeviceType.Stylus, end, QPointingDevice.Capability.Pressure, 1, 1
        )
        where = QPointF(self.viewport.mapToGlobal(at.toPoint()))
        event = QTabletEvent(
            kind, device, at, where, pressure, 0, 0, 0, 0, 0, Qt.KeyboardModifier.NoModifier, button, held
        )
        QApplication.sendEvent(self.viewport, event)
        return event

    def wheel(
        self,
        at: QPointF,
        delta: int,
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
        pixels: QPoint | None = None,
    ) -> None:
        where = QPointF(self.viewport.mapToGlobal(at.toPoint()))
        event = QWheelEvent(
            at, where, pixels or QPoint(), QPoint(0, delta), Qt.MouseButton.NoButton, modifiers,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(self.viewport, event)
        self.settle()

    def coverage(self) -> NDArray[np.uint8]:
        layer = self.document.layer("L1")
        return layer.planes["coverage"].read(self.document.canvas)[..., 0]

    def colour(self, x: float, y: float) -> tuple[int, int, int]:
        """What the window shows at a place of the photo."""
        image = self.viewport.grab().toImage()
        left, top = self.canvas.view.to_viewport(x, y)
        colour = image.pixelColor(int(left), int(top))
        return colour.red(), colour.green(), colour.blue()


RGB = PixelFormat(Colour.RGB)
