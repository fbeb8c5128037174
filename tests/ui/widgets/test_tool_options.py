from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QSlider, QSpinBox
from pytestqt.qtbot import QtBot

from inpaint_studio.tools.base import BrushSettings
from inpaint_studio.ui.tool_options import ToolOptions, size_at, step_at


@pytest.fixture
def options(qtbot: QtBot) -> ToolOptions:
    widget = ToolOptions()
    qtbot.addWidget(widget)
    widget.show()
    return widget


@pytest.mark.parametrize("size", [1, 2.5, 60, 3000])
def test_the_slider_is_logarithmic(size: float) -> None:
    assert size_at(step_at(size)) == pytest.approx(size, rel=0.03)


def test_typing_a_size(qtbot: QtBot, options: ToolOptions) -> None:
    spin = options.findChild(QDoubleSpinBox, "brush.size")
    spin.selectAll()
    with qtbot.waitSignal(options.changed) as changed:
        qtbot.keyClicks(spin, "250")
    assert changed.args is not None
    assert options.settings.size == 250
    assert options.findChild(QSlider, "brush.size.slider").value() == step_at(250)


def test_sliding(qtbot: QtBot, options: ToolOptions) -> None:
    slider = options.findChild(QSlider, "brush.size.slider")
    before = options.settings.size
    slider.setFocus()
    with qtbot.waitSignal(options.changed):
        qtbot.keyClick(slider, Qt.Key.Key_PageUp)
    assert options.settings.size > before


@pytest.mark.parametrize("name", ["hardness", "opacity", "flow"])
def test_percents(qtbot: QtBot, options: ToolOptions, name: str) -> None:
    spin = options.findChild(QSpinBox, f"brush.{name}")
    spin.selectAll()
    qtbot.keyClicks(spin, "35")
    assert getattr(options.settings, name) == 0.35


def test_pressure(qtbot: QtBot, options: ToolOptions) -> None:
    qtbot.mouseClick(
        options.findChild(QCheckBox, "brush.pressure_opacity"), Qt.MouseButton.LeftButton, pos=options.rect().topLeft()
    )
    box = options.findChild(QCheckBox, "brush.pressure_opacity")
    box.setFocus()
    before = options.settings.pressure_opacity
    qtbot.keyClick(box, Qt.Key.Key_Space)
    assert options.settings.pressure_opacity is not before


def test_settings_from_elsewhere_make_no_signal(qtbot: QtBot, options: ToolOptions) -> None:
    with qtbot.assertNotEmitted(options.changed):
        options.set_settings(BrushSettings(size=1, hardness=0.333, opacity=0.5, flow=0.2))
    # what the controls round is not rounded in the settings
    assert options.settings.hardness == 0.333
    assert options.findChild(QDoubleSpinBox, "brush.size").value() == 1
