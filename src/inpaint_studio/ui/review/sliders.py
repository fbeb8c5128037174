"""Sensitivity, size range and classes of a proposal: what is moved is seen at once, and a step when it is let go."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFormLayout, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from inpaint_studio.restore.defects import Defect
from inpaint_studio.restore.proposal import Sliders
from inpaint_studio.ui.review.looks import name, swatch
from inpaint_studio.ui.theme import named

#: Positions of the sliders of sizes for a factor of ten, and of all of them: up to a million pixels.
_DECADE, _POSITIONS = 10, 60


class SlidersBox(QWidget):
    """Shows and changes a `Sliders`."""

    #: They are being moved: the Sliders as they stand.
    moved = Signal(object)
    #: They were let go.
    settled = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._values = Sliders()
        self._showing = False
        self._sensitivity = self._slider("review.sensitivity", self.tr("Sensitivity: more to the right"), 100)
        self._smallest = self._slider("review.smallest", self.tr("Hide smaller parts"), _POSITIONS)
        self._largest = self._slider("review.largest", self.tr("Hide larger parts"), _POSITIONS)
        self._texts = {slider: QLabel() for slider in (self._sensitivity, self._smallest, self._largest)}
        lines = QFormLayout()
        lines.setContentsMargins(0, 0, 0, 0)
        titles = (self.tr("Sensitivit&y"), self.tr("Smallest"), self.tr("Largest"))
        for title, (slider, text) in zip(titles, self._texts.items(), strict=True):
            text.setMinimumWidth(self.fontMetrics().horizontalAdvance("1,000,000 px"))
            text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            label = QLabel(title)
            label.setBuddy(slider)
            row = QHBoxLayout()
            row.addWidget(slider, 1)
            row.addWidget(text)
            lines.addRow(label, row)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(lines)
        self._switches = {defect: self._switch(defect) for defect in Defect}
        for switch in self._switches.values():
            column.addWidget(switch)

    def show_values(self, values: Sliders, shown: Mapping[Defect, int], there: Mapping[Defect, int]) -> None:
        """`shown` and `there`: how many parts of each class are shown and were found. A slider in hand stays."""
        self._showing, self._values = True, values
        positions = (round(values.sensitivity * 100), _position(values.smallest), _position(values.largest or 10**6))
        texts = (
            f"{values.sensitivity:.0%}",
            self.tr("{0} px").format(f"{values.smallest:,}"),
            self.tr("{0} px").format(f"{values.largest:,}") if values.largest else self.tr("no limit"),
        )
        for (slider, label), position, text in zip(self._texts.items(), positions, texts, strict=True):
            if not slider.isSliderDown():
                slider.setValue(position)
            label.setText(text)
        for defect, switch in self._switches.items():
            switch.setChecked(defect in values.classes)
            switch.setText(self.tr("{0}: {1} of {2}").format(name(defect), shown[defect], there[defect]))
            switch.setVisible(there[defect] > 0)
        self._showing = False

    def _slider(self, object_name: str, tip: str, most: int) -> QSlider:
        slider = named(QSlider(Qt.Orientation.Horizontal), object_name, tip)
        slider.setRange(0, most)
        slider.valueChanged.connect(lambda _: self._changed(slider))
        slider.sliderReleased.connect(lambda: self.settled.emit(self._values))
        return slider

    def _switch(self, defect: Defect) -> QCheckBox:
        switch = named(QCheckBox(), f"review.class.{defect}", accessible=name(defect))
        switch.setIcon(swatch(defect))
        switch.toggled.connect(lambda on: self._switched(defect, on=on))
        return switch

    def _changed(self, slider: QSlider) -> None:
        if self._showing:
            return
        largest = _pixels(self._largest.value()) if self._largest.value() < _POSITIONS else 0
        self._values = replace(
            self._values,
            sensitivity=self._sensitivity.value() / 100,
            smallest=_pixels(self._smallest.value()),
            largest=largest,
        )
        if slider.isSliderDown():
            self.moved.emit(self._values)
        else:
            self.settled.emit(self._values)

    def _switched(self, defect: Defect, *, on: bool) -> None:
        if not self._showing:
            classes = self._values.classes | {defect} if on else self._values.classes - {defect}
            self.settled.emit(replace(self._values, classes=classes))


def _pixels(position: int) -> int:
    """The size that a position stands for: 0, then from 1 to a million."""
    return round(10 ** (position / _DECADE)) if position else 0


def _position(pixels: int) -> int:
    return min(_POSITIONS, round(_DECADE * math.log10(pixels))) if pixels > 0 else 0
