"""The door to compiled inner loops, whose machine code is kept in a folder of the user's."""

from __future__ import annotations

import hashlib
import importlib
import os
import shutil
import time
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs

import inpaint_studio

#: Folders of other versions that nobody used for so long are deleted.
_FORGOTTEN_S = 30 * 24 * 3600


class UncompiledError(Exception):
    """The loops can't be had on this computer: numba is missing or broken, or nothing can be written."""


def load(module: str) -> Any:
    """The module of that dotted name, with its compiled loops. The first time ever takes seconds.

    Raises UncompiledError.
    """
    os.environ.setdefault("NUMBA_CACHE_DIR", str(folder()))
    try:
        importlib.import_module("inpaint_studio.pixels.code_files").keep_code_safely()
        return importlib.import_module(module)
    except (ImportError, OSError, RuntimeError, SystemError) as error:
        raise UncompiledError(str(error)) from error


@cache
def folder() -> Path:
    """Where the machine code of this version lies.

    Each version has a folder of its own: loops take others into their code, and numba does not see when those change.
    """
    root = Path(inpaint_studio.__file__).parent
    digest = hashlib.sha256()
    for source in sorted(root.rglob("*kernels.py")):
        digest.update(source.relative_to(root).as_posix().encode() + b"\0" + source.read_bytes() + b"\0")
    return platformdirs.user_cache_path("inpaint-studio", appauthor=False) / "loops" / digest.hexdigest()[:16]


def forget_others() -> None:
    """Delete the code of versions that have not been used for a month; mark this one as used."""
    own = folder()
    own.mkdir(parents=True, exist_ok=True)
    os.utime(own)
    for other in own.parent.iterdir():
        if other != own and time.time() - other.stat().st_mtime > _FORGOTTEN_S:
            shutil.rmtree(other, ignore_errors=True)
