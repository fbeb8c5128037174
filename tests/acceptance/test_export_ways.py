"""Exports with options and with layers, and photos whose files have something to say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import Qt

from inpaint_studio.storage.files import read_photo, write_photo
from inpaint_studio.storage.project import leftovers
from tests.acceptance.conftest import User

Run = Callable[..., None]


def test_a_document_leaves_with_its_layers(at_the_window: Run, picture: Path, tmp_path: Path) -> None:
    async def scenario(user: User) -> None:
        user.scribble(245, 145, 335, 235, 20)
        user.key(Qt.Key.Key_Return)
        await user.filled()
        await user.command("action.export_layers")
        await user.until_there("save.dialog")
        user.save_as(tmp_path / "layers.psd")
        await user.window.settle()
        await user.told("with its layers")
        document = user.tab.document
        written = read_photo(tmp_path / "layers.psd", max_megapixels=10)
        assert np.array_equal(written.pixels, document.composite().read(document.canvas))

    at_the_window(scenario, picture)


def test_a_fill_is_recorded_unless_it_is_left_out(at_the_window: Run, picture: Path, tmp_path: Path) -> None:
    async def scenario(user: User) -> None:
        user.scribble(245, 145, 335, 235, 20)
        user.key(Qt.Key.Key_Return)
        await user.filled()
        for name, leave_out in (("said.png", False), ("unsaid.png", True)):
            await user.back()
            user.ctrl(Qt.Key.Key_E, shift=True)
            await user.until_there("dialog.export")
            user.write("export.folder", str(tmp_path))
            user.write("export.name", name)
            if leave_out:
                user.widget("export.provenance").setFocus()
                user.key(Qt.Key.Key_Space)
            user.click("export.export")
            await user.window.settle()
            packet = read_photo(tmp_path / name, max_megapixels=10).metadata.xmp or b""
            assert (b"DigitalSourceType" in packet) is not leave_out

    at_the_window(scenario, picture)


def test_a_wrong_name_is_told(at_the_window: Run, tmp_path: Path) -> None:
    path = tmp_path / "really-a-jpeg.png"
    Image.new("RGB", (60, 40), (90, 120, 30)).save(path, "JPEG")

    async def scenario(user: User) -> None:
        assert "JPEG file" in await user.told("its name ends in .png")

    at_the_window(scenario, path)


def test_as_another_programs_editor_save_writes_the_photo(at_the_window: Run, picture: Path, tmp_path: Path) -> None:
    photo = tmp_path / "from-the-catalogue.tif"
    before = read_photo(picture, max_megapixels=10)
    write_photo(before, photo)

    async def scenario(user: User) -> None:
        user.window.file_commands.in_place = True
        user.scribble(245, 145, 335, 235, 20)
        user.key(Qt.Key.Key_Return)
        await user.filled()
        assert user.tab.title.endswith("*")
        user.ctrl(Qt.Key.Key_S)
        await user.told("Wrote from-the-catalogue.tif")
        assert not user.is_there("save.dialog")
        assert not user.tab.title.endswith("*")
        document = user.tab.document
        written = read_photo(photo, max_megapixels=10).pixels
        assert np.array_equal(written, document.composite().read(document.canvas))
        assert not np.array_equal(written, before.pixels)
        await user.window.settle()
        # what the photo holds is not offered again
        tab = user.tab
        await user.window.files.close(tab, discard=False)
        user.window.remove_tab(tab)
        assert leftovers() == []

    at_the_window(scenario, photo)
