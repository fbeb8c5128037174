"""Asking for the access token of models whose licence is accepted on their page."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QInputDialog, QLineEdit, QWidget

from inpaint_studio.errors import StudioError
from inpaint_studio.ui import ask
from inpaint_studio.ui.errand import in_thread


async def asked_token(parent: QWidget) -> str | None:
    """What the user types; None when they leave."""
    dialog = QInputDialog(parent)
    dialog.setObjectName("models.token.dialog")
    dialog.setWindowTitle(_tr("Access token"))
    dialog.setLabelText(
        _tr("Some models are given only to people who have accepted a licence on their page.\n"
            "Make an access token on your account's page there, and paste it here:")
    )  # fmt: skip
    dialog.setTextEchoMode(QLineEdit.EchoMode.Password)
    return dialog.textValue().strip() if await ask.finished(dialog) else None


async def kept(token: str) -> str:
    """Keep `token` in the system's keyring where there is one; what became of it, in one sentence."""
    from inpaint_studio.engines.library.tokens import store_token

    try:
        await in_thread(lambda: store_token(token))
    except StudioError as error:
        return _tr("{0} The token is used until the program ends.").format(error.message)
    return _tr("The token is kept in the system's keyring.")


def _tr(text: str) -> str:
    return QCoreApplication.translate("ModelLibrary", text)
