"""One model in the library: what it is, and what can be done with it just now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from inpaint_studio.ui.theme import heading, hint, named

if TYPE_CHECKING:
    from inpaint_studio.engines.library.control import Transfer

_STEPS = 1000
_ACTS = ("load", "unload", "verify", "remove", "discard", "download", "pause", "resume", "cancel")


@dataclass(frozen=True, slots=True)
class About:
    """The texts of a card. facts: size, memory, licence in one line. restrictions: what the licence forbids."""

    id: str
    title: str
    purpose: str
    facts: str
    restrictions: str = ""


class ModelCard(QFrame):
    """Shows a model and asks by `wanted` for what its buttons say: "download", "pause", "resume", "cancel", "discard", "load",
    "unload", "verify" or "remove".
    """

    wanted = Signal(str, str)

    def __init__(self, about: About, *, installed: bool, removable: bool, left: int = 0, large: bool = False) -> None:
        """left: per cent of an unfinished download that are here already; 0 when there is none.
        large: it can be opened ahead of a fill.
        """
        super().__init__()
        named(self, f"models.card.{about.id}", accessible=about.title)
        self.setProperty("role", "panel")
        self.about, self._installed = about, installed
        self._download = self._button("download", self.tr("Go On") if left else self.tr("Download"))
        self._discard = self._button("discard", self.tr("Discard"))
        self._pause = self._button("pause", self.tr("Pause"))
        self._resume = self._button("resume", self.tr("Go On"))
        self._cancel = self._button("cancel", self.tr("Cancel"))
        self._load = self._button("load", self.tr("Load"))
        self._unload = self._button("unload", self.tr("Unload"))
        self._load.setToolTip(self.tr("Open it now, so that its first fill begins at once"))
        self._unload.setToolTip(self.tr("Free the memory it takes"))
        self._verify = self._button("verify", self.tr("Verify"))
        self._remove = self._button("remove", self.tr("Remove"))
        self._remove.setEnabled(removable)
        if not removable:
            self._remove.setToolTip(self.tr("Its files belong to an added folder or to another program."))
        self._bar = named(QProgressBar(), f"models.progress.{about.id}", accessible=self.tr("Progress of the download"))
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(6)
        self._state = hint(f"models.state.{about.id}")
        self._left, self._large, self._open = left, large, False
        self._lay_out()
        self.rest()

    def rest(self) -> None:
        """Nothing is being downloaded."""
        self._show(
            download=not self._installed,
            discard=bool(self._left) and not self._installed,
            load=self._large and not self._open,
            unload=self._open,
            verify=self._installed,
            remove=self._installed,
        )
        self._bar.hide()
        self.tell(self.tr("{0} % has arrived.").format(self._left) if self._left and not self._installed else "")

    def show_transfer(self, transfer: Transfer) -> None:
        """Show where the download is."""
        self._show(pause=not transfer.paused, resume=transfer.paused, cancel=True)
        self._bar.setRange(0, _STEPS if transfer.total else 0)
        self._bar.setValue(_STEPS * transfer.done // max(transfer.total, 1))
        self._bar.show()
        amount = self.tr("{0} of {1}").format(size(transfer.done), size(transfer.total)) if transfer.total else ""
        speed = self.tr("{0} a second").format(size(round(transfer.speed))) if transfer.speed else ""
        left = (
            self.tr("{0} left").format(_time((transfer.total - transfer.done) / transfer.speed))
            if transfer.speed
            else ""
        )
        self.tell(" · ".join(part for part in (amount, speed, left, transfer.note) if part))

    def set_open(self, on: bool) -> None:
        """Show whether it is in memory."""
        if on != self._open:
            self._open = on
            self.rest()

    def show_work(self, note: str) -> None:
        """Show what is being done with it; how long it takes cannot be told."""
        self._show(cancel=True)
        self._bar.setRange(0, 0)
        self._bar.show()
        self.tell(note)

    def show_check(self, done: int, total: int) -> None:
        """Show how far the check is."""
        self._show(cancel=True)
        self._bar.setRange(0, _STEPS if total else 0)
        self._bar.setValue(_STEPS * done // max(total, 1))
        self._bar.show()
        self.tell(self.tr("Checking {0} of {1}").format(size(done), size(total)) if total else self.tr("Checking"))

    def begin(self) -> None:
        """Put the keyboard's focus on what is most likely wanted."""
        for button in (self._download, self._resume, self._pause, self._verify):
            if button.isVisible():
                button.setFocus(Qt.FocusReason.OtherFocusReason)
                return

    def tell(self, text: str) -> None:
        """Say something below the model's description."""
        self._state.setText(text)
        self._state.setVisible(bool(text))

    def set_busy(self, text: str) -> None:
        """Nothing can be asked for while something is done."""
        self._show()
        self.tell(text)

    def _show(self, **shown: bool) -> None:
        for name in _ACTS:
            button: QPushButton = getattr(self, f"_{name}")
            button.setVisible(shown.get(name, False))

    def _button(self, what: str, text: str) -> QPushButton:
        button = named(QPushButton(text), f"models.{what}.{self.about.id}", accessible=f"{text}: {self.about.title}")
        button.setAutoDefault(False)
        button.clicked.connect(lambda: self.wanted.emit(self.about.id, what))
        return button

    def _lay_out(self) -> None:
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(heading(self.about.title))
        for text in (self.about.purpose, self.about.facts, self.about.restrictions):
            if text:
                texts.addWidget(hint("", text))
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addLayout(texts, 1)
        for name in _ACTS:
            row.addWidget(getattr(self, f"_{name}"))
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self._bar)
        column.addWidget(self._state)


def size(nbytes: int) -> str:
    """Bytes as people say them."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if nbytes >= factor:
            return f"{nbytes / factor:.1f} {unit}"
    return f"{nbytes} B"


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


class FolderRow(QWidget):
    """A folder or file that the user added, and the button that stops using it."""

    forget = Signal(str)

    def __init__(self, path: str, number: int) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 4, 10, 4)
        row.addWidget(hint(f"models.place.{number}", path), 1)
        button = named(
            QPushButton(self.tr("Stop Using")),
            f"models.forget.{number}",
            self.tr("The files stay where they are"),
            accessible=self.tr("Stop using {0}").format(path),
        )
        button.setAutoDefault(False)
        button.clicked.connect(lambda: self.forget.emit(path))
        row.addWidget(button)


def separator() -> QWidget:
    """A thin line between two models."""
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    line.setProperty("role", "rule")
    return line
