"""Workers that are not there yet, or never will be, and calls that wait for one."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from inpaint_studio.engines.contract import Payload, Silent
from inpaint_studio.engines.host import link
from inpaint_studio.engines.host.client import Worker
from inpaint_studio.engines.host.job import Job
from inpaint_studio.errors import StudioError

if TYPE_CHECKING:
    from conftest import Call

#: The promise: seconds until a cancel has freed the caller.
FREE = 0.3
PYTHON = [sys.executable, "-c"]


def run_something(worker: Worker) -> int | None:
    """The process that did it."""
    worker.run("selftest.echo", Payload(), Silent(), grace=0)
    return worker.pid


def announced(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set as soon as a new call of `run` waits for something."""
    event, wait = threading.Event(), worker._wait

    def announce(job: Job, *args: Any) -> bool:
        if job is not worker._current:
            event.set()  # under the worker's lock, which is free again only when the caller really waits
        return wait(job, *args)

    monkeypatch.setattr(worker, "_wait", announce)
    return event


def test_cancel_frees_those_who_wait_for_their_turn(
    worker: Worker, call: type[Call], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = call(worker, "busy", {"rounds": 10**10}, 60).started()
    waiting = announced(worker, monkeypatch)
    second = call(worker, "count", {"steps": 3}, 60)
    assert waiting.wait(10)
    start = time.monotonic()
    worker.cancel()
    assert first.is_cancelled()
    assert second.is_cancelled()
    assert time.monotonic() - start <= FREE


def test_a_worker_closes_while_it_starts() -> None:
    worker = Worker("test")
    worker.start()
    assert worker.pid is not None
    worker.close()


def test_a_started_worker_is_the_one_that_runs(worker: Worker) -> None:
    worker.start()
    before = worker.pid
    assert run_something(worker) == before


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["/nonexistent/python"], "No such file"),
        ([*PYTHON, "import nonexistent_module"], "No module named 'nonexistent_module'"),
        ([*PYTHON, "raise SystemExit(4)"], "it ended with exit code 4"),
        ([*PYTHON, "print('hello', flush=True); input()"], "its answer makes no sense"),
        ([*PYTHON, "input()"], "no sign for 2 seconds"),
    ],
)
def test_a_worker_that_does_not_start_says_why(
    command: list[str], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Worker("test", start_seconds=2 if "sign" in reason else 30) as worker:
        with monkeypatch.context() as patch:
            patch.setattr(link, "command", lambda: command)
            worker.start()
            with pytest.raises(StudioError, match=f"could not be started: .*{reason}") as caught:
                run_something(worker)
        assert caught.value.hint
        run_something(worker)


def test_cancel_frees_a_caller_that_waits_for_a_start(call: type[Call], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "command", lambda: [*PYTHON, "input()"])
    with Worker("test") as worker:
        starting = announced(worker, monkeypatch)
        waiting = call(worker, "echo", {}, 0)
        assert starting.wait(10)
        start = time.monotonic()
        worker.cancel()
        assert waiting.is_cancelled()
        assert time.monotonic() - start <= FREE


def test_a_frozen_program_starts_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert link.command() == [sys.executable, "--worker"]
