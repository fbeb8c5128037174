"""How the classes of damage are called and coloured: a palette that colour-blind people can tell apart."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap

from inpaint_studio.restore.defects import Defect
from inpaint_studio.ui.canvas.marks import Style

_COLOURS = {
    Defect.DUST: 0xFF56B4E9,
    Defect.LINES: 0xFFE69F00,
    Defect.CRACKS: 0xFFFF6A3C,
    Defect.STAINS: 0xFFE08CC0,
    Defect.TEXT: 0xFF2FD0A0,
}
#: The codes of what was painted by hand, and of the part that is looked at; before them those of the classes, from 1.
PAINTED, LOUD = len(_COLOURS) + 1, len(_COLOURS) + 2


def style(ratio: float) -> Style:
    """Of the outlines on a screen with `ratio` device pixels to a pixel."""
    colours = (0, *(_COLOURS[defect] for defect in Defect), 0xFFF0E442, 0xFFFFFFFF)
    return Style(colours, LOUD, max(1, round(ratio)))


def name(defect: Defect) -> str:
    """What the user reads."""
    names = {
        Defect.DUST: QCoreApplication.translate("Defect", "Dust and specks"),
        Defect.LINES: QCoreApplication.translate("Defect", "Hairs and scratches"),
        Defect.CRACKS: QCoreApplication.translate("Defect", "Creases and cracks"),
        Defect.STAINS: QCoreApplication.translate("Defect", "Stains and losses"),
        Defect.TEXT: QCoreApplication.translate("Defect", "Text and stamps"),
    }
    return names[defect]


def short_name(defect: Defect) -> str:
    """The same in one word, for the list of parts."""
    names = {
        Defect.DUST: QCoreApplication.translate("Defect", "Dust"),
        Defect.LINES: QCoreApplication.translate("Defect", "Scratch"),
        Defect.CRACKS: QCoreApplication.translate("Defect", "Crack"),
        Defect.STAINS: QCoreApplication.translate("Defect", "Stain"),
        Defect.TEXT: QCoreApplication.translate("Defect", "Text"),
    }
    return names[defect]


def swatch(defect: Defect) -> QIcon:
    """A ring in the colour of the class, as it is on the photo."""
    side = 24
    picture = QPixmap(side, side)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = painter.pen()
    pen.setColor(QColor.fromRgba(_COLOURS[defect]))
    pen.setWidth(4)
    painter.setPen(pen)
    painter.drawEllipse(5, 5, side - 10, side - 10)
    painter.end()
    return QIcon(picture)
