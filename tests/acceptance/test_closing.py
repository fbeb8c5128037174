"""Closing documents and the window: what is asked, by mouse and by keyboard, and what the answers do."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QTabBar

from inpaint_studio.document.layers import FillLayer
from inpaint_studio.storage.project import journals_folder, leftovers
from tests.acceptance.conftest import Run, garden
from tests.acceptance.test_fill import select_much, workers
from tests.acceptance.user import User


async def ask_to_close(user: User) -> None:
    user.paint((100, 100), (150, 100))
    user.ctrl(Qt.Key.Key_W)
    await user.until_there("question")


def test_an_asterisk_stands_for_what_is_unsaved(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        window = user.window
        assert window.tabs.tabText(0) == "garden.png"
        assert window.windowTitle() == "garden.png – Inpaint Studio"
        user.paint((100, 100), (150, 100))
        assert window.tabs.tabText(0) == "garden.png*"
        assert window.windowTitle().startswith("garden.png*")
        user.ctrl(Qt.Key.Key_Z)
        user.ctrl(Qt.Key.Key_Z)
        assert window.tabs.tabText(0) == "garden.png"
        user.ctrl(Qt.Key.Key_Y)
        assert window.tabs.tabText(0) == "garden.png*"

    at_the_window(scenario, picture)


def test_an_unchanged_photo_closes_without_a_word(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.ctrl(Qt.Key.Key_W)
        # held a moment too long
        user.ctrl(Qt.Key.Key_W)
        await user.opened(0)
        assert not user.is_there("question")
        assert not user.is_there("messages")
        assert user.window.welcome.isVisible()
        await user.window.settle()
        assert not list(journals_folder().glob("*.sqlite"))

    at_the_window(scenario, picture)


@pytest.mark.parametrize("by", ["Esc", "mouse", "keyboard"])
def test_cancel_keeps_it_open(at_the_window: Run, picture: Path, by: str) -> None:
    async def scenario(user: User) -> None:
        await ask_to_close(user)
        assert "garden.png" in user.widget("question").text()
        if by == "mouse":
            user.answer("Cancel")
        elif by == "Esc":
            user.key(Qt.Key.Key_Escape)
        else:
            press(user, "Cancel")
        await user.until_gone("question")
        await user.back()
        assert user.tab.title == "garden.png*"
        user.ctrl(Qt.Key.Key_Z)
        assert user.steps == ("Add mask",)

    at_the_window(scenario, picture)


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_do_not_save_forgets_it(at_the_window: Run, picture: Path, by: str) -> None:
    async def scenario(user: User) -> None:
        await ask_to_close(user)
        if by == "mouse":
            user.answer("Don't Save")
        else:
            press(user, "Don't Save")
        await user.opened(0)
        await user.window.settle()
        assert leftovers() == []
        assert not list(picture.parent.glob("*.inpaint"))

    at_the_window(scenario, picture)


@pytest.mark.parametrize("by", ["mouse", "Enter"])
def test_save_saves_it_first(at_the_window: Run, picture: Path, by: str) -> None:
    async def scenario(user: User) -> None:
        await ask_to_close(user)
        if by == "mouse":
            user.answer("Save")
        else:
            user.key(Qt.Key.Key_Return)
        await user.until_there("save.dialog")
        assert Path(user.widget("save.dialog").selectedFiles()[0]) == picture.with_suffix(".inpaint")
        user.key(Qt.Key.Key_Return)
        await user.opened(0)
        await user.window.settle()
        assert leftovers() == []
        await user.window.file_commands.open_files([picture.with_suffix(".inpaint")])
        assert user.steps == ("Add mask", "Brush stroke")

    at_the_window(scenario, picture)


def test_a_save_that_is_called_off_keeps_it_open(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        await ask_to_close(user)
        user.answer("Save")
        await user.until_there("save.dialog")
        user.key(Qt.Key.Key_Escape)
        await user.until_gone("save.dialog")
        await user.window.settle()
        assert user.tab.title == "garden.png*"

    at_the_window(scenario, picture)


def test_the_cross_of_a_tab_closes_that_tab(at_the_window: Run, picture: Path, tmp_path: Path) -> None:
    async def scenario(user: User) -> None:
        bar = user.window.tabs.tabBar()
        cross = bar.tabButton(0, QTabBar.ButtonPosition.RightSide) or bar.tabButton(0, QTabBar.ButtonPosition.LeftSide)
        QTest.mouseClick(cross, Qt.MouseButton.LeftButton)
        await user.opened(1)
        assert user.tab.title == "other.png"

    at_the_window(scenario, picture, garden(tmp_path / "other.png"))


def test_quit_asks_for_each_document_and_shows_it(at_the_window: Run, picture: Path, tmp_path: Path) -> None:
    async def scenario(user: User) -> None:
        window, ended = user.window, []
        window.ended.connect(lambda: ended.append(True))
        user.paint((100, 100), (150, 100))
        user.go_to_tab(0)
        user.paint((100, 100), (150, 100))
        user.go_to_tab(1)
        user.ctrl(Qt.Key.Key_Q)
        await user.until_there("question")
        assert window.tabs.currentIndex() == 0
        user.answer("Don't Save")
        await user.opened(1)
        await user.until_there("question")
        assert "other.png" in user.widget("question").text()
        user.answer("Cancel")
        await user.until_gone("question")
        await window.settle()
        assert window.isVisible()
        assert user.tab.title == "other.png*"
        await user.back()
        user.ctrl(Qt.Key.Key_Q)
        await user.until_there("question")
        user.answer("Don't Save")
        await user.until(lambda: ended, window.ended)
        assert not window.isVisible()

    at_the_window(scenario, picture, garden(tmp_path / "other.png"))


@pytest.mark.parametrize("way", ["the window", "the tab"])
def test_closing_in_mid_fill_asks(at_the_window: Run, long_picture: Path, way: str) -> None:
    async def scenario(user: User) -> None:
        window, ended = user.window, []
        window.ended.connect(lambda: ended.append(True))
        select_much(user)

        def close() -> None:
            if way == "the window":
                window.close()
            else:
                user.ctrl(Qt.Key.Key_W)

        user.key(Qt.Key.Key_Return)
        await user.filling()
        close()
        question = await user.until_there("question")
        assert "fill is running" in question.text()
        user.answer("Go On")
        await user.until_gone("question")
        assert window.isVisible()
        assert window.fills.tab is user.tab
        assert workers()

        await user.back()
        close()
        await user.until_there("question")
        user.answer("Stop and Close")
        # what was painted is unsaved all the same
        await user.until_seen(lambda: user.is_there("question") and "Save" in user.widget("question").text())
        assert window.fills.tab is None
        assert not any(isinstance(layer, FillLayer) for layer in user.layers)
        user.answer("Don't Save")
        await user.opened(0)
        if way == "the window":
            await user.until(lambda: ended, window.ended)
            assert not window.isVisible()
            assert window.engine.isFinished()
            assert not psutil.Process().children(recursive=True)

    at_the_window(scenario, long_picture)


def press(user: User, label: str) -> None:
    """Go to a button of the question with Tab and press it with Space, as someone without a mouse does it."""
    question = user.widget("question")
    for _ in question.findChildren(QPushButton):
        focus = question.focusWidget()
        if isinstance(focus, QPushButton) and focus.text().replace("&", "") == label:
            break
        user.key(Qt.Key.Key_Tab)
    assert question.focusWidget().text().replace("&", "") == label
    user.key(Qt.Key.Key_Space)
