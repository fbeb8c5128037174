"""A folder that answers late or never, such as one on a network: the window goes on, says so, and can be closed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt

from inpaint_studio.storage.project import is_project, journals_folder, leftovers
from inpaint_studio.studio import export, session
from inpaint_studio.ui import file_flow
from tests.acceptance.conftest import Run, garden
from tests.acceptance.test_files import save_as, saved_as
from tests.acceptance.user import User


class SlowDisk:
    """Holds calls of storage functions until it is let go."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        self._let_go = threading.Event()

    def hold(self, module: object, name: str, *, only: str = "") -> None:
        """Hold `module.name`; with `only`, just for paths that end so."""
        real: Callable[..., Any] = getattr(module, name)

        def held(*arguments: Any, **named: Any) -> Any:
            if not only or any(str(argument).endswith(only) for argument in arguments):
                assert self._let_go.wait(60)
            return real(*arguments, **named)

        self._patch.setattr(module, name, held)

    def let_go(self) -> None:
        self._let_go.set()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowDisk]:
    before = set(threading.enumerate())
    disk = SlowDisk(monkeypatch)
    yield disk
    disk.let_go()
    for thread in set(threading.enumerate()) - before:
        if thread.name == "errand":
            thread.join(20)
            assert not thread.is_alive()


async def give_up(user: User, disk: SlowDisk) -> None:
    """Cancel what waits for the disk, and let it answer too late."""
    user.key(Qt.Key.Key_Escape)
    await user.window.settle()
    assert not user.is_there("progress")
    late = [thread for thread in threading.enumerate() if thread.name == "errand"]
    disk.let_go()
    for thread in late:
        thread.join(20)


def test_the_window_is_used_while_a_photo_opens_slowly(
    at_the_window: Run, picture: Path, tmp_path: Path, disk: SlowDisk
) -> None:
    slow = garden(tmp_path / "slow.png")

    async def scenario(user: User) -> None:
        disk.hold(session, "read_photo", only="slow.png")
        user.drop(slow)
        await user.until_there("progress")
        assert "slow.png" in user.widget("progress.stage").text()
        user.paint((100, 100), (150, 100))
        assert user.steps == ("Add mask", "Brush stroke")
        user.key(Qt.Key.Key_Return)
        await user.filled()
        assert user.steps[-1] == "Fill"
        # the fill has come and gone, and this still goes on
        assert "slow.png" in user.widget("progress.stage").text()
        disk.let_go()
        await user.opened(2)
        await user.window.settle()
        assert user.tab.title == "slow.png"
        assert not user.is_there("progress")

    at_the_window(scenario, picture)


@pytest.mark.parametrize("way", ["Esc", "the Cancel button"])
def test_opening_is_cancelled(at_the_window: Run, picture: Path, tmp_path: Path, disk: SlowDisk, way: str) -> None:
    slow, after = garden(tmp_path / "slow.png"), garden(tmp_path / "after.png")

    async def scenario(user: User) -> None:
        disk.hold(session, "read_photo", only="slow.png")
        user.drop(slow, after)
        await user.until_there("progress")
        if way == "Esc":
            user.key(Qt.Key.Key_Escape)
        else:
            user.click("progress.cancel")
        await user.window.settle()
        assert not user.is_there("progress")
        assert not user.is_there("messages")
        assert [tab.title for tab in user.window.all_tabs] == ["garden.png"]
        disk.let_go()
        user.drop(slow)
        await user.opened(2)
        await user.window.settle()

    at_the_window(scenario, picture)


def test_what_opens_too_late_leaves_nothing(at_the_window: Run, picture: Path, tmp_path: Path, disk: SlowDisk) -> None:
    slow = garden(tmp_path / "slow.png")

    async def scenario(user: User) -> None:
        disk.hold(session, "read_photo", only="slow.png")
        user.drop(slow)
        await user.until_there("progress")
        user.key(Qt.Key.Key_Escape)
        await user.window.settle()
        late = [thread for thread in threading.enumerate() if thread.name == "errand"]
        disk.let_go()
        for thread in late:
            thread.join(20)
        assert len(list(journals_folder().glob("*.sqlite"))) == 1
        assert len(user.window.all_tabs) == 1

    at_the_window(scenario, picture)


def test_a_project_opens_slowly(at_the_window: Run, picture: Path, tmp_path: Path, disk: SlowDisk) -> None:
    project = tmp_path / "work.inpaint"

    async def scenario(user: User) -> None:
        user.paint((100, 100), (150, 100))
        await saved_as(user, project)
        user.ctrl(Qt.Key.Key_W)
        await user.opened(0)
        await user.window.settle()
        disk.hold(session, "open_project")
        user.drop(project)
        await user.until_there("progress")
        assert "work.inpaint" in user.widget("progress.stage").text()
        # what it looks like is seen all the while, and another photo can be opened meanwhile
        await user.until_there("early_look")
        user.drop(picture)
        await user.opened(1)
        assert not user.is_there("early_look")
        disk.let_go()
        await user.opened(2)
        await user.window.settle()
        assert {tab.title for tab in user.window.all_tabs} == {"work", "garden.png"}

    at_the_window(scenario, picture)


def test_painting_goes_on_during_a_slow_save(at_the_window: Run, picture: Path, tmp_path: Path, disk: SlowDisk) -> None:
    project = tmp_path / "work.inpaint"

    async def scenario(user: User) -> None:
        user.paint((100, 100), (150, 100))
        disk.hold(session, "save")
        await save_as(user, str(project))
        await user.until_there("progress")
        await user.back()
        assert "work.inpaint" in user.widget("progress.stage").text()
        assert user.tab.title == "garden.png*"
        user.paint((100, 200), (150, 200))
        assert user.steps == ("Add mask", "Brush stroke", "Brush stroke")
        disk.let_go()
        await user.window.settle()
        assert user.tab.session.project == project
        assert is_project(project)

    at_the_window(scenario, picture)


def test_a_slow_save_is_cancelled_and_the_old_file_stands(
    at_the_window: Run, picture: Path, tmp_path: Path, disk: SlowDisk
) -> None:
    project = tmp_path / "work.inpaint"

    async def scenario(user: User) -> None:
        user.paint((100, 100), (150, 100))
        await saved_as(user, project)
        old = project.read_bytes()
        user.paint((100, 200), (150, 200))
        disk.hold(session, "save")
        user.ctrl(Qt.Key.Key_S)
        await user.until_there("progress")
        user.key(Qt.Key.Key_Escape)
        await user.window.settle()
        assert not user.is_there("progress")
        assert user.tab.title == "work*"
        assert project.read_bytes() == old
        late = [thread for thread in threading.enumerate() if thread.name == "errand"]
        disk.let_go()
        for thread in late:
            thread.join(20)
        # and a save that is wanted is done
        user.ctrl(Qt.Key.Key_S)
        await user.until(lambda: not user.tab.session.unsaved, user.tab.changed)
        await user.window.settle()
        assert user.tab.title == "work"

    at_the_window(scenario, picture)


def test_a_slow_export_is_cancelled_and_writes_nothing(
    at_the_window: Run, picture: Path, tmp_path: Path, disk: SlowDisk
) -> None:
    async def scenario(user: User) -> None:
        disk.hold(export, "write_photo")
        user.ctrl(Qt.Key.Key_E, shift=True)
        await user.until_there("dialog.export")
        user.write("export.name", "mended.png")
        user.key(Qt.Key.Key_Return)
        await user.until_there("progress")
        await user.back()
        await give_up(user, disk)
        assert not (tmp_path / "mended.png").exists()
        assert not user.is_there("messages")

    at_the_window(scenario, picture)


def test_a_slow_export_of_a_mask_is_cancelled_and_writes_nothing(
    at_the_window: Run, picture: Path, tmp_path: Path, disk: SlowDisk
) -> None:
    async def scenario(user: User) -> None:
        user.paint((100, 100), (150, 100))
        disk.hold(file_flow, "write_photo")
        await user.command("action.mask_export")
        await user.until_there("save.dialog")
        user.save_as(tmp_path / "mask.png")
        await user.until_there("progress")
        await user.back()
        assert "mask.png" in user.widget("progress.stage").text()
        user.paint((100, 200), (150, 200))
        await give_up(user, disk)
        assert not (tmp_path / "mask.png").exists()
        assert not user.is_there("messages")

    at_the_window(scenario, picture)


def test_the_document_closes_while_a_mask_is_imported_slowly(
    at_the_window: Run, picture: Path, tmp_path: Path, disk: SlowDisk
) -> None:
    slow, other = garden(tmp_path / "slow.png"), garden(tmp_path / "other.png")

    async def scenario(user: User) -> None:
        disk.hold(file_flow, "read_masks")
        await user.command("action.mask_import")
        await user.until_there("open.dialog")
        user.write("fileNameEdit", str(slow))
        user.key(Qt.Key.Key_Return)
        await user.until_there("progress")
        await user.back()
        user.ctrl(Qt.Key.Key_W)
        await user.opened(1)
        disk.let_go()
        await user.window.settle()
        assert not user.is_there("messages")
        assert user.layers == ()

    at_the_window(scenario, picture, other)


def test_the_window_closes_while_a_disk_hangs(
    at_the_window: Run, picture: Path, tmp_path: Path, disk: SlowDisk
) -> None:
    slow = garden(tmp_path / "slow.png")

    async def scenario(user: User) -> None:
        window, ended = user.window, []
        window.ended.connect(lambda: ended.append(True))
        disk.hold(session, "read_photo", only="slow.png")
        user.drop(slow)
        await user.until_there("progress")
        user.ctrl(Qt.Key.Key_Q)
        await user.until(lambda: ended, window.ended)
        assert not window.isVisible()

    at_the_window(scenario, picture)


@pytest.mark.parametrize("answer", ["Go On", "Stop and Close"])
def test_closing_during_a_slow_save_asks(
    at_the_window: Run, picture: Path, tmp_path: Path, disk: SlowDisk, answer: str
) -> None:
    project = tmp_path / "work.inpaint"

    async def scenario(user: User) -> None:
        user.paint((100, 100), (150, 100))
        disk.hold(session, "save")
        await save_as(user, str(project))
        await user.until_there("progress")
        await user.back()
        user.ctrl(Qt.Key.Key_W)
        question = await user.until_there("question")
        assert "being written" in question.text()
        user.answer(answer)
        if answer == "Go On":
            await user.until_gone("question")
            disk.let_go()
            await user.window.settle()
            assert user.tab.title == "work"
            return
        await user.until_seen(lambda: user.is_there("question") and "Save" in user.widget("question").text())
        user.answer("Don't Save")
        await user.opened(0)
        await user.window.settle()
        assert leftovers() == []

    at_the_window(scenario, picture)
