"""The engine thread with real workers, and with runners that behave as told."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator

import psutil
import pytest
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines.planner import FillJob
from inpaint_studio.errors import Cancelled, InputError, StudioError
from inpaint_studio.studio.studio import Studio
from inpaint_studio.ui.engine_thread import EngineThread
from tests.ui.widgets.filling import HeldRunner, masks_of


@pytest.fixture
def make() -> Iterator[Callable[..., EngineThread]]:
    made: list[EngineThread] = []

    def one(*arguments: object) -> EngineThread:
        made.append(EngineThread(*arguments))  # type: ignore[arg-type]
        return made[-1]

    yield one
    for engine in made:
        engine.close()
        assert not engine.isRunning()
        engine.deleteLater()


def job_of(studio: Studio, engine: str = "smooth") -> FillJob:
    return studio.fill_job(masks_of(studio), Recipe(engine=engine))


def workers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "--worker" in child.cmdline()]


def test_a_fill_by_a_real_worker(qtbot: QtBot, studio: Studio, make: Callable[..., EngineThread]) -> None:
    engine = make()
    threads: list[QThread] = []
    engine.progressed.connect(lambda *_: threads.append(QThread.currentThread()))
    with qtbot.waitSignal(engine.finished_fill, timeout=30_000) as done:
        engine.submit(job_of(studio))
        assert engine.busy
    assert not engine.busy
    assert done.args is not None
    studio.accept(*done.args)
    assert threads
    assert set(threads) == {engine.thread()}


def test_one_fill_at_a_time(qtbot: QtBot, studio: Studio, make: Callable[..., EngineThread]) -> None:
    runner = HeldRunner()
    engine = make(lambda: runner)
    engine.submit(job_of(studio))
    with pytest.raises(RuntimeError):
        engine.submit(job_of(studio))
    with qtbot.waitSignal(engine.finished_fill, timeout=10_000):
        runner.go.set()


def test_a_slow_window_gets_the_newest_report_only(
    qtbot: QtBot, studio: Studio, make: Callable[..., EngineThread]
) -> None:
    runner = HeldRunner()
    engine = make(lambda: runner)
    heard: list[tuple[object, str]] = []
    engine.progressed.connect(lambda fraction, note, _: heard.append((fraction, note)))
    engine.submit(job_of(studio))
    assert runner.entered.wait(10)
    time.sleep(0.2)  # the window is busy meanwhile: no event is handled
    assert heard == []
    with qtbot.waitSignal(engine.progressed):
        pass
    assert [note for _, note in heard] == ["Step 499"]
    with qtbot.waitSignal(engine.finished_fill):
        runner.go.set()


def test_cancel_frees_the_window_at_once(qtbot: QtBot, studio: Studio, make: Callable[..., EngineThread]) -> None:
    engine = make()
    with qtbot.waitSignal(engine.progressed, timeout=30_000, check_params_cb=lambda *a: "Copying" in a[1]):
        engine.submit(job_of(studio, "patchmatch"))
    began = time.perf_counter()
    with qtbot.waitSignal(engine.cancelled, timeout=300):
        engine.cancel()
    assert time.perf_counter() - began < 0.3
    assert not engine.busy
    with qtbot.waitSignal(engine.finished_fill, timeout=30_000), qtbot.assertNotEmitted(engine.cancelled):
        engine.submit(job_of(studio))


def test_a_cancelled_fill_is_never_heard_of_again(
    qtbot: QtBot, studio: Studio, make: Callable[..., EngineThread]
) -> None:
    runner = HeldRunner()
    engine = make(lambda: runner)
    engine.submit(job_of(studio))
    assert runner.entered.wait(10)
    with (
        qtbot.assertNotEmitted(engine.progressed, wait=200),
        qtbot.assertNotEmitted(engine.finished_fill),
        qtbot.assertNotEmitted(engine.failed),
    ):
        engine.cancel()


def test_after_a_killed_worker_the_next_fill_works(
    qtbot: QtBot, studio: Studio, make: Callable[..., EngineThread]
) -> None:
    engine = make()
    with qtbot.waitSignal(engine.finished_fill, timeout=30_000):
        engine.submit(job_of(studio))
    (worker,) = workers()
    worker.suspend()  # so that it is surely in the middle of the fill
    with qtbot.waitSignal(engine.failed, timeout=30_000) as failed:
        engine.submit(job_of(studio))
        qtbot.wait(200)
        os.kill(worker.pid, signal.SIGKILL)
    assert failed.args is not None
    assert isinstance(failed.args[0], StudioError)
    with qtbot.waitSignal(engine.finished_fill, timeout=30_000):
        engine.submit(job_of(studio))


def test_close_in_the_middle_of_a_fill(qtbot: QtBot, studio: Studio, make: Callable[..., EngineThread]) -> None:
    engine = make()
    with qtbot.waitSignal(engine.progressed, timeout=30_000, check_params_cb=lambda *a: "Copying" in a[1]):
        engine.submit(job_of(studio, "patchmatch"))
    with qtbot.waitSignal(engine.finished, timeout=10_000):
        engine.begin_close()
    assert workers() == []
    with pytest.raises(RuntimeError):
        engine.submit(job_of(studio))


def test_warm_starts_the_runner_ahead(qtbot: QtBot, make: Callable[..., EngineThread]) -> None:
    runner = HeldRunner()
    engine = make(lambda: runner)
    with qtbot.waitSignal(engine.ready):
        engine.warm()
    assert runner.started
    engine.close()
    assert runner.closed


class SlowlyReady(HeldRunner):
    """Gets ready when it is let go."""

    def warm(self) -> None:
        self.entered.set()
        self.go.wait(20)


def test_a_fill_that_waits_for_the_first_start_says_so(
    qtbot: QtBot, studio: Studio, make: Callable[..., EngineThread]
) -> None:
    runner = SlowlyReady()
    engine = make(lambda: runner)
    engine.warm()
    assert runner.entered.wait(10)
    with qtbot.waitSignal(engine.progressed, check_params_cb=lambda _fraction, note, _preview: "first start" in note):
        engine.submit(job_of(studio))
    with qtbot.waitSignal(engine.finished_fill):
        runner.go.set()


def test_an_unforeseen_error_arrives_as_one_to_show(
    qtbot: QtBot, studio: Studio, make: Callable[..., EngineThread]
) -> None:
    def broken() -> HeldRunner:
        raise ZeroDivisionError

    engine = make(broken)
    with qtbot.waitSignal(engine.failed) as failed:
        engine.submit(job_of(studio))
    assert failed.args is not None
    assert isinstance(failed.args[0], StudioError)
    assert isinstance(failed.args[0].__cause__, ZeroDivisionError)


def test_finish_reaches_the_engine(qtbot: QtBot, studio: Studio, make: Callable[..., EngineThread]) -> None:
    runner = HeldRunner()
    engine = make(lambda: runner)
    engine.submit(job_of(studio))
    assert runner.entered.wait(10)
    engine.finish()
    with qtbot.waitSignal(engine.finished_fill):
        runner.go.set()


def test_awaiting_a_fill_on_any_loop(qtbot: QtBot, studio: Studio, make: Callable[..., EngineThread]) -> None:
    engine = make()

    async def fill_twice() -> None:
        await engine.fill(job_of(studio))
        plan, filled = await engine.fill(job_of(studio))
        studio.accept(plan, filled)

    asyncio.run(fill_twice())


def test_awaiting_raises_what_went_wrong(qtbot: QtBot, studio: Studio, make: Callable[..., EngineThread]) -> None:
    engine = make()
    job = job_of(studio)
    empty = FillJob(job.source, type(job.coverage)(job.coverage.format, job.coverage.extent), job.recipe)
    with pytest.raises(InputError):
        asyncio.run(engine.fill(empty))


def test_cancelling_ends_the_waiting(qtbot: QtBot, studio: Studio, make: Callable[..., EngineThread]) -> None:
    runner = HeldRunner()
    engine = make(lambda: runner)

    async def cancelled_by_the_user() -> None:
        asyncio.get_running_loop().call_later(0.1, engine.cancel)
        await engine.fill(job_of(studio))

    with pytest.raises(Cancelled):
        asyncio.run(cancelled_by_the_user())
    assert not engine.busy


def test_cancelling_the_task_cancels_the_fill(qtbot: QtBot, studio: Studio, make: Callable[..., EngineThread]) -> None:
    runner = HeldRunner()
    engine = make(lambda: runner)

    async def give_up() -> None:
        await asyncio.wait_for(engine.fill(job_of(studio)), 0.2)

    with pytest.raises(TimeoutError):
        asyncio.run(give_up())
    assert runner.cancelled
    assert not engine.busy
