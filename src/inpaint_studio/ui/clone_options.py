"""The settings of the clone stamp beside those of its brush."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QWidget

from inpaint_studio.tools.clone import CloneSettings
from inpaint_studio.ui.option_row import add_named, option_row
from inpaint_studio.ui.theme import named


class CloneOptions(QWidget):
    """Whether the source moves along, and how the copy is turned."""

    #: The CloneSettings that the user has made.
    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        row = option_row(self, within=True)
        self._aligned = named(
            QCheckBox(self.tr("Aligned")),
            "clone.aligned",
            self.tr("The source moves along from stroke to stroke; otherwise each stroke begins at it again"),
        )
        self._mirrored = named(
            QCheckBox(self.tr("Mirrored")), "clone.mirrored", self.tr("Left and right of the copy exchanged")
        )
        self._angle = named(QDoubleSpinBox(), "clone.angle", self.tr("How far the copy is turned, clockwise"))
        self._angle.setRange(-180, 180)
        self._angle.setDecimals(1)
        self._angle.setWrapping(True)
        self._angle.setSuffix("°")
        self._scale = named(QDoubleSpinBox(), "clone.scale", self.tr("How large the copy is"))
        self._scale.setRange(100 * CloneSettings.LEAST_SCALE, 100 * CloneSettings.MOST_SCALE)
        self._scale.setDecimals(0)
        self._scale.setSuffix(self.tr(" %"))
        row.addWidget(self._aligned)
        add_named(row, self.tr("Turn"), self._angle)
        add_named(row, self.tr("Scale"), self._scale)
        row.addWidget(self._mirrored)
        self.set_settings(CloneSettings())
        self._aligned.toggled.connect(self._tell)
        self._mirrored.toggled.connect(self._tell)
        self._angle.valueChanged.connect(self._tell)
        self._scale.valueChanged.connect(self._tell)

    def set_settings(self, settings: CloneSettings) -> None:
        """Show `settings`, without a signal."""
        blockers = [QSignalBlocker(one) for one in (self._aligned, self._mirrored, self._angle, self._scale)]
        self._aligned.setChecked(settings.aligned)
        self._mirrored.setChecked(settings.mirrored)
        self._angle.setValue(settings.angle)
        self._scale.setValue(100 * settings.scale)
        for blocker in blockers:
            blocker.unblock()

    def _tell(self) -> None:
        self.changed.emit(
            CloneSettings(
                self._aligned.isChecked(), self._angle.value(), self._scale.value() / 100, self._mirrored.isChecked()
            )
        )
