from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines import planner
from inpaint_studio.engines.contract import Availability, EngineSpec
from inpaint_studio.errors import InputError
from inpaint_studio.ui.fill_panel import FillPanel
from inpaint_studio.ui.run_again_dialog import RunAgainDialog


@dataclass(frozen=True, slots=True)
class Options:
    """steps: how many. strength: how strongly. sharp: whether it is."""

    steps: int = 20
    strength: float = 0.5
    sharp: bool = True

    def __post_init__(self) -> None:
        if not (1 <= self.steps <= 150 and 0 <= self.strength <= 1):
            raise InputError("Out of range.")


def spec(engine_id: str, **values: object) -> EngineSpec:
    made = planner.all_specs()["smooth"]
    return replace(made, id=engine_id, title=f"{engine_id.title()}: for tests", options=Options, **values)


@pytest.fixture
def panel(qtbot: QtBot) -> Iterator[FillPanel]:
    panel = FillPanel()
    qtbot.addWidget(panel)
    panel.show()
    yield panel
    panel.close()


def engines(panel: FillPanel) -> QComboBox:
    return panel.findChild(QComboBox, "fill.engine")


def choose(qtbot: QtBot, panel: FillPanel, title: str) -> None:
    box = engines(panel)
    box.setFocus()
    qtbot.keyClicks(box, title)
    assert box.currentText() == title


def test_before_the_engines_are_known_there_is_the_automatic_one(panel: FillPanel) -> None:
    assert engines(panel).currentText() == "Automatic"
    assert panel.recipe() == Recipe(grow=4, feather=2)


def test_each_label_stands_at_the_height_of_its_control(panel: FillPanel) -> None:
    panel.form.set_engines(planner.all_specs())
    panel.resize(300, 400)
    panel.show()
    lines = panel.form.layout()
    assert isinstance(lines, QFormLayout)
    for name in ("fill.engine", "fill.grow", "fill.feather", "fill.seed"):
        control = panel.findChild(QWidget, name)
        field = control if lines.indexOf(control) >= 0 else control.parentWidget()
        label = lines.labelForField(field)
        middle = control.mapTo(panel, control.rect().center()).y()
        assert abs(label.mapTo(panel, label.rect().center()).y() - middle) <= 1, name


def test_engines_and_their_options(qtbot: QtBot, panel: FillPanel) -> None:
    panel.form.set_engines(planner.all_specs())
    assert panel.findChild(QSpinBox, "fill.option.thin_px").value() == 12
    choose(qtbot, panel, "PatchMatch")
    assert panel.findChild(QLabel, "fill.engine.about").text() == "Objects"
    radius = panel.findChild(QSpinBox, "fill.option.patch_radius")
    assert (radius.minimum(), radius.maximum()) == (0, 15)
    assert "2·radius" in radius.toolTip()
    radius.selectAll()
    qtbot.keyClicks(radius, "5")
    options = {"patch_radius": 5, "layouts": 2}
    assert panel.recipe() == Recipe(engine="patchmatch", options=options, grow=4, feather=2)
    assert panel.findChild(QSpinBox, "fill.option.thin_px") is None


def test_options_of_every_kind(panel: FillPanel) -> None:
    panel.form.set_engines({"toy": spec("toy")})
    panel.set_recipe(Recipe(engine="toy", options={"steps": "30", "sharp": False, "unknown": 1, "strength": "?"}))
    steps = panel.findChild(QSpinBox, "fill.option.steps")
    strength = panel.findChild(QDoubleSpinBox, "fill.option.strength")
    assert (steps.minimum(), steps.maximum(), steps.value()) == (1, 150, 30)
    assert (strength.minimum(), strength.maximum(), strength.value()) == (0, 1, 0.5)
    assert not panel.findChild(QCheckBox, "fill.option.sharp").isChecked()
    assert panel.recipe().options == {"steps": 30, "strength": 0.5, "sharp": False}


def test_an_engine_that_cannot_run_says_why(panel: FillPanel) -> None:
    missing = Availability(available=False, reason="It is not installed.", remedy="Install it.")
    panel.form.set_engines({"toy": spec("toy"), "big": spec("big", availability=missing)})
    box = engines(panel)
    row = box.findData("big")
    assert not box.model().index(row, 0).flags() & Qt.ItemFlag.ItemIsEnabled
    assert "It is not installed." in box.itemData(row, Qt.ItemDataRole.ToolTipRole)


def test_a_recipe_of_a_missing_engine_is_kept(panel: FillPanel) -> None:
    panel.form.set_engines(planner.all_specs())
    recipe = Recipe(engine="gone", engine_version=3, options={"x": 1}, seed=5, context=2.0)
    panel.set_recipe(recipe)
    assert engines(panel).currentText() == "gone (not installed)"
    assert panel.recipe() == recipe


@pytest.mark.parametrize("name", ["fill.grow", "fill.feather", "fill.seed"])
def test_enter_fills_from_every_field(qtbot: QtBot, panel: FillPanel, name: str) -> None:
    with qtbot.waitSignal(panel.fillRequested):
        qtbot.keyClick(panel.findChild(QSpinBox, name), Qt.Key.Key_Return)


def test_the_button_fills_unless_something_runs(qtbot: QtBot, panel: FillPanel) -> None:
    button = panel.findChild(QPushButton, "fill.button")
    with qtbot.waitSignal(panel.fillRequested):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    panel.set_running(True)
    with qtbot.assertNotEmitted(panel.fillRequested):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        qtbot.keyClick(panel.findChild(QSpinBox, "fill.seed"), Qt.Key.Key_Return)
    panel.set_running(False)
    assert button.text() == "Fill"


def test_the_dice_gives_another_seed(qtbot: QtBot, panel: FillPanel) -> None:
    with qtbot.waitSignal(panel.changed):
        qtbot.mouseClick(panel.findChild(QToolButton, "fill.dice"), Qt.MouseButton.LeftButton)
    assert panel.recipe().seed > 0


@pytest.fixture
def dialog(qtbot: QtBot, panel: FillPanel) -> Iterator[RunAgainDialog]:
    dialog = RunAgainDialog(Recipe(engine="patchmatch", seed=9, options={"patch_radius": 4}), panel)
    dialog.open()
    yield dialog
    dialog.deleteLater()


def test_run_again_starts_with_the_recipe_and_the_next_seed(qtbot: QtBot, dialog: RunAgainDialog) -> None:
    seed = dialog.findChild(QSpinBox, "fill.seed")
    assert seed.value() == 10
    seed.selectAll()
    qtbot.keyClicks(seed, "12")
    with qtbot.waitSignal(dialog.accepted):
        qtbot.keyClick(seed, Qt.Key.Key_Return)
    assert dialog.recipe() == Recipe(engine="patchmatch", seed=12, options={"patch_radius": 4, "layouts": 2})


def test_escape_leaves_run_again(qtbot: QtBot, dialog: RunAgainDialog) -> None:
    with qtbot.waitSignal(dialog.rejected):
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
