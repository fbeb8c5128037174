"""How far a long operation is, in the status bar, with its way out."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from inpaint_studio.ui.theme import ElidedLabel, named

_TICKS = 1000


class TimeLeft:
    """Seconds that remain, told only once two estimates in a row agree."""

    #: Nothing is told before this much is done, and this many seconds went by.
    _LEAST_DONE, _LEAST_SECONDS = 0.05, 2.0
    #: How far two estimates of the whole may lie apart.
    _AGREE = 0.25

    def __init__(self) -> None:
        self._whole: float | None = None

    def estimate(self, fraction: float | None, elapsed: float) -> float | None:
        if fraction is None or fraction < self._LEAST_DONE or elapsed < self._LEAST_SECONDS:
            self._whole = None
            return None
        whole, before = elapsed / fraction, self._whole
        self._whole = whole
        if before is None or abs(whole - before) > self._AGREE * whole:
            return None
        return max(0.0, whole - elapsed)


class Progress(QWidget):
    """Stage, bar, elapsed time, time left where it can be known, and a Cancel button. Hidden while nothing runs."""

    cancelRequested = Signal()  # noqa: N815  Qt's way of naming signals

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "progress", accessible=self.tr("Progress"))
        self._stage = named(ElidedLabel(), "progress.stage")
        self._bar = named(QProgressBar(), "progress.bar", accessible=self.tr("Progress"))
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(140)
        self._bar.setMaximumHeight(12)
        self._time = named(QLabel(), "progress.time")
        self._time.setProperty("role", "hint")
        self._cancel = named(
            QPushButton(self.tr("Cancel")), "progress.cancel", self.tr("Cancel"), shortcut=self.tr("Esc")
        )
        self._cancel.clicked.connect(self.cancelRequested)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._stage, 1)
        for widget in (self._bar, self._time, self._cancel):
            row.addWidget(widget)
        self._clock = QTimer(self, interval=_TICKS)
        self._clock.timeout.connect(self._tick)
        self._began = 0.0
        self._fraction: float | None = None
        self._left = TimeLeft()
        self.setMinimumWidth(self.sizeHint().width() + 160)
        self.hide()

    def begin(self, stage: str) -> None:
        """Show that something runs of which nothing is known yet."""
        self._began, self._left = time.monotonic(), TimeLeft()
        self.update_progress(None, stage)
        self._tick()
        self._clock.start()
        self.show()

    @Slot(object, str)
    def update_progress(self, fraction: float | None, stage: str) -> None:
        """`fraction` done in 0..1; None shows a bar that only says that something goes on."""
        self._fraction = fraction
        self._stage.set_full_text(stage)
        self._bar.setRange(0, 0 if fraction is None else 1000)
        if fraction is not None:
            self._bar.setValue(round(1000 * fraction))

    @Slot()
    def end(self) -> None:
        """Nothing runs any more."""
        self._clock.stop()
        self.hide()

    @Slot()
    def _tick(self) -> None:
        elapsed = time.monotonic() - self._began
        left = self._left.estimate(self._fraction, elapsed)
        text = duration(elapsed)
        if left is not None:
            text = self.tr("{elapsed}, {left} left").format(elapsed=text, left=duration(left))
        self._time.setText(text)


def duration(seconds: float) -> str:
    """Such as 0:07, 12:30 or 1:02:03."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
