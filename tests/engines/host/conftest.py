"""What all tests of worker processes share: none may leave a thread, a process, a descriptor or a file behind."""

from __future__ import annotations

import gc
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from inpaint_studio.engines.contract import Decision, Float, Payload
from inpaint_studio.engines.host.client import Worker
from inpaint_studio.errors import Cancelled

#: Seconds after which a test that waits for something has failed.
PATIENCE = 30


class Watcher:
    """A `Progress` that notes all it is told, and does at each step what the test wants."""

    def __init__(self) -> None:
        self.steps: list[tuple[float | None, str]] = []
        self.previews: list[Float] = []
        self.first = threading.Event()
        self.on_step: Callable[[], Decision | None] = lambda: None

    def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
        self.steps.append((fraction, note))
        if preview is not None:
            self.previews.append(preview)
        self.first.set()
        return self.on_step() or Decision.CONTINUE


class Call:
    """A call of `Worker.run` on a thread of its own."""

    def __init__(self, worker: Worker, task: str, data: dict[str, object], grace: float) -> None:
        self.watcher = Watcher()
        self._pool = ThreadPoolExecutor(1)
        self._future: Future[Payload] = self._pool.submit(
            worker.run, f"selftest.{task}", Payload(data), self.watcher, grace=grace
        )

    def started(self) -> Call:
        """Wait until the task has taken its first step."""
        assert self.watcher.first.wait(PATIENCE)
        return self

    def result(self) -> Payload:
        try:
            return self._future.result(PATIENCE)
        finally:
            self._pool.shutdown()

    def is_cancelled(self) -> bool:
        return isinstance(self._future.exception(PATIENCE), Cancelled) and self._pool.shutdown() is None


@pytest.fixture
def call() -> type[Call]:
    return Call


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


@pytest.fixture
def temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's temporary folder of this test alone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


@pytest.fixture(autouse=True)
def nothing_left(temp: Path) -> Iterator[None]:
    process = psutil.Process()
    gc.collect()  # what earlier tests left for the collector is not this one's
    threads, children, descriptors = set(threading.enumerate()), set(process.children(recursive=True)), _descriptors()
    yield
    assert set(threading.enumerate()) <= threads
    assert set(process.children(recursive=True)) <= children
    assert _descriptors() <= descriptors, "each by what it leads to: one that is closed hides no other that is left"
    assert list(temp.glob("inpaint-studio-*")) == []


def _descriptors() -> set[object]:
    """Which descriptors are open and what each leads to, where the system tells; otherwise as many numbers as there are."""
    process, folder = psutil.Process(), Path("/proc/self/fd")
    if not folder.is_dir():
        return set(range(process.num_handles() if psutil.WINDOWS else process.num_fds()))
    # the one that lists the folder is gone when it is asked for
    return {(int(link.name), link.readlink()) for link in list(folder.iterdir()) if link.is_symlink()}


@pytest.fixture
def worker() -> Iterator[Worker]:
    with Worker("test") as worker:
        yield worker
