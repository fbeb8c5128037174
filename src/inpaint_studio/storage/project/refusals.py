"""Refusing a project or a journal in one sentence: what SQLite says about a file becomes an InputError here."""

from __future__ import annotations

import sqlite3
import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING

import zstandard

from inpaint_studio.errors import Cancelled, InputError
from inpaint_studio.storage.atomic import unwritable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: What rows that this program did not write make their readers raise.
_ROW_ERRORS = (
    sqlite3.Error,
    zstandard.ZstdError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    struct.error,
)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what opening and reading the database `path` raises into an InputError. InputErrors pass through."""
    try:
        yield
    except InputError:
        raise
    except MemoryError as error:
        raise too_large(path) from error
    except OSError as error:
        reason = (error.strerror or "the system refused").lower()
        raise InputError(
            f"{path.name} could not be read: {reason}.", "Check that it is there, its permissions and its disk."
        ) from error
    except sqlite3.Error as error:
        raise _refusal(path, error) from error
    except _ROW_ERRORS as error:
        raise damaged(path) from error


@contextmanager
def writing(path: Path, name: str = "") -> Iterator[None]:
    """Turn what writing the database `path` raises into an InputError. InputErrors pass through.

    name: what the user knows it by, where that is not the name of the file.
    """
    try:
        yield
    except OSError as error:
        raise unwritable(path, error, name) from error
    except sqlite3.Error as error:
        raise _refusal(path, error, name, written=True) from error


def damaged(path: Path) -> InputError:
    """Bytes are not what was written."""
    return InputError(
        f"{path.name} is damaged or cut off, so it was not opened.",
        "Copy it again from where it came from, or open another copy.",
    )


def too_large(path: Path) -> InputError:
    """Opening it would take more memory than allowed."""
    return InputError(
        f"{path.name} needs more memory than there is for one document.",
        "Close other programs, or open it on a computer with more memory.",
    )


def newer(path: Path) -> InputError:
    """Its layout is one that only later versions know."""
    return InputError(f"{path.name} was saved by a newer version of the program.", "Update Inpaint Studio.")


def not_a_project(path: Path) -> InputError:
    """It is a file of something else."""
    return InputError(f"{path.name} is not an Inpaint Studio project.", "Open a file that ends in .inpaint.")


def in_use(path: Path) -> InputError:
    """Its lock is held."""
    return InputError(
        f"{path.name} is already open in another window.", "Go on in that window, or close it there and try again."
    )


def _refusal(path: Path, error: sqlite3.Error, name: str = "", *, written: bool = False) -> InputError | Cancelled:
    """What an error of SQLite means to the user."""
    name = name or path.name
    # errors of Python's own module, such as a string that is no UTF-8, have no code
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code == sqlite3.SQLITE_INTERRUPT:
        return Cancelled()
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return InputError(f"{name} is in use by another program.", "Wait until that has finished and try again.")
    if code == sqlite3.SQLITE_NOMEM:
        return too_large(path)
    if code == sqlite3.SQLITE_FULL:
        reason, hint = "the disk is full", "Free some space, or save to another disk."
    elif code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_AUTH):
        reason, hint = "the file or its folder may not be written", "Check the folder's permissions."
    elif code == sqlite3.SQLITE_IOERR:
        reason, hint = "the disk refused", "Check that the disk is connected and has space left."
    elif written and code == sqlite3.SQLITE_TOOBIG:
        reason, hint = "a single part of it is too large", "Undo the last step and save again."
    else:
        return damaged(path)
    what = "written" if written else "opened"
    return InputError(f"{name} could not be {what}: {reason}.", hint)
