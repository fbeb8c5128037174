"""The lines of the start page: a picture, a name, where or when, and what can be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QDateTime, QLocale, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from inpaint_studio.ui.theme import ElidedLabel, named

if TYPE_CHECKING:
    from pathlib import Path

    from inpaint_studio.storage.project import Leftover

_PICTURE = QSize(56, 42)


@dataclass(frozen=True, slots=True)
class Recent:
    """A file that was open lately."""

    path: Path
    picture: QImage | None = None


class _Card(QFrame):
    """A line with a picture and two texts; `row` takes buttons."""

    def __init__(self, name: str, title: str, below: str, picture: QImage | None, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, name, accessible=f"{title}, {below}")
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(8, 6, 8, 6)
        self.row.setSpacing(10)
        self.row.addWidget(self._picture(picture))
        texts = QVBoxLayout()
        texts.setSpacing(1)
        head = QLabel(title)
        head.setTextFormat(Qt.TextFormat.PlainText)
        small = ElidedLabel(below, Qt.TextElideMode.ElideMiddle)
        small.setProperty("role", "hint")
        texts.addWidget(head)
        texts.addWidget(small)
        self.row.addLayout(texts, 1)

    def _picture(self, picture: QImage | None) -> QLabel:
        label = QLabel()
        label.setFixedSize(_PICTURE)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        label.setProperty("role", "picture")
        if picture is not None and not picture.isNull():
            scale = self.devicePixelRatioF()
            pixmap = QPixmap.fromImage(picture).scaled(
                _PICTURE * scale, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
            pixmap.setDevicePixelRatio(scale)
            label.setPixmap(pixmap)
        return label


class RecentCard(_Card):
    """Opens on a click, Enter or Space."""

    chosen = Signal()

    def __init__(self, recent: Recent, parent: QWidget) -> None:
        path = recent.path
        super().__init__("welcome.recent", path.name, str(path.parent), recent.picture, parent)
        self.setToolTip(str(path))
        self.setProperty("role", "card")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self.chosen.emit()
        else:
            super().keyPressEvent(event)


class LeftoverCard(_Card):
    """Unsaved work of a program that ended too early."""

    recover = Signal()
    discard = Signal()

    def __init__(self, leftover: Leftover, parent: QWidget) -> None:
        if leftover.damaged:
            below = self.tr("It is damaged and cannot be opened any more.")
        else:
            steps = self.tr("1 step") if leftover.steps == 1 else self.tr("{0} steps").format(leftover.steps)
            below = self.tr("{steps}, last change {time}").replace("{steps}", steps)
            below = below.format(time=_local(leftover.modified))
        title = self.tr("Unsaved work on {name}").format(name=leftover.name)
        picture = None if leftover.thumbnail is None else QImage.fromData(leftover.thumbnail)
        super().__init__("welcome.leftover", title, below, picture, parent)
        self.setProperty("role", "line")
        self._recover = named(
            QPushButton(self.tr("Recover")), "welcome.recover", self.tr("Open it as it was, with its undo")
        )
        self._recover.setEnabled(not leftover.damaged)
        self._recover.clicked.connect(self.recover)
        self._sure = False
        self._discard = named(QPushButton(self.tr("Discard")), "welcome.discard", self.tr("Delete it for good"))
        self._discard.clicked.connect(self._asked)
        self.row.addWidget(self._recover)
        self.row.addWidget(self._discard)

    def _asked(self) -> None:
        """The first press asks, the second does it: there is no way back."""
        if self._sure:
            self.discard.emit()
        self._sure = True
        self._discard.setText(self.tr("Discard for good?"))


def _local(moment: str) -> str:
    """A time in ISO 8601 as the user writes times."""
    try:
        when = datetime.fromisoformat(moment)
    except ValueError:
        return moment
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return QLocale().toString(QDateTime.fromSecsSinceEpoch(int(when.timestamp())), QLocale.FormatType.ShortFormat)
