from __future__ import annotations

from inpaint_studio.engines.host import protocol as wire
from inpaint_studio.engines.host.ending import ending
from inpaint_studio.engines.host.job import BACKLOG, Job


def step(number: int, preview: str | None = None) -> wire.Step:
    return wire.Step(1, None, str(number), preview)


def test_steps_come_in_order_and_before_the_result() -> None:
    job = Job(1, 0)
    for number in range(3):
        assert job.push(step(number)) == []
    job.outcome = wire.Done(1, wire.Parcel({}, {}))
    assert [job.next() for _ in range(4)] == [step(0), step(1), step(2), job.outcome]


def test_a_failure_does_not_wait_for_steps() -> None:
    job = Job(1, 0)
    job.push(step(0))
    job.outcome = ending(-9, "")
    assert job.next() == job.outcome


def test_only_the_newest_preview_waits_for_a_slow_caller() -> None:
    job = Job(1, 0)
    assert job.push(step(0, "step-0.npy")) == []
    assert job.push(step(1)) == []
    assert job.push(step(2, "step-1.npy")) == ["step-0.npy"]
    assert [job.next() for _ in range(4)] == [step(0), step(1), step(2, "step-1.npy"), None]


def test_a_caller_who_takes_nothing_does_not_fill_the_memory() -> None:
    job = Job(1, 0)
    job.push(step(0, "step-0.npy"))
    unseen = [name for number in range(1, BACKLOG + 10) for name in job.push(step(number))]
    assert unseen == ["step-0.npy"]
    assert len(job.steps) == BACKLOG
    assert job.steps[-1] == step(BACKLOG + 9)


def test_a_stopped_job_keeps_nothing() -> None:
    job = Job(1, 0, stopped=True)
    assert job.push(step(0, "step-0.npy")) == ["step-0.npy"]
    assert job.push(step(1)) == []
    assert job.next() is None
