"""A journal opened again: the document as it was, with its photo and the whole way back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from inpaint_studio.document.codec import format_to_json
from inpaint_studio.document.document import Document
from inpaint_studio.document.layers import LayerState, layer_from
from inpaint_studio.errors import InputError
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.storage.photo import Photo
from inpaint_studio.storage.project import schema
from inpaint_studio.storage.project.journal import Journal
from inpaint_studio.storage.project.layer_rows import last_id_of, load_layers
from inpaint_studio.storage.project.places import ORIGINAL, hold_journal, hold_project
from inpaint_studio.storage.project.records import About, Page, Saved, Shape, Source, State
from inpaint_studio.storage.project.refusals import in_use, reading
from inpaint_studio.storage.project.source import extract_source
from inpaint_studio.storage.project.steps import StoredStep, stored_steps
from inpaint_studio.storage.project.thumbnail import valid_thumbnail

if TYPE_CHECKING:
    import sqlite3

    import filelock

#: Decodes a photo file, such as `storage.files.read_photo` with its limit. Raises InputError.
ReadPhoto = Callable[..., Photo]

#: Pixel memory that the layers of a document may take when it is opened, unless the caller says otherwise: 8 GiB.
MOST_BYTES = 8 << 30

#: No document ever had more layers, deleted ones and all, or more steps.
_MOST = 1_000_000

_COUNTS = ("SELECT count(*) FROM history", "SELECT 10 * count(*) FROM layers")


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """What `open_project` and `open_journal` give. `journal` goes to a `JournalWriter`, which closes it.

    `steps` are done up to `position`. `project` is the file that Save goes to; None when there is none yet, or it is
    another's by now. `photo.path` is a copy of the photo's own file, which lives as long as the journal.
    """

    journal: Journal
    document: Document
    photo: Photo
    steps: tuple[StoredStep, ...]
    position: int
    name: str
    project: Path | None
    thumbnail: bytes | None


@dataclass(frozen=True, slots=True)
class _Rows:
    """All of a database but tiles of the past."""

    about: About
    shape: Shape
    state: State
    saved: Saved
    layers: list[LayerState]
    steps: tuple[StoredStep, ...]
    profile: bytes | None
    thumbnail: bytes | None


def open_journal(path: Path, *, read: ReadPhoto, most_bytes: int = MOST_BYTES) -> Opened:
    """Open a journal that a dead program left, with everything that it had acknowledged.

    Raises InputError when a living window has it or it is damaged; the file stays as it is.
    """
    lock = hold_journal(path)
    if lock is None:
        raise in_use(path)
    try:
        opened = open_held(path, lock, read=read, most_bytes=most_bytes)
    except BaseException:
        lock.release()
        raise
    if opened.project is not None and (held := _project_lock(path.parent, opened)) is not None:
        opened.journal.adopt(opened.project, held)
        return opened
    return replace(opened, project=None)


def open_held(
    path: Path, lock: filelock.FileLock, *, read: ReadPhoto, most_bytes: int, shown: Path | None = None
) -> Opened:
    """Open the journal `path`, whose `lock` the journal owns when all went well. Refusals name `shown`."""
    shown = shown or path
    with reading(shown):
        with closing(schema.connect(path)) as connection:
            schema.check(connection, shown)
            schema.migrate(connection)
            rows = _read_rows(connection, most_bytes)
            original = path.with_suffix(f"{ORIGINAL}{Source.read(connection).suffix}")
            page = Page.of(connection)
            extract_source(connection, shown, original)
        photo = read(original, page=page) if page else read(original)
        document = _document(rows, photo)
        journal = Journal(path, lock)
    journal.layers = tuple(rows.layers)
    project = Path(rows.saved.path) if rows.saved.path else None
    return Opened(journal, document, photo, rows.steps, rows.state.position, rows.about.name, project, rows.thumbnail)


def saved_id(project: Path) -> str | None:
    """The id of the last save into the file `project`; None when it can't be told or is of another version."""
    try:
        with reading(project):
            schema.check_file(project)
            with closing(schema.connect(project)) as connection:
                schema.check(connection, project, pages=False)
                return Saved.read(connection).id if schema.newest(connection) else None
    except InputError:
        return None


def read_blob(connection: sqlite3.Connection, name: str) -> bytes | None:
    """What `creation.store_blob` stored; None when there is nothing."""
    row = connection.execute("SELECT blob FROM blobs WHERE name = ?", (name,)).fetchone()
    return None if row is None else bytes(row[0])


def read_valid_thumbnail(connection: sqlite3.Connection) -> bytes | None:
    """The thumbnail; None when there is none, or something that this program did not make."""
    data = read_blob(connection, "thumbnail")
    return data if data is not None and valid_thumbnail(data) else None


def _read_rows(connection: sqlite3.Connection, most_bytes: int) -> _Rows:
    """Raises what `refusals.reading` takes for damage when anything contradicts anything else."""
    shape, state = Shape.read(connection), State.read(connection)
    if any(connection.execute(count).fetchone()[0] > _MOST for count in _COUNTS):
        raise MemoryError("rows")
    steps = stored_steps(connection)
    if not 0 <= state.position <= len(steps) or not 0 <= state.last_id <= _MOST:
        raise ValueError("state")
    if state.top != (steps[state.position - 1].number if state.position else 0):
        raise ValueError("top")
    if steps and not 0 < steps[0].number <= steps[-1].number <= state.revision < 1 << 62:
        raise ValueError("numbers")
    layers = load_layers(connection, shape.pixel_format, most_bytes)
    if last_id_of(layers) > state.last_id:
        raise ValueError("last_id")
    return _Rows(
        About.read(connection),
        shape,
        state,
        Saved.read(connection),
        layers,
        steps,
        read_blob(connection, "profile"),
        read_valid_thumbnail(connection),
    )


def _document(rows: _Rows, photo: Photo) -> Document:
    """Raises ValueError when the photo is not the one that the rows belong to."""
    document = Document(TiledImage.from_array(photo.pixels, photo.format), rows.profile)
    size = document.photo.extent
    if (format_to_json(photo.format), size.width, size.height) != (
        rows.shape.format,
        rows.shape.width,
        rows.shape.height,
    ):
        raise ValueError("photo")
    document.canvas = Rect(*rows.shape.canvas)
    for index, state in enumerate(rows.layers):
        document.insert(layer_from(state), index)
    for _ in range(rows.state.last_id - last_id_of(rows.layers)):
        document.new_id()  # ids of deleted layers, which their steps still name, are not given again
    return document


def _project_lock(folder: Path, opened: Opened) -> filelock.FileLock | None:
    """The lock of the project that a journal belongs to; None when it is open elsewhere or was saved by another."""
    if opened.project is None or saved_id(opened.project) != opened.journal.saved.id:
        return None
    try:
        return hold_project(folder, opened.project)
    except InputError:
        return None
