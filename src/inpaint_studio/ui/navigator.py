"""The whole photo in small, with a frame round what the canvas shows; a press or drag moves it there."""

from __future__ import annotations

import time

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QDockWidget, QWidget

from inpaint_studio.ui.canvas import Canvas
from inpaint_studio.ui.theme import named

_SIDE = 256
#: Milliseconds between two tries to make the picture, and seconds that a try may take.
_QUIET, _BUDGET = 120, 0.012
_STEPS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


class Navigator(QWidget):
    """Shows one canvas; the arrow keys move its view by a quarter."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "navigator", accessible=self.tr("Navigator"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._canvas: Canvas | None = None
        self._image: QImage | None = None
        self._timer = QTimer(self, singleShot=True, interval=_QUIET)
        self._timer.timeout.connect(self._make)

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        return QSize(200, 150)

    def set_canvas(self, canvas: Canvas | None) -> None:
        """Show another one from now on."""
        if self._canvas is not None:
            self._canvas.viewChanged.disconnect(self._viewed)
        self._canvas, self._image = canvas, None
        if canvas is not None:
            canvas.viewChanged.connect(self._viewed)
        self.refresh()

    def refresh(self) -> None:
        """The document looks different."""
        if self.isVisible():
            self._timer.start()
        self.update()

    def showEvent(self, _event: object) -> None:  # noqa: N802  Qt's name
        self._timer.start()

    def _viewed(self, _view: object) -> None:
        self.update()

    def _make(self) -> None:
        if self._canvas is None or self._canvas.document is None:
            return
        image = self._canvas.picture(_SIDE, time.perf_counter() + _BUDGET)
        if image is None:
            self._timer.start()
            return
        self._image = image
        self.update()

    def _place(self) -> QRectF:
        """Where the photo is drawn."""
        if self._image is None:
            return QRectF()
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        return QRectF(
            (self.width() - size.width()) / 2, (self.height() - size.height()) / 2, size.width(), size.height()
        )

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        canvas, place = self._canvas, self._place()
        if canvas is None or canvas.document is None or self._image is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(place, self._image)
        view, photo = canvas.view, canvas.document.canvas
        scale = place.width() / photo.width
        corners = (
            view.to_photo(x, y) for x, y in ((0, 0), (view.width, 0), (view.width, view.height), (0, view.height))
        )
        seen = QPolygonF(
            [
                QPointF(place.left() + (x - photo.left) * scale, place.top() + (y - photo.top) * scale)
                for x, y in corners
            ]
        )
        frame = seen.intersected(QPolygonF(place.adjusted(0, 0, -1, -1)))
        if view.angle % 90:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, width in ((QColor(0, 0, 0, 160), 3), (QColor(255, 255, 255), 1)):
            painter.setPen(QPen(colour, width))
            painter.drawPolygon(frame)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        if event.button() is Qt.MouseButton.LeftButton:
            self._go(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event.position())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        way = _STEPS.get(Qt.Key(event.key()))
        if way is None or self._canvas is None:
            super().keyPressEvent(event)
            return
        view = self._canvas.view
        self._canvas.pan(way[0] * view.width / 4, way[1] * view.height / 4)

    def _go(self, at: QPointF) -> None:
        """Have the place under the pointer in the middle of the canvas."""
        canvas, place = self._canvas, self._place()
        if canvas is None or canvas.document is None or place.isEmpty():
            return
        photo, view = canvas.document.canvas, canvas.view
        scale = photo.width / place.width()
        x, y = view.to_viewport(
            photo.left + (at.x() - place.left()) * scale, photo.top + (at.y() - place.top()) * scale
        )
        canvas.pan(x - view.width / 2, y - view.height / 2)


class NavigatorDock(QDockWidget):
    """The navigator as a panel, at first hidden."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Navigator"))
        named(self, "dock.navigator", accessible=self.tr("Navigator"))
        self.navigator = Navigator(self)
        self.setWidget(self.navigator)
        self.hide()
