from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QLabel, QLineEdit, QPushButton, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.storage.family import Keep
from inpaint_studio.storage.photo import Photo
from inpaint_studio.studio.export_options import ExportOptions
from inpaint_studio.ui.export_dialog import ExportDialog

DEEP = Photo(np.zeros((4, 4, 4), np.uint16), PixelFormat(Colour.RGB, "uint16", alpha=True))


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "wren.jpg"
    path.write_bytes(b"x")
    return path


@pytest.fixture
def dialog(qtbot: QtBot, original: Path) -> Iterator[ExportDialog]:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    dialog = ExportDialog(DEEP, original, window)
    dialog.open()
    yield dialog
    dialog.close()
    window.close()


def name(dialog: ExportDialog) -> QLineEdit:
    return dialog.findChild(QLineEdit, "export.name")


def button(dialog: ExportDialog) -> QPushButton:
    return dialog.findChild(QPushButton, "export.export")


def write(qtbot: QtBot, dialog: ExportDialog, text: str) -> None:
    name(dialog).selectAll()
    qtbot.keyClicks(name(dialog), text)


def test_a_new_name_in_the_same_folder_is_proposed(qtbot: QtBot, dialog: ExportDialog, original: Path) -> None:
    assert dialog.path == original.with_name("wren-filled.jpg")
    assert name(dialog).selectedText() == "wren-filled"
    with qtbot.waitSignal(dialog.accepted):
        qtbot.keyClick(name(dialog), Qt.Key.Key_Return)


def test_names_that_exist_are_passed_over(qtbot: QtBot, original: Path) -> None:
    original.with_name("wren-filled.jpg").write_bytes(b"")
    window = QWidget()
    qtbot.addWidget(window)
    assert ExportDialog(DEEP, original, window).path.name == "wren-filled-2.jpg"


def test_the_original_is_replaced_only_when_that_is_ticked(qtbot: QtBot, dialog: ExportDialog, original: Path) -> None:
    write(qtbot, dialog, "wren.jpg")
    tick = dialog.findChild(QCheckBox, "export.replace")
    assert tick.text() == "Replace the original file wren.jpg"
    with qtbot.assertNotEmitted(dialog.accepted):
        qtbot.keyClick(name(dialog), Qt.Key.Key_Return)
    tick.setFocus()
    qtbot.keyClick(tick, Qt.Key.Key_Space)
    assert button(dialog).isEnabled()
    with qtbot.waitSignal(dialog.accepted):
        qtbot.mouseClick(button(dialog), Qt.MouseButton.LeftButton)
    assert dialog.path == original


def test_leave_to_replace_one_file_is_none_for_another(qtbot: QtBot, dialog: ExportDialog, original: Path) -> None:
    original.with_name("other.jpg").write_bytes(b"")
    write(qtbot, dialog, "other.jpg")
    tick = dialog.findChild(QCheckBox, "export.replace")
    assert tick.text() == "Replace other.jpg, which exists"
    tick.click()
    write(qtbot, dialog, "wren.jpg")
    assert not tick.isChecked()
    assert not button(dialog).isEnabled()


def test_the_format_follows_the_suffix_and_the_other_way_round(qtbot: QtBot, dialog: ExportDialog) -> None:
    formats = dialog.findChild(QComboBox, "export.format")
    loss = dialog.findChild(QLabel, "export.loss")
    assert "lossy" in loss.text()
    write(qtbot, dialog, "new.TIFF")
    assert formats.currentText().startswith("TIFF")
    assert "lossless" in loss.text()
    assert dialog.quality is None
    formats.setFocus()
    qtbot.keyClicks(formats, "WebP")
    assert dialog.path.name == "new.webp"
    assert "8 of the photo's 16 bits" in loss.text()


def test_quality_is_for_lossy_formats(qtbot: QtBot, dialog: ExportDialog) -> None:
    quality = dialog.findChild(QSpinBox, "export.quality")
    assert quality.isVisible()
    assert dialog.quality is None, "as the original, for it is one of these"
    own = dialog.findChild(QCheckBox, "export.own_quality")
    own.setFocus()
    qtbot.keyClick(own, Qt.Key.Key_Space)
    quality.selectAll()
    qtbot.keyClicks(quality, "80")
    assert dialog.quality == 80
    write(qtbot, dialog, "new.png")
    assert not quality.isVisible()


@pytest.mark.parametrize("text", ["", "new.foo", "new", "..", "a/b.png", "folder.png"])
def test_names_that_cannot_be_written(qtbot: QtBot, dialog: ExportDialog, original: Path, text: str) -> None:
    original.with_name("folder.png").mkdir()
    write(qtbot, dialog, text)
    if not text:
        name(dialog).clear()
    assert not button(dialog).isEnabled()
    assert dialog.findChild(QLabel, "export.warning").isVisible()


def test_a_folder_that_is_not_there(qtbot: QtBot, dialog: ExportDialog) -> None:
    folder = dialog.findChild(QLineEdit, "export.folder")
    folder.selectAll()
    qtbot.keyClicks(folder, "/nowhere/at/all")
    assert not button(dialog).isEnabled()


def test_browsing_waits_for_nobody(qtbot: QtBot, dialog: ExportDialog, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    qtbot.mouseClick(dialog.findChild(QPushButton, "export.browse"), Qt.MouseButton.LeftButton)
    chooser = dialog.findChild(QFileDialog)
    chooser.fileSelected.emit(str(tmp_path / "inner"))
    assert dialog.path.parent == tmp_path / "inner"
    qtbot.keyClick(chooser, Qt.Key.Key_Escape)


def test_escape_leaves(qtbot: QtBot, dialog: ExportDialog) -> None:
    with qtbot.waitSignal(dialog.rejected):
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)


def test_all_choices_are_remembered(qtbot: QtBot, dialog: ExportDialog, original: Path) -> None:
    assert dialog.options == ExportOptions()
    write(qtbot, dialog, "new.png")
    for control, keys in (("bits", "8"), ("metadata", "Everything but"), ("profile", "Convert")):
        box = dialog.findChild(QComboBox, f"export.{control}")
        box.setFocus()
        qtbot.keyClicks(box, keys)
    for control in ("smaller", "provenance"):
        tick = dialog.findChild(QCheckBox, f"export.{control}")
        tick.setFocus()
        qtbot.keyClick(tick, Qt.Key.Key_Space)
    size = dialog.findChild(QSpinBox, "export.size")
    size.selectAll()
    qtbot.keyClicks(size, "3")
    wanted = ExportOptions(None, 8, 3, Keep.NO_LOCATION, srgb=True, provenance=False)
    assert dialog.options == wanted
    assert "before" in dialog.findChild(QLabel, "export.loss").text()
    with qtbot.waitSignal(dialog.accepted):
        qtbot.keyClick(name(dialog), Qt.Key.Key_Return)
    window = QWidget()
    qtbot.addWidget(window)
    again = ExportDialog(DEEP, original.with_suffix(".png"), window)
    assert again.options == wanted


def test_loss_is_a_choice_in_formats_that_have_both(qtbot: QtBot, dialog: ExportDialog) -> None:
    write(qtbot, dialog, "new.webp")
    own = dialog.findChild(QCheckBox, "export.own_quality")
    assert own.text() == "Without loss"
    assert dialog.quality is None
    own.setFocus()
    qtbot.keyClick(own, Qt.Key.Key_Space)
    assert dialog.quality == 95
    assert "lossy" in dialog.findChild(QLabel, "export.loss").text()


def test_a_wrong_name_does_not_hide_what_the_photo_is(qtbot: QtBot, original: Path) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    photo = Photo(np.zeros((4, 4, 3), np.uint8), PixelFormat(Colour.RGB), path=original, family="webp")
    assert ExportDialog(photo, original, window).path.name == "wren-filled.webp"
