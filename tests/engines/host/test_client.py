from __future__ import annotations

import logging
import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from inpaint_studio.engines.contract import Decision, Payload, Silent
from inpaint_studio.engines.host.client import Worker
from inpaint_studio.errors import Cancelled, EngineDiedError, InputError, OutOfMemoryError, StudioError

if TYPE_CHECKING:
    from conftest import Call, Watcher

#: The promises: seconds until a cancel has freed the caller, and until a crash is an error.
FREE, KNOWN = 0.3, 1.0
ENDLESS = {"steps": 10**9, "seconds": 0.001}
#: Longer than any test waits, and not for ever should everything fail.
DEAF = {"rounds": 10**10}


def works(worker: Worker) -> int | None:
    """Run something; the process that did it."""
    assert worker.run("selftest.echo", Payload({"a": 1}), Silent(), grace=0).data == {"a": 1}
    return worker.pid


def test_steps_arrive_in_order_with_their_previews(worker: Worker, watcher: Watcher, temp: Path) -> None:
    result = worker.run("selftest.count", Payload({"steps": 20, "preview": 8}), watcher, grace=0)
    assert result.data == {"counted": 20, "finish": False}
    assert watcher.steps == [(done / 20, f"Step {done}") for done in range(1, 21)]
    values = [int(preview[0, 0, 0]) for preview in watcher.previews]
    assert values == sorted(values)
    assert values[-1] == 20
    assert watcher.previews[0].shape == (8, 8, 3)
    assert watcher.previews[0].dtype == np.float32
    assert list(temp.glob("inpaint-studio-*/job-*")) == []


def test_a_preview_that_its_receiver_keeps_outlives_the_job(worker: Worker, watcher: Watcher) -> None:
    worker.run("selftest.count", Payload({"steps": 1, "preview": 64}), watcher, grace=0)
    works(worker)
    assert (watcher.previews[0] == 1).all()


def test_progress_can_finish(worker: Worker, watcher: Watcher) -> None:
    watcher.on_step = lambda: Decision.FINISH
    assert worker.run("selftest.count", Payload(ENDLESS), watcher, grace=0).data["finish"] is True


def test_another_thread_can_finish(worker: Worker, call: type[Call]) -> None:
    counting = call(worker, "count", ENDLESS, 0).started()
    worker.finish()
    worker.finish()
    assert counting.result().data["finish"] is True
    worker.finish()  # nothing to finish, nothing happens
    assert worker.run("selftest.count", Payload({"steps": 2}), Silent(), grace=0).data["finish"] is False


@pytest.mark.parametrize("grace", [0, 0.05, 60])
def test_cancel_frees_the_caller_of_native_code_at_once(worker: Worker, call: type[Call], grace: float) -> None:
    busy = call(worker, "busy", DEAF, grace).started()
    before, start = worker.pid, time.monotonic()
    worker.cancel()
    assert busy.is_cancelled()
    assert time.monotonic() - start <= FREE
    if grace < 60:
        assert works(worker) != before


def test_a_task_that_hears_a_cancel_keeps_its_process(worker: Worker, call: type[Call]) -> None:
    counting = call(worker, "count", ENDLESS, 60).started()
    before = worker.pid
    worker.cancel()
    assert counting.is_cancelled()
    assert works(worker) == before


@pytest.mark.parametrize("grace", [0, 60])
def test_progress_can_cancel(worker: Worker, watcher: Watcher, grace: float) -> None:
    def cancel() -> None:
        raise Cancelled

    watcher.on_step = cancel
    with pytest.raises(Cancelled):
        worker.run("selftest.count", Payload(ENDLESS), watcher, grace=grace)
    assert len(watcher.steps) == 1
    works(worker)


def test_an_error_in_progress_stops_the_job(worker: Worker, watcher: Watcher) -> None:
    watcher.on_step = lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        worker.run("selftest.count", Payload(ENDLESS), watcher, grace=60)
    works(worker)


def test_ctrl_c_stops_the_job(worker: Worker, watcher: Watcher) -> None:
    interrupter = threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGINT))
    watcher.on_step = interrupter.start
    with pytest.raises(KeyboardInterrupt):
        worker.run("selftest.busy", Payload(DEAF), watcher, grace=0)
    interrupter.join()
    works(worker)


def test_the_process_leaves_ctrl_c_to_its_client(worker: Worker, call: type[Call]) -> None:
    counting = call(worker, "count", ENDLESS, 0).started()
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGINT)
    worker.finish()
    assert counting.result().data["finish"] is True


def test_a_process_killed_from_outside_is_an_error_within_a_second(worker: Worker, call: type[Call]) -> None:
    busy = call(worker, "busy", DEAF, 60).started()
    before = worker.pid
    assert before is not None
    start = time.monotonic()
    os.kill(before, signal.SIGKILL)
    with pytest.raises(StudioError, match="stopped unexpectedly because it was killed by signal 9") as caught:
        busy.result()
    assert time.monotonic() - start <= KNOWN
    assert "smaller area" in caught.value.hint
    assert works(worker) != before


@pytest.mark.parametrize(
    ("task", "data", "words"), [("segfault", {}, "segmentation fault"), ("fail", {"code": 3}, "exit code 3")]
)
def test_a_crash_is_an_error_within_a_second(worker: Worker, task: str, data: dict[str, object], words: str) -> None:
    before, start = works(worker), time.monotonic()
    with pytest.raises(StudioError, match=words):
        worker.run(f"selftest.{task}", Payload(data), Silent(), grace=60)
    assert time.monotonic() - start <= KNOWN
    assert works(worker) != before


@pytest.mark.parametrize(
    ("task", "data", "error", "words"),
    [
        ("fail", {"kind": "input"}, InputError, "The selftest refuses this input."),
        ("fail", {"kind": "studio"}, StudioError, "The selftest cannot do this."),
        ("fail", {}, StudioError, "The engine failed unexpectedly."),
        ("allocate", {"bytes": 1 << 60}, OutOfMemoryError, "The engine ran out of memory."),
        ("missing", {}, StudioError, 'The engine process knows no task "selftest.missing".'),
    ],
)
def test_an_error_comes_back_with_its_hint(
    worker: Worker, task: str, data: dict[str, object], error: type[StudioError], words: str
) -> None:
    before = works(worker)
    with pytest.raises(StudioError) as caught:
        worker.run(f"selftest.{task}", Payload(data), Silent(), grace=0)
    assert type(caught.value) is error
    assert caught.value.message == words
    assert caught.value.hint
    assert works(worker) == before


def test_the_traceback_of_a_failure_goes_to_the_log(worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(StudioError):
        worker.run("selftest.fail", Payload(), Silent(), grace=0)
    assert "ValueError: the selftest fails as told" in caplog.text


def test_a_task_that_cancels_itself_is_cancelled(worker: Worker) -> None:
    with pytest.raises(Cancelled):
        worker.run("selftest.fail", Payload({"kind": "cancelled"}), Silent(), grace=0)


def test_what_json_cannot_carry_costs_no_process(worker: Worker) -> None:
    before = works(worker)
    with pytest.raises(TypeError):
        worker.run("selftest.echo", Payload({"what": object()}), Silent(), grace=0)
    assert works(worker) == before


def test_native_prints_do_not_disturb(worker: Worker, watcher: Watcher) -> None:
    text = '{"type":"Done","job":1,"payload":{"data":{},"arrays":{}}}\n\x00\xff' + "x" * 200_000
    assert worker.run("selftest.print", Payload({"text": text}), watcher, grace=0).data["text"] == text
    assert watcher.steps == [(1.0, "Printed")]


def test_calls_take_turns(worker: Worker, call: type[Call]) -> None:
    first = call(worker, "count", ENDLESS, 60).started()
    second = call(worker, "count", {"steps": 3}, 60)
    worker.finish()
    assert first.result().data["finish"] is True
    assert second.result().data["counted"] == 3


def test_two_workers_do_not_know_each_other(worker: Worker, call: type[Call]) -> None:
    with Worker("other") as other:
        mine, its = call(worker, "busy", DEAF, 0).started(), call(other, "count", ENDLESS, 0).started()
        worker.cancel()
        assert mine.is_cancelled()
        other.finish()
        assert its.result().data["finish"] is True


def test_closing_frees_the_caller_and_refuses_the_next(call: type[Call]) -> None:
    worker = Worker("test")
    busy = call(worker, "busy", DEAF, 60).started()
    worker.close()
    assert busy.is_cancelled()
    with pytest.raises(Cancelled):
        works(worker)
    worker.start()
    worker.close()
    assert worker.pid is None


def test_an_unused_worker_closes() -> None:
    worker = Worker("test")
    worker.close()
    assert worker.pid is None
    with pytest.raises(Cancelled):
        works(worker)


def test_a_worker_that_says_nothing_for_too_long_is_stopped(worker: Worker) -> None:
    with pytest.raises(EngineDiedError, match="no sign of life") as told:
        worker.run("selftest.busy", Payload({"rounds": 10**11}), Silent(), grace=60, patience=0.5)
    assert told.value.hint
    # steps are signs of life
    counted = worker.run("selftest.count", Payload({"steps": 8, "seconds": 0.1}), Silent(), grace=0, patience=20)
    assert counted.data["counted"] == 8
