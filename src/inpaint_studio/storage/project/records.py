"""What a project says about its document beside pixels: one JSON value a key in the table meta."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from inpaint_studio import __version__
from inpaint_studio.document.codec import Json, format_from_json

if TYPE_CHECKING:
    import sqlite3

    from inpaint_studio.pixels.format import PixelFormat

_PLAIN = {"Json": "dict", "list[int]": "list"}
_SUFFIX = re.compile(r"(\.[a-z0-9]{1,8})?")


@dataclass(frozen=True, slots=True)
class Record:
    """A frozen set of strings and numbers under the key that its class names. `read` checks their types."""

    def write(self, connection: sqlite3.Connection) -> None:
        connection.execute(
            "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)",
            (type(self).__name__.lower(), json.dumps(asdict(self))),
        )

    @classmethod
    def read(cls, connection: sqlite3.Connection) -> Self:
        """Raises LookupError, TypeError or ValueError when it is absent or another's."""
        row = connection.execute("SELECT value FROM meta WHERE key = ?", (cls.__name__.lower(),)).fetchone()
        if row is None:
            raise LookupError(cls.__name__)
        values = json.loads(row[0])
        for name, kind in cls.__annotations__.items():
            if type(values[name]).__name__ != _PLAIN.get(kind, kind):
                raise TypeError(name)
        return cls(**values)


@dataclass(frozen=True, slots=True)
class About(Record):
    """The document: its id for life, the name a window shows, the photo's path when it was opened, and its first day."""

    id: str
    name: str
    source_path: str
    created: str
    program: str


@dataclass(frozen=True, slots=True)
class Shape(Record):
    """The photo's pixel format as `format_to_json` writes it, its size, and the canvas (left, top, right, bottom)."""

    format: Json
    width: int
    height: int
    canvas: list[int]

    def __post_init__(self) -> None:
        if len(self.canvas) != 4 or not all(type(side) is int and abs(side) < 1 << 24 for side in self.canvas):
            raise ValueError("canvas")

    @property
    def pixel_format(self) -> PixelFormat:
        return format_from_json(self.format)


@dataclass(frozen=True, slots=True)
class Source(Record):
    """The photo's file: `bytes` in `parts` chunks, its SHA-256, and its suffix with the dot or ""."""

    sha256: str
    suffix: str
    bytes: int
    parts: int

    def __post_init__(self) -> None:
        if not _SUFFIX.fullmatch(self.suffix):
            raise ValueError("suffix")


@dataclass(frozen=True, slots=True)
class Page(Record):
    """Which page of the photo's file the document shows, from 0. Absent for the first, as in older projects."""

    number: int = 0

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> int:
        """The page's number."""
        try:
            return cls.read(connection).number
        except LookupError:
            return 0


@dataclass(frozen=True, slots=True)
class State(Record):
    """Where the document stands: the last transaction, how many steps are done, the number of the last of these (0 for
    none), the highest number that a layer's id ever had, and when this was.
    """

    revision: int = 0
    position: int = 0
    top: int = 0
    last_id: int = 0
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Pictured(Record):
    """The number of the last done step that the preview shows; absent where there is no preview."""

    top: int = 0


@dataclass(frozen=True, slots=True)
class Saved(Record):
    """The last save: an id that the project file has too, the transaction and last done step it holds, and its path."""

    id: str = ""
    revision: int = 0
    top: int = 0
    path: str = ""


def now() -> str:
    """The time as ISO 8601, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def new_about(document_id: str, name: str, source_path: str) -> About:
    """What is to be said of a document that this program opens for the first time."""
    return About(document_id, name, source_path, now(), __version__)
