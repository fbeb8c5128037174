"""Real fills in a worker process: killed, cancelled, and the next one works."""

from __future__ import annotations

import os
import signal
import threading
import time

import numpy as np
import pytest

from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines.contract import Decision, Float, Silent
from inpaint_studio.engines.planner import FillJob
from inpaint_studio.errors import Cancelled, StudioError
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.settings import Settings
from inpaint_studio.storage.photo import Photo
from inpaint_studio.studio.jobs import HereRunner, WorkerRunner
from inpaint_studio.studio.studio import Studio


class Begun:
    """Tells another thread that the engine has begun."""

    def __init__(self) -> None:
        self.event = threading.Event()

    def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
        self.event.set()
        return Decision.CONTINUE


def job(side: int) -> FillJob:
    """Noise with a hole of `side` pixels: with 900 PatchMatch's one native call takes many seconds."""
    size = side * 2
    noise = np.random.default_rng(0).integers(0, 255, (size, size, 3), np.uint8)
    studio = Studio.of(Photo(noise, PixelFormat(Colour.RGB)), Settings())
    coverage = np.zeros((size, size), np.uint8)
    coverage[side // 2 : side // 2 + side, side // 2 : side // 2 + side] = 255
    return studio.fill_job([studio.add_mask(coverage)], Recipe(engine="patchmatch"))


def interrupted(runner: WorkerRunner, act: object) -> tuple[float, BaseException]:
    """Start a long fill, do `act` once it has begun; seconds from then to the error, and the error."""
    begun, ended = Begun(), []
    error: list[BaseException] = []

    def body() -> None:
        try:
            Studio.run(job(900), runner, begun)
        except (StudioError, Cancelled) as problem:
            error.append(problem)
        ended.append(time.monotonic())

    thread = threading.Thread(target=body)
    thread.start()
    assert begun.event.wait(30)
    started = time.monotonic()
    assert callable(act)
    act()
    thread.join(30)
    return ended[0] - started, error[0]


def test_killed_in_a_fill_is_an_error_within_a_second_and_the_next_fill_works() -> None:
    with WorkerRunner() as runner:
        runner.start()
        seconds, error = interrupted(runner, lambda: os.kill(runner.pid or 0, signal.SIGKILL))
        assert isinstance(error, StudioError)
        assert error.hint
        assert seconds <= 1
        plan, filled = Studio.run(job(20), runner, Silent())
        assert np.array_equal(filled.alpha.read(plan.bounds)[..., 0] > 0, plan.opacity > 0)


@pytest.mark.parametrize("attempt", range(3))
def test_cancel_in_native_code_frees_the_caller_at_once(attempt: int) -> None:
    with WorkerRunner() as runner:
        seconds, error = interrupted(runner, runner.cancel)
        assert isinstance(error, Cancelled)
        assert seconds <= 0.3
        Studio.run(job(20), runner, Silent())


def test_the_worker_gives_the_very_same_pixels() -> None:
    with WorkerRunner() as runner:
        _, there = Studio.run(job(40), runner, Silent())
    _, here = Studio.run(job(40), HereRunner(), Silent())
    assert there.pixels.same_pixels(here.pixels)
