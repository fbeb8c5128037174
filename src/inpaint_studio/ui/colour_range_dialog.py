"""Which colours are selected: picked in a small picture of the photo, with the mask changing behind the dialog."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from inpaint_studio.pixels.colour_range import Sample
from inpaint_studio.pixels.proxy import Proxy
from inpaint_studio.tools.selection import Combine
from inpaint_studio.ui.theme import hint, named

_MOST = 200
_USUAL = 40.0
_SHOWN = QSize(420, 320)
#: A sample is the mean of so many pixels of the picture on each side of the one clicked on.
_AROUND = 1

#: What the user has settled on: the colours, how far others may differ, and what is done with the mask.
Chosen = tuple[tuple[Sample, ...], float, Combine]


class _Picture(QWidget):
    """The photo in small. A click picks a colour, with Shift one more; with Alt the nearest one goes."""

    picked = Signal(int, int, object)

    def __init__(self, proxy: Proxy) -> None:
        super().__init__()
        named(self, "range.picture", self.tr("Click on a colour; Shift adds one, Alt takes one away"))
        self.setCursor(Qt.CursorShape.CrossCursor)
        height, width = proxy.image.shape[:2]
        data = np.ascontiguousarray(proxy.image)
        self._image = QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
        self.setFixedSize(self._image.size().scaled(_SHOWN, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1)))

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(self.rect(), self._image)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        at: QPointF = event.position()
        x = int(at.x() * self._image.width() / self.width())
        y = int(at.y() * self._image.height() / self.height())
        self.picked.emit(
            min(max(x, 0), self._image.width() - 1), min(max(y, 0), self._image.height() - 1), event.modifiers()
        )


class ColourRangeDialog(QDialog):
    """Show it with `open()`; `valueChanged` comes with everything that is changed."""

    valueChanged = Signal(object)  # noqa: N815  Qt's way to name signals

    def __init__(self, proxy: Proxy, first: Sample | None, parent: QWidget) -> None:
        super().__init__(parent)
        self._proxy = proxy
        self._samples: list[Sample] = [] if first is None else [first]
        self.setWindowTitle(self.tr("Colour Range"))
        named(self, "dialog.colour_range", accessible=self.windowTitle())
        picture = _Picture(proxy)
        picture.picked.connect(self._pick)
        self._tolerance = named(QDoubleSpinBox(), "range.tolerance", self.tr("How far a colour may differ"))
        self._tolerance.setDecimals(0)
        self._tolerance.setRange(1, _MOST)
        self._tolerance.setValue(_USUAL)
        self._slider = named(QSlider(Qt.Orientation.Horizontal), "range.slider", self.tr("How far a colour may differ"))
        self._slider.setRange(1, _MOST)
        self._slider.setValue(round(_USUAL))
        self._how = named(QComboBox(), "range.how", self.tr("What is done with the mask"))
        for text, how in (
            (self.tr("Add to the mask"), Combine.ADD),
            (self.tr("Subtract from the mask"), Combine.SUBTRACT),
            (self.tr("Intersect with the mask"), Combine.INTERSECT),
        ):
            self._how.addItem(text, how)
        self._slider.valueChanged.connect(self._tolerance.setValue)
        self._tolerance.valueChanged.connect(self._numbered)
        self._how.currentIndexChanged.connect(lambda _: self.valueChanged.emit(self.value))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        named(buttons.button(QDialogButtonBox.StandardButton.Ok), "range.ok", self.tr("Change the mask"))
        named(buttons.button(QDialogButtonBox.StandardButton.Cancel), "range.cancel", self.tr("Leave it as it was"))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        row = QHBoxLayout()
        label = QLabel(self.tr("&Tolerance"))
        label.setBuddy(self._tolerance)
        for widget in (label, self._slider, self._tolerance):
            row.addWidget(widget)
        column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addWidget(picture, 0, Qt.AlignmentFlag.AlignHCenter)
        told = hint("range.hint", self.tr("Click on a colour; Shift adds one, Alt takes one away."))
        told.setWordWrap(False)
        column.addWidget(told)
        column.addLayout(row)
        column.addWidget(self._how)
        column.addWidget(buttons)
        self._tolerance.selectAll()
        self._tolerance.setFocus()

    @property
    def value(self) -> Chosen:
        """What is set now."""
        return tuple(self._samples), self._tolerance.value(), Combine(self._how.currentData())

    def _pick(self, x: int, y: int, modifiers: Qt.KeyboardModifier) -> None:
        image = self._proxy.image
        around = image[max(y - _AROUND, 0) : y + _AROUND + 1, max(x - _AROUND, 0) : x + _AROUND + 1]
        red, green, blue = (int(value) for value in np.rint(around.reshape(-1, 3).mean(0)))
        sample = red, green, blue
        if modifiers & Qt.KeyboardModifier.AltModifier and self._samples:
            self._samples.remove(min(self._samples, key=lambda other: _apart(other, sample)))
        elif modifiers & Qt.KeyboardModifier.ShiftModifier:
            self._samples.append(sample)
        else:
            self._samples = [sample]
        self.valueChanged.emit(self.value)

    def _numbered(self, value: float) -> None:
        if round(value) != self._slider.value():
            self._slider.setValue(round(value))
        self.valueChanged.emit(self.value)


def _apart(one: Sample, other: Sample) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))
