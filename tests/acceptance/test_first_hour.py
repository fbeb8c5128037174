"""What somebody meets in the first hour: words that help, keys that open one thing, and nothing left behind."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QListWidget, QSpinBox

from tests.acceptance.conftest import Run, garden
from tests.acceptance.test_recovery import die_twice
from tests.acceptance.user import User


def letters(user: User) -> list[str]:
    """What Alt and a letter mean in the window, as it is now."""
    titles = [action.text() for action in user.window.menuBar().actions()]
    labels = [label for label in user.window.findChildren(QLabel) if label.buddy() is not None]
    texts = [one.text() for one in [*labels, *user.window.findChildren(QAbstractButton)] if one.isVisible()]
    marked = [text.replace("&&", "").partition("&")[2][:1].lower() for text in titles + texts]
    return [letter for letter in marked if letter]


@pytest.mark.parametrize("key", ["B", "W", "S", "A", "H", "M"])
def test_no_letter_opens_two_things(at_the_window: Run, picture: Path, key: str) -> None:
    async def scenario(user: User) -> None:
        user.key(Qt.Key[f"Key_{key}"])
        found = letters(user)
        assert len(found) > 10
        assert [letter for letter, count in Counter(found).items() if count > 1] == []

    at_the_window(scenario, picture)


def test_a_fill_of_nothing_is_advised_not_scolded(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_Return)
        assert "brush (B)" in await user.told("Nothing is selected")
        assert user.widget("messages").property("kind") == "info"
        assert not user.is_there("messages.copy")

    at_the_window(scenario, picture)


def test_colours_that_are_not_chosen_leave_no_mask(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_I)
        await user.until_there("dialog.colour_range")
        user.click("range.cancel")
        await user.until_gone("dialog.colour_range")
        await user.window.settle()
        assert user.steps == ()
        assert list(user.layers) == []
        assert user.tab.title == picture.name, "there is nothing to save"

    at_the_window(scenario, picture)


def test_the_sample_says_what_to_do_until_it_is_done(at_the_window: Run) -> None:
    async def scenario(user: User) -> None:
        user.click("welcome.sample")
        await user.opened(1)
        await user.told("Paint over the bird")
        user.scribble(470, 170, 530, 290, 20)
        assert "Paint over the bird" in user.text("messages.text")
        user.key(Qt.Key.Key_Return)
        await user.until_seen(lambda: "Paint over the bird" not in user.text("messages.text"))
        user.key(Qt.Key.Key_Escape)

    at_the_window(scenario)


def test_a_command_is_found_by_its_menu_too(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.ctrl(Qt.Key.Key_K)
        await user.until_there("dialog.palette")
        rows = user.widget("palette.list")
        assert isinstance(rows, QListWidget)
        assert rows.item(0).text() == "File ▸ Open"
        user.write("palette.text", "mask")
        shown = [rows.item(row).text() for row in range(rows.count())]
        assert "Mask ▸ Grow" in shown
        assert "mask" in shown[0].partition(" ▸ ")[2].lower(), "names before menus"
        heights = {rows.visualItemRect(rows.item(row)).height() for row in range(rows.count())}
        assert len(heights) == 1
        user.write("palette.text", "mask invert")
        user.key(Qt.Key.Key_Return)
        await user.window.settle()
        assert user.steps[-1] == "Invert"

    at_the_window(scenario, picture)


def test_candidates_keep_their_places_when_their_pictures_come(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        count = user.widget("fill.candidates")
        assert isinstance(count, QSpinBox)
        QTest.keyClick(count, Qt.Key.Key_Up)
        user.scribble(240, 140, 340, 240, 20)
        user.key(Qt.Key.Key_Return)
        await user.filled()
        await user.until_there("candidates.list")
        strip = user.widget("candidates.list")
        assert isinstance(strip, QListWidget)
        before = [strip.visualItemRect(strip.item(row)) for row in range(2)]
        await user.window.settle()
        assert [strip.visualItemRect(strip.item(row)) for row in range(2)] == before
        # the chosen one is not tinted: its colours are what is judged
        icon, size = strip.item(0).icon(), strip.iconSize()
        plain, chosen = (icon.pixmap(size, mode).toImage() for mode in (icon.Mode.Normal, icon.Mode.Selected))
        assert plain == chosen

    at_the_window(scenario, picture)


def test_the_list_of_engines_says_what_they_are_for(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        engine = user.widget("fill.engine")
        assert isinstance(engine, QComboBox)
        names = [engine.itemText(row) for row in range(engine.count())]
        assert "Membrane" in names, "the closed box is short"
        widest = max(engine.fontMetrics().horizontalAdvance(name) for name in names)
        assert engine.view().sizeHintForColumn(0) > 1.5 * widest

    at_the_window(scenario, picture)


def test_of_several_documents_that_were_left_the_others_are_offered_too(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        await die_twice(user, picture)
        await user.window.file_commands.look_for_leftovers()
        user.click("welcome.recover")
        await user.opened(1)
        await user.told("The program ended before your work")
        user.click("messages.action")
        await user.opened(2)

    at_the_window(scenario, picture)


def test_whoever_thinks_better_of_quitting_finds_everything_open(
    at_the_window: Run, picture: Path, tmp_path: Path
) -> None:
    other = garden(tmp_path / "other.png")

    async def scenario(user: User) -> None:
        assert user.tab.title == other.name
        user.paint((100, 100), (150, 100))
        user.ctrl(Qt.Key.Key_Q)
        await user.until_there("question")
        user.answer("Cancel")
        await user.until_gone("question")
        await user.window.settle()
        assert [tab.title for tab in user.window.all_tabs] == [picture.name, f"{other.name}*"]

    at_the_window(scenario, picture, other)


def test_the_photo_is_where_it_was_when_the_original_beside_goes(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        view = user.tab.canvas.view
        middle = view.to_viewport(300, 200)
        user.key(Qt.Key.Key_Y, Qt.KeyboardModifier.ShiftModifier)
        await user.until_there("canvas.before")
        await user.until_seen(lambda: user.tab.canvas.view.width < 0.6 * view.width)
        user.key(Qt.Key.Key_Y, Qt.KeyboardModifier.ShiftModifier)
        await user.until_gone("canvas.before")
        await user.until_seen(lambda: user.tab.canvas.view.width == view.width)
        assert user.tab.canvas.view.to_viewport(300, 200) == middle
        # and where it was left, when one has looked closer
        user.ctrl(Qt.Key.Key_1)
        user.key(Qt.Key.Key_Y, Qt.KeyboardModifier.ShiftModifier)
        await user.until_there("canvas.before")
        await user.until_seen(lambda: user.tab.canvas.view.width < 0.6 * view.width)
        user.ctrl(Qt.Key.Key_Plus)
        seen = user.tab.canvas.view.to_viewport(300, 200)
        user.key(Qt.Key.Key_Y, Qt.KeyboardModifier.ShiftModifier)
        await user.until_gone("canvas.before")
        assert user.tab.canvas.view.to_viewport(300, 200) == seen

    at_the_window(scenario, picture)
