"""Questions to the user that other code can await: no nested event loop, and Esc is always a way out."""

from __future__ import annotations

import asyncio
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QMessageBox, QWidget


async def finished(dialog: QDialog) -> int:
    """Open `dialog` and wait for its result. It is deleted afterwards, and closed when the waiting is cancelled."""
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    dialog.finished.connect(lambda code: None if future.done() else future.set_result(code))
    dialog.open()
    try:
        return await future
    finally:
        dialog.close()
        dialog.deleteLater()


async def choice(parent: QWidget, text: str, explanation: str, *buttons: str) -> int:
    """Ask with one button for each of `buttons`; the index of the one pressed. Esc presses the last."""
    box = QMessageBox(QMessageBox.Icon.Question, "", text, QMessageBox.StandardButton.NoButton, parent)
    box.setObjectName("question")
    box.setInformativeText(explanation)
    added = [box.addButton(label, QMessageBox.ButtonRole.ActionRole) for label in buttons]
    box.setDefaultButton(added[0])
    box.setEscapeButton(added[-1])
    await finished(box)
    clicked = box.clickedButton()
    return added.index(clicked) if clicked in added else len(added) - 1


async def files_to_open(parent: QWidget, title: str, folder: Path, kinds: str) -> list[Path]:
    """Files that the user picks; none when they cancel."""
    dialog = QFileDialog(parent, title, str(folder), kinds)
    dialog.setObjectName("open.dialog")
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    accepted = await finished(dialog)
    return [Path(name) for name in dialog.selectedFiles()] if accepted else []


async def file_to_save(parent: QWidget, title: str, proposed: Path, kinds: str, suffix: str) -> Path | None:
    """A file name that the user gives; None when they cancel. The dialog itself asks before an existing file is replaced."""
    dialog = QFileDialog(parent, title, str(proposed.parent), kinds)
    dialog.setObjectName("save.dialog")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(suffix)
    dialog.selectFile(proposed.name)
    dialog.setWindowModality(Qt.WindowModality.WindowModal)
    accepted = await finished(dialog)
    return Path(dialog.selectedFiles()[0]) if accepted else None
