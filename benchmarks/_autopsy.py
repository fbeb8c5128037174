"""What a killed `_victim` left, opened again as the next start of the program would, and compared with what it told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks._victim import digest, pixels_digest
from inpaint_studio.errors import StudioError
from inpaint_studio.settings import Settings
from inpaint_studio.storage.atomic import PREFIX
from inpaint_studio.storage.files import read_photo
from inpaint_studio.storage.project import journals_folder, leftovers
from inpaint_studio.studio.export import export
from inpaint_studio.studio.session import Session, open_any, recover

_PHOTOS = (".png", ".tif")


@dataclass
class Report:
    """After one death. faults: what was wrong, in words; stale: files that nobody will ever remove."""

    acknowledged: int = 0
    lost: int = 0
    unopenable: int = 0
    torn: int = 0
    moment: str = ""
    faults: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)


@dataclass
class _Told:
    """The victim's lines, read."""

    #: Digests in order, and for each the number under which the journal got it (None: death came between).
    states: list[str] = field(default_factory=list)
    numbers: list[int | None] = field(default_factory=list)
    acknowledged: int = 0
    #: For each project the index of the last state that its last finished save surely has.
    saved: dict[str, int] = field(default_factory=dict)
    exports: dict[str, set[str]] = field(default_factory=dict)
    running: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, lines: Sequence[str]) -> _Told:
        told = cls()
        saving: dict[str, int] = {}
        for line in lines:
            match line.split():
                case ["state", state]:
                    told.states.append(state)
                    told.numbers.append(None)
                case ["did", number]:
                    told.numbers[-1] = int(number)
                case ["ack", number]:
                    told.acknowledged = max(told.acknowledged, int(number))
                case ["saving", name]:
                    # what is acknowledged by now is in it
                    saving[name] = told.surely
                    told.running = ["save"]
                case ["saved", name]:
                    told.saved[name] = saving[name]
                    told.running = []
                case ["export", name, state]:
                    told.exports.setdefault(name, set()).add(state)
                    told.running = ["export"]
        return told

    @property
    def surely(self) -> int:
        """The index of the last state that was acknowledged."""
        done = [
            index for index, number in enumerate(self.numbers) if number is not None and number <= self.acknowledged
        ]
        return max(done, default=0)

    def behind(self, state: str, least: int) -> int | None:
        """How many states `state` lies behind the one at `least`; None when it never was."""
        if state in self.states[least:]:
            return 0
        places = [index for index, known in enumerate(self.states[:least]) if known == state]
        return least - places[-1] if places else None


def examine(folder: Path, lines: Sequence[str]) -> Report:
    """Open everything that was left in `folder` and in the folder of journals; both are as the next start leaves them."""
    told = _Told.of(lines)
    report = Report(acknowledged=told.acknowledged, moment=(told.running or ["edit"])[0])
    session = _journal(report, told, folder)
    for path in sorted(folder.glob("*.inpaint")):
        temporary = path.name.startswith(PREFIX)
        if not temporary and (session is None or session.project != path):
            _project(report, told, path)
    for path in sorted(folder.iterdir()):
        if path.name in told.exports and path.suffix in _PHOTOS:
            _export(report, told, path)
    if session is not None:
        _go_on(report, session, folder)
    report.stale = _stale(folder)
    return report


def _journal(report: Report, told: _Told, folder: Path) -> Session | None:
    """The document as the start page offers it."""
    left = leftovers()
    try:
        session = recover(left[0].path, Settings()) if left else _reopened(told, folder)
    except StudioError as error:
        report.unopenable += 1
        report.faults.append(f"journal: {error}")
        return None
    behind = told.behind(digest(session.studio.document), told.surely)
    if behind is None:
        report.torn += 1
        report.faults.append("journal: a state that never was")
    elif behind:
        report.lost += behind
        report.faults.append(f"journal: {behind} acknowledged states behind")
    _walk(report, session, "journal")
    return session


def _reopened(told: _Told, folder: Path) -> Session:
    """Nothing is offered: the project saved last, or the photo, must show the last state."""
    names = sorted(told.saved, key=lambda name: told.saved[name], reverse=True)
    return open_any(folder / (names or ["photo.png"])[0], Settings())


def _walk(report: Report, session: Session, what: str) -> None:
    """All the way back and forth again: the history is whole."""
    history, document = session.studio.history, session.studio.document
    position, now = history.position, digest(document)
    history.go_to(0)
    if document.layers:
        report.torn += 1
        report.faults.append(f"{what}: undo does not lead back to the photo")
    history.go_to(position)
    if digest(document) != now:
        report.torn += 1
        report.faults.append(f"{what}: redo does not lead to where it was")


def _project(report: Report, told: _Told, path: Path) -> None:
    try:
        session = open_any(path, Settings())
    except StudioError as error:
        report.unopenable += 1
        report.faults.append(f"{path.name}: {error}")
        return
    behind = told.behind(digest(session.studio.document), told.saved.get(path.name, 0))
    if behind is None or behind:
        report.torn += 1
        report.faults.append(f"{path.name}: {'a state that never was' if behind is None else 'an older state'}")
    _walk(report, session, path.name)
    session.close(discard=True)


def _export(report: Report, told: _Told, path: Path) -> None:
    try:
        found = pixels_digest(read_photo(path, max_megapixels=100).pixels)
    except StudioError as error:
        report.torn += 1
        report.faults.append(f"{path.name}: {error}")
        return
    if found not in told.exports[path.name]:
        report.torn += 1
        report.faults.append(f"{path.name}: other pixels")


def _go_on(report: Report, session: Session, folder: Path) -> None:
    """The user works on: saves and exports again, and closes."""
    try:
        session.save(session.project or folder / "after.inpaint")
        export(session.studio.shown(), folder / "after.png")
        session.close()
    except StudioError as error:
        report.torn += 1
        report.faults.append(f"afterwards: {error}")


def _stale(folder: Path) -> list[str]:
    """What is left although everything was closed: temporaries, rollback journals, journals of no document."""
    leftovers()
    journals = [path.name for path in journals_folder().iterdir() if not path.name.startswith("project-")]
    beside = [
        path.name for path in folder.iterdir() if path.name.startswith(PREFIX) or path.suffix.endswith("-journal")
    ]
    return journals + beside
