"""A document being worked on with its journal, without a window: what the tests of this room and the killer share."""

from __future__ import annotations

import io
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import AddLayer, Edit, Paint, decode_edit
from inpaint_studio.document.layers import MaskLayer
from inpaint_studio.pixels.display_samples import eight_bit
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.pixels.tiled import TILE, TiledImage
from inpaint_studio.storage.photo import Photo
from inpaint_studio.storage.project import (
    Journal,
    JournalWriter,
    Opened,
    Pictures,
    ReadPhoto,
    Written,
    make_preview,
    make_thumbnail,
    open_journal,
    open_project,
    save,
    schema,
)

GRAY = PixelFormat(Colour.GRAY)


class Session:
    """What a window does with a document: edits, undo, redo, all recorded. Leaving the block discards the journal."""

    def __init__(self, document: Document, journal: Journal, numbers: list[int], position: int) -> None:
        self.document = document
        self.numbers = numbers
        self.position = position
        self.acknowledged: list[int] = []
        self.failures: list[str] = []
        self.writer = JournalWriter(
            journal,
            acknowledged=self.acknowledged.append,
            failed=lambda error: self.failures.append(str(error)),
        )

    @classmethod
    def new(cls, folder: Path, document: Document, name: str = "Photo") -> Self:
        folder.mkdir(exist_ok=True)
        source = photo_file(document)
        journal = Journal.create(folder / f"{name}.sqlite", source, document, name=f"{name}.npy", suffix=".npy")
        return cls(document, journal, [], 0)

    @classmethod
    def of(cls, opened: Opened) -> Self:
        return cls(opened.document, opened.journal, [step.number for step in opened.steps], opened.position)

    def do(self, edit: Edit) -> int:
        edit.apply(self.document)
        del self.numbers[self.position :]
        self.position += 1
        self.numbers.append(self.writer.record(self.document, self.position, edit))
        return self.numbers[-1]

    def go_to(self, position: int) -> None:
        while self.position > position:
            self.position -= 1
            decode_edit(self.writer.get(self.numbers[self.position])).revert(self.document)
        while self.position < position:
            decode_edit(self.writer.get(self.numbers[self.position])).apply(self.document)
            self.position += 1
        self.writer.record(self.document, position)

    def pictures(self) -> Pictures:
        """What the document looks like now."""
        return pictures(self.document, self.writer.last_number)

    def save(self, target: Path, pictures: Pictures | None = None) -> Written:
        return save(self.writer, target, pictures=pictures)

    def crash(self) -> Path:
        """Let go of everything as a killed process does, as far as that can be had in this one."""
        self.writer.flush()
        path = self.writer.path
        with self.writer._turn:
            self.writer._ending = True
            self.writer._turn.notify_all()
        self.writer._thread.join()
        self.writer._journal.close(keep=True)
        return path

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.writer._thread.is_alive():
            self.writer.close(discard=True)


def pictures(document: Document, shows: int = 0) -> Pictures:
    """Pictures of a document that is no larger than they may be."""
    picture, colour = eight_bit(document.composite().read(document.canvas)), document.format.colour
    return Pictures(make_thumbnail(picture, colour), make_preview(picture, colour), shows)


def photo_file(document: Document) -> bytes:
    """The document's photo as the bytes of a file, in a family of the tests' own that holds every format."""
    stream = io.BytesIO()
    np.save(stream, document.photo.read(document.photo.extent), allow_pickle=False)
    return stream.getvalue()


def reader(pixel_format: PixelFormat = GRAY) -> ReadPhoto:
    return lambda path: Photo(np.load(path, allow_pickle=False), pixel_format, path=path)


def reopened(path: Path, document: Document) -> Session:
    """The journal `path` of a document in the format of `document`."""
    return Session.of(open_journal(path, read=reader(document.format)))


def opened(path: Path, folder: Path, pixel_format: PixelFormat = GRAY) -> Session:
    return Session.of(open_project(path, read=reader(pixel_format), folder=folder))


def gray_document(tiles: int = 2) -> Document:
    """A square photo of `tiles`² tiles, in gray."""
    side = tiles * TILE
    samples = np.random.default_rng(1).integers(0, 255, (side, side, 1), np.uint8)
    return Document(TiledImage.from_array(samples, GRAY))


def add_mask(document: Document) -> AddLayer:
    return AddLayer(MaskLayer.empty(document.new_id(), "Mask", document.canvas).state(), len(document.layers))


def stroke(document: Document, layer_id: str, key: tuple[int, int], seed: int) -> Paint:
    """A stroke over a part of one tile; no two seeds paint the same."""
    rng = np.random.default_rng(seed)
    tile = np.zeros((TILE, TILE, 1), np.uint8)
    tile[20:120, 30:230] = rng.integers(0, 255, (100, 200, 1), np.uint8)
    return Paint.of(document, layer_id, "coverage", {key: tile}, f"Stroke {seed}")


def worked_on(folder: Path, strokes: int = 3, name: str = "Photo") -> Session:
    """A session with a mask layer and some strokes in it."""
    document = gray_document()
    session = Session.new(folder, document, name)
    session.do(add_mask(document))
    for seed in range(strokes):
        session.do(stroke(document, "L1", (seed % 2, 0), seed))
    return session


def query(path: Path, sql: str, *values: object) -> list[tuple[object, ...]]:
    """Run one statement on a database that nobody has open."""
    with closing(schema.connect(path)) as connection:
        return connection.execute(sql, values).fetchall()
