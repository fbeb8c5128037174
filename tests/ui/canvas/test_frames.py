"""How long a frame may take, by what the event loop was held up by before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QRect

from inpaint_studio.pixels.rect import Rect
from inpaint_studio.ui.canvas import frames
from inpaint_studio.ui.canvas.frames import BUDGET, FrameArea

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


class Clock:
    """Goes when it is told to."""

    now = 100.0

    def perf_counter(self) -> float:
        return self.now


class Area(FrameArea):
    """Notes how long each frame was given, and takes some time to gather and to paint it."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.gathering = self.painting = 0.0
        self.given: list[float] = []

    def _gather(self) -> None:
        self.clock.now += self.gathering

    def paintEvent(self, event: object) -> None:  # noqa: N802
        self.given.append(self._deadline() - self.clock.now)
        self.clock.now += self.painting


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(frames, "time", made)
    return made


@pytest.fixture
def area(clock: Clock, qtbot: QtBot) -> Area:
    made = Area(clock)
    qtbot.addWidget(made)
    made.resize(300, 200)
    made.show()
    qtbot.waitUntil(lambda: bool(made.given))
    clock.now += 1
    made.given.clear()
    return made


def frame(area: Area, *, waited: float = 0.0) -> float:
    """What a frame is given that is asked for and comes so much later."""
    area._mark_device(Rect(0, 0, 50, 50))
    area.clock.now += waited
    area._run_frame()
    return area.given[-1]


def test_a_frame_at_rest_is_given_its_budget(area: Area) -> None:
    assert frame(area) == pytest.approx(BUDGET)


def test_a_second_painting_in_the_same_turn_is_given_little(area: Area) -> None:
    first = frame(area)
    again = frame(area)
    assert 0 < again < first / 2
    area.clock.now += 1
    assert frame(area) == pytest.approx(first), "and after a rest as much as ever"


@pytest.mark.parametrize("busy", ["waiting", "gathering"])
def test_what_was_done_since_the_frame_was_asked_for_is_taken_from_it(area: Area, busy: str) -> None:
    area.gathering = 0.012 if busy == "gathering" else 0.0
    given = frame(area, waited=0.012 if busy == "waiting" else 0.0)
    assert 0 < given < BUDGET
    area.clock.now += 1
    area.gathering = 0.1 if busy == "gathering" else 0.0
    assert 0 < frame(area, waited=0.1 if busy == "waiting" else 0.0) < given, "but something comes along always"


def test_after_giving_way_the_next_frame_waits(area: Area, qtbot: QtBot) -> None:
    area.give_way()
    area._mark_device(Rect(0, 0, 50, 50))
    assert area._pause.isActive()
    assert not area.given
    qtbot.waitUntil(lambda: bool(area.given))
    area.clock.now += 1
    area._mark_device(Rect(0, 0, 50, 50))
    assert not area._pause.isActive(), "otherwise it comes at once"
    assert area.viewport().rect().contains(QRect(0, 0, 50, 50))
