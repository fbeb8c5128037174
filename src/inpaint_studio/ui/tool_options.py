"""The settings of the tool at hand: what a brush is like, or what the wand takes."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPoint, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QSlider,
    QSpinBox,
    QStackedWidget,
    QToolButton,
    QWidget,
)

from inpaint_studio.tools.base import Brushed, BrushSettings, Tool
from inpaint_studio.tools.clone import CloneSettings, CloneTool
from inpaint_studio.tools.combining import SelectingTool
from inpaint_studio.tools.smart_select import SmartSelectTool
from inpaint_studio.tools.wand import WandSettings, WandTool
from inpaint_studio.ui.brush_scale import SIZE_STEPS, size_at, step_at
from inpaint_studio.ui.clone_options import CloneOptions
from inpaint_studio.ui.option_row import add_named, option_row
from inpaint_studio.ui.select_options import CombineBox, SmartSelectOptions
from inpaint_studio.ui.theme import named


class ToolOptions(QStackedWidget):
    """One row of settings for brushes, one for each kind of tool that selects; the hand has none."""

    #: The BrushSettings that the user has made.
    changed = Signal(object)
    #: The WandSettings that the user has made.
    wandChanged = Signal(object)  # noqa: N815  Qt's way to name signals
    #: The brush's pop-up is to be shown here.
    moreAsked = Signal(QPoint)  # noqa: N815
    #: The SmartSelectSettings that the user has made.
    smartChanged = Signal(object)  # noqa: N815
    #: What selections do to the mask (a Combine), as the user has chosen.
    howChanged = Signal(object)  # noqa: N815
    #: The CloneSettings that the user has made.
    cloneChanged = Signal(object)  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "tool.options", accessible=self.tr("Tool settings"))
        self._brush, self._wand, self._nothing = _BrushOptions(), _WandOptions(), QWidget()
        self._smart, self._shape = SmartSelectOptions(), _ShapeOptions()
        for page in (self._brush, self._wand, self._smart, self._shape, self._nothing):
            self.addWidget(page)
        for box in (self._wand.how, self._shape.how):
            box.changed.connect(self.howChanged)
        self._smart.changed.connect(self.smartChanged)
        self._brush.changed.connect(self.changed)
        self._brush.moreAsked.connect(self.moreAsked)
        self._brush.clone.changed.connect(self.cloneChanged)
        self._wand.changed.connect(self.wandChanged)

    def show_for(self, tool: Tool) -> None:
        """Show the settings that `tool` has."""
        if isinstance(tool, WandTool):
            self._wand.set_settings(tool.settings)
            self._wand.how.set_how(tool.how)
            self.setCurrentWidget(self._wand)
        elif isinstance(tool, SmartSelectTool):
            self._smart.set_settings(tool.settings)
            self.setCurrentWidget(self._smart)
        elif isinstance(tool, SelectingTool):
            self._shape.how.set_how(tool.how)
            self.setCurrentWidget(self._shape)
        else:
            self._brush.show_clone(tool.settings if isinstance(tool, CloneTool) else None)
            self.setCurrentWidget(self._brush if isinstance(tool, Brushed) else self._nothing)

    @property
    def settings(self) -> BrushSettings:
        """The brush's."""
        return self._brush.settings

    def set_settings(self, settings: BrushSettings) -> None:
        """Show a brush's `settings`, without a signal: they come from elsewhere, such as a key."""
        self._brush.set_settings(settings)


class _ShapeOptions(QWidget):
    def __init__(self) -> None:
        super().__init__()
        row = option_row(self)
        self.how = CombineBox("select.how")
        row.addWidget(self.how)
        row.addStretch(1)


class _WandOptions(QWidget):
    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        row = option_row(self)
        self.how = CombineBox("wand.how")
        row.addWidget(self.how)
        row.addSpacing(6)
        self._tolerance = named(
            QSpinBox(),
            "wand.tolerance",
            self.tr("How far a colour may differ from the one clicked on, in each channel: 0 to 255"),
            accessible=self.tr("Tolerance"),
        )
        self._tolerance.setRange(0, 255)
        self._contiguous = named(
            QCheckBox(self.tr("Contig&uous")),
            "wand.contiguous",
            self.tr("Only what is connected with the place clicked on"),
        )
        self._all_layers = named(
            QCheckBox(self.tr("All la&yers")),
            "wand.all_layers",
            self.tr("Look at the photo with its fills; otherwise at the photo alone, as it was opened"),
        )
        add_named(row, self.tr("T&olerance"), self._tolerance)
        for check in (self._contiguous, self._all_layers):
            row.addSpacing(6)
            row.addWidget(check)
        row.addStretch(1)
        self.set_settings(WandSettings())
        self._tolerance.valueChanged.connect(self._tell)
        self._contiguous.toggled.connect(self._tell)
        self._all_layers.toggled.connect(self._tell)

    def set_settings(self, settings: WandSettings) -> None:
        """Show `settings`, without a signal."""
        blockers = [QSignalBlocker(control) for control in (self._tolerance, self._contiguous, self._all_layers)]
        self._tolerance.setValue(settings.tolerance)
        self._contiguous.setChecked(settings.contiguous)
        self._all_layers.setChecked(settings.all_layers)
        for blocker in blockers:
            blocker.unblock()

    def _tell(self) -> None:
        contiguous, all_layers = self._contiguous.isChecked(), self._all_layers.isChecked()
        self.changed.emit(WandSettings(self._tolerance.value(), contiguous, all_layers))


class _BrushOptions(QWidget):
    changed = Signal(object)
    moreAsked = Signal(QPoint)  # noqa: N815

    def __init__(self) -> None:
        super().__init__()
        self._settings = BrushSettings()
        row = option_row(self)
        self._slider = named(QSlider(Qt.Orientation.Horizontal), "brush.size.slider", self.tr("Size of the brush"))
        self._slider.setRange(0, SIZE_STEPS)
        self._slider.setMinimumWidth(60)
        self._slider.setMaximumWidth(150)
        self._size = named(QDoubleSpinBox(), "brush.size", self.tr("Size of the brush"), shortcut="[ ]")
        self._size.setRange(BrushSettings.SMALLEST, BrushSettings.LARGEST)
        self._size.setDecimals(1)
        self._size.setSuffix(self.tr(" px"))
        self._size.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        self._slider.valueChanged.connect(lambda step: self._change(size=size_at(step)))
        self._size.valueChanged.connect(lambda size: self._change(size=size))
        add_named(row, self.tr("&Size"), self._size)
        row.insertWidget(1, self._slider)
        self._percents = {
            "hardness": self._percent(
                row, "hardness", self.tr("Hard&ness"), self.tr("How sharp the rim is"), shortcut="Shift+[ ]"
            ),
            "opacity": self._percent(row, "opacity", self.tr("&Opacity"), self.tr("The most a stroke does")),
            "flow": self._percent(row, "flow", self.tr("Flow"), self.tr("How much each pass does")),
        }
        self._checks = {
            "pressure_size": self._check(
                row, "pressure_size", self.tr("Pressure: size"), self.tr("A pen's pressure changes the size")
            ),
            "pressure_opacity": self._check(
                row, "pressure_opacity", self.tr("opacity"), self.tr("A pen's pressure changes the opacity")
            ),
        }
        self._more = named(QToolButton(), "brush.more", self.tr("All of the brush, and brushes with names"))
        self._more.setText("…")
        self._more.clicked.connect(lambda: self.moreAsked.emit(self._more.mapToGlobal(self._more.rect().bottomLeft())))
        row.addWidget(self._more)
        self.clone = CloneOptions()
        self.clone.hide()
        row.addSpacing(6)
        row.addWidget(self.clone)
        row.addStretch(1)
        self.set_settings(self._settings)

    def show_clone(self, settings: CloneSettings | None) -> None:
        """With the settings of the clone stamp in place of a pen's, or without."""
        self.clone.setVisible(settings is not None)
        for check in self._checks.values():
            check.setVisible(settings is None)
        if settings is not None:
            self.clone.set_settings(settings)

    @property
    def settings(self) -> BrushSettings:
        return self._settings

    def set_settings(self, settings: BrushSettings) -> None:
        """Show `settings`, without a signal: they come from elsewhere, such as a key."""
        self._settings = settings
        controls = [self._slider, self._size, *self._percents.values(), *self._checks.values()]
        blockers = [QSignalBlocker(control) for control in controls]
        self._slider.setValue(step_at(settings.size))
        self._size.setValue(settings.size)
        for name, spin in self._percents.items():
            spin.setValue(round(100 * getattr(settings, name)))
        for name, check in self._checks.items():
            check.setChecked(getattr(settings, name))
        for blocker in blockers:
            blocker.unblock()

    def _change(self, **values: float) -> None:
        self.set_settings(replace(self._settings, **values))  # type: ignore[arg-type]  # the names are ours
        self.changed.emit(self._settings)

    def _percent(self, row: QHBoxLayout, name: str, text: str, tip: str, shortcut: str = "") -> QSpinBox:
        spin = named(QSpinBox(), f"brush.{name}", tip, accessible=text.replace("&", ""), shortcut=shortcut)
        spin.setRange(1 if name != "hardness" else 0, 100)
        spin.setSuffix(self.tr(" %"))
        spin.valueChanged.connect(lambda percent: self._change(**{name: percent / 100}))
        row.addSpacing(6)
        add_named(row, text, spin)
        return spin

    def _check(self, row: QHBoxLayout, name: str, text: str, tip: str) -> QCheckBox:
        check = named(QCheckBox(text), f"brush.{name}", tip)
        check.toggled.connect(lambda on: self._change(**{name: on}))
        row.addWidget(check)
        return check
