"""The internet is closed: this process opens a socket to another machine only where the user has agreed to a download.

The guard is an audit hook, so that no Python library goes round it; what native code would do by itself is switched off by
the environment, which child processes inherit. Every process of the program sets the guard as it starts.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from inpaint_studio.errors import StudioError

#: Set by whoever wants no download at all, whatever is pressed; the user's or an administrator's affair.
NEVER = "INPAINT_STUDIO_OFFLINE"
_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_XET": "1",
    "DO_NOT_TRACK": "1",
}
_CONNECTING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_WATCHED = _CONNECTING | {"socket.getaddrinfo"}
_consent = threading.local()
_state = {"guarded": False}


class OfflineError(OSError):
    """Something tried to reach another machine without the user's consent. An OSError, as libraries expect of networks."""


def guard() -> None:
    """Close the internet for this process and its children, for as long as they live."""
    os.environ.update(_ENVIRONMENT)
    if not _state["guarded"]:
        _state["guarded"] = True
        sys.addaudithook(_audit)


def is_forbidden() -> bool:
    """Whether downloads are switched off for good by the environment."""
    return os.environ.get(NEVER, "").lower() in {"1", "true", "yes", "on"}


@contextmanager
def consented() -> Iterator[None]:
    """Within, this thread may reach other machines: the user has agreed to this one download.

    Raises StudioError when downloads are switched off for good.
    """
    if is_forbidden():
        raise StudioError("Downloads are switched off on this computer.", f"Unset {NEVER} and start the program again.")
    before = has_consent()
    _consent.given = True
    try:
        yield
    finally:
        _consent.given = before


def has_consent() -> bool:
    """Whether this thread is within `consented`."""
    return getattr(_consent, "given", False)


def is_this_machine(host: str) -> bool:
    """Whether `host` names the computer the program runs on."""
    try:
        return host in {"localhost", ""} or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    # called for every event of the interpreter: the first line decides for nearly all of them
    if event not in _WATCHED or has_consent():
        return
    if event in _CONNECTING:
        connection, address = arguments[0], arguments[1] if len(arguments) > 1 else None
        if address is None or connection.family not in {socket.AF_INET, socket.AF_INET6}:
            return
        host = str(address[0])
    else:
        host = os.fsdecode(arguments[0] or "")
    if not is_this_machine(host):
        raise OfflineError(f"Inpaint Studio is offline and does not reach {host}")
