"""What the start page lists, found on a thread of its own: disks may be slow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QImageIOHandler, QImageReader

from inpaint_studio.errors import StudioError
from inpaint_studio.ui.welcome.cards import Recent

if TYPE_CHECKING:
    from pathlib import Path

    from inpaint_studio.storage.project import Leftover

_SIDE = QSize(224, 224)


def look() -> tuple[list[Recent], list[Leftover]]:
    """Recent files with their pictures, and what can be recovered."""
    from inpaint_studio.storage.project import leftovers
    from inpaint_studio.studio.recent import recent_files

    return [Recent(path, _picture(path)) for path in recent_files()], leftovers()


def _picture(path: Path) -> QImage | None:
    from inpaint_studio.storage.project import SUFFIX, read_thumbnail

    if path.suffix.lower() == SUFFIX:
        try:
            data = read_thumbnail(path)
        except StudioError:
            return None
        return None if data is None else QImage.fromData(data)
    reader = QImageReader(str(path))
    # JPEG: it is decoded at an eighth; others would be decoded whole
    if not reader.supportsOption(QImageIOHandler.ImageOption.ScaledSize):
        return None
    reader.setAutoTransform(True)
    reader.setScaledSize(reader.size().scaled(_SIDE, Qt.AspectRatioMode.KeepAspectRatio))
    picture = reader.read()
    return None if picture.isNull() else picture
