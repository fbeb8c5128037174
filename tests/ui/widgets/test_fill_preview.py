"""What is seen of a fill on its way, and options that are words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
from PySide6.QtWidgets import QComboBox, QFormLayout, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines.contract import EngineSpec, FillRequest, FillResult, Progress
from inpaint_studio.pixels.format import Samples
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.studio.studio import Studio
from inpaint_studio.ui.engine_thread import EngineThread
from inpaint_studio.ui.fill_panel.options import OptionControls
from tests.ui.widgets.filling import HeldRunner, masks_of


class White(HeldRunner):
    """Shows white, then fills with what was there."""

    def run(self, spec: EngineSpec, request: FillRequest, progress: Progress) -> FillResult:
        progress.step(0.5, "Half", np.ones_like(request.image))
        return FillResult(request.image)


@pytest.fixture
def engine() -> Iterator[EngineThread]:
    made = EngineThread(White)
    yield made
    made.close()
    made.deleteLater()


def test_a_preview_arrives_with_its_place(qtbot: QtBot, studio: Studio, engine: EngineThread) -> None:
    shown: list[tuple[Rect, Samples]] = []
    engine.progressed.connect(lambda _fraction, _note, preview: shown.append(preview))
    with qtbot.waitSignal(engine.finished_fill, timeout=10_000):
        engine.submit(studio.fill_job(masks_of(studio), Recipe(engine="smooth")))
    ((rect, samples),) = [preview for preview in shown if preview is not None]
    assert samples.dtype == np.uint8
    hole = Rect(100, 80, 150, 120)
    assert rect.clipped(hole) == hole
    assert (samples[hole.within(rect).slices] == 255).all()


@dataclass(frozen=True)
class Worded:
    """prompt: what shall be there. task: what is wanted."""

    prompt: str = ""
    task: str = "auto"
    steps: int = 20

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"task": ("auto", "remove")}


def test_options_can_be_words(qtbot: QtBot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    lines = QFormLayout(widget)
    lines.addRow("Engine", QLineEdit())
    lines.addRow("Seed", QLineEdit())
    controls = OptionControls(Worded, {"task": "remove"}, lines, typed_at=1)
    # what is typed stands where it is seen without scrolling, the rest at the end
    names = [lines.itemAt(row, QFormLayout.ItemRole.LabelRole).widget().text() for row in range(lines.rowCount())]
    assert names == ["Engine", "Prompt", "Seed", "Task", "Steps"]
    prompt = widget.findChild(QLineEdit, "fill.option.prompt")
    assert prompt.toolTip().startswith("What shall be there")
    with qtbot.waitSignal(controls.changed):
        qtbot.keyClicks(prompt, "a bird")
    assert controls.values() == {"prompt": "a bird", "task": "remove", "steps": 20}
    task = widget.findChild(QComboBox, "fill.option.task")
    with qtbot.waitSignal(controls.changed):
        task.setCurrentText("auto")
    assert replace(Worded(), **controls.values()).task == "auto"
