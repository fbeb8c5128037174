from __future__ import annotations

import threading
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
    known(qtbot, dialog)
    yield dialog
    dialog.close()
    window.close()


def test_a_jpeg_over_a_jpeg_promises_what_is_kept(qtbot: QtBot, original: Path) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    photo = Photo(np.zeros((4, 4, 3), np.uint8), PixelFormat(Colour.RGB, "uint8"), family="jpeg")
    dialog = ExportDialog(photo, original, window)
    known(qtbot, dialog)
    said = dialog.findChild(QLabel, "export.loss")
    assert "all others stay as they are" in said.text()
    dialog.findChild(QCheckBox, "export.own_quality").setChecked(False)
    assert "lossy" in said.text()
    window.close()


def known(qtbot: QtBot, dialog: ExportDialog) -> None:
    """Wait until the dialog knows what stands at its path."""
    qtbot.waitUntil(lambda: not dialog.looking)


def name(dialog: ExportDialog) -> QLineEdit:
    return dialog.findChild(QLineEdit, "export.name")


def button(dialog: ExportDialog) -> QPushButton:
    return dialog.findChild(QPushButton, "export.export")


def write(qtbot: QtBot, dialog: ExportDialog, text: str) -> None:
    name(dialog).selectAll()
    qtbot.keyClicks(name(dialog), text)
    known(qtbot, dialog)


def test_a_new_name_in_the_same_folder_is_proposed(qtbot: QtBot, dialog: ExportDialog, original: Path) -> None:
    assert dialog.path == original.with_name("wren-filled.jpg")
    assert name(dialog).selectedText() == "wren-filled"
    with qtbot.waitSignal(dialog.accepted):
        qtbot.keyClick(name(dialog), Qt.Key.Key_Return)


def test_names_that_exist_are_passed_over(qtbot: QtBot, original: Path) -> None:
    assert ExportDialog.proposal(DEEP, original, original.parent) == "wren-filled.jpg"
    original.with_name("wren-filled.jpg").write_bytes(b"")
    proposed = ExportDialog.proposal(DEEP, original, original.parent)
    assert proposed == "wren-filled-2.jpg"
    window = QWidget()
    qtbot.addWidget(window)
    dialog = ExportDialog(DEEP, original, window, original.parent, proposed)
    assert dialog.path.name == proposed
    known(qtbot, dialog)


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
    known(qtbot, dialog)
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
    assert not own.isVisible()


@pytest.mark.parametrize("text", ["", "new.foo", "new", "..", "a/b.png", "folder.png"])
def test_names_that_cannot_be_written(qtbot: QtBot, dialog: ExportDialog, original: Path, text: str) -> None:
    original.with_name("folder.png").mkdir()
    write(qtbot, dialog, text)
    if not text:
        name(dialog).clear()
    known(qtbot, dialog)
    assert not button(dialog).isEnabled()
    assert dialog.findChild(QLabel, "export.warning").isVisible()


def test_a_folder_that_is_not_there(qtbot: QtBot, dialog: ExportDialog) -> None:
    folder = dialog.findChild(QLineEdit, "export.folder")
    folder.selectAll()
    qtbot.keyClicks(folder, "/nowhere/at/all")
    known(qtbot, dialog)
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
    known(qtbot, again)


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
    dialog = ExportDialog(photo, original, window)
    assert dialog.path.name == "wren-filled.webp"
    known(qtbot, dialog)


class Disk:
    """Answers whether a folder is there only when it is told to."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._answer = threading.Event()
        real = Path.is_dir

        def is_dir(path: Path) -> bool:
            assert threading.current_thread() is not threading.main_thread(), "the window would hang"
            assert self._answer.wait(20)
            return real(path)

        patch.setattr(Path, "is_dir", is_dir)

    def answer(self) -> None:
        self._answer.set()


def test_enter_before_the_disk_has_answered(
    qtbot: QtBot, dialog: ExportDialog, original: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    name(dialog).selectAll()
    qtbot.keyClicks(name(dialog), "new.png")
    with qtbot.assertNotEmitted(dialog.accepted):
        qtbot.keyClick(name(dialog), Qt.Key.Key_Return)
    warning = dialog.findChild(QLabel, "export.warning")
    qtbot.waitUntil(lambda: warning.isVisible() and "does not answer" in warning.text())
    with qtbot.waitSignal(dialog.accepted):
        disk.answer()
    assert dialog.path == original.with_name("new.png")


def test_enter_before_the_disk_has_answered_replaces_nothing(
    qtbot: QtBot, dialog: ExportDialog, original: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    name(dialog).selectAll()
    qtbot.keyClicks(name(dialog), "wren.jpg")
    with qtbot.assertNotEmitted(dialog.accepted):
        qtbot.keyClick(name(dialog), Qt.Key.Key_Return)
        disk.answer()
        known(qtbot, dialog)
    assert dialog.findChild(QCheckBox, "export.replace").isVisible()
    assert not button(dialog).isEnabled()


def test_a_disk_that_never_answers_can_be_left(
    qtbot: QtBot, dialog: ExportDialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    # far more keys than questions may hang
    name(dialog).selectAll()
    qtbot.keyClicks(name(dialog), "a long name that is typed.png")
    hanging = [thread for thread in threading.enumerate() if thread.name == "look"]
    assert len(hanging) <= 4
    with qtbot.waitSignal(dialog.rejected):
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    disk.answer()
    for thread in hanging:
        thread.join(20)


def test_what_was_said_of_the_former_name_does_not_flicker(qtbot: QtBot, dialog: ExportDialog, original: Path) -> None:
    for suffix in ("jpg", "jpe", "jpeg"):
        original.with_suffix(f".{suffix}").write_bytes(b"x")
    write(qtbot, dialog, "wren.jpg")
    tick = dialog.findChild(QCheckBox, "export.replace")
    tick.click()
    seen: list[bool] = []
    name(dialog).textChanged.connect(lambda: seen.append(tick.isVisible()))
    name(dialog).setText("wren.jpeg")
    known(qtbot, dialog)
    assert seen == [True]
    assert tick.isVisible()
    assert "wren.jpeg" in tick.text()
    assert not tick.isChecked()


def test_a_name_that_the_system_refuses(qtbot: QtBot, dialog: ExportDialog) -> None:
    write(qtbot, dialog, "n" * 300 + ".png")
    assert "Nothing can be written there" in dialog.findChild(QLabel, "export.warning").text()
    assert not button(dialog).isEnabled()
