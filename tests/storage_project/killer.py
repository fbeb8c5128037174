"""Kill a program at random moments while it edits at speed, and see what is left. Also used by `benchmarks/crash.py`.

The edits follow from a seed alone, so what should be there after any number of them can be made again and compared.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import Edit
from inpaint_studio.errors import StudioError
from inpaint_studio.storage.project import save
from tests.document.generators import fingerprint
from tests.storage_project.sessions import Session, add_mask, gray_document, opened, reopened, stroke

_ROOT = Path(__file__).parents[2]
_JOURNAL, _PROJECT = "killed", "killed.inpaint"


@dataclass(frozen=True, slots=True)
class Outcome:
    """After one kill: the last acknowledged change, the last one found, and what was wrong ("" for nothing)."""

    acknowledged: int
    found: int
    saves: int = 0
    fault: str = ""


class Script:
    """An endless sequence of steps that follows from a seed: each is one change with a number, from 1."""

    def __init__(self, seed: int) -> None:
        self.document = gray_document()
        self._rng = random.Random(seed)
        self._edits: list[Edit] = []
        self._position = 0
        self._seed = 0

    def steps(self) -> Iterator[tuple[Document, int, Edit | None]]:
        """Do one step after the other; what `JournalWriter.record` takes."""
        while True:
            chance = self._rng.random()
            if chance < 0.2 and self._position > 1:
                self._position -= 1
                self._edits[self._position].revert(self.document)
                yield self.document, self._position, None
            elif chance < 0.3 and self._position < len(self._edits):
                self._edits[self._position].apply(self.document)
                self._position += 1
                yield self.document, self._position, None
            else:
                edit = self._edit()
                edit.apply(self.document)
                self._edits[self._position :] = [edit]
                self._position += 1
                yield self.document, self._position, edit

    def _edit(self) -> Edit:
        self._seed += 1
        if not self.document.layers:
            return add_mask(self.document)
        key = self._rng.randrange(2), self._rng.randrange(2)
        return stroke(self.document, "L1", key, self._seed)


def victim(folder: Path, seed: int, saving: bool) -> None:
    """Edit (and with `saving` save all the time) until killed, telling every acknowledged number and every save."""
    script = Script(seed)
    session = Session.new(folder, script.document, _JOURNAL)
    session.writer._acknowledged = lambda number: _tell(f"ack {number}\n")
    if saving:
        threading.Thread(target=_save_for_ever, args=(session, folder / _PROJECT), daemon=True).start()
    for number, step in enumerate(script.steps()):
        session.writer.record(*step)
        if number % 8 == 7:  # a hand is slower; the queue would only grow
            session.writer.flush()


def _save_for_ever(session: Session, target: Path) -> None:
    for number in range(1_000_000):
        save(session.writer, target if number % 4 else target.with_stem("other"))
        _tell(f"save {number}\n")


def _tell(line: str) -> None:
    os.write(1, line.encode())


def kill_once(folder: Path, seed: int, *, saving: bool = False) -> Outcome:
    """Start a victim in `folder` (which is empty), kill it after a while, and open what it left."""
    lines = _lives_for(folder, seed, saving, 0.02 + random.Random(seed).random() * 0.5)
    acknowledged = max((int(line[4:]) for line in lines if line.startswith("ack ")), default=0)
    saves = sum(line.startswith("save ") for line in lines)
    path = folder / f"{_JOURNAL}.sqlite"
    try:
        with reopened(path, gray_document()) as session:
            found = session.writer._journal.state.revision
            fault = _differs(session, None if saving else seed, found)
        if saves:
            fault = fault or _project_fault(folder)
    except StudioError as error:
        return Outcome(acknowledged, 0, saves, f"cannot be opened: {error}")
    return Outcome(acknowledged, found, saves, fault or ("lost" if found < acknowledged else ""))


def _lives_for(folder: Path, seed: int, saving: bool, seconds: float) -> list[str]:
    """The whole lines that a victim wrote; its time runs from the first."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.storage_project.killer", str(folder), str(seed), str(int(saving))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(_ROOT / "src"), str(_ROOT)])}
    with subprocess.Popen(command, cwd=_ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        # the pipe is read all the time, or the victim would wait for us
        rest: list[str] = []
        stdout = process.stdout
        thread = threading.Thread(target=lambda: rest.extend(stdout))
        thread.start()
        time.sleep(seconds)
        process.kill()
        thread.join()
    return [line for line in (first, *rest) if line.endswith("\n")]


def _differs(session: Session, seed: int | None, found: int) -> str:
    """Compare with the script run in memory, or at least with the stored steps done one after the other."""
    now = fingerprint(session.document)
    if seed is not None:
        script = Script(seed)
        for _, _step in zip(range(found), script.steps(), strict=False):
            pass
        if fingerprint(script.document) != now:
            return "differs from the script"
    position = session.position
    session.go_to(0)
    if fingerprint(session.document) != fingerprint(gray_document()):
        return "undo does not lead back to the beginning"
    session.go_to(position)
    return "" if fingerprint(session.document) == now else "redo does not lead back to the end"


def _project_fault(folder: Path) -> str:
    for name in (_PROJECT, f"other{Path(_PROJECT).suffix}"):
        if (folder / name).exists():
            with opened(folder / name, folder / "journals") as session:
                if fault := _differs(session, None, 0):
                    return f"{name}: {fault}"
    return ""


if __name__ == "__main__":
    victim(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "1")
