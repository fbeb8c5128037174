"""A look at a photo or a project while it is being opened.

A large JPEG is decoded at a fraction of its size, in a fraction of the time; a project holds a picture of itself.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColorSpace, QImage, QImageIOHandler, QImageReader, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from inpaint_studio.pixels.display_samples import screen_pixels
from inpaint_studio.storage.project import Preview, is_project, journals_folder, read_preview
from inpaint_studio.ui.canvas.drawing import SURROUND
from inpaint_studio.ui.colour import profile_to_display
from inpaint_studio.ui.theme import named

#: The longer side that the picture has at least; what is not much larger is opened as fast as looked at.
_SIDE = 800
#: The fractions that a JPEG can be decoded at without the work for the rest.
_FRACTIONS = (8, 4, 2)


def early_picture(path: Path, screen: QColorSpace) -> tuple[QImage, QSize] | None:
    """What `path` looks like, in small, upright and in the screen's colours, and its own size. Any thread may call it.

    None for what can't be seen sooner than it is opened: photos but large JPEGs, projects without an up-to-date picture.
    """
    journal = path.parent == journals_folder()
    if journal or is_project(path):
        preview = read_preview(path, journal=journal)
        return None if preview is None else (_shown(preview, screen), QSize(preview.width, preview.height))
    return _small_jpeg(path, screen)


def _shown(preview: Preview, screen: QColorSpace) -> QImage:
    change = profile_to_display(preview.profile, preview.format.colour, screen)
    pixels = screen_pixels(preview.pixels, preview.format, change, 0, 0)
    height, width = pixels.shape
    # a copy: the image outlives the array
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()


def _small_jpeg(path: Path, screen: QColorSpace) -> tuple[QImage, QSize] | None:
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    if reader.format() != b"jpeg" or not reader.supportsOption(QImageIOHandler.ImageOption.ScaledSize):
        return None
    whole = reader.size()
    longest = max(whole.width(), whole.height())
    fraction = next((part for part in _FRACTIONS if longest >= part * _SIDE), None)
    if fraction is None:
        return None
    # rounded up, as the decoder does it: another size would be scaled once more
    reader.setScaledSize(QSize(-(-whole.width() // fraction), -(-whole.height() // fraction)))
    image = reader.read()
    if image.isNull():
        return None
    if image.colorSpace().isValid():
        image.convertToColorSpace(screen)
    turned = (image.width() > image.height()) != (whole.width() > whole.height())
    return image, whole.transposed() if turned else whole


class EarlyLook(QWidget):
    """Shows it where the canvas will, as large as the canvas will."""

    #: It is on the screen.
    painted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "early_look", accessible=self.tr("The photo that is being opened"))
        self._image = QImage()
        self._whole = QSize()

    def show_picture(self, image: QImage, whole: QSize) -> None:
        """`whole`: the photo's own size."""
        self._image, self._whole = image, whole
        self.update()

    def clear(self) -> None:
        """Let go of the picture's memory."""
        self._image = QImage()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        painter = QPainter(self)
        painter.fillRect(self.rect(), SURROUND)
        if not self._image.isNull():
            ratio = self.devicePixelRatioF()
            most = QSize(round(self._whole.width() / ratio), round(self._whole.height() / ratio))
            size = most.scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio).boundedTo(most)
            place = QRectF(
                (self.width() - size.width()) / 2, (self.height() - size.height()) / 2, size.width(), size.height()
            )
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(place, self._image)
        painter.end()
        if not self._image.isNull():
            self.painted.emit()
