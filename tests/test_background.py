"""Threads behind the window."""

import os
import sys
import threading

import pytest

from inpaint_studio.background import step_back


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives each thread a priority of its own")
def test_a_thread_steps_back_alone() -> None:
    found: list[int] = []

    def work() -> None:
        step_back()
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    before = os.getpriority(os.PRIO_PROCESS, 0)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found[0] > before or before == 19
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
