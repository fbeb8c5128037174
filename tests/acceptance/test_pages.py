"""A file of several pages asks which, and keeps the others."""

from __future__ import annotations

import asyncio
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QListWidget

from tests.acceptance.conftest import Run, garden
from tests.acceptance.user import User

LEAVES = np.full((300, 200), 30000, np.uint16)


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Three pages: a gray one of 16 bits, the garden, and a preview of it; then another gray one."""
    path = tmp_path / "album.tif"
    photo = cv2.imread(str(garden(tmp_path / "garden.png")))[..., ::-1]
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(LEAVES, photometric="minisblack", compression="deflate", metadata=None)
        tiff.write(photo, photometric="rgb", compression="deflate", metadata=None)
        tiff.write(photo[::8, ::8], photometric="rgb", subfiletype=1, metadata=None)
        tiff.write(LEAVES + 1, photometric="minisblack", metadata=None)
    return path


def listed(user: User) -> QListWidget:
    rows = user.widget("pages.list")
    assert isinstance(rows, QListWidget)
    return rows


def texts(rows: QListWidget) -> list[str]:
    return [rows.item(row).text() for row in range(rows.count())]


def test_a_page_is_chosen_by_keys_filled_and_saved_beside_the_others(at_the_window: Run, album: Path) -> None:
    async def scenario(user: User) -> None:
        user.window.file_commands.in_place = True
        with tifffile.TiffFile(album) as tiff:
            before = [page.asarray() for page in tiff.pages]
        user.drop(album)
        await user.until_there("dialog.pages")
        rows = listed(user)
        assert rows.hasFocus()
        about = user.widget("pages.about")
        assert isinstance(about, QLabel)
        assert "3 pictures" in about.text()
        # the preview is no page that anybody would edit
        assert [text.split("\n")[0] for text in texts(rows)] == ["Page 1", "Page 2", "Page 4"]
        user.key(Qt.Key.Key_Right)
        user.key(Qt.Key.Key_Return)
        await user.opened(1)
        await user.back()
        assert user.shown().shape == (400, 600, 3)
        user.scribble(245, 145, 335, 235, 20)
        user.key(Qt.Key.Key_Return)
        await user.filled()
        filled = user.shown()
        user.ctrl(Qt.Key.Key_S)
        await user.until(lambda: not user.tab.session.unsaved, user.tab.changed)
        with tifffile.TiffFile(album) as tiff:
            after = [page.asarray() for page in tiff.pages]
        assert [np.array_equal(one, other) for one, other in zip(before, after, strict=True)] == [
            True,
            False,
            True,
            True,
        ]
        assert np.array_equal(after[1], filled)
        await user.window.settle()

    at_the_window(scenario)


def test_pages_get_their_pictures_and_a_click_opens_one(at_the_window: Run, album: Path) -> None:
    async def scenario(user: User) -> None:
        user.drop(album)
        await user.until_there("dialog.pages")
        rows = listed(user)

        def seen(row: int) -> tuple[int, ...]:
            icon = rows.item(row).icon()
            return icon.pixmap(icon.availableSizes()[0]).toImage().pixelColor(64, 64).getRgb()

        pictured = asyncio.get_running_loop().create_future()
        rows.itemChanged.connect(lambda: None if pictured.done() or seen(2)[3] == 0 else pictured.set_result(None))
        if seen(2)[3] == 0:
            await asyncio.wait_for(pictured, 20)
        assert texts(rows) == [
            "Page 1\n200 × 300, 16 bits, gray",
            "Page 2\n600 × 400, 8 bits, RGB",
            "Page 4\n200 × 300, 16 bits, gray",
        ]
        assert seen(0)[:3] == (117, 117, 117)
        place = rows.visualItemRect(rows.item(2)).center()
        QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
        user.click("pages.open")
        await user.opened(1)
        assert int(user.shown()[0, 0, 0]) == 30001
        assert user.tab.studio.photo.page == 3
        await user.window.settle()

    at_the_window(scenario)


def test_esc_opens_none_and_the_next_file_is_opened(at_the_window: Run, album: Path, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.drop(album, picture)
        await user.until_there("dialog.pages")
        user.key(Qt.Key.Key_Escape)
        await user.opened(1)
        assert user.tab.title == "garden.png"
        assert not user.is_there("messages")
        await user.window.settle()

    at_the_window(scenario)


def test_a_photo_and_its_preview_are_no_choice(at_the_window: Run, tmp_path: Path) -> None:
    path = tmp_path / "one.tif"
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(LEAVES[::4, ::4], photometric="minisblack", subfiletype=1, metadata=None)
        tiff.write(LEAVES, photometric="minisblack", metadata=None)

    async def scenario(user: User) -> None:
        user.drop(path)
        await user.opened(1)
        assert user.shown().shape == (300, 200, 1)
        await user.window.settle()

    at_the_window(scenario)
