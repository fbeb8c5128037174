"""Whole processes: their client's death, and many of them in a row."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from inpaint_studio.engines.contract import Payload, Silent
from inpaint_studio.engines.host.client import Worker
from inpaint_studio.errors import Cancelled, StudioError

if TYPE_CHECKING:
    from conftest import Call

#: A client that tells its worker's pid at the first step of a job without end.
PARENT = """
import numpy
from inpaint_studio.engines.contract import Decision, Payload
from inpaint_studio.engines.host.client import Worker

class Progress:
    def step(self, fraction, note, preview=None):
        if note == "Step 1":
            print(worker.pid, flush=True)
        return Decision.CONTINUE

worker = Worker("orphan")
worker.run("selftest.count", Payload({"steps": 10**9, "seconds": 0.001}, {"a": numpy.zeros(1000)}), Progress(), grace=0)
"""


def test_a_worker_ends_with_its_client_and_the_next_start_removes_its_files(temp: Path, worker: Worker) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        orphan = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    orphan.wait(10)
    assert not orphan.is_running()
    assert len(list(temp.glob("inpaint-studio-*/job-1/in-0.npy"))) == 1
    left = set(temp.glob("inpaint-studio-*"))
    worker.run("selftest.echo", Payload(), Silent(), grace=0)
    assert len(set(temp.glob("inpaint-studio-*")) - left) == 1
    assert not any(path.exists() for path in left)


def test_a_client_that_closes_nothing_ends_all_the_same(temp: Path, worker: Worker) -> None:
    careless = PARENT.replace("10**9", "1") + "print('end')"
    done = subprocess.run([sys.executable, "-c", careless], stdout=subprocess.PIPE, check=True, timeout=30)
    pid, end = done.stdout.split()
    assert end == b"end"
    if psutil.pid_exists(int(pid)):
        psutil.Process(int(pid)).wait(10)
    worker.run("selftest.echo", Payload(), Silent(), grace=0)  # sweeps


def test_a_hundred_cancels_and_kills_leave_nothing(worker: Worker, temp: Path, call: type[Call]) -> None:
    def descriptors() -> int:
        return psutil.Process().num_fds()

    worker.run("selftest.echo", Payload(), Silent(), grace=0)
    before = descriptors()
    for number in range(100):
        heard = number % 3 == 1
        working = call(
            worker, "count" if heard else "busy", {"steps": 10**9, "rounds": 10**10, "preview": 64}, heard * 60
        )
        working.started()
        if number % 3 == 2:
            assert worker.pid is not None
            os.kill(worker.pid, signal.SIGKILL)
            with pytest.raises(StudioError, match="signal 9"):
                working.result()
        else:
            worker.cancel()
            assert working.is_cancelled()
    worker.run("selftest.echo", Payload(), Silent(), grace=0)
    assert descriptors() == before
    assert len(psutil.Process().children()) == 1
    assert list(temp.glob("inpaint-studio-*/job-*")) == []


def test_the_program_is_a_worker_when_asked_and_ends_in_good_order() -> None:
    command = [sys.executable, "-m", "inpaint_studio", "--worker"]
    done = subprocess.run(command, input=b'{"type":"Quit"}\n', capture_output=True, check=True, timeout=30)
    assert done.stdout.startswith(b'{"type":"Ready"')
    assert done.stderr == b""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can be told which process to end first")
def test_for_want_of_memory_the_worker_goes_before_the_document(worker: Worker) -> None:
    worker.run("selftest.echo", Payload(), Silent(), grace=0)
    assert Path(f"/proc/{worker.pid}/oom_score_adj").read_text() == "800\n"


def test_a_worker_that_does_not_understand_ends() -> None:
    command = [sys.executable, "-m", "inpaint_studio", "--worker"]
    done = subprocess.run(command, input=b"dance\n", capture_output=True, check=False, timeout=30)
    assert done.returncode == 1
    assert b"ProtocolError" in done.stderr


def test_a_worker_brings_nothing_of_the_window_or_the_client_along() -> None:
    code = "import sys, inpaint_studio.engines.host.worker; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert not {"PySide6", "typer", "filelock", "torch", "cv2", "numba"} & set(done.stdout.split())


def test_a_job_cancelled_before_a_restart_does_not_hold_up_the_next(worker: Worker, call: type[Call]) -> None:
    deaf = call(worker, "busy", {"rounds": 10**10}, 0.05).started()
    worker.cancel()
    assert deaf.is_cancelled()
    assert worker.run("selftest.count", Payload({"steps": 1}), Silent(), grace=0).data["counted"] == 1
    with pytest.raises(Cancelled):
        worker.run("selftest.fail", Payload({"kind": "cancelled"}), Silent(), grace=0)
