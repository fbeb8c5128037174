"""Downloads: resumable, verified, and installed whole or not at all.

A download grows in a staging folder: a record (commit and files), finished files under their names, the one on its way
as `.part`. Nothing there is ever listed as installed. When every digest is right and the headers pass the probe, the folder
is renamed into its place in one step.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

import filelock

from inpaint_studio import network
from inpaint_studio.engines.library import places
from inpaint_studio.engines.library.catalogue import Entry
from inpaint_studio.engines.library.control import Control, Meter, Transfer
from inpaint_studio.engines.library.hub import Hub, RangeRefusedError, TransientError
from inpaint_studio.engines.library.installed import content_of
from inpaint_studio.engines.library.pipeline_folder import INDEX
from inpaint_studio.engines.library.probe import probe
from inpaint_studio.engines.library.record import FileEntry, Record, read_record, write_record
from inpaint_studio.engines.library.selection import choose
from inpaint_studio.engines.library.staging import arrived, discard, part_of, put_away, staging_of
from inpaint_studio.errors import Cancelled, InputError, StudioError

if TYPE_CHECKING:
    from hashlib import _Hash

_MIB = 1 << 20
#: Left free on the disk beside the model.
_ROOM = 256 * _MIB
#: Tries in a row that bring nothing before it is given up, and the pause before each in seconds.
_PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)
#: A server may ask for so long a pause and still be waited for.
_PATIENCE = 120.0
#: Seconds between two reports.
_BEAT = 0.1

T = TypeVar("T")
Report = Callable[[Transfer], None]


def download(
    entry: Entry,
    hub: Hub,
    control: Control,
    report: Report = lambda _transfer: None,
    pauses: tuple[float, ...] = _PAUSES,
) -> Path:
    """Get the model `entry` from `hub`, going on where an earlier try ended; the path of the installed model.

    Call it within `network.consented()`. control: pauses and cancels it from another thread. pauses: seconds to wait
    before each new try after a failure. Raises StudioError, or Cancelled; what has arrived stays for the next try, unless
    it is damaged or the cancel says otherwise.
    """
    if not network.has_consent():
        raise StudioError(
            f"{entry.title} was not downloaded: Inpaint Studio is offline.", "Agree to the download first."
        )
    staging = staging_of(entry.id)
    try:
        staging.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(staging.with_name(f"{entry.id}.lock"), blocking=False):
            return _Download(entry, hub, control, report, pauses, staging).run()
    except filelock.Timeout as error:
        raise StudioError(f"{entry.title} is being downloaded already.", "Wait for the other download.") from error
    except Cancelled:
        if not control.keeps:
            discard(entry.id)
        raise
    except OSError as error:
        raise _no_room(places.models_folder(), error) from error
    finally:
        hub.close()


class _Download:
    def __init__(
        self, entry: Entry, hub: Hub, control: Control, report: Report, pauses: tuple[float, ...], staging: Path
    ) -> None:
        self._entry, self._hub, self._control, self._report = entry, hub, control, report
        self._pauses, self._staging = pauses, staging
        self._meter = Meter(0, 0)
        self._told = 0.0

    def run(self) -> Path:
        plan = self._plan()
        total = sum(file.size for file in plan.files)
        self._meter = Meter(sum(arrived(self._staging, file) for file in plan.files), total)
        _check_room(self._staging, total - self._meter.done)
        for file in plan.files:
            self._get(plan, file)
        self._tell("Checking", at_once=True)
        self._prove()
        return content_of(self._install(plan))

    # ---- what is to be had

    def _plan(self) -> Record:
        """The files of the commit begun earlier, or of the one that the revision stands for now."""
        self._tell("Asking the hub", at_once=True)
        known = read_record(self._staging)
        entry = self._entry
        pinned = "" if entry.revision == "main" else entry.revision
        if known is not None and known.repository == entry.repository and pinned in {"", known.commit}:
            return known
        commit = self._patiently(lambda: self._hub.commit(entry.repository, entry.revision))
        parts = [] if entry.files else self._parts(commit)
        listing = self._patiently(lambda: self._hub.files(entry.repository, commit))
        files = choose(entry, listing, parts)
        plan = Record(entry.id, entry.repository, commit, tuple(files))
        # an older plan's files may be of another commit
        shutil.rmtree(self._staging)
        self._staging.mkdir()
        write_record(self._staging, plan)
        return plan

    def _parts(self, commit: str) -> list[str]:
        index = self._patiently(lambda: self._hub.small(self._entry.repository, commit, INDEX))
        if not isinstance(index, dict):
            raise StudioError(f"{self._entry.repository} has no index of its parts.", "Choose another model.")
        return [name for name, value in index.items() if isinstance(value, list) and value[:1] != [None]]

    # ---- one file

    def _get(self, plan: Record, file: FileEntry) -> None:
        target = self._staging / file.path
        if target.exists():
            # it bears its name only since its digest was right
            return
        part = part_of(target)
        part.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(2):
            hasher = self._receive(plan, file, part)
            if hasher.hexdigest() == file.digest:
                part.replace(target)
                return
            self._meter.add(-part.stat().st_size)
            part.unlink()
        raise StudioError(f"{file.path} arrived damaged twice.", "Try again later, or from another network or mirror.")

    def _receive(self, plan: Record, file: FileEntry, part: Path) -> _Hash:
        """Bring the whole file into `part`, whatever breaks on the way; the hash of it."""
        incoming = self._begun(file, part)
        failures = 0
        while incoming.have < file.size:
            self._hold()
            before = incoming.have
            try:
                self._stream(plan, incoming)
            except RangeRefusedError:
                if not incoming.have:
                    raise StudioError(f"The hub does not send {file.path}.", "Try again later.") from None
                self._meter.add(-incoming.have)
                incoming.restart()
            except TransientError as error:
                # a connection that the user left is no failure
                if not self._control.interrupted:
                    failures = 1 if incoming.have > before else failures + 1
                    self._rest(error, failures)
        return incoming.hasher

    def _begun(self, file: FileEntry, part: Path) -> _Incoming:
        incoming = _Incoming(file, part)
        if part.exists() and part.stat().st_size > file.size:
            incoming.restart()
        part.touch()
        with part.open("rb") as stored:
            while block := stored.read(_MIB):
                incoming.take(block)
                self._hold()
                self._tell("Checking what has arrived")
        return incoming

    def _stream(self, plan: Record, incoming: _Incoming) -> None:
        """Append to the part until it is whole or the user interrupts. Raises what `Hub.open` and `Stream.read` do."""
        file = incoming.file
        stream = self._hub.open(plan.repository, plan.commit, file.path, incoming.have)
        self._control.attach(stream.stop)
        self._meter.restart()
        try:
            with incoming.part.open("ab") as part:
                while incoming.have < file.size and not self._control.interrupted:
                    block = stream.read(min(_MIB, file.size - incoming.have))
                    if not block:
                        raise TransientError("The hub ended the connection early.", "The download can be resumed.")
                    part.write(block)
                    incoming.take(block)
                    self._meter.add(len(block))
                    self._tell(file.path)
                part.flush()
                os.fsync(part.fileno())
        finally:
            self._control.attach(None)
            stream.close()

    # ---- patience

    def _patiently(self, ask: Callable[[], T]) -> T:
        failures = 0
        while True:
            self._hold()
            try:
                return ask()
            except TransientError as error:
                failures += 1
                self._rest(error, failures)

    def _hold(self) -> None:
        if self._control.paused:
            self._tell("Paused", at_once=True)
        self._control.hold()

    def _rest(self, error: TransientError, failures: int) -> None:
        """Wait before the next try. Raises the error when there have been enough, or when the server asks for too long."""
        if failures > len(self._pauses):
            raise error
        seconds = self._pauses[failures - 1] if error.wait is None else error.wait
        if seconds > _PATIENCE:
            raise StudioError(
                error.message, f"Try again in {seconds / 60:.0f} minutes; the download can be resumed."
            ) from error
        self._tell(f"{error.message} Trying again in {seconds:.0f} s", at_once=True)
        self._control.rest(seconds)

    def _tell(self, note: str, *, at_once: bool = False) -> None:
        now = monotonic()
        if at_once or now - self._told >= _BEAT:
            self._told = now
            speed = 0.0 if at_once else self._meter.speed
            self._report(Transfer(self._meter.done, self._meter.total, speed, note, self._control.paused))

    # ---- the end

    def _prove(self) -> None:
        """Only what the probe takes is installed. Raises StudioError, and removes what arrived: it would not change."""
        try:
            family = probe(content_of(self._staging)).family
        except InputError as error:
            discard(self._entry.id)
            raise StudioError(f"{self._entry.title} was not installed: {error.message}", error.hint) from error
        if family != self._entry.family:
            discard(self._entry.id)
            raise StudioError(
                f"{self._entry.title} was not installed: the hub sent a model of another family ({family}).",
                "Update the program.",
            )

    def _install(self, plan: Record) -> Path:
        target = places.models_folder() / plan.id
        if target.exists():
            put_away(target)
        self._staging.rename(target)
        return target


class _Incoming:
    """A file as far as it has arrived in `part`, and the hash of that."""

    def __init__(self, file: FileEntry, part: Path) -> None:
        self.file, self.part = file, part
        self.have, self.hasher = 0, file.hasher()

    def take(self, block: bytes) -> None:
        self.hasher.update(block)
        self.have += len(block)

    def restart(self) -> None:
        self.part.unlink(missing_ok=True)
        self.have, self.hasher = 0, self.file.hasher()


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed + _ROOM > free:
        raise StudioError(
            f"The model needs {needed / 1e9:.1f} GB more, and the disk has only {free / 1e9:.1f} GB left.",
            "Free some space, or move the models with the environment variable INPAINT_STUDIO_MODELS.",
        )


def _no_room(folder: Path, error: OSError) -> StudioError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StudioError("The disk is full.", "Free some space; the download can be resumed.")
    return StudioError(f"{folder} cannot be written ({error.strerror}).", "Check the folder's permissions.")
