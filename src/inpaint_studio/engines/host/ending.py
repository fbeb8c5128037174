"""Why a worker process ended, in words for its user."""

from __future__ import annotations

import signal
from dataclasses import dataclass

_AGAIN = "Nothing in your document is lost. Try again; if it happens again, choose another engine."
_MEMORY = "Nothing in your document is lost. Close other programs, fill a smaller area, or choose a lighter engine."

#: Windows says a crash by its exit code.
_WINDOWS = {
    0xC0000005: ("of a segmentation fault (access violation)", _AGAIN),
    0xC0000017: ("memory ran out", _MEMORY),
    0xC000012D: ("memory ran out", _MEMORY),
    0xC0000409: ("it aborted itself", _AGAIN),
}


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a process: `cause` to follow "because", what to do about it, and the last it wrote to stderr."""

    cause: str
    hint: str
    stderr: str

    @property
    def memory(self) -> bool:
        """Whether it looks like a want of memory."""
        return self.hint == _MEMORY

    @property
    def last_words(self) -> str:
        """The last line on stderr without its full stop; empty when it wrote nothing."""
        lines = self.stderr.strip().splitlines()
        return lines[-1].strip().rstrip(".") if lines else ""


def ending(code: int, stderr: str) -> Ending:
    """What the exit code of a process (negative: a signal, as `subprocess` has it) and its stderr tell."""
    if code < 0:
        cause, hint = _signal(-code)
    else:
        cause, hint = _WINDOWS.get(code, (f"it ended with exit code {code}", _AGAIN))
    return Ending(cause, hint, stderr)


def confusion(stderr: str) -> Ending:
    """The end of a process that was killed because it did not speak the protocol."""
    return Ending("its answer makes no sense", _AGAIN, stderr)


def _signal(number: int) -> tuple[str, str]:
    name = signal.Signals(number).name if number in set(signal.Signals) else ""
    causes = {
        "SIGKILL": (f"it was killed by signal {number}; the computer may be out of memory", _MEMORY),
        "SIGSEGV": (f"of a segmentation fault (signal {number})", _AGAIN),
        "SIGBUS": (f"of a bus error (signal {number}); the disk may be full", _AGAIN),
        "SIGABRT": (f"it aborted itself (signal {number})", _AGAIN),
        "SIGILL": (f"this processor lacks an instruction it uses (signal {number})", _AGAIN),
    }
    return causes.get(name, (f"it was killed by signal {number}", _AGAIN))
