"""What the program notes beside a model it downloaded: where it came from, and what each file must be."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from hashlib import sha1, sha256
from pathlib import Path
from typing import TYPE_CHECKING

from inpaint_studio.errors import InputError

if TYPE_CHECKING:
    from hashlib import _Hash

RECORD = "inpaint-studio.json"
_VERSION = 1
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file as the hub's tree listing describes it. digest: sha256 of a large file, git's blob id (sha1) of a small one."""

    path: str
    size: int
    digest: str
    kind: str

    def hasher(self) -> _Hash:
        """A fresh hash to feed with the file's bytes; its hexdigest must become `digest`."""
        if self.kind == "sha256":
            return sha256()
        # how git names a blob; not a matter of secrecy
        return sha1(f"blob {self.size}\0".encode(), usedforsecurity=False)


@dataclass(frozen=True, slots=True)
class Record:
    """A download: catalogue id, repository, the commit it was taken at, and its files."""

    id: str
    repository: str
    commit: str
    files: tuple[FileEntry, ...]


def write_record(folder: Path, record: Record) -> None:
    """Note `record` in `folder`."""
    (folder / RECORD).write_text(json.dumps({"version": _VERSION, **asdict(record)}, indent=1) + "\n", "utf-8")


def read_record(folder: Path) -> Record | None:
    """The record in `folder`; None when there is none, or none that this program can read."""
    try:
        stored = json.loads((folder / RECORD).read_text("utf-8"))
        if stored["version"] != _VERSION:
            return None
        files = tuple(FileEntry(f["path"], int(f["size"]), f["digest"], f["kind"]) for f in stored["files"])
        return Record(str(stored["id"]), str(stored["repository"]), str(stored["commit"]), files)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def complete(folder: Path, record: Record) -> bool:
    """Whether every file is there in its full size: cheap, for listing. `check` reads them."""
    return all(_size(folder / entry.path) == entry.size for entry in record.files)


def check(folder: Path, record: Record, note: Callable[[int], None] = lambda _bytes: None) -> None:
    """Read every file and compare its digest. note: told the bytes read since the last call; may raise Cancelled.

    Raises InputError naming the first file that is not what was downloaded.
    """
    for entry in record.files:
        hasher = entry.hasher()
        try:
            with (folder / entry.path).open("rb") as file:
                while block := file.read(_BLOCK):
                    hasher.update(block)
                    note(len(block))
        except OSError as error:
            raise _damaged(record, entry) from error
        if hasher.hexdigest() != entry.digest:
            raise _damaged(record, entry)


def _damaged(record: Record, entry: FileEntry) -> InputError:
    return InputError(
        f"{entry.path} of {record.id} is damaged or missing.",
        f"Remove the model and get it again: inpaint-studio models get {record.id}.",
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
