"""How an engine runs the synthesis: its modules, which load compiled loops, and what they tell."""

from __future__ import annotations

import time
from typing import Any

from inpaint_studio.engines.contract import Decision, Float, Progress
from inpaint_studio.errors import StudioError
from inpaint_studio.pixels import compiled

#: Seconds between two reports: a cancel must be heard within a tenth.
_PAUSE = 0.03


class Teller:
    """Between the synthesis and `Progress`: fractions that only grow, and not too many of them."""

    def __init__(self, progress: Progress, note: str) -> None:
        self._progress, self._note, self._fraction, self._last = progress, note, 0.0, 0.0

    def __call__(self, fraction: float, picture: Float | None) -> bool:
        now = time.monotonic()
        if picture is None and now - self._last < _PAUSE:
            return False
        self._last, self._fraction = now, max(self._fraction, fraction)
        return self._progress.step(self._fraction, self._note, picture) is Decision.FINISH


def module(name: str) -> Any:
    """The module `name` of this package with its compiled loops, which are kept in a folder of the user's.

    Raises StudioError where they can't be compiled.
    """
    try:
        return compiled.load(f"{__package__}.{name}")
    except compiled.UncompiledError as error:
        raise StudioError(
            f"The loops for copying could not be compiled on this computer ({error}).", "Use the engine smooth."
        ) from error
