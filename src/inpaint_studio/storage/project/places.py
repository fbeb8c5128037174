"""Where journals live, and the locks that tell a living document from what a dead program left."""

from __future__ import annotations

import hashlib
import os
import secrets
from typing import TYPE_CHECKING

import filelock
import platformdirs

from inpaint_studio.storage.project.refusals import in_use

if TYPE_CHECKING:
    from pathlib import Path

#: The suffix of journals; a journal that is still being put together has `PARTIAL`.
JOURNAL, PARTIAL, LOCK, ORIGINAL = ".sqlite", ".partial", ".lock", ".original"


def journals_folder() -> Path:
    """The folder of this user's journals."""
    return platformdirs.user_data_path("inpaint-studio", appauthor=False) / "journals"


def new_journal(folder: Path) -> Path:
    """A path in `folder` that no journal has; the folder is made. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / f"{secrets.token_hex(16)}{JOURNAL}"


def hold_journal(path: Path) -> filelock.FileLock | None:
    """The lock of the journal `path`, held; None when a living program holds it. The system frees it at any death."""
    return _hold(path.with_suffix(LOCK))


def hold_project(folder: Path, project: Path) -> filelock.FileLock:
    """Keep other windows of this user from opening `project`; the lock is in `folder`, since network drives may have
    none. Raises InputError when another window has it.
    """
    name = hashlib.sha256(os.fsencode(project.resolve())).hexdigest()[:32]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    held = _hold(folder / f"project-{name}{LOCK}")
    if held is None:
        raise in_use(project)
    return held


def remove_journal(path: Path, held: filelock.FileLock) -> None:
    """Delete the journal `path`, what lies beside it, and at last its lock `held`."""
    for beside in path.parent.glob(f"{path.stem}.*"):
        if beside.suffix != LOCK:
            beside.unlink(missing_ok=True)
    held.release()
    # no other journal ever has this name, so nobody can be waiting for the lock
    path.with_suffix(LOCK).unlink(missing_ok=True)


def _hold(path: Path) -> filelock.FileLock | None:
    lock = filelock.FileLock(path, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return None
    return lock
