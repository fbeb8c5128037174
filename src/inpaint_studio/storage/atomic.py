"""Whole files or none: a new file takes its name only when it is complete, and the old one stands until then."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from inpaint_studio.errors import InputError

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: How the names of temporary files begin.
PREFIX = ".inpaint-studio-"

#: Where files cannot be locked (Windows), a younger temporary may be one that is just being put in its place.
_GRACE_S = 3600

_HINTS = {
    errno.ENOSPC: "Free some space, or save to another disk.",
    errno.EDQUOT: "Free some space, or save to another disk.",
    errno.EFBIG: "Save to another disk, or in a format that needs less space.",
    errno.EROFS: "Save to another folder or disk.",
}


@contextmanager
def atomic_target(path: Path, verify: Callable[[Path], None] | None = None) -> Iterator[Path]:
    """Yield a temporary file beside `path` to be written; on leaving it takes the place of `path` in one step.

    Symbolic links are followed. `verify` is called with the complete temporary file, and may raise. The mode, owner and
    extended attributes of a replaced file are kept. After any exception, a KeyboardInterrupt too, the temporary is gone
    and the old file as it was. Raises InputError when `path` cannot be written, and for any OSError inside.
    """
    try:
        target = _resolved(path)
        remove_stale(target.parent)
        descriptor, temporary = _create(target)
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        yield temporary
        if verify is not None:
            verify(temporary)
        _keep_attributes(target, temporary)
        os.fsync(descriptor)
        if sys.platform == "win32":  # an open file cannot be renamed there
            os.close(descriptor)
            descriptor = -1
        temporary.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)
        # what SQLite leaves of a project for which the disk was too small
        temporary.with_name(f"{temporary.name}-journal").unlink(missing_ok=True)
        if descriptor >= 0:
            os.close(descriptor)


def check_writable(path: Path) -> None:
    """Raise InputError where `atomic_target` would refuse `path` at once."""
    try:
        _resolved(path)
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError, name: str = "") -> InputError:
    """What the system said about writing `path`, as one sentence. name: what the user knows it by, if not by its own."""
    reason = error.strerror or str(error) or "the system refused"
    hint = _HINTS.get(error.errno or 0, "Check the folder's permissions, or save somewhere else.")
    return InputError(f"{name or path.name} could not be written: {reason[:1].lower()}{reason[1:].rstrip('.')}.", hint)


def remove_stale(folder: Path) -> None:
    """Delete temporary files that killed programs left in `folder`; never one whose writer still lives.

    A writer holds a lock on its file until it has its place. What cannot be locked or deleted is left alone.
    """
    for path in folder.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            _remove_unless_held(path)


def _remove_unless_held(path: Path) -> None:
    """Raises OSError when a writer holds `path`."""
    if sys.platform == "win32":
        if time.time() - path.stat().st_mtime > _GRACE_S:
            path.unlink()  # fails while its writer has it open
        return
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    finally:
        os.close(descriptor)


def _resolved(path: Path) -> Path:
    """The file behind `path`, where something can be written. Raises InputError or OSError where nothing can."""
    try:
        target = path.resolve()
    except (RuntimeError, ValueError) as error:
        raise InputError(f"{path.name} is not a usable file name.", "Choose another name.") from error
    folder = target.parent
    if not folder.is_dir():
        raise InputError(f"The folder {folder} does not exist.", "Create it first, or save somewhere else.")
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        mode = None
    if mode is not None and stat.S_ISDIR(mode):
        raise InputError(f"{path.name} is a folder.", "Name a file inside it.")
    if mode is not None and not stat.S_ISREG(mode):
        raise InputError(f"{path.name} is not an ordinary file.", "Choose another name.")
    if mode is not None and not mode & 0o222:  # the bits, since root may write everything
        raise InputError(f"{path.name} is write-protected.", "Allow writing to it, or save under another name.")
    if not folder.stat().st_mode & 0o222 or not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"The folder {folder} is write-protected.", "Save somewhere else.")
    return target


def _create(target: Path) -> tuple[int, Path]:
    """A locked, empty file beside `target`: its descriptor and path."""
    private = target.exists()  # what replaces a file gets that file's mode later, and is nobody's until then
    while True:
        temporary = target.with_name(f"{PREFIX}{secrets.token_hex(8)}{target.suffix[:16]}")
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        descriptor = os.open(temporary, flags, 0o600 if private else 0o666)
        if sys.platform == "win32":
            return descriptor, temporary
        with contextlib.suppress(OSError):  # some network drives know no locks; there nothing is taken for stale
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return descriptor, temporary
        os.close(descriptor)  # another program took it for stale between open and lock


def _keep_attributes(target: Path, temporary: Path) -> None:
    """Give `temporary` the owner, mode and extended attributes of the file that it is going to replace, if any."""
    try:
        old = target.stat()
    except FileNotFoundError:
        return
    if sys.platform != "win32":
        new = temporary.stat()
        if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
            with contextlib.suppress(PermissionError):
                os.chown(temporary, old.st_uid, old.st_gid)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # attributes of security modules may be refused
            for name in os.listxattr(target):
                os.setxattr(temporary, name, os.getxattr(target, name))
    temporary.chmod(stat.S_IMODE(old.st_mode))


def _sync_folder(folder: Path) -> None:
    """Make the new name last. Nothing to be done where folders cannot be opened, and too late to refuse anything."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
