"""Questions to the user that other code can await: no nested event loop, and Esc is always a way out."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QSize, Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QHeaderView, QMessageBox, QTreeView, QWidget

from inpaint_studio.ui.errand import in_thread
from inpaint_studio.ui.file_icons import plain_icons

#: The panel of macOS asks by itself before it gives the name of an existing file, and can't be told not to.
_ASKS_ITSELF = sys.platform == "darwin"
#: The size of Qt's own dialog for files.
_FILES = QSize(820, 520)


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
    title = QCoreApplication.applicationName()
    box = QMessageBox(QMessageBox.Icon.Question, title, text, QMessageBox.StandardButton.NoButton, parent)
    box.setObjectName("question")
    box.setInformativeText(explanation)
    added = [box.addButton(label, QMessageBox.ButtonRole.ActionRole) for label in buttons]
    box.setDefaultButton(added[0])
    box.setEscapeButton(added[-1])
    await finished(box)
    clicked = box.clickedButton()
    return added.index(clicked) if clicked in added else len(added) - 1


def file_dialog(parent: QWidget, title: str, folder: Path, kinds: str = "") -> QFileDialog:
    """The platform's own dialog for files where it has one, otherwise Qt's, which then looks into no file."""
    dialog = QFileDialog(parent, title, str(folder), kinds)
    dialog.setIconProvider(plain_icons())
    dialog.setOption(QFileDialog.Option.HideNameFilterDetails)
    table = dialog.findChild(QTreeView, "treeView")
    if table is not None:
        # Qt's own cuts sizes and dates off; the platform's have no such table
        dialog.resize(_FILES)
        table.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        table.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    return dialog


async def files_to_open(parent: QWidget, title: str, folder: Path, kinds: str) -> list[Path]:
    """Files that the user picks; none when they cancel."""
    dialog = file_dialog(parent, title, folder, kinds)
    dialog.setObjectName("open.dialog")
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    accepted = await finished(dialog)
    return [Path(name) for name in dialog.selectedFiles()] if accepted else []


async def file_to_save(
    parent: QWidget,
    title: str,
    proposed: Path,
    kinds: str,
    suffix: str,
    complete: Callable[[Path], Path] = lambda path: path,
) -> Path | None:
    """A file name that the user gives, as `complete` completes it; None when they cancel.

    A name without a suffix gets `suffix` (without its dot). They are asked before an existing file is replaced.
    """
    dialog = file_dialog(parent, title, proposed.parent, kinds)
    dialog.setObjectName("save.dialog")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    # Qt's own question is a nested event loop
    dialog.setOption(QFileDialog.Option.DontConfirmOverwrite, not _ASKS_ITSELF)
    dialog.setDefaultSuffix(suffix)
    dialog.selectFile(proposed.name)
    dialog.setWindowModality(Qt.WindowModality.WindowModal)
    if not await finished(dialog):
        return None
    typed = Path(dialog.selectedFiles()[0])
    target = complete(typed)
    asked = _ASKS_ITSELF and target == typed
    if not asked and await in_thread(target.exists) and not await _may_replace(parent, target):
        return None
    return target


async def _may_replace(parent: QWidget, path: Path) -> bool:
    text = QCoreApplication.translate("Ask", "{0} exists already. Replace it?").format(path.name)
    what_is_lost = QCoreApplication.translate("Ask", "What is in it now will be lost.")
    replace, cancel = (QCoreApplication.translate("Ask", word) for word in ("Replace", "Cancel"))
    return await choice(parent, text, what_is_lost, replace, cancel) == 0
