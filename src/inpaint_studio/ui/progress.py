"""How far a long operation is, in the status bar, with its way out."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QTimer, Slot
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


class Work:
    """One long operation, as `Progress` shows it."""

    def __init__(self, stage: str, cancel: Callable[[], object], shown_from: float) -> None:
        self.stage = stage
        self.cancel = cancel
        self.shown_from = shown_from
        self.began = time.monotonic()
        #: When it first told how far it is: loading that came before says nothing of what is left.
        self.told_from = self.began
        self.fraction: float | None = None
        self.left = TimeLeft()
        #: Ends it early and keeps what there is; None while there is nothing to keep.
        self.finish: Callable[[], object] | None = None


class Progress(QWidget):
    """Stage, bar, elapsed time, time left where it can be known, a Cancel button, and one that keeps what there is.

    Hidden while nothing runs.

    Of several operations the one that began last is shown; when it ends, the one before it is shown again.
    """

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
        self._cancel.clicked.connect(self.cancel)
        self._finish = named(
            QPushButton(self.tr("Keep This")), "progress.finish", self.tr("Stop here and keep what there is")
        )
        self._finish.clicked.connect(self.finish)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._stage, 1)
        for widget in (self._bar, self._time, self._finish, self._cancel):
            row.addWidget(widget)
        self._clock = QTimer(self, interval=_TICKS)
        self._clock.timeout.connect(self._tick)
        self._late = QTimer(self, singleShot=True)
        self._late.timeout.connect(self._refresh)
        self._works: list[Work] = []
        self.setMinimumWidth(self.sizeHint().width() + 160)
        self.hide()

    def begin(self, stage: str, cancel: Callable[[], object], *, after_ms: int = 0) -> Work:
        """Show that something runs of which nothing is known yet; what ends within `after_ms` is never shown."""
        work = Work(stage, cancel, time.monotonic() + after_ms / 1000)
        self._works.append(work)
        self._refresh()
        return work

    def update_work(self, work: Work, fraction: float | None, stage: str) -> None:
        """`fraction` done in 0..1; None shows a bar that only says that something goes on."""
        if work.fraction is None:
            work.told_from = time.monotonic()
        work.fraction, work.stage = fraction, stage
        if work is self._shown():
            self._show_work(work)

    def offer_finish(self, work: Work, finish: Callable[[], object]) -> None:
        """From now on there is something to keep: offer to end it early by `finish`."""
        if work.finish is None:
            work.finish = finish
            self._refresh()

    def end(self, work: Work) -> None:
        """It does not run any more."""
        self._works.remove(work)
        self._refresh()

    @Slot()
    def cancel(self) -> bool:
        """Cancel what is shown; False when nothing is going on, not even what is too new to be shown."""
        work = self._shown()
        if work is not None:
            work.cancel()
        return bool(self._works)

    @Slot()
    def finish(self) -> None:
        """End what is shown early and keep what there is of it; pressed once, there is nothing more to press."""
        work = self._shown()
        if work is not None and work.finish is not None:
            self._finish.setEnabled(False)
            work.finish()

    def _shown(self) -> Work | None:
        now = time.monotonic()
        return next((work for work in reversed(self._works) if work.shown_from <= now), None)

    @Slot()
    def _refresh(self) -> None:
        waiting = [wait for work in self._works if (wait := work.shown_from - time.monotonic()) > 0]
        if waiting:
            self._late.start(int(1000 * min(waiting)) + 1)
        work = self._shown()
        if work is None:
            self._clock.stop()
            self.hide()
            return
        self._show_work(work)
        self._finish.setVisible(work.finish is not None)
        self._finish.setEnabled(True)
        self._tick()
        if not self._clock.isActive():
            self._clock.start()
        self.show()

    def _show_work(self, work: Work) -> None:
        self._stage.set_full_text(work.stage)
        self._bar.setRange(0, 0 if work.fraction is None else 1000)
        if work.fraction is not None:
            self._bar.setValue(round(1000 * work.fraction))

    @Slot()
    def _tick(self) -> None:
        work = self._shown()
        if work is None:
            return
        now = time.monotonic()
        elapsed = now - work.began
        left = work.left.estimate(work.fraction, now - work.told_from)
        text = duration(elapsed)
        if left is not None:
            text = self.tr("{elapsed}, {left} left").format(elapsed=text, left=duration(left))
        self._time.setText(text)


def duration(seconds: float) -> str:
    """Such as 0:07, 12:30 or 1:02:03."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
