"""The photo's own file inside a project: in chunks, so that neither side ever holds it whole."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, BinaryIO

from inpaint_studio.errors import InputError
from inpaint_studio.storage.project.records import Source

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

CHUNK = 4 << 20


def store_source(connection: sqlite3.Connection, stream: BinaryIO, suffix: str) -> None:
    """Put all of `stream` in. A suffix that is no plain one is forgotten."""
    digest, size, part = hashlib.sha256(), 0, 0
    while chunk := stream.read(CHUNK):
        connection.execute("INSERT INTO source (part, blob) VALUES (?, ?)", (part, chunk))
        digest.update(chunk)
        size, part = size + len(chunk), part + 1
    suffix = suffix.lower()
    try:
        record = Source(digest.hexdigest(), suffix, size, part)
    except ValueError:
        record = Source(digest.hexdigest(), "", size, part)
    record.write(connection)


def source_chunks(connection: sqlite3.Connection, project: Path) -> Iterator[bytes]:
    """The file's bytes in order. Raises InputError, at the latest after the last, when they are not those stored."""
    record = Source.read(connection)
    digest, size, parts = hashlib.sha256(), 0, 0
    for part, chunk in connection.execute("SELECT part, blob FROM source ORDER BY part"):
        if part != parts or not isinstance(chunk, bytes) or len(chunk) > CHUNK:
            break
        digest.update(chunk)
        size, parts = size + len(chunk), parts + 1
        yield chunk
    if (digest.hexdigest(), size, parts) != (record.sha256, record.bytes, record.parts):
        raise InputError(
            f"The photo inside {project.name} is damaged or incomplete, so it was not opened.",
            "Open another copy of the project, or the photo itself.",
        )


def extract_source(connection: sqlite3.Connection, project: Path, target: Path) -> None:
    """Write the photo's file to `target`. Raises InputError when it is damaged, OSError when it can't be written."""
    with target.open("wb") as stream:
        for chunk in source_chunks(connection, project):
            stream.write(chunk)
