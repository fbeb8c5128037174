"""A folder of scans, restored one after the other or a few at a time; interrupted and taken up again.

What many of the scans have in common (`restore.album`) is known better with each of them: those that were mended before enough
was known are mended again at the end.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from inpaint_studio.document.codec import Json
from inpaint_studio.engines.contract import Decision, Float, Progress
from inpaint_studio.errors import Cancelled, InputError, StudioError
from inpaint_studio.restore.album import Album, Known, Seen, Size
from inpaint_studio.settings import Settings
from inpaint_studio.storage.atomic import atomic_target
from inpaint_studio.storage.files import family_for, probe
from inpaint_studio.storage.registry import FAMILIES
from inpaint_studio.studio.contact_sheet import Row, write_sheet
from inpaint_studio.studio.jobs import HereRunner, JobRunner
from inpaint_studio.studio.mending import Options, mend_file

#: What restoring takes at most beside the decoded photo, in bytes a pixel, and altogether.
_BYTES_A_PIXEL, _BYTES = 40, 600 << 20
_STATE = "restored.json"
_REPORT = "restored.html"
_PICTURES = "restored-pictures"


class Batch:
    """The scans of a folder (not of those inside it). What was done is kept in the target folder, after every file."""

    def __init__(
        self,
        source: Path,
        target: Path,
        options: Options,
        settings: Settings,
        *,
        jobs: int = 0,
        runner: JobRunner | None = None,
    ) -> None:
        """runner: what runs the engines for all files, one after the other; without one, this process.

        Raises InputError when nothing can be written to `target`, or it is `source`.
        """
        self.source, self.target, self.options, self.settings = source, target, options, settings
        self.report = target / _REPORT
        self._jobs = jobs if runner is None else 1
        self._runner = runner or HereRunner()
        self._lock = threading.Lock()
        self._skipped: set[str] = set()
        self._album = Album()
        self._stop = threading.Event()
        if target.exists() and source.resolve() == target.resolve():
            raise InputError("The scans would be overwritten.", "Choose another folder to write to.")
        try:
            (target / _PICTURES).mkdir(parents=True, exist_ok=True)
            self._state = self._stored()
            self._store()
        except OSError as error:
            raise InputError(
                f"Nothing can be written to {target} ({error.strerror}).", "Choose another folder."
            ) from error

    def run(self, progress: Progress) -> None:
        """Restore all that is not done yet. A file that fails is noted, and the others go on. Raises Cancelled."""
        names = self._names()
        if not names:
            raise InputError(f"There is nothing to restore in {self.source}.", "Choose a folder that holds scans.")
        self._remember(names)
        todo = [name for name in names if not self._done(name)]
        self._skipped = set(names) - set(todo)
        self._all_of(todo, progress, "Restoring")
        again = [name for name in names if self._knew_less(name)]
        self._skipped -= set(again)
        self._all_of(again, progress, "Restoring again what the scans have in common")

    def _all_of(self, todo: list[str], progress: Progress, note: str) -> None:
        waiting, running = list(todo), set[Future[None]]()
        with ThreadPoolExecutor(max_workers=max(1, self._at_a_time(todo))) as pool:
            try:
                while waiting or running:
                    if self._stop.is_set():
                        raise Cancelled
                    while waiting and len(running) < max(1, self._at_a_time(todo)):
                        running.add(pool.submit(self._one, waiting.pop(0)))
                    progress.step((len(todo) - len(waiting) - len(running)) / max(1, len(todo)), note)
                    ended, running = wait(running, return_when=FIRST_COMPLETED)
                    for future in ended:
                        future.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def cancel(self) -> None:
        """Stop soon, from any thread; files that are not complete are not written."""
        self._stop.set()

    def counts(self) -> tuple[int, int, int]:
        """How many were restored now, failed now, and were done before."""
        now = [entry for name, entry in self._state["files"].items() if name not in self._skipped]
        failed = sum("error" in entry for entry in now)
        return len(now) - failed, failed, len(self._skipped)

    def files(self) -> dict[str, Json]:
        """For each file what became of it, or "error"."""
        return dict(self._state["files"])

    def write_report(self) -> None:
        """Write the contact sheet of all that is done so far."""
        rows = [
            Row(name, entry.get("error", ""), entry.get("mended", {}), f"{_PICTURES}/{entry['pictures']}")
            for name, entry in sorted(self._state["files"].items())
        ]
        write_sheet(self.report, self.source.name, rows, self.learned())

    def learned(self) -> list[str]:
        """What the scans have in common, in sentences."""
        said = []
        with self._lock:
            kinds = {size: self._album.known(size) for size in sorted(self._album.sizes())}
        for (width, height), known in kinds.items():
            if known.specks:
                places = ", ".join(f"{x}, {y}" for x, y, _ in known.specks[:8])
                more = " and others" if len(known.specks) > 8 else ""
                what = "1 speck lies" if len(known.specks) == 1 else f"{len(known.specks)} specks lie"
                said.append(
                    f"{what} at the same place in most scans of {width}×{height} pixels, as dust on the scanner's glass does "
                    f"(at {places}{more})."
                )
            if known.zones:
                said.append(f"Photos of {width}×{height} pixels are stamped at the {_corner(known.zones[0])}.")
        return said

    def _one(self, name: str) -> None:
        source = self.source / name
        entry: Json = {"options": self.options.fingerprint(), "pictures": name}
        used = Known()

        def known(size: Size) -> Known:
            nonlocal used
            with self._lock:
                used = self._album.known(size)
            return used

        try:
            entry["stamp"] = _stamp(source)
            target = self.target / _target_name(source)
            done, seen = mend_file(
                source,
                target,
                self.options,
                self.settings,
                self._runner,
                _Stoppable(self._stop),
                self.target / _PICTURES / name,
                known if self.options.album else None,
            )
            entry |= {"mended": done.to_json(), "target": target.name, "seen": seen.to_json(), "known": used.to_json()}
        except StudioError as error:
            entry["error"] = f"{error.message} {error.hint}".strip()
        except OSError as error:
            entry["error"] = f"It could not be read or written ({error.strerror})."
        except MemoryError:
            entry["error"] = "There was not enough memory for it. Try it alone."
        with self._lock:
            self._state["files"][name] = entry
            if "seen" in entry:
                self._album.add(name, seen)
            self._store()

    def _remember(self, names: list[str]) -> None:
        """Take up what the scans that were done before told."""
        for name in names:
            try:
                self._album.add(name, Seen.from_json(self._state["files"][name]["seen"]))
            except (KeyError, TypeError, ValueError):
                continue  # not done, or by a version that did not ask

    def _knew_less(self, name: str) -> bool:
        """Whether a scan was mended before something was known that concerns it."""
        entry = self._state["files"].get(name, {})
        if not self.options.album or "mended" not in entry:
            return False
        try:
            used, size = Known.from_json(entry["known"]), Seen.from_json(entry["seen"]).size
        except (KeyError, TypeError, ValueError):
            return False
        return not used.covers(self._album.known(size))

    def _names(self) -> list[str]:
        try:
            entries = sorted(
                entry.name for entry in os.scandir(self.source) if entry.is_file() and entry.name[0] != "."
            )
        except OSError as error:
            raise InputError(f"{self.source} cannot be read ({error.strerror}).", "Choose another folder.") from error
        return [name for name in entries if Path(name).suffix.lower() in _SUFFIXES]

    def _done(self, name: str) -> bool:
        entry = self._state["files"].get(name, {})
        return (
            "mended" in entry
            and entry.get("stamp") == _stamp(self.source / name)
            and entry.get("options") == self.options.fingerprint()
            and (self.target / entry["target"]).exists()
        )

    def _at_a_time(self, names: Sequence[str]) -> int:
        """As many at a time as were asked for, or as the processor and half of the free memory allow."""
        if self._jobs:
            return self._jobs
        largest = max((_megapixels(self.source / name) for name in names), default=1.0)
        room = _free_memory() / 2 / (_BYTES + largest * 1e6 * _BYTES_A_PIXEL)
        return max(1, min((os.cpu_count() or 2) // 2, int(room)))

    def _stored(self) -> Json:
        """What was done before; entries that this program did not write are forgotten."""
        try:
            state = json.loads((self.target / _STATE).read_text("utf-8"))
            files = state["files"] if state["version"] == 1 else {}
            kept = {
                name: entry
                for name, entry in files.items()
                if entry["pictures"] == name and ("error" in entry or entry["mended"]["notes"] is not None)
            }
        except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
            kept = {}
        return {"version": 1, "files": kept}

    def _store(self) -> None:
        with atomic_target(self.target / _STATE) as partial:
            partial.write_text(json.dumps(self._state), "utf-8")


class _Stoppable:
    """The progress of one file: nobody watches it, but it stops when the batch does."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop

    def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
        self.check()
        return Decision.CONTINUE

    def check(self) -> None:
        if self._stop.is_set():
            raise Cancelled


#: What the names of photos end in.
_SUFFIXES = frozenset(suffix for family in FAMILIES for suffix in family.suffixes)


def _target_name(source: Path) -> str:
    """The same name; PNG where the format can be read only."""
    try:
        family_for(source)
    except InputError:
        return f"{source.stem}.png"
    return source.name


def _corner(zone: tuple[float, float, float, float]) -> str:
    across = "left" if zone[0] + zone[2] < 1 else "right"
    return f"{'upper' if zone[1] + zone[3] < 1 else 'lower'} {across}"


def _stamp(path: Path) -> list[int]:
    state = path.stat()
    return [state.st_size, state.st_mtime_ns]


def _megapixels(path: Path) -> float:
    try:
        return probe(path).megapixels
    except StudioError:
        return 0.0


def _free_memory() -> float:
    try:
        return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return float(4 << 30)
