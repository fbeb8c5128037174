"""What a model is: told from its headers within a second, and nothing of it is loaded or run."""

from __future__ import annotations

from pathlib import Path

from inpaint_studio.engines.library.kinds import Probe
from inpaint_studio.engines.library.pipeline_folder import is_model_folder, probe_folder
from inpaint_studio.engines.library.single_file import probe_file
from inpaint_studio.errors import InputError


def probe(path: Path, *, remembered: bool = False) -> Probe:
    """What the model folder or file at `path` is.

    remembered: a checksum may be the one of an earlier time if the file seems unchanged; for listing, not for loading.

    Raises InputError, with the reason, for whatever is broken, runs code, or is of no use here.
    """
    if not path.is_dir():
        return probe_file(path, remembered=remembered)
    if is_model_folder(path):
        return probe_folder(path)
    raise InputError(f"{path.name} is no model folder: it has no model_index.json.", "Choose the folder that has one.")
