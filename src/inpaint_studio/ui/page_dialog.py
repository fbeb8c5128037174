"""Which page of a file of several is opened."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColorSpace, QIcon, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from inpaint_studio.errors import InputError
from inpaint_studio.pixels.display_samples import screen_pixels
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.pixels.smaller import smaller
from inpaint_studio.storage.files import probe, read_photo
from inpaint_studio.ui.colour import profile_to_display, screen_space
from inpaint_studio.ui.errand import in_thread
from inpaint_studio.ui.theme import hint, named

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Longest side of a page's picture, in pixels of the screen's own measure.
_SIDE = 128
_ROOM = QSize(168, 178)
_DEPTHS = {"uint8": "8", "uint16": "16", "float32": "32"}
_PAGE = Qt.ItemDataRole.UserRole


class PageDialog(QDialog):
    """Show it with `open()` and run `fill_in` meanwhile; once it is accepted `page` says which, from 0."""

    def __init__(self, path: Path, pages: Sequence[int], most_megapixels: float, parent: QWidget) -> None:
        """`pages`, from 0, are those that can be opened; larger ones than `most_megapixels` are listed without a picture."""
        super().__init__(parent)
        self._path, self._most = path, most_megapixels
        self._screen = screen_space(parent)
        self.setWindowTitle(self.tr("Choose a page"))
        named(self, "dialog.pages", accessible=self.windowTitle())
        about = hint(
            "pages.about",
            self.tr("{0} holds {1} pictures. Choose the one to open.").format(path.name, len(pages)),
        )
        self._list = named(QListWidget(), "pages.list", accessible=self.tr("Pages"))
        self._list.setViewMode(QListWidget.ViewMode.IconMode)
        self._list.setResizeMode(QListWidget.ResizeMode.Adjust)
        self._list.setMovement(QListWidget.Movement.Static)
        self._list.setWordWrap(True)
        self._list.setIconSize(QSize(_SIDE, _SIDE))
        self._list.setGridSize(_ROOM)
        for page in pages:
            item = QListWidgetItem(_icon(None, self.devicePixelRatioF()), f"{self.tr('Page {0}').format(page + 1)}\n")
            item.setData(_PAGE, page)
            item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
            self._list.addItem(item)
        self._list.setCurrentRow(0)
        self._list.itemActivated.connect(lambda _: self.accept())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel)
        opening, cancel = (
            buttons.button(one)
            for one in (QDialogButtonBox.StandardButton.Open, QDialogButtonBox.StandardButton.Cancel)
        )
        named(opening, "pages.open", self.tr("Open this page"), shortcut=self.tr("Enter"))
        named(cancel, "pages.cancel", self.tr("Open none"), shortcut=self.tr("Esc"))
        opening.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addWidget(about)
        column.addWidget(self._list, 1)
        column.addWidget(buttons)
        self.resize(4 * _ROOM.width() + 60, 2 * _ROOM.height() + 110)
        self._list.setFocus()

    @property
    def page(self) -> int:
        """The page that is chosen now, from 0."""
        return int(self._list.currentItem().data(_PAGE))

    async def fill_in(self) -> None:
        """Give each page its size and picture, one after the other: a page is decoded for it."""
        side = round(_SIDE * self.devicePixelRatioF())
        for row in range(self._list.count()):
            item = self._list.item(row)
            page = int(item.data(_PAGE))
            about = await in_thread(partial(_about, self._path, page))
            item.setText(f"{self.tr('Page {0}').format(page + 1)}\n{about}")
            picture = await in_thread(partial(_picture, self._path, page, side, self._most, self._screen))
            if picture is not None:
                item.setIcon(_icon(picture, self.devicePixelRatioF()))


def _about(path: Path, page: int) -> str:
    try:
        info = probe(path, page)
    except InputError:
        return ""
    kind = {Colour.GRAY: "gray", Colour.RGB: "RGB", Colour.CMYK: "CMYK"}[info.format.colour]
    return f"{info.width} × {info.height}, {_DEPTHS[info.format.dtype]} bits, {kind}"


def _picture(path: Path, page: int, side: int, most_megapixels: float, screen: QColorSpace) -> QImage | None:
    """The page with its longer side `side` at most; None where it can't be decoded or would take too long."""
    try:
        photo = read_photo(path, max_megapixels=most_megapixels, page=page)
    except InputError:
        return None
    height, width = photo.pixels.shape[:2]
    scale = max(1.0, max(height, width) / side)
    small = smaller(photo.pixels, max(1, round(width / scale)), max(1, round(height / scale)))
    colour = photo.format.colour
    pixel_format = PixelFormat(colour, photo.format.dtype, photo.format.alpha)
    pixels = screen_pixels(small, pixel_format, profile_to_display(photo.metadata.icc, colour, screen), 0, 0)
    # a copy: the image outlives the array
    return QImage(pixels.data, pixels.shape[1], pixels.shape[0], 4 * pixels.shape[1], QImage.Format.Format_RGB32).copy()


def _icon(picture: QImage | None, ratio: float) -> QIcon:
    """An icon of always the same size, so that nothing moves when pictures come."""
    whole = QPixmap(QSize(_SIDE, _SIDE) * ratio)
    whole.setDevicePixelRatio(ratio)
    whole.fill(Qt.GlobalColor.transparent)
    if picture is not None:
        picture.setDevicePixelRatio(ratio)
        painter = QPainter(whole)
        size = picture.deviceIndependentSize()
        painter.drawImage(round((_SIDE - size.width()) / 2), round((_SIDE - size.height()) / 2), picture)
        painter.end()
    icon = QIcon(whole)
    icon.addPixmap(whole, QIcon.Mode.Selected)  # not tinted: it is the picture that one looks at
    return icon
