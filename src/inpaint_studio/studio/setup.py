"""Installing an optional part into the running environment by pip: what is missing, how much there is to download, doing it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

from inpaint_studio import network
from inpaint_studio.errors import Cancelled, InputError, StudioError
from inpaint_studio.resources import resource

_PROJECT = "inpaint-studio"
#: What the names of temporary folders begin with; the sweep of the workers' folders must not match it.
FOLDER = "inpaint-studio-setup-"
#: Asking a server for the size of one file must not hang the whole set-up.
_TIMEOUT_S = 20
_BEGINS = re.compile(r"Downloading \S+ \(([\d.]+) (bytes|kB|MB|GB)\)")
_UNITS = {"bytes": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}
#: Told what pip says, the bytes downloaded so far, and of how many where that is known.
Note = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class Installation:
    """What pip would install. nbytes: size of the download; None when a server doesn't tell."""

    requirements: tuple[str, ...]
    packages: tuple[str, ...]
    nbytes: int | None


def requirements_of(extra: str) -> tuple[str, ...]:
    """The requirements of this program's extra `extra`. Raises InputError when there is none of that name."""
    found = []
    for line in metadata.requires(_PROJECT) or []:
        requirement, _, marker = line.partition(";")
        if f'extra == "{extra}"' in marker.replace("'", '"'):
            found.append(requirement.strip())
    if not found:
        raise InputError(f"There is nothing called {extra} to set up.", "Try: inpaint-studio setup diffusion.")
    return tuple(found)


def plan_installation(requirements: Sequence[str], pip: Sequence[str] = ()) -> Installation:
    """Ask pip what it would download for `requirements`, installing nothing. Uses the network.

    pip: further arguments for pip, such as another index.
    """
    # whoever asks what an installation would download has agreed to asking
    with network.consented(), tempfile.TemporaryDirectory(prefix=FOLDER) as folder:
        report = Path(folder) / "report.json"
        _pip(["--dry-run", "--quiet", "--report", str(report), *pip, *requirements], capture=True)
        items = json.loads(report.read_text("utf-8"))["install"]
        sizes = [_size(item["download_info"]["url"]) for item in items]
    known = [size for size in sizes if size is not None]
    return Installation(
        requirements=tuple(requirements),
        packages=tuple(f"{item['metadata']['name']} {item['metadata']['version']}" for item in items),
        nbytes=sum(known) if len(known) == len(sizes) else None,
    )


def install(
    installation: Installation,
    pip: Sequence[str] = (),
    note: Note | None = None,
    stoppable: Callable[[Callable[[], None]], object] = lambda _stop: None,
) -> None:
    """Install by pip, which shows its own progress on stderr, or tells it to `note`.

    stoppable: with `note`, is given a function that ends pip, from any thread.
    Raises StudioError when it fails, Cancelled when it was ended.
    """
    arguments = [*pip, *installation.requirements]
    # pip leaves its temporary files when it is ended
    with (
        network.consented(),
        tempfile.TemporaryDirectory(prefix=FOLDER, ignore_cleanup_errors=True) as folder,
    ):
        if note is None:
            _pip(arguments, capture=False)
        else:
            _pip_telling(arguments, installation.nbytes, note, stoppable, Path(folder))


def _pip_telling(
    arguments: Sequence[str],
    total: int | None,
    note: Note,
    stoppable: Callable[[Callable[[], None]], object],
    folder: Path,
) -> None:
    """Run pip and read what it says. It names each file and its size as it begins with it: that is how far it is."""
    said: deque[str] = deque(maxlen=3)
    done = begun = 0
    stopped = threading.Event()
    with subprocess.Popen(
        _command(["--progress-bar", "off", *arguments]),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder)),
    ) as process:
        assert process.stdout is not None  # noqa: S101  a pipe was asked for

        def stop() -> None:
            stopped.set()
            process.terminate()

        stoppable(stop)
        for line in process.stdout:
            said.append(line.strip())
            done, begun = done + begun, 0
            if match := _BEGINS.match(said[-1]):
                begun = round(float(match[1]) * _UNITS[match[2]])
            note(said[-1], done, total)
    if stopped.is_set():
        raise Cancelled
    if process.returncode != 0:
        raise StudioError(f"pip could not do it: {' '.join(said)}", "Check the network and the free disk space.")


def _pip(arguments: Sequence[str], *, capture: bool) -> None:
    # pip's own progress goes to stderr: stdout belongs to the command's answer
    done = subprocess.run(
        _command(arguments), stdout=subprocess.PIPE if capture else sys.stderr, stderr=None, check=False
    )
    if done.returncode != 0:
        raise StudioError("pip could not do it; its own words are above.", "Check the network and the free disk space.")


def _command(arguments: Sequence[str]) -> list[str]:
    constraints = str(_constraints())
    return [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "-c", constraints, *arguments]


def _constraints() -> Path:
    try:
        return resource("constraints.txt")
    except FileNotFoundError:
        # a source tree keeps the file beside pyproject.toml
        return resource("samples").parents[1] / "constraints.txt"


def _size(url: str) -> int | None:
    """Bytes of the file at `url`, by its headers; None when the server doesn't say."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return Path(unquote(parts.path)).stat().st_size
    if parts.scheme not in {"http", "https"}:
        return None
    request = urllib.request.Request(url, method="HEAD")  # noqa: S310  http and https only, see above
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            length = answer.headers.get("Content-Length")
    except OSError:
        return None
    return int(length) if length else None


def offer(installation: Installation, say: Callable[[str], None]) -> None:
    """Tell the user what is about to be downloaded."""
    size = "a size the server doesn't tell" if installation.nbytes is None else f"{installation.nbytes / 1e6:,.0f} MB"
    say(f"{len(installation.packages)} packages to download, {size}: {', '.join(installation.packages)}")
