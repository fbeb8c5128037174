"""Icons and kinds for Qt's own file dialog that come from names alone.

Qt's provider asks the MIME database, which reads the beginning of every file that has no telling name, partly on the
window's thread: a folder full of pipes or on a slow share holds the window.
"""

from __future__ import annotations

from functools import cache
from typing import overload

from PySide6.QtCore import QCoreApplication, QFileInfo
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QFileIconProvider

from inpaint_studio.ui.icons import icon


class _PlainIcons(QFileIconProvider):
    """Asked by Qt from threads of its own as well: everything is made before."""

    def __init__(self) -> None:
        super().__init__()
        self._folder, self._file = icon("open"), QIcon()
        self._folder_name = QCoreApplication.translate("FileDialog", "Folder")
        self._file_name = QCoreApplication.translate("FileDialog", "{0} file")

    @overload
    def icon(self, what: QFileIconProvider.IconType, /) -> QIcon: ...
    @overload
    def icon(self, what: QFileInfo, /) -> QIcon: ...
    def icon(self, what: QFileIconProvider.IconType | QFileInfo, /) -> QIcon:
        if isinstance(what, QFileInfo):
            return self._folder if what.isDir() else self._file
        return self._file if what is QFileIconProvider.IconType.File else self._folder

    def type(self, info: QFileInfo, /) -> str:
        return self._folder_name if info.isDir() else self._file_name.format(info.suffix().upper()).strip()


@cache
def plain_icons() -> QFileIconProvider:
    """The one provider; dialogs don't own it, and Qt's threads may ask it until a dialog is deleted."""
    return _PlainIcons()
