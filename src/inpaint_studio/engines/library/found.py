"""Looking for models in folders that other programs keep: ComfyUI, A1111, InvokeAI, and anything like them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from inpaint_studio.engines.library.pipeline_folder import is_model_folder

#: Folders of those programs that hold additions to models, never a model of their own.
_NOT_MODELS = frozenset({
    "loras", "lora", "lycoris", "embeddings", "hypernetworks", "vae", "vae_approx", "vae-approx", "clip", "clip_vision",
    "text_encoders", "controlnet", "t2i_adapter", "ip_adapter", "ipadapter", "upscale_models", "esrgan", "realesrgan", "gligen",
    "style_models", "codeformer", "gfpgan", "configs", "spandrel_image_to_image", "clip_embed", "textual inversion",
    "node_modules", "site-packages", "__pycache__",
})  # fmt: skip
_ENDINGS = (".safetensors", ".onnx")
_DEEPEST = 6
#: A user who adds a whole disk by mistake gets an answer all the same.
_MOST_FOLDERS = 5000


@dataclass(frozen=True, slots=True)
class Found:
    """A place that looks like a model. repository: name of its folder in Hugging Face's cache; empty elsewhere."""

    path: Path
    repository: str = ""


def find_in(place: Path) -> Iterator[Found]:
    """What looks like a model at or below `place`, a folder or a file; nothing is opened. Links are followed once."""
    if place.is_file():
        yield Found(place)
        return
    if is_model_folder(place):
        yield Found(place)
        return
    seen: set[Path] = set()
    folders = [(place, 0)]
    while folders and len(seen) < _MOST_FOLDERS:
        folder, depth = folders.pop(0)
        real = folder.resolve()
        if real in seen:
            continue
        seen.add(real)
        for entry in _entries(folder):
            path = Path(entry.path)
            if entry.is_dir():
                if is_model_folder(path):
                    yield Found(path)
                elif depth < _DEEPEST and entry.name.lower() not in _NOT_MODELS and not entry.name.startswith("."):
                    folders.append((path, depth + 1))
            elif entry.name.lower().endswith(_ENDINGS):
                yield Found(path)


def find_in_hub_cache(cache: Path) -> Iterator[Found]:
    """The newest snapshot of each repository in a Hugging Face cache: model folders and ONNX files."""
    for repository in _entries(cache):
        if not repository.name.startswith("models--"):
            continue
        root = Path(repository.path)
        snapshot = _snapshot(root)
        if snapshot is None:
            continue
        if is_model_folder(snapshot):
            yield Found(snapshot, root.name)
            continue
        for entry in _entries(snapshot):
            if entry.name.lower().endswith(_ENDINGS):
                yield Found(Path(entry.path), root.name)


def _snapshot(repository: Path) -> Path | None:
    try:
        commit = (repository / "refs" / "main").read_text("utf-8").strip()
    except OSError:
        commit = ""
    folders = [Path(entry.path) for entry in _entries(repository / "snapshots") if entry.is_dir()]
    return next((folder for folder in folders if folder.name == commit), max(folders, key=_changed, default=None))


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What is in `folder`, by name; nothing when it can't be read."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []
