"""What stands where a file is to be written, asked in threads: a disk that hangs must not hold the window."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from PySide6.QtCore import QObject, Qt, Signal

#: So many questions may hang at once; what is asked then waits for one of them.
_MOST = 4


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found at `path`: whether its folder is there, whether itself, whether as a folder, whether as `original`.

    problem: what the system said when it could not be looked at.
    """

    path: Path
    folder_there: bool = False
    there: bool = False
    is_folder: bool = False
    is_original: bool = False
    problem: str = ""

    @classmethod
    def at(cls, path: Path, original: Path | None) -> Seen:
        """Look now; blocks for as long as the disk does."""
        try:
            if not path.parent.is_dir():
                return cls(path)
            there = path.exists()
            same = there and original is not None and original.exists() and path.samefile(original)
            return cls(path, True, there, path.is_dir(), same)
        except (OSError, ValueError) as error:
            return cls(path, problem=getattr(error, "strerror", None) or str(error))


class TargetLook(QObject):
    """Looks at the path that was asked for last; what comes of earlier ones is dropped."""

    #: The Seen of the path that was asked for last.
    seen = Signal(object)
    _looked = Signal()

    def __init__(self, original: Path | None, parent: QObject) -> None:
        super().__init__(parent)
        self._original = original
        self._wanted: Path | None = None
        self._asked: list[Path] = []
        # from the threads; the signal only says that there is something
        self._answers: SimpleQueue[Seen] = SimpleQueue()
        self._looked.connect(self._arrived, Qt.ConnectionType.QueuedConnection)

    @property
    def looking(self) -> bool:
        """Whether the last question is still open."""
        return self._wanted is not None

    def look(self, path: Path) -> None:
        """Ask for `path`; `seen` comes when it is known."""
        self._wanted = path
        self._ask()

    def forget(self) -> None:
        """What was asked for last is not needed any more."""
        self._wanted = None

    def _ask(self) -> None:
        path = self._wanted
        if path is not None and path not in self._asked and len(self._asked) < _MOST:
            self._asked.append(path)
            threading.Thread(target=self._run, args=(path,), name="look", daemon=True).start()

    def _run(self, path: Path) -> None:
        self._answers.put(Seen.at(path, self._original))
        with suppress(RuntimeError):  # the dialog is gone, nobody asks any more
            self._looked.emit()

    def _arrived(self) -> None:
        while not self._answers.empty():
            found = self._answers.get()
            self._asked.remove(found.path)
            if found.path == self._wanted:
                self._wanted = None
                self.seen.emit(found)
        self._ask()


def free_name(folder: Path, stem: str, suffix: str) -> str:
    """`stem` with a number where a file of that name exists; blocks for as long as the disk does."""
    for number in range(1, 1000):
        name = f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}"
        if not (folder / name).exists():
            return name
    return f"{stem}{suffix}"
