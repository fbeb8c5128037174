"""The start page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from inpaint_studio.ui.icons import icon
from inpaint_studio.ui.theme import heading, hint, named
from inpaint_studio.ui.welcome.cards import LeftoverCard, Recent, RecentCard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtCore import QMimeData

    from inpaint_studio.storage.project import Leftover

_WIDTH = 620


class Welcome(QScrollArea):
    """Ways to begin: open a photo, the sample, a recent file, or what an ended program left unsaved."""

    #: The user wants to choose a file.
    chooseRequested = Signal()  # noqa: N815  Qt's way of naming signals
    sampleRequested = Signal()  # noqa: N815
    #: list[Path]: recent or dropped files.
    openRequested = Signal(list)  # noqa: N815
    #: The path of a leftover.
    recoverRequested = Signal(object)  # noqa: N815
    discardRequested = Signal(object)  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "welcome", accessible=self.tr("Start page"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setAcceptDrops(True)
        body = QWidget()
        body.setMaximumWidth(_WIDTH)
        column = QVBoxLayout(body)
        column.setContentsMargins(24, 32, 24, 24)
        column.setSpacing(8)
        column.addWidget(heading(self.tr("Inpaint Studio"), role="title"))
        column.addWidget(hint("welcome.about", self.tr("Paint over what should go. Everything else stays as it is.")))
        column.addSpacing(8)
        column.addLayout(self._buttons())
        column.addWidget(hint("welcome.drop", self.tr("Or drop photos here.")))
        self._leftovers = self._section(column, self.tr("Unsaved work"))
        self._recents = self._section(column, self.tr("Recent"))
        column.addStretch(1)
        outer = QWidget()
        middle = QHBoxLayout(outer)
        middle.addStretch(1)
        middle.addWidget(body, 100)
        middle.addStretch(1)
        self.setWidget(outer)

    def set_recent(self, files: Sequence[Recent]) -> None:
        """List the files that were open lately, the latest first."""
        cards = []
        for recent in files:
            card = RecentCard(recent, self)
            card.chosen.connect(lambda path=recent.path: self.openRequested.emit([path]))
            cards.append(card)
        _fill(self._recents, cards)

    def set_leftovers(self, leftovers: Sequence[Leftover]) -> None:
        """List what can be recovered."""
        cards = []
        for leftover in leftovers:
            card = LeftoverCard(leftover, self)
            card.recover.connect(lambda path=leftover.path: self.recoverRequested.emit(path))
            card.discard.connect(lambda path=leftover.path: self.discardRequested.emit(path))
            cards.append(card)
        _fill(self._leftovers, cards)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  Qt's name
        if _files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802  Qt's name
        files = _files(event.mimeData())
        if files:
            # never a move: whoever dragged them would delete the originals
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.openRequested.emit(files)

    def _buttons(self) -> QHBoxLayout:
        choose = named(
            QPushButton(self.tr("Open a photo…")), "welcome.open", self.tr("Open a photo"), shortcut=self.tr("Ctrl+O")
        )
        choose.setProperty("primary", "true")
        choose.clicked.connect(self.chooseRequested)
        sample = named(
            QPushButton(icon("fill"), self.tr("Open the sample")),
            "welcome.sample",
            self.tr("Open a sample photo to try things on"),
        )
        sample.clicked.connect(self.sampleRequested)
        row = QHBoxLayout()
        for button in (choose, sample):
            button.setMinimumHeight(36)
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _section(self, column: QVBoxLayout, title: str) -> QWidget:
        section = QWidget()
        lines = QVBoxLayout(section)
        lines.setContentsMargins(0, 16, 0, 0)
        lines.setSpacing(2)
        lines.addWidget(heading(title))
        section.hide()
        column.addWidget(section)
        return section


def _fill(section: QWidget, cards: Sequence[QWidget]) -> None:
    """Put `cards` below the section's heading, in place of those that are there."""
    lines = section.layout()
    if lines is None:
        return
    while lines.count() > 1:
        item = lines.takeAt(1)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()
    for card in cards:
        lines.addWidget(card)
    section.setVisible(bool(cards))


def _files(data: QMimeData) -> list[Path]:
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
