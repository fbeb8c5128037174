"""The models found on this disk: in the program's own folder, in the Hugging Face cache, in folders the user added."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from inpaint_studio.engines.library import places
from inpaint_studio.engines.library.catalogue import Entry, catalogue
from inpaint_studio.engines.library.found import Found, find_in, find_in_hub_cache
from inpaint_studio.engines.library.kinds import Layout, Probe
from inpaint_studio.engines.library.pipeline_folder import is_model_folder
from inpaint_studio.engines.library.probe import probe
from inpaint_studio.engines.library.record import Record, complete, read_record
from inpaint_studio.errors import InputError
from inpaint_studio.settings import Settings, load_settings

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model that has passed every check of its headers. Nothing of it was loaded or run.

    id: stable as long as the file keeps its name; the catalogue's id for a downloaded one.
    family: "sd1", "sd2", "sdxl", "flux", "lama", "migan", or "taesd" (tiny decoders). variant: "inpaint", "base", "fill" or
    "preview".
    licence: in words; empty when nobody told.
    path: the folder, or the single file. layout: see `kinds.Layout`.
    class_name: of the diffusers pipeline; empty for LaMa and MI-GAN.
    in_channels: of the UNet or transformer (9: made for inpainting); of a tiny decoder's latents; of picture
    and mask for others.
    native: side in pixels it was trained at; 0: any size.
    memory_mib: what its weights take in half precision (LaMa, MI-GAN: as stored); working memory comes on top.
    origin: "app", "cache" or "folder": who owns the files.
    precision: "fp16" when a folder's weights are there only as `*.fp16.safetensors`.
    missing: parts a single file lacks ("vae", "text_encoder"), to be taken from another model of the family.
    commit: the hub's revision it was downloaded at; empty otherwise.
    """

    id: str
    family: str
    variant: str
    title: str
    licence: str
    path: Path
    layout: Layout
    class_name: str
    in_channels: int
    native: int
    memory_mib: int
    origin: str = "folder"
    precision: str = ""
    missing: tuple[str, ...] = ()
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that looks like a model and is not used, and why. path: the folder or file."""

    path: Path
    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class _Candidate:
    found: Found
    origin: str
    name: str
    repository: str = ""
    record: Record | None = None
    whole: bool = True


#: Probes by path and the state of the files they read.
_probed: dict[Path, tuple[object, Probe | InputError]] = {}


def installed(settings: Settings | None = None) -> list[InstalledModel]:
    """Every model that can be used, the program's own first. Reads headers only, and each once as long as it is unchanged.

    settings: where the user's folders are; None reads the stored ones.
    """
    return [model for model in _survey(settings) if isinstance(model, InstalledModel)]


def refused(settings: Settings | None = None) -> list[Refused]:
    """What lies where models lie and is not used, with the reason."""
    return [model for model in _survey(settings) if isinstance(model, Refused)]


def find_installed(model_id: str, settings: Settings | None = None) -> InstalledModel | None:
    """The installed model of that id."""
    return next((model for model in installed(settings) if model.id == model_id), None)


def content_of(folder: Path) -> Path:
    """The model in a folder of the program's own: the folder itself, or the one file in it."""
    if is_model_folder(folder):
        return folder
    return next((path for path in sorted(folder.iterdir()) if path.suffix in {".onnx", ".safetensors"}), folder)


def _survey(settings: Settings | None) -> Iterator[InstalledModel | Refused]:
    seen: set[Path] = set()
    ids: set[str] = set()
    for candidate in _candidates(settings or _stored_settings()):
        real = candidate.found.path.resolve()
        if real in seen:
            continue
        seen.add(real)
        outcome = _probe(candidate.found) if candidate.whole else _incomplete(candidate)
        if isinstance(outcome, InputError):
            yield Refused(candidate.found.path, outcome.message, outcome.hint)
            continue
        model = _model(candidate, outcome)
        if model.id in ids:
            model = replace(model, id=f"{model.id}-{hashlib.blake2s(str(real).encode(), digest_size=3).hexdigest()}")
        ids.add(model.id)
        yield model


def _stored_settings() -> Settings:
    try:
        return load_settings()
    except InputError as error:
        # whoever starts the program tells it; the models of our own folder can be used all the same
        _log.warning("%s", error.message)
        return Settings()


def _candidates(settings: Settings) -> Iterator[_Candidate]:
    folder = places.models_folder()
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        record = None if path.name.startswith(".") else read_record(path)
        if record is not None:
            whole = complete(path, record)
            yield _Candidate(Found(content_of(path)), "app", record.id, record.repository, record, whole)
    for found in find_in_hub_cache(places.hub_cache()):
        repository = found.repository.removeprefix("models--").replace("--", "/")
        # a snapshot's folder is named by its commit, which tells nobody anything
        stem = "" if found.path.is_dir() else f"-{found.path.stem}"
        yield _Candidate(found, "cache", repository.replace("/", "-") + stem, repository)
    for place in settings.model_folders:
        for found in find_in(Path(place)):
            name = found.path.name if found.path.is_dir() else found.path.stem
            yield _Candidate(found, "folder", name)


def _model(candidate: _Candidate, probed: Probe) -> InstalledModel:
    entry = _entry(candidate)
    is_entry = entry is not None and (candidate.origin == "app" or entry.family == probed.family)
    return InstalledModel(
        id=entry.id if entry is not None and is_entry else _slug(candidate.name),
        family=probed.family,
        variant=probed.variant,
        title=entry.title if entry is not None and is_entry else candidate.name,
        licence=entry.licence if entry is not None and is_entry else "",
        path=candidate.found.path,
        layout=probed.layout,
        class_name=probed.class_name,
        in_channels=probed.in_channels,
        native=probed.native,
        memory_mib=probed.memory_mib,
        origin=candidate.origin,
        precision=probed.precision,
        missing=probed.missing,
        commit=candidate.record.commit if candidate.record is not None else "",
    )


def _entry(candidate: _Candidate) -> Entry | None:
    if candidate.record is not None:
        return next((entry for entry in catalogue() if entry.id == candidate.record.id), None)
    return next((entry for entry in catalogue() if entry.repository == candidate.repository), None)


def _incomplete(candidate: _Candidate) -> InputError:
    return InputError(
        f"{candidate.name} has lost files since it was downloaded.",
        f"Get it again: inpaint-studio models get {candidate.name}.",
    )


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.") or "model"


def _probe(found: Found) -> Probe | InputError:
    """The probe of what was found, or why it is refused; remembered until a file of it changes."""
    state = _state(found.path)
    known = _probed.get(found.path)
    if known is not None and known[0] == state:
        return known[1]
    outcome: Probe | InputError
    try:
        outcome = probe(found.path, remembered=True)
    except InputError as error:
        # kept without its traceback, which would keep whole headers alive
        outcome = InputError(error.message, error.hint)
    _probed[found.path] = (state, outcome)
    return outcome


def _state(path: Path) -> object:
    """What changes when the model changes: time and size of its files."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    states = []
    for file in files:
        try:
            state = file.stat()
        except OSError:
            continue
        states.append((str(file), state.st_mtime_ns, state.st_size))
    return tuple(states)
