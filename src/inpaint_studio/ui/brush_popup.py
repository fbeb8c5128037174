"""The pop-up at a right click: all of the brush, and brushes under names of the user's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from PySide6.QtCore import QPoint, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from inpaint_studio.tools.base import BrushSettings
from inpaint_studio.ui.brush_scale import SIZE_STEPS, size_at, step_at
from inpaint_studio.ui.theme import named


class BrushPopup(QFrame):
    """Esc or a click elsewhere closes it. Changes count at once."""

    #: The BrushSettings that the user has made or picked.
    changed = Signal(object)
    #: The name under which the brush is to be kept.
    saveRequested = Signal(str)  # noqa: N815  Qt's way to name signals
    #: The name of a brush that is to be forgotten.
    deleteRequested = Signal(str)  # noqa: N815

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        named(self, "brush.popup", accessible=self.tr("Brush"))
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._settings = BrushSettings()
        self._brushes: dict[str, BrushSettings] = {}
        self._grid = QGridLayout()
        self._size, self._size_slider = self._line(
            "size", self.tr("Size"), BrushSettings.SMALLEST, BrushSettings.LARGEST, self.tr(" px"), SIZE_STEPS
        )
        self._percents = {
            name: self._line(name, text, 0 if name in {"hardness", "smoothing"} else 1, 100, self.tr(" %"), 100)
            for name, text in (
                ("hardness", self.tr("Hardness")),
                ("opacity", self.tr("Opacity")),
                ("flow", self.tr("Flow")),
                ("smoothing", self.tr("Smoothing")),
            )
        }
        self._gamma, self._gamma_slider = self._line(
            "pressure_gamma",
            self.tr("Pressure curve"),
            BrushSettings.LEAST_GAMMA,
            BrushSettings.MOST_GAMMA,
            "",
            100,
        )
        self._gamma.setDecimals(2)
        self._gamma.setSingleStep(0.1)
        self._size_slider.valueChanged.connect(lambda step: self._change(size=size_at(step)))
        self._size.valueChanged.connect(lambda size: self._change(size=size))
        for name, (spin, slider) in self._percents.items():
            for control in (spin, slider):
                control.valueChanged.connect(lambda percent, name=name: self._change(**{name: percent / 100}))
        self._gamma.valueChanged.connect(lambda gamma: self._change(pressure_gamma=gamma))
        self._gamma_slider.valueChanged.connect(lambda step: self._change(pressure_gamma=_gamma_at(step)))
        column = QVBoxLayout(self)
        column.addLayout(self._grid)
        column.addLayout(self._named_row())
        self.set_settings(self._settings)

    def pop_up(self, settings: BrushSettings, brushes: dict[str, BrushSettings], at: QPoint) -> None:
        """Show it at a place of the screen, or as near as it fits."""
        self.set_brushes(brushes)
        self.set_settings(settings)
        self.adjustSize()
        screen = QGuiApplication.screenAt(at) or self.screen()
        room = screen.availableGeometry()
        left = min(max(at.x(), room.left()), room.right() - self.width())
        top = min(max(at.y(), room.top()), room.bottom() - self.height())
        self.move(left, top)
        self.show()
        self._size.setFocus()
        self._size.selectAll()

    def set_settings(self, settings: BrushSettings) -> None:
        """Show `settings`, without a signal."""
        self._settings = settings
        blockers = [QSignalBlocker(control) for control in self._controls()]
        self._size.setValue(settings.size)
        self._size_slider.setValue(step_at(settings.size))
        for name, (spin, slider) in self._percents.items():
            percent = round(100 * getattr(settings, name))
            spin.setValue(percent)
            slider.setValue(percent)
        self._gamma.setValue(settings.pressure_gamma)
        self._gamma_slider.setValue(_gamma_step(settings.pressure_gamma))
        for blocker in blockers:
            blocker.unblock()

    def set_brushes(self, brushes: dict[str, BrushSettings]) -> None:
        """List `brushes` by name."""
        self._brushes = dict(brushes)
        blocker = QSignalBlocker(self._names)
        text = self._names.currentText()
        self._names.clear()
        self._names.addItems(list(brushes))
        self._names.setCurrentIndex(self._names.findText(text))
        self._names.setEditText(text)
        blocker.unblock()
        self._name_changed(text)

    def _controls(self) -> Iterable[QWidget]:
        pairs = [(self._size, self._size_slider), (self._gamma, self._gamma_slider), *self._percents.values()]
        return [control for pair in pairs for control in pair]

    def _line(
        self, name: str, text: str, least: float, most: float, suffix: str, steps: int
    ) -> tuple[QDoubleSpinBox, QSlider]:
        row = self._grid.rowCount()
        slider = named(QSlider(Qt.Orientation.Horizontal), f"popup.{name}.slider", text)
        slider.setRange(0, steps)
        slider.setMinimumWidth(160)
        spin = named(QDoubleSpinBox(), f"popup.{name}", text)
        spin.setRange(least, most)
        spin.setDecimals(1 if name == "size" else 0)
        spin.setSuffix(suffix)
        label = QLabel(text)
        label.setBuddy(spin)
        for place, widget in enumerate((label, slider, spin)):
            self._grid.addWidget(widget, row, place)
        return spin, slider

    def _named_row(self) -> QHBoxLayout:
        self._names = named(
            QComboBox(),
            "popup.names",
            self.tr("Pick a brush, or type a name to save this one"),
            accessible=self.tr("Name"),
        )
        self._names.setEditable(True)
        if (field := self._names.lineEdit()) is not None:
            field.setPlaceholderText(self.tr("Name of a brush"))
        self._names.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._save = named(QPushButton(self.tr("Save")), "popup.save", self.tr("Keep this brush under the name"))
        self._delete = named(QPushButton(self.tr("Delete")), "popup.delete", self.tr("Forget the brush of that name"))
        self._names.activated.connect(self._picked)
        self._names.editTextChanged.connect(self._name_changed)
        self._save.clicked.connect(lambda: self.saveRequested.emit(self._name))
        self._delete.clicked.connect(lambda: self.deleteRequested.emit(self._name))
        row = QHBoxLayout()
        row.addWidget(self._names, 1)
        row.addWidget(self._save)
        row.addWidget(self._delete)
        return row

    @property
    def _name(self) -> str:
        return self._names.currentText().strip()

    def _name_changed(self, _text: str) -> None:
        self._save.setEnabled(bool(self._name))
        self._delete.setEnabled(self._name in self._brushes)

    def _picked(self, index: int) -> None:
        brush = self._brushes.get(self._names.itemText(index))
        if brush is not None:
            self.set_settings(brush)
            self.changed.emit(brush)

    def _change(self, **values: float) -> None:
        self.set_settings(replace(self._settings, **values))  # type: ignore[arg-type]  # the names are ours
        self.changed.emit(self._settings)


def _gamma_at(step: int) -> float:
    """Half of the slider is below 1, half above."""
    return round(float(4 ** (step / 50 - 1)), 2)


def _gamma_step(gamma: float) -> int:
    return min(range(101), key=lambda step: abs(_gamma_at(step) - gamma))
