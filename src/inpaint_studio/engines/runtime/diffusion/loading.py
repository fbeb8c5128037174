"""Opening a diffusion model from the disk: a folder or a single file, weights as safetensors only, never its code."""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inpaint_studio.engines.runtime.devices import Device, torch_module
from inpaint_studio.engines.runtime.diffusion.families import Family
from inpaint_studio.engines.runtime.memory import memory_errors
from inpaint_studio.errors import InputError, StudioError

_log = logging.getLogger(__name__)

#: Classes that a folder may name for its parts; anything else is refused, since its name would be looked up and called.
_PARTS = frozenset({
    "UNet2DConditionModel", "FluxTransformer2DModel", "AutoencoderKL",
    "CLIPTextModel", "CLIPTextModelWithProjection", "T5EncoderModel",
    "CLIPTokenizer", "CLIPTokenizerFast", "T5Tokenizer", "T5TokenizerFast", "PreTrainedTokenizerFast", "TokenizersBackend",
    "CLIPImageProcessor", "CLIPImageProcessorFast", "CLIPImageProcessorPil", "CLIPFeatureExtractor",
    "StableDiffusionSafetyChecker", "CLIPVisionModelWithProjection",
})  # fmt: skip
_SAFETY = ("safety_checker", "feature_extractor")
#: What of a model folder describes it without being its weights.
_DESCRIBING = (".json", ".txt", ".model")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a model lies. layout: "folder" or "file". precision: "fp16" when its weights are named so.

    in_channels: of the denoiser. like: for a single file, a folder of the same family that says what its parts are.
    """

    path: Path
    layout: str
    in_channels: int
    precision: str = ""
    like: Path | None = None


def open_pipeline(family: Family, source: Source, device: Device, *, safety: bool) -> Any:
    """The pipeline of `family` that fills with `source`, in main memory. `safety`: with its safety checker, if it is there.

    Raises StudioError for what can't be loaded, MemoryError when it doesn't fit. Opens no socket, runs no code of the model.
    """
    torch = torch_module()
    with memory_errors():
        import diffusers
        import transformers

        # their warnings repeat what a user typed
        for library in (diffusers, transformers):
            talk: Any = library.utils.logging
            talk.set_verbosity_error()
            talk.disable_progress_bar()
        pipeline = getattr(diffusers, family.pipeline)
        dtype = getattr(torch, device.dtype)
        try:
            if source.layout == "folder":
                pipe = _from_folder(pipeline, source, dtype, safety=safety)
            elif family.name == "flux":
                pipe = _flux_from_file(diffusers, pipeline, source, dtype)
            else:
                pipe = _from_file(pipeline, source, dtype)
        except (OSError, ValueError, KeyError, AttributeError, TypeError, ImportError) as error:
            raise StudioError(
                f"The model {source.path.name} cannot be loaded: {_first_line(error)}.",
                "Verify it in the model library, or get it again.",
            ) from error
        pipe.set_progress_bar_config(disable=True)
    return pipe


def _from_folder(pipeline: Any, source: Source, dtype: Any, *, safety: bool) -> Any:
    index = _checked_index(source.path)
    kwargs: dict[str, Any] = {}
    if "safety_checker" in index and not (safety and _has_checker(source.path)):
        kwargs = {**dict.fromkeys(_SAFETY), "requires_safety_checker": False}
    return pipeline.from_pretrained(
        str(source.path),
        dtype=dtype,
        use_safetensors=True,
        local_files_only=True,
        variant=source.precision or None,
        **kwargs,
    )


def _from_file(pipeline: Any, source: Source, dtype: Any) -> Any:
    with _description(source) as folder:
        return pipeline.from_single_file(
            str(source.path),
            config=str(folder),
            dtype=dtype,
            local_files_only=True,
            **dict.fromkeys(key for key in _SAFETY if key in _checked_index(folder)),
        )


def _flux_from_file(diffusers: Any, pipeline: Any, source: Source, dtype: Any) -> Any:
    """Such files hold the transformer alone; the rest comes from the folder."""
    like = _like(source)
    _checked_index(like)
    transformer = diffusers.FluxTransformer2DModel.from_single_file(
        str(source.path), config=str(like), subfolder="transformer", dtype=dtype, local_files_only=True
    )
    return pipeline.from_pretrained(
        str(like), transformer=transformer, dtype=dtype, use_safetensors=True, local_files_only=True
    )


@contextmanager
def _description(source: Source) -> Iterator[Path]:
    """A folder that describes a single file: the one of a sister model, with this one's number of channels."""
    like = _like(source)
    _checked_index(like)
    with tempfile.TemporaryDirectory(prefix="diffusion-model-") as name:
        folder = Path(name)
        for path in like.rglob("*"):
            if path.is_file() and path.suffix in _DESCRIBING:
                target = folder / path.relative_to(like)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
        config = folder / "unet" / "config.json"
        described = json.loads(config.read_text("utf-8"))
        config.write_text(json.dumps(described | {"in_channels": source.in_channels}), "utf-8")
        yield folder


def _like(source: Source) -> Path:
    if source.like is None:
        raise StudioError(
            f"{source.path.name} needs a model folder of its family beside it, for the words its prompts are made of.",
            "Get one from the model library; both can be used then.",
        )
    return source.like


def _checked_index(folder: Path) -> dict[str, Any]:
    """The folder's model_index.json. Raises InputError when it names code of its own or parts that nobody knows."""
    try:
        index = json.loads((folder / "model_index.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{folder.name} is no model folder.", "Get the model again.") from error
    for part, entry in index.items():
        if part.startswith("_") or not isinstance(entry, list):
            continue
        library, class_name = (*entry, None, None)[:2]
        known = (
            class_name is None or class_name in _PARTS or (library == "diffusers" and class_name.endswith("Scheduler"))
        )
        if library not in {None, "diffusers", "transformers", "stable_diffusion"} or not known:
            raise InputError(
                f"{folder.name} wants to run code for its part {part}.", "Only models made of known parts are opened."
            )
    if any(folder.rglob("*.py")):
        raise InputError(f"{folder.name} comes with code of its own.", "Only models without code are opened.")
    return dict(index)


def _has_checker(folder: Path) -> bool:
    return any((folder / "safety_checker").glob("*.safetensors"))


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:200].rstrip(".")
