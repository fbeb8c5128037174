"""The first rows of a document that was just opened from a photo."""

from __future__ import annotations

import io
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from inpaint_studio.document.codec import format_to_json
from inpaint_studio.storage.project import schema
from inpaint_studio.storage.project.layer_rows import last_id_of, store_layers
from inpaint_studio.storage.project.records import Page, Saved, Shape, State, new_about, now
from inpaint_studio.storage.project.refusals import reading
from inpaint_studio.storage.project.source import store_source

if TYPE_CHECKING:
    import sqlite3

    from inpaint_studio.document.document import Document


def lay_out(
    target: Path, document: Document, source: Path | bytes, document_id: str, name: str, suffix: str, page: int = 0
) -> None:
    """Make the database `target` for `document`, whose photo is `page` of `source`. Raises sqlite3.Error and OSError."""
    target.unlink(missing_ok=True)
    with _stream(source) as stream, closing(schema.connect(target, mode="rwc")) as connection:
        connection.execute("PRAGMA journal_mode = MEMORY")
        schema.create(connection)
        connection.execute("BEGIN")
        origin = "" if isinstance(source, bytes) else str(source.absolute())
        new_about(document_id, name or Path(origin).name, origin).write(connection)
        store_source(connection, stream, suffix or Path(origin).suffix)
        if page:
            Page(page).write(connection)
        _fill(connection, document)
        connection.execute("COMMIT")


def store_blob(connection: sqlite3.Connection, name: str, blob: bytes, revision: int) -> None:
    """Put a thing there is one of, such as the thumbnail, into the table of such things."""
    connection.execute("INSERT OR REPLACE INTO blobs (name, blob, revision) VALUES (?, ?, ?)", (name, blob, revision))


def _fill(connection: sqlite3.Connection, document: Document) -> None:
    layers = [layer.state() for layer in document.layers]
    canvas, size = document.canvas, document.photo.extent
    sides = [canvas.left, canvas.top, canvas.right, canvas.bottom]
    Shape(format_to_json(document.photo.format), size.width, size.height, sides).write(connection)
    State(last_id=last_id_of(layers), modified=now()).write(connection)
    Saved().write(connection)
    store_layers(connection, (), layers, 0)
    if document.profile is not None:
        store_blob(connection, "profile", document.profile, 0)


def _stream(source: Path | bytes) -> BinaryIO:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    with reading(source):
        return source.open("rb")
