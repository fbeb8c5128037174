"""The access token for models whose licence has to be accepted first: from the environment, or from the system's keyring."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
from typing import Any

from inpaint_studio.errors import InputError, StudioError

_log = logging.getLogger(__name__)
_SERVICE, _NAME = "inpaint-studio", "hub-token"


def token() -> str:
    """`HF_TOKEN`, or what `store_token` keeps; empty when there is none."""
    if given := os.environ.get("HF_TOKEN", "").strip():
        return given
    keyring = _keyring()
    if keyring is None:
        return ""
    try:
        return keyring.get_password(_SERVICE, _NAME) or ""
    except keyring.errors.KeyringError as error:
        # a locked or missing keyring is like an empty one; models without a gate need no token
        _log.info("the keyring gives no token: %s", type(error).__name__)
        return ""


def can_store() -> bool:
    """Whether the package `keyring` is there."""
    return importlib.util.find_spec("keyring") is not None


def store_token(text: str) -> None:
    """Keep the token `text` in the system's keyring; an empty one is taken out. Raises StudioError."""
    text = text.strip()
    if text and not (text.isascii() and text.isprintable() and " " not in text):
        raise InputError("That is no access token.", "Copy it from your account's page on the hub.")
    keyring = _keyring()
    if keyring is None:
        raise StudioError(
            "There is no keyring to keep the token in.",
            "Install the Python package keyring, or set the environment variable HF_TOKEN.",
        )
    try:
        if text:
            keyring.set_password(_SERVICE, _NAME, text)
        elif keyring.get_password(_SERVICE, _NAME):
            keyring.delete_password(_SERVICE, _NAME)
    except keyring.errors.KeyringError as error:
        raise StudioError(
            "The system's keyring did not take the token.", "Unlock it, or set the environment variable HF_TOKEN."
        ) from error


def _keyring() -> Any:
    return importlib.import_module("keyring") if can_store() else None
