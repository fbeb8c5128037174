"""The private folder that a client shares with its worker, and the removal of those whose owner was killed."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import filelock

from inpaint_studio.engines.host.arrays import no_room

#: Of these folders alone: whatever else the program keeps among the temporary files is named otherwise.
PREFIX = "inpaint-studio-worker-"

_LOCK = "owner.lock"


class PrivateFolder:
    """A folder that only this user can enter, gone after `close`; after a crash, `sweep` removes it.

    A lock held inside says that the owner lives. The system drops it with the process, however that ends.
    """

    def __init__(self) -> None:
        """Make the folder. Raises StudioError when there is no place for it."""
        try:
            while not self._make():
                pass
        except OSError as error:
            raise no_room(Path(tempfile.gettempdir()), error) from error

    @property
    def alive(self) -> bool:
        """Whether it is still there: systems clean temporary folders that rest for days."""
        return (self.path / _LOCK).exists()

    def of_job(self, number: int) -> Path:
        """A new folder for the files of one job. Raises StudioError."""
        path = self.path / f"job-{number}"
        try:
            path.mkdir(mode=0o700)
        except OSError as error:
            raise no_room(self.path, error) from error
        return path

    def close(self) -> None:
        _remove(self.path, self._lock)

    def _make(self) -> bool:
        """Make and lock a folder; False when somebody's `sweep` came in between."""
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._lock = _lock(self.path)
        with suppress(filelock.Timeout, FileNotFoundError):
            self._lock.acquire()
            if self.alive:
                return True
        _remove(self.path, self._lock)
        return False


def sweep() -> None:
    """Remove the folders that dead processes of this user left."""
    for folder in Path(tempfile.gettempdir()).glob(PREFIX + "*"):
        with suppress(filelock.Timeout, OSError):
            if _ours(folder):
                lock = _lock(folder)
                lock.acquire()  # a live owner holds it: Timeout
                _remove(folder, lock)


def _ours(folder: Path) -> bool:
    # in a shared temporary folder anybody can make a name like ours
    return folder.is_dir() and not folder.is_symlink() and (os.name == "nt" or folder.stat().st_uid == os.getuid())


def _lock(folder: Path) -> filelock.BaseFileLock:
    # not bound to a thread: any may close what another made
    return filelock.FileLock(folder / _LOCK, blocking=False, mode=0o600, thread_local=False)


def _remove(folder: Path, lock: filelock.BaseFileLock) -> None:
    # removed while locked, so that nobody takes it for a dead one's; Windows keeps the locked file until it is released
    shutil.rmtree(folder, ignore_errors=True)
    lock.release()
    shutil.rmtree(folder, ignore_errors=True)
