"""The rules that the rooms keep between them, and that the guards in conftest guard."""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

import inpaint_studio
from inpaint_studio.document import edits
from inpaint_studio.document.edits import EDIT_KINDS

ROOT = Path(__file__).parents[1]
SOURCE = Path(inpaint_studio.__file__).parent
#: Modules of the folder of edits that are no edits.
HELPERS = {"base"}
#: Rooms that may use Qt.
WITH_QT = {"ui", "app", "__main__"}
HEAVY = ("torch", "diffusers", "transformers", "onnxruntime", "skimage", "scipy")

IMPORT_WITHOUT_QT = """
import importlib, sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"PySide6", "shiboken6", "qasync"}:
            raise ImportError(name + " is blocked")
sys.meta_path.insert(0, Blocker())
for name in sys.argv[1:]:
    importlib.import_module(name)
"""
IMPORT_AND_LIST = """
import importlib, sys
importlib.import_module(sys.argv[1])
print(*sorted({name.partition(".")[0] for name in sys.modules} & set(sys.argv[2:])))
"""


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE.parent)}
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=120, env=environment, check=False
    )


def modules_without_qt() -> list[str]:
    found = [
        module.name for module in pkgutil.walk_packages([str(SOURCE)], "inpaint_studio.") if _is_below_ui(module.name)
    ]
    assert "inpaint_studio.document.history" in found
    return found


def _is_below_ui(name: str) -> bool:
    return name.split(".")[1] not in WITH_QT


def test_rooms_import_only_what_their_contracts_allow(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    path = list(sys.path)
    try:
        code = lint_imports(no_cache=True)
    finally:
        sys.path[:] = path
    assert code == 0, capsys.readouterr().out


def test_everything_below_the_window_imports_without_qt() -> None:
    done = python("-W", "error", "-c", IMPORT_WITHOUT_QT, *modules_without_qt())
    assert done.returncode == 0, done.stderr


def test_the_command_line_starts_without_heavy_libraries() -> None:
    done = python("-c", IMPORT_AND_LIST, "inpaint_studio.cli.app", *HEAVY)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_every_file_of_an_edit_is_in_the_table_of_kinds() -> None:
    files = {module.name for module in pkgutil.iter_modules(edits.__path__)} - HELPERS
    homes = {edit.__module__.rpartition(".")[2] for edit in EDIT_KINDS.values()}
    assert files == homes
    for name in files:
        module = importlib.import_module(f"{edits.__name__}.{name}")
        kinds = {
            value.kind
            for value in vars(module).values()
            if isinstance(value, type) and value.__module__ == module.__name__
        }
        assert kinds <= EDIT_KINDS.keys()


LEAKS = {
    "a_thread": (
        "import threading\nstop = threading.Event()",
        "threading.Thread(target=stop.wait, daemon=True).start()",
        "thread",
    ),
    "a_process": (
        "import subprocess, sys",
        "global child\n    child = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)",
        "process",
    ),
    "a_file": ("import tempfile", "tempfile.mkdtemp(prefix='inpaint-studio-')", "file"),
    "a_socket": (
        "import socket",
        "with socket.socket() as s:\n        try: s.connect(('127.0.0.1', 9))\n        except AssertionError: pass",
        "network",
    ),
    "a_lookup": (
        "import socket",
        "try: socket.getaddrinfo('example.org', 80)\n    except AssertionError: pass",
        "network",
    ),
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_test_that_leaks_fails(name: str, tmp_path: Path) -> None:
    setup, leak, word = LEAKS[name]
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    tmp_path.joinpath("test_it.py").write_text(
        f"{setup}\n\ndef test_leaky():\n    {leak}\n\ndef test_clean():\n    pass\n"
    )
    done = python("-m", "pytest", "-q", "--rootdir", str(tmp_path), "--basetemp", str(tmp_path / "base"), str(tmp_path))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "2 passed, 1 error" in done.stdout
    assert re.search(f"ERROR at teardown of test_leaky.*(left behind|used the).*{word}", done.stdout, re.DOTALL)


@pytest.mark.skipif(os.environ.get("INPAINT_STUDIO_QT") == "1", reason="this run may use Qt")
@pytest.mark.parametrize("name", ["PySide6", "PySide6.QtCore", "shiboken6", "qasync"])
def test_qt_is_blocked(name: str) -> None:
    with pytest.raises(ImportError, match="blocked outside tests/ui"):
        importlib.import_module(name)


def test_a_user_of_a_test_has_no_settings(tmp_path: Path) -> None:
    import platformdirs

    for path in (
        platformdirs.user_config_path("x"),
        platformdirs.user_data_path("x"),
        platformdirs.user_cache_path("x"),
    ):
        assert tmp_path.parent in path.parents
        assert not path.exists()


@pytest.mark.network
def test_a_marked_test_may_speak_to_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        client.sendall(b"hello")
        connection, _ = server.accept()
        with connection:
            assert connection.recv(5) == b"hello"


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no such sockets here")
def test_sockets_inside_the_machine_are_free() -> None:
    one, other = socket.socketpair()
    with one, other:
        one.sendall(b"hello")
        assert other.recv(5) == b"hello"
