"""Threads that work behind a window step back, so that its own thread never queues for a processor."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress

#: Added to the niceness of a thread: little, or one that holds the interpreter's lock would wait long on a busy machine.
_NICER = 2


def step_back() -> None:
    """Lower the priority of the calling thread where the system allows that for one thread; elsewhere do nothing."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):  # a limit of the system's: then all threads are equal
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _NICER)
