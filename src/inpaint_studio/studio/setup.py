"""Installing an optional part into the running environment by pip: what is missing, how much there is to download, doing it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

from inpaint_studio.errors import InputError, StudioError
from inpaint_studio.resources import resource

_PROJECT = "inpaint-studio"
#: Asking a server for the size of one file must not hang the whole set-up.
_TIMEOUT_S = 20


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
    with tempfile.TemporaryDirectory(prefix="inpaint-studio-setup-") as folder:
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


def install(installation: Installation, pip: Sequence[str] = ()) -> None:
    """Install by pip, which shows its own progress on stderr. Raises StudioError when it fails."""
    _pip([*pip, *installation.requirements], capture=False)


def _pip(arguments: Sequence[str], *, capture: bool) -> None:
    command = [
        sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "-c", str(_constraints()), *arguments,
    ]  # fmt: skip
    # pip's own progress goes to stderr: stdout belongs to the command's answer
    done = subprocess.run(command, stdout=subprocess.PIPE if capture else sys.stderr, stderr=None, check=False)
    if done.returncode != 0:
        raise StudioError("pip could not do it; its own words are above.", "Check the network and the free disk space.")


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
