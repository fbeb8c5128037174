"""A folder of scans, restored one after the other or a few at a time; interrupted and taken up again."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from inpaint_studio.document.codec import Json
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines.contract import Decision, Float, Progress
from inpaint_studio.errors import Cancelled, InputError, StudioError
from inpaint_studio.restore.defects import Defect
from inpaint_studio.restore.finding import ABSURD
from inpaint_studio.restore.proposal import Sliders
from inpaint_studio.settings import Settings
from inpaint_studio.storage.atomic import atomic_target
from inpaint_studio.storage.files import family_for, probe
from inpaint_studio.storage.registry import FAMILIES
from inpaint_studio.studio import restoring
from inpaint_studio.studio.contact_sheet import Row, thumbnails, write_sheet
from inpaint_studio.studio.export import export
from inpaint_studio.studio.export_options import ExportOptions
from inpaint_studio.studio.jobs import HereRunner, JobRunner
from inpaint_studio.studio.studio import Studio

#: What restoring takes at most beside the decoded photo, in bytes a pixel, and altogether.
_BYTES_A_PIXEL, _BYTES = 40, 600 << 20
_STATE = "restored.json"
_REPORT = "restored.html"
_PICTURES = "restored-pictures"


@dataclass(frozen=True, slots=True)
class Options:
    """How scans are restored. anyway: also mend where so much is marked that it is hardly damage."""

    classes: tuple[Defect, ...]
    sliders: Sliders
    recipe: Recipe
    quality: int | None = None
    anyway: bool = False

    def fingerprint(self) -> Json:
        """What a file that was done before must have been done with to be skipped."""
        recipe = self.recipe.to_json()
        return {"sliders": self.sliders.to_json(), "recipe": recipe, "quality": self.quality, "anyway": self.anyway}


@dataclass(frozen=True, slots=True)
class Mended:
    """What became of one file. marked_percent: of the photo, before the rim."""

    parts: int
    marked_percent: float
    filled_pixels: int
    changed_outside: int
    notes: tuple[str, ...] = ()
    chosen: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> Json:
        return {**asdict(self), "notes": list(self.notes)}


def mend_file(
    source: Path, target: Path, options: Options, settings: Settings, runner: JobRunner, progress: Progress,
    pictures: Path | None = None,
) -> Mended:  # fmt: skip
    """Restore the scan `source` to `target`; its small pictures go to the folder `pictures`.

    A file in which nothing is mended is copied byte for byte where it keeps its format. Raises StudioError or Cancelled;
    then `target` is as it was.
    """
    studio = Studio.open(source, settings)
    found = restoring.find(restoring.search_job(studio, options.classes), runner, progress)
    layer_id = restoring.propose(studio, found, options.sliders)
    proposal = restoring.proposal(studio, layer_id)
    mask = proposal.mask()
    selected = sum(int(np.count_nonzero(tile)) for tile in mask.tiles.values())
    share, count = selected / max(1, mask.extent.area), len(proposal.listed())
    notes, doubted = list(found.notes), share > ABSURD and not options.anyway
    if doubted:
        notes.append(f"{share:.0%} of the photo is marked, so nothing was mended; --anyway mends it.")
    filled_pixels = outside = 0
    chosen: dict[str, int] = {}
    job = None if doubted else restoring.mend_job(studio, layer_id, options.recipe)
    if job is not None:
        plan, filled = studio.run(job, runner, progress)
        studio.accept(plan, filled, [layer_id])
        notes += filled.notes
        chosen = plan.chosen
    progress.step(None, "Writing and checking")
    if not chosen and source.suffix.lower() == target.suffix.lower():
        with atomic_target(target) as partial:
            shutil.copyfile(source, partial)
    else:
        exported = export(studio.shown(), target, ExportOptions(quality=options.quality))
        filled_pixels, outside = exported.proof.filled, exported.proof.changed_outside
        notes += exported.notes
    if pictures is not None:
        thumbnails(pictures, studio, mask)
    return Mended(0 if doubted else count, round(100 * share, 4), filled_pixels, outside, tuple(notes), chosen)


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
        todo = [name for name in names if not self._done(name)]
        self._skipped = set(names) - set(todo)
        if not names:
            raise InputError(f"There is nothing to restore in {self.source}.", "Choose a folder that holds scans.")
        waiting, running = list(todo), set[Future[None]]()
        with ThreadPoolExecutor(max_workers=max(1, self._at_a_time(todo))) as pool:
            try:
                while waiting or running:
                    if self._stop.is_set():
                        raise Cancelled
                    while waiting and len(running) < max(1, self._at_a_time(todo)):
                        running.add(pool.submit(self._one, waiting.pop(0)))
                    progress.step((len(todo) - len(waiting) - len(running)) / max(1, len(todo)), "Restoring")
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
        write_sheet(self.report, self.source.name, rows)

    def _one(self, name: str) -> None:
        source = self.source / name
        entry: Json = {"stamp": _stamp(source), "options": self.options.fingerprint(), "pictures": name}
        try:
            target = self.target / _target_name(source)
            done = mend_file(
                source,
                target,
                self.options,
                self.settings,
                self._runner,
                _Stoppable(self._stop),
                self.target / _PICTURES / name,
            )
            entry |= {"mended": done.to_json(), "target": target.name}
        except StudioError as error:
            entry["error"] = f"{error.message} {error.hint}".strip()
        except OSError as error:
            entry["error"] = f"It could not be read or written ({error.strerror})."
        except MemoryError:
            entry["error"] = "There was not enough memory for it. Try it alone."
        with self._lock:
            self._state["files"][name] = entry
            self._store()

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
        try:
            state = json.loads((self.target / _STATE).read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return {"version": 1, "files": {}}
        return state if isinstance(state, dict) and state.get("version") == 1 else {"version": 1, "files": {}}

    def _store(self) -> None:
        with atomic_target(self.target / _STATE) as partial:
            partial.write_text(json.dumps(self._state, indent=1), "utf-8")


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
