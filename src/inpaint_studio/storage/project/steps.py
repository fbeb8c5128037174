"""The steps of the history as rows: one for each edit, and one for each tile that it holds."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import zstandard

from inpaint_studio.document.codec import Encoded
from inpaint_studio.errors import InputError
from inpaint_studio.pixels.tiled import TILE

if TYPE_CHECKING:
    import sqlite3

    from inpaint_studio.document.edits import Edit

#: A tile of five float channels: nothing in an edit unpacks to more.
_LARGEST_TILE = TILE * TILE * 5 * 4
#: An edit that unpacks to more is refused: 400 megapixels of 16-bit RGB with opacity, before and after.
_LARGEST_EDIT = 8 << 30
_ZSTD = b"\x28\xb5\x2f\xfd"


@dataclass(frozen=True, slots=True)
class StoredStep:
    """A step as a list of the history shows it; `number` brings its edit back, `nbytes` is what that takes in memory."""

    number: int
    label: str
    nbytes: int


def store_step(connection: sqlite3.Connection, number: int, edit: Edit) -> None:
    """Add `edit` under `number`, which is above all others."""
    encoded = edit.encode()
    text = json.dumps(encoded.data)
    connection.execute(
        "INSERT INTO history (number, label, bytes, kind, version, json, digest) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (number, edit.label, edit.nbytes, encoded.kind, encoded.version, text, digest_of(encoded)),
    )
    connection.executemany(
        "INSERT INTO history_blobs (number, part, blob) VALUES (?, ?, ?)",
        ((number, part, blob) for part, blob in enumerate(encoded.blobs)),
    )


def drop_steps_after(connection: sqlite3.Connection, number: int, revision: int) -> None:
    """Forget all steps with a higher number, and tell the next save."""
    connection.execute("DELETE FROM history WHERE number > ?", (number,))
    connection.execute("DELETE FROM history_blobs WHERE number > ?", (number,))
    connection.execute("INSERT INTO removed (revision, step) VALUES (?, ?)", (revision, number))


def stored_steps(connection: sqlite3.Connection) -> tuple[StoredStep, ...]:
    """All steps, done and redoable, oldest first."""
    rows = connection.execute("SELECT number, label, bytes FROM history ORDER BY number")
    return tuple(StoredStep(*row) for row in rows)


def load_step(connection: sqlite3.Connection, number: int) -> Encoded:
    """The edit of step `number`. Raises InputError when it is missing or damaged."""
    row = connection.execute("SELECT kind, version, json, digest FROM history WHERE number = ?", (number,)).fetchone()
    if row is None:
        raise InputError("A step of the history is missing.", "Steps after it can still be undone.")
    blobs, unpacked = [], 0
    for (blob,) in connection.execute("SELECT blob FROM history_blobs WHERE number = ? ORDER BY part", (number,)):
        unpacked += _unpacked_size(blob)
        if unpacked > _LARGEST_EDIT:
            raise _damaged()
        blobs.append(blob)
    encoded = Encoded(row[0], row[1], json.loads(row[2]), tuple(blobs))
    if digest_of(encoded) != row[3]:
        raise _damaged()
    return encoded


def find_step(connection: sqlite3.Connection, encoded: Encoded) -> int | None:
    """The number of the oldest step that is exactly `encoded`; a later one may be cut off while it is still needed."""
    row = connection.execute("SELECT min(number) FROM history WHERE digest = ?", (digest_of(encoded),)).fetchone()
    return None if row[0] is None else int(row[0])


def digest_of(encoded: Encoded) -> bytes:
    """16 bytes that tell one encoded edit from all others."""
    digest = hashlib.blake2b(digest_size=16)
    for part in (json.dumps([encoded.kind, encoded.version, encoded.data]).encode(), *encoded.blobs):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def _unpacked_size(blob: bytes) -> int:
    """What `blob` says it unpacks to. Raises InputError above the size of a tile, and for packed data that is silent."""
    if not blob.startswith(_ZSTD):
        return len(blob)
    size = zstandard.frame_content_size(blob)
    if not 0 <= size <= _LARGEST_TILE:
        raise _damaged()
    return size


def _damaged() -> InputError:
    return InputError("A step of the history is damaged, so it was not undone or done again.", "Nothing was changed.")
