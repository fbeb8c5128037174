"""The number of a mask operation, with the mask changing behind it while it is set."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QDoubleSpinBox, QHBoxLayout, QSlider, QVBoxLayout, QWidget

from inpaint_studio.pixels.mask_operations import MaskOperation
from inpaint_studio.ui.theme import named

#: Steps of the slider, which goes by squares: small numbers are the ones that are tuned.
_STEPS = 500


class MaskDialog(QDialog):
    """Show it with `open()`; `valueChanged` comes with every number, accepted or not."""

    valueChanged = Signal(float)  # noqa: N815  Qt's way to name signals

    def __init__(self, operation: MaskOperation, parent: QWidget) -> None:
        super().__init__(parent)
        self._operation = operation
        self.setWindowTitle(self.tr(operation.title))
        named(self, "dialog.mask", accessible=self.windowTitle())
        self._number = named(QDoubleSpinBox(), "mask.value", self.windowTitle())
        self._number.setDecimals(0)
        self._number.setRange(operation.least, operation.most)
        self._number.setSuffix(operation.unit)
        self._number.setValue(operation.usual)
        self._slider = named(QSlider(Qt.Orientation.Horizontal), "mask.slider", self.windowTitle())
        self._slider.setRange(0, _STEPS)
        self._slider.setMinimumWidth(220)
        self._slider.setValue(self._step(operation.usual))
        self._number.valueChanged.connect(self._numbered)
        self._slider.valueChanged.connect(self._slid)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        named(buttons.button(QDialogButtonBox.StandardButton.Ok), "mask.ok", self.tr("Change the mask"))
        named(buttons.button(QDialogButtonBox.StandardButton.Cancel), "mask.cancel", self.tr("Leave it as it was"))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        row = QHBoxLayout()
        row.addWidget(self._slider, 1)
        row.addWidget(self._number)
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addLayout(row)
        column.addWidget(buttons)
        self._number.selectAll()
        self._number.setFocus()

    @property
    def value(self) -> float:
        """The number as it is now."""
        return self._number.value()

    def _step(self, value: float) -> int:
        span = self._operation.most - self._operation.least
        return round(_STEPS * math.sqrt((value - self._operation.least) / span))

    def _slid(self, step: int) -> None:
        span = self._operation.most - self._operation.least
        self._number.setValue(round(self._operation.least + span * (step / _STEPS) ** 2))

    def _numbered(self, value: float) -> None:
        if self._step(value) != self._slider.value():
            self._slider.blockSignals(True)
            self._slider.setValue(self._step(value))
            self._slider.blockSignals(False)
        self.valueChanged.emit(value)
