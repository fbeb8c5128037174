"""What a dead program left is offered on the start page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from inpaint_studio.storage.project import leftovers
from inpaint_studio.storage.project.places import hold_journal
from tests.acceptance.conftest import Run, garden
from tests.acceptance.user import User


async def die(user: User) -> None:
    """Leave the document in front as a killed program leaves it: its journal is there, and nobody holds it."""
    tab = user.tab
    await user.window.settle()
    await user.window.files.close(tab, discard=False)
    user.window.remove_tab(tab)


async def die_twice(user: User, picture: Path) -> None:
    """Leave two documents behind, and no other open."""
    for _ in range(2):
        user.paint((100, 100), (150, 100))
        await die(user)
        await user.window.file_commands.open_files([picture])
    await user.window.files.close(user.tab, discard=True)
    user.window.remove_tab(user.tab)


async def start_page(user: User) -> list[QWidget]:
    """What every start does, and the leftovers that are then offered."""
    await user.window.file_commands.look_for_leftovers()
    return user.widgets("welcome.leftover")


def words(card: QWidget) -> str:
    return " ".join(label.text() for label in card.findChildren(QLabel))


def test_unsaved_work_is_offered_and_comes_back_with_its_undo(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        original = user.shown()
        user.scribble(245, 145, 335, 235, 20)
        user.key(Qt.Key.Key_Return)
        await user.filled()
        filled, steps = user.shown(), user.steps
        await die(user)

        (card,) = await start_page(user)
        assert "garden.png" in words(card)
        assert "3 steps" in words(card)
        assert ":" in words(card)  # the time of the last change
        pictures = [label.pixmap() for label in card.findChildren(QLabel) if not label.pixmap().isNull()]
        assert len(pictures) == 1

        user.click("welcome.recover")
        await user.opened(1)
        assert user.tab.title == "garden.png*"
        assert user.steps == steps
        assert np.array_equal(user.shown(), filled)
        user.ctrl(Qt.Key.Key_Z)
        assert np.array_equal(user.shown(), original)
        user.ctrl(Qt.Key.Key_Z)
        user.ctrl(Qt.Key.Key_Z)
        assert user.steps == ()
        assert list(user.layers) == []
        await user.window.settle()
        assert user.window.welcome.findChild(QWidget, "welcome.leftover") is None

    at_the_window(scenario, picture)


async def start_with(user: User, *paths: Path) -> None:
    """A start of the program with files named on the command line."""
    await user.window.begin(list(paths))
    await user.window.settle()


def test_a_start_with_a_file_offers_what_was_left(at_the_window: Run, picture: Path, tmp_path: Path) -> None:
    other = garden(tmp_path / "other.png")

    async def scenario(user: User) -> None:
        user.paint((100, 100), (150, 100))
        steps = user.steps
        await die(user)
        await start_with(user, other)
        assert "garden.png" in user.text("messages.text")
        assert "start page" in user.text("messages.hint")
        assert user.widget("messages.later").text() == "Later"
        # it is in nobody's way
        assert QApplication.activeModalWidget() is None
        user.tab.canvas.setFocus()
        user.paint((100, 100), (150, 100))
        user.click("messages.action")
        await user.opened(2)
        await user.window.settle()
        assert user.tab.title == "garden.png*"
        assert user.steps == steps
        assert leftovers() == []
        assert not user.is_there("messages")

    at_the_window(scenario, picture)


def test_what_was_left_can_wait(at_the_window: Run, picture: Path, tmp_path: Path) -> None:
    other = garden(tmp_path / "other.png")

    async def scenario(user: User) -> None:
        await die_twice(user, picture)
        await start_with(user, other)
        assert "2 documents" in user.text("messages.text")
        user.click("messages.later")
        assert not user.is_there("messages")
        assert len(leftovers()) == 2
        user.tab.canvas.setFocus()
        user.ctrl(Qt.Key.Key_W)
        await user.opened(0)
        await user.window.settle()
        assert len(user.widgets("welcome.leftover")) == 2

    at_the_window(scenario, picture)


def test_a_start_with_nothing_left_says_nothing(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        await start_with(user, picture)
        assert user.tab.title == "garden.png"
        assert not user.is_there("messages")

    at_the_window(scenario)


def test_discarding_takes_two_presses(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.paint((100, 100), (150, 100))
        await die(user)
        assert len(await start_page(user)) == 1
        user.click("welcome.discard")
        await user.window.settle()
        assert len(leftovers()) == 1
        user.click("welcome.discard")
        await user.window.settle()
        assert leftovers() == []
        assert not user.is_there("welcome.leftover")

    at_the_window(scenario, picture)


def test_the_newest_of_several_comes_first_and_the_others_stay(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.paint((100, 100), (150, 100))
        await die(user)
        await user.window.file_commands.open_files([picture])
        user.paint((100, 100), (150, 100))
        user.paint((100, 200), (150, 200))
        await die(user)
        assert len(await start_page(user)) == 2
        user.click("welcome.recover")
        await user.opened(1)
        await user.window.settle()
        (left,) = leftovers()
        assert left.steps + len(user.steps) == 5

    at_the_window(scenario, picture)


def test_a_damaged_leftover_can_only_be_discarded(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.paint((100, 100), (150, 100))
        await die(user)
        (left,) = leftovers()
        left.path.write_bytes(left.path.read_bytes()[:5000])
        (card,) = await start_page(user)
        assert "damaged" in words(card)
        assert not user.widget("welcome.recover").isEnabled()
        user.click("welcome.discard")
        user.click("welcome.discard")
        await user.window.settle()
        assert leftovers() == []

    at_the_window(scenario, picture)


def test_what_another_window_has_recovered_is_told(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.paint((100, 100), (150, 100))
        await die(user)
        (left,) = leftovers()
        await start_page(user)
        lock = hold_journal(left.path)
        assert lock is not None
        try:
            user.click("welcome.recover")
            await user.told("already open")
            assert not user.window.all_tabs
        finally:
            lock.release()
        await user.quiet()
        user.click("welcome.recover")
        await user.opened(1)

    at_the_window(scenario, picture)
