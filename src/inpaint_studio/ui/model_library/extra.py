"""The offer to install what models that read a prompt need besides: size first, then progress, and a way out."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout

from inpaint_studio.studio import setup
from inpaint_studio.ui import ask
from inpaint_studio.ui.errand import in_thread
from inpaint_studio.ui.model_library.card import size
from inpaint_studio.ui.theme import hint, named

_EXTRA = "diffusion"


def is_missing() -> bool:
    """Whether PyTorch is not there; nothing is imported to find out."""
    # what was installed a moment ago counts
    importlib.invalidate_caches()
    return importlib.util.find_spec("torch") is None or importlib.util.find_spec("diffusers") is None


class ExtraOffer(QFrame):
    """Hidden where nothing is missing. `run` does a coroutine and tells what it refuses."""

    installed = Signal()
    _came = Signal(str, object, object)

    def __init__(self, run: Callable[[Coroutine[Any, Any, object]], None]) -> None:
        super().__init__()
        named(self, "models.extra")
        self.setProperty("role", "panel")
        self._run = run
        self._running = False
        self._stop_pip: Callable[[], None] | None = None
        self._text = hint("models.extra.text", self.tr("Models that read a prompt need PyTorch and diffusers besides."))
        self._install = named(QPushButton(self.tr("Install…")), "models.extra.install")
        self._install.setAutoDefault(False)
        self._install.clicked.connect(lambda: self._run(self._offer()))
        self._cancel = named(QPushButton(self.tr("Cancel")), "models.extra.cancel")
        self._cancel.setAutoDefault(False)
        self._cancel.clicked.connect(self.stop)
        self._bar = named(QProgressBar(), "models.extra.progress", accessible=self.tr("Progress of the installation"))
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(6)
        row = QHBoxLayout()
        row.addWidget(self._text, 1)
        row.addWidget(self._install)
        row.addWidget(self._cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.addLayout(row)
        column.addWidget(self._bar)
        self._came.connect(self._show_progress)
        self._rest()
        self.setVisible(is_missing())

    async def _offer(self) -> None:
        """Ask the package index what there is to download, tell it, and install when the user agrees."""
        if await ask.choice(
            self, self.tr("Ask the package index what is missing?"),
            self.tr("Inpaint Studio goes online for this. Nothing is installed before you have seen the size."),
            self.tr("Ask"), self.tr("Cancel"),
        ) != 0:  # fmt: skip
            return
        self._busy(self.tr("Asking the package index what is missing"))
        try:
            plan = await in_thread(lambda: setup.plan_installation(setup.requirements_of(_EXTRA)))
            amount = self.tr("a size the server doesn't tell") if plan.nbytes is None else size(plan.nbytes)
            text = self.tr("Download and install {0} packages, {1}?").format(len(plan.packages), amount)
            if await ask.choice(self, text, ", ".join(plan.packages), self.tr("Install"), self.tr("Cancel")) != 0:
                return
            self._busy(self.tr("Installing"), can_stop=True)
            self._running = True
            await in_thread(lambda: setup.install(plan, note=self._came.emit, stoppable=self._stoppable))
        finally:
            self._running = False
            self._stop_pip = None
            self._rest()
        self.setVisible(is_missing())
        self.installed.emit()

    @Slot(str, object, object)
    def _show_progress(self, text: str, done: int, total: int | None) -> None:
        if not self._running:
            return
        self._bar.setRange(0, 1000 if total else 0)
        self._bar.setValue(min(1000, 1000 * done // max(total or 1, 1)))
        self._text.setText(text)

    @Slot()
    def stop(self) -> None:
        """End a running installation; what it has installed stays."""
        if self._stop_pip is not None:
            self._stop_pip()

    def _stoppable(self, stop: Callable[[], None]) -> None:
        """Called by the thread that installs; a plain assignment is enough."""
        self._stop_pip = stop

    def _busy(self, text: str, *, can_stop: bool = False) -> None:
        self._text.setText(text)
        self._install.hide()
        self._cancel.setVisible(can_stop)
        self._bar.setRange(0, 0)
        self._bar.show()

    def _rest(self) -> None:
        self._text.setText(self.tr("Models that read a prompt need PyTorch and diffusers besides."))
        self._install.show()
        self._cancel.hide()
        self._bar.hide()
