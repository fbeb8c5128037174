"""Tasks that behave and misbehave on demand: they ship, so that a user's own machine can show how its workers hold up.

None of them reads or writes a file, and none takes more than its payload says.
"""

from __future__ import annotations

import collections
import ctypes
import itertools
import os
import threading
from typing import NoReturn

import numpy as np

from inpaint_studio.engines.contract import Decision, Payload, Progress
from inpaint_studio.errors import Cancelled, InputError, StudioError


def echo(payload: Payload, progress: Progress) -> Payload:
    """The payload itself."""
    progress.step(1.0, "Echo")
    return payload


def count(payload: Payload, progress: Progress) -> Payload:
    """Count to `steps`, `seconds` apart, with a preview of `preview` pixels squared when given.

    Returns `counted` and whether it was told to `finish`.
    """
    steps, seconds, side = payload.data["steps"], payload.data.get("seconds", 0), payload.data.get("preview")
    pause = threading.Event()
    for done in range(1, steps + 1):
        preview = None if side is None else np.full((side, side, 3), done, np.float32)
        if progress.step(done / steps, f"Step {done}", preview) is Decision.FINISH:
            return Payload({"counted": done, "finish": True})
        if seconds:
            pause.wait(seconds)
    return Payload({"counted": steps, "finish": False})


def busy(payload: Payload, progress: Progress) -> Payload:
    """Spend `rounds` in native code that hears nothing and keeps the interpreter's lock: 1e9 are about 10 seconds."""
    progress.step(None, "Busy")
    collections.deque(itertools.repeat(None, payload.data["rounds"]), maxlen=0)
    return Payload()


def segfault(payload: Payload, progress: Progress) -> Payload:
    """Read address 0."""
    progress.step(None, "Crashing")
    ctypes.string_at(0)
    return payload


def fail(payload: Payload, progress: Progress) -> NoReturn:
    """Raise the error that `kind` names, or end the process with the exit code `code`."""
    progress.step(None, "Failing")
    if "code" in payload.data:
        os._exit(payload.data["code"])
    errors: dict[str, Exception] = {
        "input": InputError("The selftest refuses this input.", "Hand in another."),
        "studio": StudioError("The selftest cannot do this.", "Do something else."),
        "cancelled": Cancelled(),
    }
    raise errors.get(payload.data.get("kind", ""), ValueError("the selftest fails as told"))


def allocate(payload: Payload, progress: Progress) -> Payload:
    """Ask for an array of `bytes` bytes."""
    progress.step(None, "Allocating")
    return Payload({}, {"zeros": np.zeros(payload.data["bytes"], np.uint8)})


def print_natively(payload: Payload, progress: Progress) -> Payload:
    """Print `text` as Python does, and past Python to the standard output, as native libraries do."""
    print(payload.data["text"])
    os.write(1, payload.data["text"].encode())
    progress.step(1.0, "Printed")
    return payload
