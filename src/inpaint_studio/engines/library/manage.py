"""What a user does with models: add a folder or a file, remove one, verify one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from inpaint_studio.engines.library import places
from inpaint_studio.engines.library.found import find_in
from inpaint_studio.engines.library.installed import InstalledModel, installed, refused
from inpaint_studio.engines.library.probe import probe
from inpaint_studio.engines.library.record import check, read_record
from inpaint_studio.engines.library.staging import put_away
from inpaint_studio.errors import InputError
from inpaint_studio.settings import load_settings, save_settings


def add(path: Path) -> list[InstalledModel]:
    """Use the models at `path`, a folder or a file, where they are; the models that are usable there.

    Raises InputError, with the reason, when there is none.
    """
    path = path.expanduser().absolute()
    if not path.exists():
        raise InputError(f"{path} does not exist.", "Choose a folder with models, or a .safetensors or .onnx file.")
    settings = load_settings()
    if path.is_file():
        # a file that looks like no model is refused with its reason, too
        probe(path)
    if str(path) not in settings.model_folders:
        settings = replace(settings, model_folders=(*settings.model_folders, str(path)))
    places_there = {found.path.resolve() for found in find_in(path)}
    usable = [model for model in installed(settings) if model.path.resolve() in places_there]
    if not usable:
        reasons = [bad for bad in refused(settings) if bad.path.resolve() in places_there]
        if reasons:
            raise InputError(reasons[0].reason, reasons[0].hint)
        raise InputError(
            f"{path} holds no model.", "Models are folders with model_index.json, .safetensors or .onnx files."
        )
    save_settings(settings)
    return usable


def remove(which: str) -> str:
    """Remove the model of the id `which`, or stop using the added folder of that path; what was done, in one sentence.

    Files are deleted only of models that this program downloaded. Raises InputError, StudioError.
    """
    settings = load_settings()
    path = str(Path(which).expanduser().absolute())
    model = next((model for model in installed(settings) if model.id == which), None)
    if model is None and path not in settings.model_folders:
        folder = places.models_folder() / which
        if which and Path(which).name == which and read_record(folder) is not None:
            # it has lost files, so it is not listed, but it takes room
            put_away(folder)
            return f"{which} was deleted from the disk."
        raise InputError(f"There is no model named {which} here.", "See: inpaint-studio models list.")
    if model is None or str(model.path) in settings.model_folders:
        gone = path if model is None else str(model.path)
        kept = tuple(place for place in settings.model_folders if place != gone)
        save_settings(replace(settings, model_folders=kept))
        return f"{gone} is not used any more; its files are where they were."
    if model.origin == "app":
        put_away(places.models_folder() / model.id)
        return f"{model.title} was deleted from the disk."
    if model.origin == "cache":
        raise InputError(
            f"{model.title} lies in the cache that Hugging Face's programs share.", "Delete it there: hf cache rm."
        )
    place = next((place for place in settings.model_folders if model.path.is_relative_to(place)), "")
    raise InputError(f"{model.title} is part of the added folder {place}.", "Remove that folder, or the file itself.")


def verify(model: InstalledModel, note: Callable[[int, int], None] = lambda _done, _total: None) -> str:
    """Check a model as thoroughly as can be; what was checked, in one sentence.

    note: told the bytes read so far, of how many; may raise Cancelled. Raises InputError when something is wrong with it.
    """
    folder = places.models_folder() / model.id
    record = read_record(folder) if model.origin == "app" else None
    if record is not None:
        total, done = sum(file.size for file in record.files), 0

        def count(nbytes: int) -> None:
            nonlocal done
            done += nbytes
            note(done, total)

        check(folder, record, count)
    probe(model.path)
    if record is not None:
        return f"{model.title}: every byte of {len(record.files)} files is what the hub listed."
    return f"{model.title}: the headers are sound; no checksums are known for files that came from elsewhere."
