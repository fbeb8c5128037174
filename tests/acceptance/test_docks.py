"""The docks in the window: layers and history by mouse and keyboard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QListView, QSlider, QStyle, QStyleOptionSlider

from tests.acceptance.conftest import Run
from tests.acceptance.user import User


def three_masks(user: User) -> list[str]:
    """Their ids, bottom first."""
    for y in (100, 200, 300):
        user.ctrl(Qt.Key.Key_N, shift=True)
        user.paint((100, y), (150, y))
    return [layer.id for layer in user.layers]


def ids(user: User) -> list[str]:
    return [layer.id for layer in user.layers]


def test_a_click_in_the_history_goes_there(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        three_masks(user)
        rows = user.widget("history.list")
        assert isinstance(rows, QListView)
        assert rows.model().rowCount() == 7

        def click(row: int) -> None:
            index = rows.model().index(row, 0)
            rows.scrollTo(index)
            QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=rows.visualRect(index).center())

        click(2)
        assert user.steps == ("Add mask", "Brush stroke")
        assert len(user.layers) == 1
        click(6)
        assert len(user.layers) == 3
        assert user.layers[-1].coverage.read(user.tab.document.canvas)[300, 120, 0] == 255
        click(0)
        assert list(user.layers) == []
        assert user.window.windowTitle().startswith("garden.png –")
        # and it can be painted on from there
        user.tab.canvas.setFocus()
        user.paint((100, 100), (150, 100))
        assert rows.model().rowCount() == 3

    at_the_window(scenario, picture)


def test_enter_ends_a_rename_and_fills_nothing(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        three_masks(user)
        started: list[bool] = []
        user.window.fills.running.connect(started.append)
        rows = user.choose(ids(user)[1])
        user.key(Qt.Key.Key_F2)
        editor = rows.findChild(QLineEdit)
        assert editor is not None
        QTest.keyClicks(editor, "Wire, left")
        QTest.keyClick(editor, Qt.Key.Key_Return)
        await user.window.settle()
        assert [layer.name for layer in user.layers] == ["Mask 1", "Wire, left", "Mask 3"]
        assert user.steps[-1] == "Rename layer"
        assert started == []
        # Esc ends a rename too, and changes nothing
        user.choose(ids(user)[1])
        user.key(Qt.Key.Key_F2)
        editor = rows.findChild(QLineEdit)
        QTest.keyClicks(editor, "b")
        QTest.keyClick(editor, Qt.Key.Key_Escape)
        assert user.layers[1].name == "Wire, left"
        assert user.window.toolbox.tool_id == "brush"

    at_the_window(scenario, picture)


def test_hide_reorder_and_delete_by_keyboard(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        low, middle, top = three_masks(user)
        user.choose(middle)
        user.key(Qt.Key.Key_Space)
        assert not user.tab.document.layer(middle).visible
        user.key(Qt.Key.Key_Space)
        assert user.tab.document.layer(middle).visible
        user.key(Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
        assert ids(user) == [low, top, middle]
        user.key(Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
        user.key(Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
        assert ids(user) == [middle, low, top]
        user.key(Qt.Key.Key_Delete)
        assert ids(user) == [low, top]
        for _ in range(3):
            user.ctrl(Qt.Key.Key_Z)
        assert ids(user) == [low, top, middle]
        assert np.count_nonzero(user.tab.document.layer(middle).coverage.read(user.tab.document.canvas)) > 0

    at_the_window(scenario, picture)


def test_the_eye_hides_by_mouse(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        low, *_ = three_masks(user)
        rows = user.widget("layers.list")
        assert isinstance(rows, QListView)
        index = rows.model().index(2, 0)
        rows.scrollTo(index)
        row = rows.visualRect(index)
        QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=row.topLeft() + QPoint(17, row.height() // 2))
        assert not user.tab.document.layer(low).visible
        assert user.steps[-1] == "Hide layer"

    at_the_window(scenario, picture)


def test_dragging_the_opacity_is_one_step(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        three_masks(user)
        steps = len(user.steps)
        slider = user.widget("layers.opacity")
        assert isinstance(slider, QSlider)
        assert slider.value() == 100
        option = QStyleOptionSlider()
        slider.initStyleOption(option)
        handle = slider.style().subControlRect(
            QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, slider
        )
        start = handle.center()
        QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=start)
        for part in (4, 3, 2):
            user.move(QPoint(start.x() * (part + 4) // 9, start.y()), held=Qt.MouseButton.LeftButton, on=slider)
        assert user.text("layers.opacity.value") == f"{slider.value()} %"
        assert len(user.steps) == steps
        QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(start.x() * 6 // 9, start.y()))
        assert user.steps[steps:] == ("Opacity",)
        assert 0.5 < user.layers[-1].opacity < 0.8
        user.tab.canvas.setFocus()
        user.ctrl(Qt.Key.Key_Z)
        assert user.layers[-1].opacity == 1.0
        assert slider.value() == 100

    at_the_window(scenario, picture)
