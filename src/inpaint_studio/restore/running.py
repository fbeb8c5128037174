"""What a detector needs of whoever runs it."""

from __future__ import annotations

from typing import Protocol

from inpaint_studio.engines.contract import Payload, Progress


class RunTask(Protocol):
    """Runs a worker task by its name and blocks until it is done. Raises StudioError or Cancelled."""

    def __call__(self, name: str, payload: Payload, progress: Progress, /) -> Payload: ...
