"""The internet stays closed, in this process and in every child, unless the user has agreed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from inpaint_studio import network
from inpaint_studio.errors import StudioError

#: An address for documentation: nobody answers there. The guard must speak before the system does.
_ELSEWHERE = "192.0.2.1"

_PROBE = f"""
import os, socket, sys, urllib.request
from inpaint_studio import network
network.guard()
def attempt(what):
    try:
        what()
    except OSError as error:
        refusal = getattr(error, "reason", error)
        return "closed" if isinstance(refusal, network.OfflineError) else repr(error)
    return "open"
def connect():
    with socket.socket() as s:
        s.settimeout(0.01)
        s.connect(("{_ELSEWHERE}", 80))
def udp():
    with socket.socket(type=socket.SOCK_DGRAM) as s:
        s.sendto(b"x", ("{_ELSEWHERE}", 53))
def local():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
print(attempt(connect), attempt(udp), attempt(lambda: socket.getaddrinfo("hub.invalid", 80)),
      attempt(lambda: urllib.request.urlopen("http://{_ELSEWHERE}/", timeout=0.01)), attempt(local))
print(os.environ["HF_HUB_OFFLINE"], os.environ["TRANSFORMERS_OFFLINE"])
"""


def _run(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ | environment
    )
    return done.stdout


def test_a_guarded_process_reaches_itself_only() -> None:
    assert _run(_PROBE) == "closed closed closed closed open\n1 1\n"


@pytest.mark.parametrize("arguments", [["--worker"], ["settings"]])
def test_every_entry_sets_the_guard(arguments: list[str]) -> None:
    """The same entry starts window, command line and worker; a spy tells what was switched off, and how often."""
    code = (
        "import os, sys\n"
        "from inpaint_studio import network\n"
        "real = network.guard\n"
        "def spy():\n"
        "    real()\n"
        "    os.write(2, f'guarded {os.environ[\"HF_HUB_OFFLINE\"]}'.encode())\n"
        "network.guard = spy\n"
        "from inpaint_studio import __main__\n"
        f"__main__.main({arguments!r})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == "guarded 1"


def test_the_libraries_of_the_hub_stay_offline_too() -> None:
    pytest.importorskip("huggingface_hub")
    code = (
        "import sys\n"
        "from inpaint_studio import network\n"
        "network.guard()\n"
        "tried = []\n"
        "watched = ('socket.connect', 'socket.getaddrinfo')\n"
        "sys.addaudithook(lambda event, _: tried.append(event) if event in watched else None)\n"
        "from huggingface_hub import snapshot_download\n"
        "try: snapshot_download('somebody/model')\n"
        "except Exception as error: print(type(error).__name__, tried)\n"
    )
    assert _run(code).strip().endswith("Error []")


def test_consent_is_of_one_thread_and_ends() -> None:
    seen = []
    with network.consented():
        assert network.has_consent()
        thread = threading.Thread(target=lambda: seen.append(network.has_consent()))
        thread.start()
        thread.join()
        with network.consented():
            pass
        assert network.has_consent()
    assert seen == [False]
    assert not network.has_consent()


def test_downloads_can_be_switched_off_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(network.NEVER, "1")
    assert network.is_forbidden()
    with pytest.raises(StudioError, match="switched off"), network.consented():
        pass
    assert not network.has_consent()


def test_this_machine_is_told_from_others() -> None:
    assert all(network.is_this_machine(host) for host in ("localhost", "127.0.0.1", "127.1.2.3", "::1"))
    assert not any(network.is_this_machine(host) for host in (_ELSEWHERE, "hub.invalid", "127.hub.invalid", "10.0.0.1"))
