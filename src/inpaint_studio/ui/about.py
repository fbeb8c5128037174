"""What this program is: its version, its licence, and where it keeps things; to be copied into a report of a fault."""

from __future__ import annotations

import platform
import sys

import platformdirs
from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from inpaint_studio import __version__
from inpaint_studio.settings import settings_path
from inpaint_studio.ui.messages import log_path
from inpaint_studio.ui.theme import heading, hint, named


class About(QDialog):
    """Show it with `open()`."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("About Inpaint Studio"))
        named(self, "dialog.about", accessible=self.windowTitle())
        what = QLabel(self.tr("Paint over what should go. Everything else stays as it is."))
        promise = hint(
            "about.promise",
            self.tr(
                "It works offline and sends nothing anywhere. MIT licence; the libraries it stands on keep theirs."
            ),
        )
        self._facts = named(QLabel(_facts()), "about.facts", accessible=self.tr("Version and folders"))
        self._facts.setTextFormat(Qt.TextFormat.PlainText)
        self._facts.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        named(close, "about.close", self.tr("Close"), shortcut=self.tr("Esc"))
        copy = buttons.addButton(self.tr("Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        named(copy, "about.copy", self.tr("Copy version and folders, for a report"))
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._facts.text()))
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setSpacing(12)
        for widget in (heading("Inpaint Studio", role="title"), what, promise, self._facts, buttons):
            column.addWidget(widget)
        close.setDefault(True)


def _facts() -> str:
    data = platformdirs.user_data_path("inpaint-studio", appauthor=False)
    system = f"{platform.system()} {platform.release()}"
    return "\n".join(
        (
            f"Inpaint Studio {__version__}",
            f"Python {platform.python_version()}, Qt {qVersion()}, {system}, {sys.platform}",
            f"Settings: {settings_path().parent}",
            f"Data: {data}",
            f"Log: {log_path()}",
        )
    )
