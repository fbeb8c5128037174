"""Several results for one hole: made one after the other, looked at, chosen, dropped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListView, QListWidget, QSpinBox

from inpaint_studio.document.layers import FillLayer
from inpaint_studio.ui.layers_dock.model import ROW
from tests.acceptance.conftest import Run
from tests.acceptance.user import User


def _list(user: User) -> QListWidget:
    found = user.widget("candidates.list")
    assert isinstance(found, QListWidget)
    return found


def _fill(user: User) -> FillLayer:
    layer = user.layers[-1]
    assert isinstance(layer, FillLayer)
    return layer


def _click(user: User, row: int) -> None:
    strip = _list(user)
    QTest.mouseClick(
        strip.viewport(),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
        strip.visualItemRect(strip.item(row)).center(),
    )


def test_three_are_made_looked_at_chosen_and_dropped(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        assert not user.is_there("dock.candidates")
        count = user.widget("fill.candidates")
        assert isinstance(count, QSpinBox)
        QTest.keyClick(count, Qt.Key.Key_Up)
        QTest.keyClick(count, Qt.Key.Key_Up)
        user.scribble(240, 140, 340, 240, 20)
        user.key(Qt.Key.Key_Return)
        await user.filled()
        assert [held["recipe"]["seed"] for held in _fill(user).variants] == [0, 1, 2]
        await user.until_there("candidates.list")
        assert _list(user).count() == 3
        rows = user.widget("layers.list")
        assert isinstance(rows, QListView)
        assert rows.model().index(0, 0).data(ROW).subtitle == "Membrane, seed 0", "by name, not by id"
        numbers = [int(_list(user).item(row).data(Qt.ItemDataRole.UserRole)) for row in range(3)]
        scores = [_fill(user).variants[number]["score"] for number in numbers]
        assert scores == sorted(scores)
        before, wanted = user.shown(), next(number for number in numbers if number != 0)
        _click(user, numbers.index(wanted))
        assert _fill(user).recipe.seed == wanted
        assert not np.array_equal(user.shown(), before)
        assert user.steps[-1].startswith("Choose candidate")
        user.ctrl(Qt.Key.Key_Z)
        assert np.array_equal(user.shown(), before)
        _list(user).setFocus()
        QTest.keyClick(_list(user), Qt.Key.Key_Home)
        QTest.keyClick(_list(user), Qt.Key.Key_Delete)
        assert _list(user).count() == 2
        user.ctrl(Qt.Key.Key_Z)
        assert _list(user).count() == 3

    at_the_window(scenario, picture)


def test_more_are_made_for_a_fill_that_is_there(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        count = user.widget("fill.candidates")
        QTest.keyClick(count, Qt.Key.Key_Up)
        user.scribble(240, 140, 340, 240, 20)
        user.key(Qt.Key.Key_Return)
        await user.filled()
        await user.until_there("candidates.more")
        user.click("candidates.more")
        await user.filled()
        assert [held["recipe"]["seed"] for held in _fill(user).variants] == [0, 1, 2, 3, 4]
        assert _list(user).count() == 5

    at_the_window(scenario, picture)


def test_cancelled_on_the_way_keeps_what_there_is(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        count = user.widget("fill.candidates")
        for _ in range(7):
            QTest.keyClick(count, Qt.Key.Key_Up)
        user.scribble(240, 140, 340, 240, 20)
        user.key(Qt.Key.Key_Return)
        await user.until(
            lambda: any(layer.kind == "fill" and len(layer.variants) >= 2 for layer in user.layers), user.tab.changed
        )
        user.key(Qt.Key.Key_Escape)
        await user.until(lambda: user.window.fills.tab is None, user.window.fills.running)
        assert 2 <= len(_fill(user).variants) < 8

    at_the_window(scenario, picture)
