"""Files that are dropped, refused, saved and exported."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QFileSystemModel, QListView, QPushButton

from inpaint_studio.storage.project import is_project, save
from inpaint_studio.storage.project.places import hold_project, journals_folder
from inpaint_studio.studio import session
from tests.acceptance.conftest import Run, garden
from tests.acceptance.screen import OpenWatch
from tests.acceptance.user import User


def no_dialog() -> bool:
    return QApplication.activeModalWidget() is None


async def save_as(user: User, name: str) -> None:
    user.ctrl(Qt.Key.Key_S, shift=True)
    await user.until_there("save.dialog")
    user.save_as(name)


async def saved_as(user: User, path: Path) -> None:
    """Save As, to the end."""
    await save_as(user, str(path))
    await user.until(lambda: user.tab.session.project == path, user.tab.changed)
    await user.window.settle()
    await user.back()


def items(user: User, name: str) -> list[str]:
    rows = user.widget(name)
    assert isinstance(rows, QListView)
    return [rows.model().index(row, 0).data() for row in range(rows.model().rowCount())]


# ---- opening


def test_twenty_photos_dropped_at_once(at_the_window: Run, tmp_path: Path) -> None:
    photos = []
    for number in range(20):
        photos.append(tmp_path / f"photo{number:02}.png")
        cv2.imwrite(str(photos[-1]), np.full((48, 64, 3), 10 * number, np.uint8))

    async def scenario(user: User) -> None:
        user.drop(*photos)
        await user.opened(20)
        await user.window.settle()
        assert [tab.title for tab in user.window.all_tabs] == [photo.name for photo in photos]
        assert [int(tab.document.composite().read(tab.document.canvas)[0, 0, 0]) for tab in user.window.all_tabs] == [
            10 * number for number in range(20)
        ]
        assert not user.is_there("messages")
        user.paint((10, 10), (50, 40))
        assert user.window.tabs.tabText(19) == "photo19.png*"

    at_the_window(scenario)


def test_what_is_dropped_is_never_moved(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        drop = user.drop(picture, action=Qt.DropAction.MoveAction)
        # a file manager deletes what was moved
        assert drop.dropAction() == Qt.DropAction.CopyAction
        await user.opened(1)
        await user.window.settle()

    at_the_window(scenario)


def bad_files(folder: Path) -> list[Path]:
    names = ("missing.png", "empty.png", "cut.png", "letter.png", "folder.png", "project.inpaint")
    missing, empty, cut, letter, inside, project = (folder / name for name in names)
    empty.touch()
    garden(cut)
    cut.write_bytes(cut.read_bytes()[:20_000])
    letter.write_text("Dear Sir or Madam,\n" * 50)
    inside.mkdir()
    project.write_bytes(b"SQLite format 3\0" + bytes(5000))
    return [missing, empty, cut, letter, inside, project]


def test_bad_files_are_told_one_by_one_and_the_good_one_opens(at_the_window: Run, tmp_path: Path) -> None:
    bad, good = bad_files(tmp_path), garden(tmp_path / "good.png")

    async def scenario(user: User) -> None:
        user.drop(*bad, good)
        await user.opened(1)
        await user.window.settle()
        assert user.tab.title == "good.png"
        assert no_dialog()
        told = []
        for _ in bad:
            assert user.text("messages.hint")
            assert not user.is_there("messages.trace")
            told.append(user.text("messages.text"))
            user.click("messages.close")
        assert [text.split()[0] for text in told] == [path.name for path in bad]
        assert all(text.endswith(".") for text in told)
        assert not user.is_there("messages")
        user.tab.canvas.setFocus()
        user.paint((100, 100), (150, 100))
        assert user.steps == ("Add mask", "Brush stroke")

    at_the_window(scenario)


@pytest.mark.parametrize(("how", "told"), [("newer", "newer version"), ("cut off", "damaged"), ("torn", "damaged")])
def test_projects_that_can_not_be_opened(
    at_the_window: Run, picture: Path, tmp_path: Path, how: str, told: str
) -> None:
    project = tmp_path / "work.inpaint"

    async def scenario(user: User) -> None:
        user.paint((100, 100), (150, 100))
        await saved_as(user, project)
        user.ctrl(Qt.Key.Key_W)
        await user.opened(0)
        spoil(project, how)
        spoiled = project.read_bytes()
        user.drop(project)
        message = await user.told(told)
        assert message.split("\n")[1]
        await user.window.settle()
        assert not user.window.all_tabs
        assert project.read_bytes() == spoiled
        assert not list(journals_folder().glob("*.sqlite"))
        user.drop(picture)
        await user.opened(1)
        await user.window.settle()

    at_the_window(scenario, picture)


def spoil(project: Path, how: str) -> None:
    data = project.read_bytes()
    if how == "newer":
        with closing(sqlite3.connect(project)) as connection:
            connection.execute("PRAGMA user_version = 99")
    elif how == "cut off":
        project.write_bytes(data[: len(data) // 2])
    else:
        half = len(data) // 2 & ~4095
        project.write_bytes(data[:4096] + b"\xa5" * (half - 4096) + data[half:])


def test_a_project_that_is_open_here_comes_to_the_front(at_the_window: Run, picture: Path, tmp_path: Path) -> None:
    project, other = tmp_path / "work.inpaint", garden(tmp_path / "other.png")

    async def scenario(user: User) -> None:
        user.paint((100, 100), (150, 100))
        await saved_as(user, project)
        user.drop(other)
        await user.opened(2)
        await user.window.settle()
        user.drop(project)
        await user.until(lambda: user.tab.title == "work", user.window.tabs.currentChanged)
        await user.window.settle()
        assert len(user.window.all_tabs) == 2
        assert not user.is_there("messages")

    at_the_window(scenario, picture)


def test_a_project_that_another_window_has_is_told(at_the_window: Run, picture: Path, tmp_path: Path) -> None:
    project = tmp_path / "work.inpaint"

    async def scenario(user: User) -> None:
        user.paint((100, 100), (150, 100))
        await saved_as(user, project)
        user.ctrl(Qt.Key.Key_W)
        await user.opened(0)
        await user.window.settle()
        lock = hold_project(journals_folder(), project)
        try:
            user.drop(project)
            assert "work.inpaint" in await user.told("already open in another window")
        finally:
            lock.release()

    at_the_window(scenario, picture)


# ---- saving


def test_save_as_adds_the_suffix(at_the_window: Run, picture: Path, tmp_path: Path) -> None:
    async def scenario(user: User) -> None:
        user.paint((100, 100), (150, 100))
        for name, file in (("plain", "plain.inpaint"), ("dotted.v2", "dotted.v2.inpaint")):
            await save_as(user, str(tmp_path / name))
            await user.until(lambda file=file: user.tab.session.project == tmp_path / file, user.tab.changed)
            await user.window.settle()
            await user.back()
            assert is_project(tmp_path / file)
            assert not (tmp_path / name).exists()
        assert user.window.windowTitle() == "dotted.v2 – Inpaint Studio"

    at_the_window(scenario, picture)


@pytest.mark.parametrize("answer", ["Replace", "Cancel"])
def test_a_file_that_the_suffix_names_is_not_replaced_unasked(
    at_the_window: Run, picture: Path, tmp_path: Path, answer: str
) -> None:
    old = tmp_path / "dotted.v2.inpaint"
    old.write_bytes(b"somebody's work")

    async def scenario(user: User) -> None:
        user.paint((100, 100), (150, 100))
        await save_as(user, str(tmp_path / "dotted.v2"))
        question = await user.until_there("question")
        assert old.name in question.text()
        user.answer(answer)
        await user.until_gone("question")
        await user.window.settle()
        assert is_project(old) == (answer == "Replace")
        assert user.tab.session.unsaved == (answer == "Cancel")

    at_the_window(scenario, picture)


def test_a_folder_that_can_not_be_written(at_the_window: Run, picture: Path, tmp_path: Path) -> None:
    project = tmp_path / "work.inpaint"

    async def scenario(user: User) -> None:
        user.paint((100, 100), (150, 100))
        await saved_as(user, project)
        old = project.read_bytes()
        user.paint((100, 200), (150, 200))
        # not even root may write there
        await save_as(user, "/sys/work.inpaint")
        assert (await user.told("/sys")).split("\n")[1]
        await user.window.settle()
        assert no_dialog()
        assert user.tab.title == "work*"
        assert project.read_bytes() == old
        await user.quiet()
        await user.back()
        user.ctrl(Qt.Key.Key_S)
        await user.until(lambda: not user.tab.session.unsaved, user.tab.changed)
        await user.window.settle()
        assert user.tab.session.project == project
        assert project.read_bytes() != old

    at_the_window(scenario, picture)


def test_what_is_painted_during_a_save_is_still_unsaved(at_the_window: Run, picture: Path, tmp_path: Path) -> None:
    project = tmp_path / "work.inpaint"

    async def scenario(user: User) -> None:
        user.paint((100, 100), (150, 100))
        await saved_as(user, project)
        user.paint((100, 200), (150, 200))
        user.ctrl(Qt.Key.Key_S)
        user.paint((100, 300), (150, 300))
        await user.window.settle()
        user.ctrl(Qt.Key.Key_S)
        await user.window.settle()
        assert user.tab.title == "work"
        user.paint((100, 350), (150, 350))
        assert user.tab.title == "work*"

    at_the_window(scenario, picture)


def test_another_way_to_the_saved_position_is_unsaved(
    at_the_window: Run, picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "work.inpaint"
    written, go_on = threading.Event(), threading.Event()

    def slow(*arguments: Any, **named: Any) -> Any:
        done = save(*arguments, **named)
        written.set()
        assert go_on.wait(60)
        return done

    async def scenario(user: User) -> None:
        user.paint((100, 100), (150, 100))
        user.paint((100, 200), (150, 200))
        await saved_as(user, project)
        user.paint((100, 300), (150, 300))
        monkeypatch.setattr(session, "save", slow)
        user.ctrl(Qt.Key.Key_S)
        await asyncio.to_thread(written.wait, 20)
        # as many steps as are saved, but another one
        user.ctrl(Qt.Key.Key_Z)
        user.paint((300, 300), (350, 300))
        go_on.set()
        await user.window.settle()
        assert user.tab.title == "work*"
        user.ctrl(Qt.Key.Key_S)
        await user.window.settle()
        assert user.tab.title == "work"

    at_the_window(scenario, picture)


@pytest.mark.parametrize("answer", ["Replace", "Cancel"])
def test_the_question_before_a_file_is_replaced_holds_nothing_up(
    at_the_window: Run, picture: Path, tmp_path: Path, answer: str
) -> None:
    old = tmp_path / "old.inpaint"
    old.write_bytes(b"somebody's work")

    async def scenario(user: User) -> None:
        user.paint((100, 100), (150, 100))
        await save_as(user, str(old))
        question = await user.until_there("question")
        assert "old.inpaint" in question.text()
        # what asks is a task like any other: the loop goes on below no other loop
        assert not user.is_there("save.dialog")
        user.answer(answer)
        await user.window.settle()
        assert is_project(old) == (answer == "Replace")
        assert user.tab.session.unsaved == (answer == "Cancel")

    at_the_window(scenario, picture)


def test_the_file_dialog_looks_into_no_file(at_the_window: Run, picture: Path, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for name in ("noname", "data.xyz", "project.inpaint", "photo.png"):
        (folder / name).write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    picture = picture.rename(folder / "garden.png")

    async def scenario(user: User) -> None:
        watch = OpenWatch(folder)
        try:
            user.ctrl(Qt.Key.Key_O)
            dialog = await user.until_there("open.dialog")
            dialog.selectNameFilter("All files (*)")
            model = dialog.findChild(QFileSystemModel)
            root = model.index(str(folder))
            changes = (model.directoryLoaded, model.rowsInserted, model.layoutChanged)
            await user.until(lambda: model.rowCount(root) == 5, *changes)
            for row in range(5):
                index = model.index(row, 0, root)
                model.fileIcon(index)
                assert model.type(index) in {"file", "XYZ file", "INPAINT file", "PNG file"}
            user.key(Qt.Key.Key_Escape)
            await user.window.settle()
            assert watch.opened() == set()
        finally:
            watch.close()

    at_the_window(scenario, picture)


def test_files_of_the_sample_are_proposed_among_the_users_pictures(
    at_the_window: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = tmp_path / "Pictures"
    pictures.mkdir()
    monkeypatch.setenv("XDG_PICTURES_DIR", str(pictures))

    async def scenario(user: User) -> None:
        user.click("welcome.sample")
        await user.opened(1)
        await user.window.settle()
        user.ctrl(Qt.Key.Key_S)
        dialog = await user.until_there("save.dialog")
        assert Path(dialog.selectedFiles()[0]) == pictures / "canyon-wren.inpaint"
        user.key(Qt.Key.Key_Escape)
        await user.window.settle()
        await user.back()
        user.ctrl(Qt.Key.Key_E, shift=True)
        await user.until_there("dialog.export")
        assert user.widget("export.folder").text() == str(pictures)
        assert user.widget("export.name").text() == "canyon-wren-filled.jpg"
        user.key(Qt.Key.Key_Escape)
        await user.window.settle()

    at_the_window(scenario)


# ---- exporting


def test_the_original_is_replaced_only_by_name_and_tick(at_the_window: Run, picture: Path) -> None:
    original = picture.read_bytes()

    async def scenario(user: User) -> None:
        user.scribble(245, 145, 335, 235, 20)
        user.key(Qt.Key.Key_Return)
        await user.filled()
        user.ctrl(Qt.Key.Key_E, shift=True)
        await user.until_there("dialog.export")
        user.write("export.name", picture.name)
        user.key(Qt.Key.Key_Return)
        export = user.widget("export.export")
        assert isinstance(export, QPushButton)
        await user.until_seen(lambda: not export.isEnabled())
        assert user.is_there("dialog.export")
        tick = user.widget("export.replace")
        assert isinstance(tick, QCheckBox)
        assert "original" in tick.text()
        assert picture.name in tick.text()
        assert picture.read_bytes() == original
        tick.setFocus()
        user.key(Qt.Key.Key_Space)
        user.click("export.export")
        await user.told("0 pixels changed outside the mask")
        written = cv2.cvtColor(cv2.imread(str(picture)), cv2.COLOR_BGR2RGB)
        assert np.array_equal(written, user.shown())
        assert picture.read_bytes() != original

    at_the_window(scenario, picture)


def test_an_export_that_is_refused_is_told(
    at_the_window: Run, picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(user: User) -> None:
        user.scribble(245, 145, 335, 235, 20)
        user.key(Qt.Key.Key_Return)
        await user.filled()
        user.ctrl(Qt.Key.Key_E, shift=True)
        await user.until_there("dialog.export")
        user.write("export.folder", "/sys")
        user.write("export.name", "mended.png")
        user.key(Qt.Key.Key_Return)
        assert (await user.told("/sys")).split("\n")[1]
        assert not user.is_there("progress")
        assert user.steps[-1] == "Fill"

    at_the_window(scenario, picture)


# ---- several documents


def test_each_tab_has_its_own_undo_and_its_own_docks(at_the_window: Run, picture: Path, tmp_path: Path) -> None:
    async def scenario(user: User) -> None:
        tabs = user.window.tabs
        assert user.tab.title == "other.png"
        user.paint((100, 100), (150, 100))
        assert items(user, "history.list") == ["Opened", "Add mask", "Brush stroke"]
        assert items(user, "layers.list") == ["Mask 1", "Photo"]
        user.ctrl(Qt.Key.Key_Tab)
        assert user.tab.title == "garden.png"
        assert items(user, "history.list") == ["Opened"]
        assert items(user, "layers.list") == ["Photo"]
        assert user.widget("status.zoom").text() == "100 %"
        user.ctrl(Qt.Key.Key_Z)
        user.go_to_tab(1)
        assert user.tab.title == "other.png*"
        assert user.steps == ("Add mask", "Brush stroke")
        user.tab.canvas.setFocus()
        user.ctrl(Qt.Key.Key_Z)
        assert user.steps == ("Add mask",)
        assert tabs.tabText(0) == "garden.png"

    at_the_window(scenario, picture, garden(tmp_path / "other.png"))


def test_files_that_were_open_are_on_the_start_page(at_the_window: Run, picture: Path, tmp_path: Path) -> None:
    other = garden(tmp_path / "other.png")

    async def scenario(user: User) -> None:
        for _ in range(2):
            user.ctrl(Qt.Key.Key_W)
            await user.window.settle()
        cards = user.widgets("welcome.recent")
        assert [card.toolTip() for card in cards] == [str(other), str(picture)]
        cards[1].setFocus()
        user.key(Qt.Key.Key_Return)
        await user.opened(1)
        await user.window.settle()
        assert user.tab.title == "garden.png"
        assert user.tab.canvas.hasFocus()

    at_the_window(scenario, picture, other)
