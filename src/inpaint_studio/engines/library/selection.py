"""Which files of a repository are taken: weights as safetensors or ONNX, and settings as JSON or text. Nothing that runs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import PurePosixPath

from inpaint_studio.engines.library.catalogue import Entry
from inpaint_studio.engines.library.pipeline_folder import INDEX
from inpaint_studio.engines.library.record import FileEntry
from inpaint_studio.errors import StudioError

_TEXTS = frozenset({".json", ".txt"})
_TAKEN = frozenset({*_TEXTS, ".safetensors", ".onnx"})
#: Larger settings are none.
_LONGEST_TEXT = 32 << 20
_HALF = ".fp16"


def choose(entry: Entry, files: Sequence[FileEntry], parts: Collection[str]) -> list[FileEntry]:
    """The files of `entry` among all that the hub lists.

    parts: the folders that the model's index names; everything else in the repository is left there. Raises StudioError when
    a file is missing, or offered only in a form that is not taken.
    """
    if entry.files:
        return [_named(entry, files, name) for name in entry.files]
    chosen = [_named(entry, files, INDEX)]
    for part in sorted(parts):
        inside = [file for file in files if PurePosixPath(file.path).parent == PurePosixPath(part)]
        chosen += _part(entry, part, inside)
    return chosen


def _named(entry: Entry, files: Sequence[FileEntry], name: str) -> FileEntry:
    if PurePosixPath(name).suffix.lower() not in _TAKEN:
        raise StudioError(f"{name} of {entry.id} is no kind of file that is taken.", "Only safetensors and ONNX are.")
    found = next((file for file in files if file.path == name), None)
    if found is None:
        raise StudioError(f"{entry.repository} does not have {name} (any more).", "Update the program.")
    return found


def _part(entry: Entry, part: str, files: Sequence[FileEntry]) -> list[FileEntry]:
    weights = [file for file in files if file.path.endswith(".safetensors") and ".non_ema" not in file.path]
    pickled = [file for file in files if file.path.endswith((".bin", ".ckpt", ".pt", ".pth"))]
    if pickled and not weights:
        raise StudioError(
            f"{entry.repository} offers its {part} only as a kind of file that can run any program.",
            "Choose a model that is published as safetensors.",
        )
    half = [file for file in weights if _HALF in file.path]
    full = [file for file in weights if _HALF not in file.path]
    is_half = bool(half) and (entry.variant == "fp16" or not full)
    texts = [file for file in files if PurePosixPath(file.path).suffix in _TEXTS and file.size <= _LONGEST_TEXT]
    # lists of pieces belong to one of the two precisions
    texts = [file for file in texts if ".index." not in file.path or (_HALF in file.path) == is_half]
    return [*texts, *_without_doubles(half if is_half else full)]


def _without_doubles(weights: list[FileEntry]) -> list[FileEntry]:
    """The weights in one file if there is one; repositories often keep the same in pieces beside it."""
    whole = [file for file in weights if "-of-" not in file.path]
    return whole or weights
