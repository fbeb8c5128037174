"""The layout of projects and journals, its versions, and connections that trust nothing they find in a file."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from typing import TYPE_CHECKING, BinaryIO, Literal

from inpaint_studio.storage.project.refusals import damaged, newer, not_a_project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: "ISp1" in the header of every project and journal.
APPLICATION_ID = 0x49537031

#: No single row may have more bytes than this, written or read: a source chunk has 4 MiB, a tile 1.3 MB.
LARGEST_ROW = 16 << 20

_PAGE_BYTES = 8192
_BUSY_S = 5.0
_HEAD = 100
_MAGIC = b"SQLite format 3\0"
#: How a rollback journal ends that names a super-journal, which SQLite would follow to another file.
_SUPER_JOURNAL = bytes.fromhex("d9d505f920a163d7")


def _version_1(connection: sqlite3.Connection) -> None:
    """All numbers named revision are those of the transaction that wrote the row; a step's number is one too."""
    for statement in (
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
        "CREATE TABLE source (part INTEGER PRIMARY KEY, blob BLOB NOT NULL) STRICT",
        "CREATE TABLE blobs (name TEXT PRIMARY KEY, blob BLOB NOT NULL, revision INTEGER NOT NULL) STRICT",
        (
            "CREATE TABLE layers (id TEXT PRIMARY KEY, position INTEGER NOT NULL, kind TEXT NOT NULL,"
            " version INTEGER NOT NULL, json TEXT NOT NULL, revision INTEGER NOT NULL) STRICT"
        ),
        (
            'CREATE TABLE tiles (layer TEXT NOT NULL, plane TEXT NOT NULL, "row" INTEGER NOT NULL,'
            ' "column" INTEGER NOT NULL, blob BLOB NOT NULL, revision INTEGER NOT NULL,'
            ' PRIMARY KEY (layer, plane, "row", "column")) STRICT'
        ),
        "CREATE INDEX tiles_by_revision ON tiles (revision)",
        (
            "CREATE TABLE history (number INTEGER PRIMARY KEY, label TEXT NOT NULL, bytes INTEGER NOT NULL,"
            " kind TEXT NOT NULL, version INTEGER NOT NULL, json TEXT NOT NULL, digest BLOB NOT NULL) STRICT"
        ),
        "CREATE INDEX history_by_digest ON history (digest)",
        (
            "CREATE TABLE history_blobs (number INTEGER NOT NULL, part INTEGER NOT NULL, blob BLOB NOT NULL,"
            " PRIMARY KEY (number, part)) STRICT"
        ),
        # what save has to take out of the project: a layer, a tile of it, or all steps after `step`
        (
            "CREATE TABLE removed (id INTEGER PRIMARY KEY, revision INTEGER NOT NULL, step INTEGER, layer TEXT, plane TEXT,"
            ' "row" INTEGER, "column" INTEGER) STRICT'
        ),
    ):
        connection.execute(statement)


#: What makes a database of version n out of one of version n - 1; the first starts from nothing.
MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_version_1,)


def uri(path: Path, *, mode: Literal["ro", "rw", "rwc"], locks: bool = True) -> str:
    """`path` as SQLite wants it. Without `locks` for a file that nobody else can know of."""
    address = path.absolute().as_uri()
    if not address.startswith("file:///"):  # a share on Windows: SQLite takes no host, but a path with two slashes
        address = f"file:////{address.removeprefix('file://')}"
    return f"{address}?mode={mode}{'' if locks else '&nolock=1'}"


def connect(path: Path, *, mode: Literal["ro", "rw", "rwc"] = "rw", locks: bool = True) -> sqlite3.Connection:
    """Open the database `path` without believing it anything. The caller closes it. Raises sqlite3.Error.

    The connection may change threads, but only one may use it at a time.
    """
    connection = sqlite3.connect(
        uri(path, mode=mode, locks=locks), uri=True, isolation_level=None, check_same_thread=False, timeout=_BUSY_S
    )
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_ROW)
        for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0", "temp_store = MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def create(connection: sqlite3.Connection) -> None:
    """Lay out the empty database of `connection` in the newest version."""
    connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    migrate(connection)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the layout to the newest version in one transaction."""
    version = _version(connection)
    if version == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in MIGRATIONS[version:]:
            step(connection)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def check(connection: sqlite3.Connection, path: Path, *, pages: bool = True) -> None:
    """Refuse everything that this program did not lay out, and with `pages` every damaged page.

    The tables must be those of their version to the letter, so no trigger, view or constraint of a stranger ever runs.
    Takes about a second for a gigabyte. Raises InputError or sqlite3.Error.
    """
    if connection.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
        raise not_a_project(path)
    version = _version(connection)
    if version > len(MIGRATIONS):
        raise newer(path)
    if version < 1 or _objects(connection) != _expected(version):
        raise damaged(path)
    if pages and connection.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)]:
        raise damaged(path)


def check_file(path: Path) -> None:
    """Refuse what is no project by its header, and what SQLite must not be let near. Raises InputError or OSError."""
    head = _head(path)
    if not _ours(head):
        raise not_a_project(path)
    if int.from_bytes(head[60:64], "big") > len(MIGRATIONS):
        raise newer(path)
    if head[18:20] != b"\1\1":  # a journal in write-ahead mode, whose newest rows are in another file
        raise not_a_project(path)
    rollback = path.with_name(f"{path.name}-journal")
    if rollback.exists() and rollback.read_bytes()[-len(_SUPER_JOURNAL) :] == _SUPER_JOURNAL:
        raise damaged(path)


def is_ours(path: Path) -> bool:
    """Whether the header of the file `path` is one that this program writes. Raises OSError."""
    return _ours(_head(path))


def sync(stream: BinaryIO) -> None:
    """Wait until the disk has `stream`."""
    stream.flush()
    os.fsync(stream.fileno())


def _head(path: Path) -> bytes:
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe would block
        return b""
    with path.open("rb") as stream:
        return stream.read(_HEAD)


def _ours(head: bytes) -> bool:
    return len(head) == _HEAD and head.startswith(_MAGIC) and int.from_bytes(head[68:72], "big") == APPLICATION_ID


def newest(connection: sqlite3.Connection) -> bool:
    """Whether the database has the layout that this program writes."""
    return _version(connection) == len(MIGRATIONS)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _objects(connection: sqlite3.Connection) -> set[tuple[str, ...]]:
    """Everything that the database declares; at most twice of what it should."""
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema LIMIT 100").fetchall()
    return {tuple(map(str, row)) for row in rows}


def _expected(version: int) -> set[tuple[str, ...]]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for step in MIGRATIONS[:version]:
            step(connection)
        return _objects(connection)
