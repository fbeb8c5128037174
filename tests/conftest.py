"""The rules of the house for every test: nothing is left behind, no network, no Qt, none of the user's own files."""

from __future__ import annotations

import importlib.abc
import os
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import settings

# what tests share, such as the generators of edits, is imported as tests.document.generators
sys.path.insert(0, str(Path(__file__).parents[1]))

# everybody looks for new examples; CI repeats the same ones, so that it fails for a change and not by chance
settings.register_profile("ci", deadline=None, max_examples=50, print_blob=True, derandomize=bool(os.environ.get("CI")))
settings.load_profile("ci")

#: Seconds a thread or process of a finished test gets to end by itself.
_GRACE = 2
#: Seconds after which a test of the window counts as hanging; the slowest takes some 30.
_WINDOW_S = 180
_QT = ("PySide6", "shiboken6", "qasync")
#: Set to 1 for the run of tests/ui and tests/acceptance, the only tests that may import Qt.
_QT_ALLOWED = os.environ.get("INPAINT_STUDIO_QT") == "1"


class NetworkUsedError(AssertionError):
    """A test tried to reach another machine."""


class _QtBlocker(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        if fullname.partition(".")[0] in _QT:
            raise ImportError(f"{fullname} is blocked outside tests/ui", name=fullname)


class _NetworkGuard:
    """An audit hook, so that no way into the network goes round it. Remembers what a test's own `except` swallowed."""

    def __init__(self) -> None:
        self.loopback = False
        self.refused: list[str] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not event.startswith("socket."):
            return
        if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
            connection, address = arguments[:2]
            if connection.family == getattr(socket, "AF_UNIX", None) or address is None:
                return
            host = str(address[0] if isinstance(address, tuple) else address)
        elif event == "socket.getaddrinfo":
            host = os.fsdecode(arguments[0] or "localhost")
            if _is_local(host):
                return
        else:
            return
        if not (self.loopback and _is_local(host)):
            self.refused.append(f"{event} {host}")
            raise NetworkUsedError(f"{event} to {host}: tests do not use the network")


def _is_local(host: str) -> bool:
    return host in {"localhost", "::1"} or host.startswith("127.")


_network = _NetworkGuard()


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    # where pytest-qt is installed it would import Qt before the first test
    plugin = pluginmanager.get_plugin("pytest-qt")
    if plugin is not None and not _QT_ALLOWED:
        pluginmanager.unregister(plugin)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "network: may connect to this very machine")
    sys.addaudithook(_network)
    if _QT_ALLOWED:
        return
    loaded = [name for name in _QT if name in sys.modules]
    if loaded:
        raise pytest.UsageError(f"{', '.join(loaded)} was imported before the tests began")
    sys.meta_path.insert(0, _QtBlocker())


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Tests of the window run in a process of their own: see `make test`."""
    windowed = collection_path.parent == Path(__file__).parent and collection_path.name in {"ui", "acceptance"}
    return True if windowed and not _QT_ALLOWED else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Python's signals wait while Qt's own code runs: a thread ends the run of a window that hangs, and shows where
    if _QT_ALLOWED:
        for item in items:
            item.add_marker(pytest.mark.timeout(_WINDOW_S, method="thread"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    _network.loopback = item.get_closest_marker("network") is not None


@pytest.fixture(scope="session", autouse=True)
def house_temp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The temporary folder of the whole run, where fixtures of a wider scope than one test put theirs."""
    with pytest.MonkeyPatch.context() as patch:
        yield _temp_dir(tmp_path_factory.mktemp("temp"), patch)


@pytest.fixture(autouse=True)
def house_user_dirs(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without settings and documents. The cache is the run's: it may save time but not change a result."""
    home = tmp_path_factory.mktemp("user")
    for name in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    for name in (
        "INPAINT_STUDIO_MODELS",
        "INPAINT_STUDIO_OFFLINE",
        "HF_HUB_CACHE",
        "HF_HOME",
        "HF_ENDPOINT",
        "HF_TOKEN",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def house_nothing_left(house_temp: Path) -> Iterator[None]:
    """Fails a test that leaves a thread, a process or a temporary file, or that tried to reach the network."""
    own = Path(tempfile.mkdtemp(dir=house_temp))
    threads, processes, files = set(threading.enumerate()), _children(), _left_in(house_temp)
    _network.refused.clear()
    with pytest.MonkeyPatch.context() as patch:
        _temp_dir(own, patch)
        yield
    left = [f"thread {thread.name}" for thread in set(threading.enumerate()) - threads if _goes_on(thread)]
    left += [f"process {process.pid}" for process in _children() - processes if _end(process)]
    left += [f"file {path}" for path in sorted(own.iterdir())]
    left += [f"file {path}" for path in sorted(_left_in(house_temp) - files)]
    shutil.rmtree(own)
    if left:
        pytest.fail(f"left behind: {', '.join(left)}", pytrace=False)
    if _network.refused:
        pytest.fail(f"used the network: {', '.join(_network.refused)}", pytrace=False)


def _temp_dir(path: Path, patch: pytest.MonkeyPatch) -> Path:
    for name in ("TMPDIR", "TEMP", "TMP"):
        patch.setenv(name, str(path))
    patch.setattr(tempfile, "tempdir", str(path))
    return path


def _left_in(folder: Path) -> set[Path]:
    return set(folder.glob("inpaint-studio*"))


def _children() -> set[psutil.Process]:
    # Python's own helper lives until the interpreter ends
    tracker = getattr(resource_tracker._resource_tracker, "_pid", None)
    return {process for process in psutil.Process().children(recursive=True) if process.pid != tracker}


def _goes_on(thread: threading.Thread) -> bool:
    if isinstance(thread, threading._DummyThread):
        return False  # a QThread that ran Python: it can't be joined here, and Qt aborts when one outlives its object
    thread.join(_GRACE)
    return thread.is_alive()


def _end(process: psutil.Process) -> bool:
    """Whether `process` had to be ended."""
    try:
        process.wait(_GRACE)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait(_GRACE)
        return True
    return False
