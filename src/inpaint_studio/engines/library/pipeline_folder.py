"""Model folders as diffusers writes them: checked for code and for missing or lying weights before anything is loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from inpaint_studio.engines.library.kinds import NATIVE, PICKLES, Probe, half_precision_mib, variant_of
from inpaint_studio.engines.library.weights import Tensor, read_header
from inpaint_studio.errors import InputError

INDEX = "model_index.json"
_LONGEST = 4 << 20
#: Where diffusers looks classes up; anything else in an index names code that came with the model.
_LIBRARIES = frozenset({"diffusers", "transformers", "stable_diffusion"})
_FAMILIES = {
    "StableDiffusionInpaintPipeline": "sd", "StableDiffusionPipeline": "sd",
    "StableDiffusionXLInpaintPipeline": "sdxl", "StableDiffusionXLPipeline": "sdxl",
    "FluxFillPipeline": "flux", "FluxPipeline": "flux",
}  # fmt: skip
#: Parts without which a folder is not a model; the first that is there does the work.
_CORES = ("unet", "transformer")
_WITHOUT_WEIGHTS = ("tokenizer", "scheduler", "feature_extractor", "image_processor")
#: Left out by many, and not needed to fill.
_OPTIONAL = ("safety_checker", "image_encoder")
#: The number of a picture's sides that one latent number stands for.
_LATENT = 8


def is_model_folder(folder: Path) -> bool:
    """Whether `folder` looks like one of diffusers' folders; `probe_folder` tells whether it can be used."""
    return (folder / INDEX).is_file()


def probe_folder(folder: Path) -> Probe:
    """What the model folder is. Reads its JSON files and the headers of its weights.

    Raises InputError, with the reason, for folders with code, with pickled or missing weights, with headers that lie, and
    for models that no engine here can fill with.
    """
    _refuse_code(folder)
    index = _json(folder / INDEX)
    class_name = index.get("_class_name")
    if not isinstance(class_name, str) or class_name not in _FAMILIES:
        name = class_name if isinstance(class_name, str) else "code of its own"
        raise InputError(f"{folder.name} is made for {name[:60]}, which is not supported.", "Use an inpainting model.")
    headers: dict[str, dict[str, Tensor]] = {}
    half = []
    for part in _parts(folder, index):
        headers[part], is_half = _weights(folder, part)
        half.append(is_half)
    core = next((part for part in _CORES if part in headers), None)
    if core is None:
        raise InputError(f"{folder.name} has no network in it.", "Get the model again.")
    config = _json(folder / core / "config.json")
    channels = _channels(folder, config, headers[core])
    family = _family(_FAMILIES[class_name], config)
    everything = {f"{part}.{name}": tensor for part, tensors in headers.items() for name, tensor in tensors.items()}
    return Probe(
        family=family,
        variant=_variant(class_name, family, channels, folder),
        layout="folder",
        class_name=class_name,
        in_channels=channels,
        native=_native(family, config),
        memory_mib=half_precision_mib(everything),
        nbytes=sum(tensor.nbytes for tensor in everything.values()),
        precision="fp16" if half and all(half) else "",
    )


def _refuse_code(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.suffix.lower() in {".py", ".pyc", ".so", ".dll", ".dylib"}:
            raise InputError(
                f"{folder.name} brings a program of its own ({path.name}), which is never run.",
                "Use a model made of weights and settings only.",
            )
        if path.suffix == ".json" and path.is_file() and path.stat().st_size <= _LONGEST and _names_code(path):
            raise InputError(
                f"{folder.name} asks for a program from elsewhere ({path.name}), which is never run.",
                "Use a model made of weights and settings only.",
            )


def _names_code(path: Path) -> bool:
    # vocabularies are long lists of words: only a setting by this name counts
    if b'"auto_map"' not in path.read_bytes():
        return False
    return bool(_json(path).get("auto_map"))


def _parts(folder: Path, index: dict[str, Any]) -> list[str]:
    """The parts that must have weights, after checking that no part names a library of its own."""
    parts = []
    for name, entry in index.items():
        if name.startswith("_") or not isinstance(entry, list):
            continue
        if len(entry) != 2 or Path(name).name != name or name in {".", ".."}:
            raise InputError(f"{folder.name} has an index that can't be understood.", "Get the model again.")
        library, kind = entry
        if library is None and kind is None:
            continue
        if library not in _LIBRARIES:
            raise InputError(
                f"{folder.name} wants to run its own program for {name}, which is never done.",
                "Use a model made of weights and settings only.",
            )
        if not name.startswith(_WITHOUT_WEIGHTS) and not (name.startswith(_OPTIONAL) and not _files(folder / name)):
            parts.append(name)
    return parts


def _weights(folder: Path, part: str) -> tuple[dict[str, Tensor], bool]:
    """The tensors of a part, and whether only its half precision copy is there."""
    files = _files(folder / part)
    if not files:
        pickled = [path.name for path in (folder / part).glob("*") if path.suffix.lower() in PICKLES]
        why = f"only as {pickled[0]}, a kind of file that can run any program" if pickled else "not at all"
        raise InputError(f"{folder.name} has the weights of its {part} {why}.", "Get the model as .safetensors.")
    full = [path for path in files if ".fp16" not in path.name]
    chosen = _whole_set(folder, part, full or files, half=not full)
    tensors: dict[str, Tensor] = {}
    for path in chosen:
        tensors |= read_header(path)
    return tensors, not full


def _whole_set(folder: Path, part: str, files: list[Path], *, half: bool) -> list[Path]:
    """`files`, or the shards that the index beside them names, all of which must be there."""
    whole = [path for path in files if "-of-" not in path.name and ".non_ema" not in path.name]
    if whole:
        return whole[:1]
    ending = ".index.fp16.json" if half else ".index.json"
    for path in (folder / part).glob("*" + ending):
        weight_map = _json(path).get("weight_map")
        if not isinstance(weight_map, dict) or not weight_map:
            break
        names = {str(name) for name in weight_map.values()}
        shards = [folder / part / name for name in sorted(names)]
        if any(Path(name).name != name or Path(name).suffix != ".safetensors" for name in names):
            break
        if missing := next((shard for shard in shards if not shard.is_file()), None):
            raise InputError(f"{folder.name} lacks {part}/{missing.name}.", "Get the model again.")
        return shards
    raise InputError(f"{folder.name} has no usable list of the pieces of its {part}.", "Get the model again.")


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.safetensors") if path.is_file())


def _channels(folder: Path, config: dict[str, Any], tensors: dict[str, Tensor]) -> int:
    told = config.get("in_channels")
    first = tensors.get("conv_in.weight") or tensors.get("x_embedder.weight")
    real = first.shape[1] if first is not None and len(first.shape) > 1 else 0
    if not isinstance(told, int) or told != real:
        raise InputError(f"{folder.name} has weights for {real} channels and says {told}.", "Get the model again.")
    return told


def _family(family: str, config: dict[str, Any]) -> str:
    # the second generation reads the words of OpenCLIP, which are 1024 numbers long
    return family if family != "sd" else "sd2" if config.get("cross_attention_dim") == 1024 else "sd1"


def _variant(class_name: str, family: str, channels: int, folder: Path) -> str:
    # FLUX's channels depend on its decoder; its pipeline says what it was made for
    if family == "flux":
        return "fill" if class_name == "FluxFillPipeline" else "base"
    return variant_of(family, channels, folder)


def _native(family: str, config: dict[str, Any]) -> int:
    side = config.get("sample_size")
    return side * _LATENT if family != "flux" and isinstance(side, int) and 0 < side <= 512 else NATIVE[family]


def _json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LONGEST:
            raise ValueError("too long")
        made = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path.parent.name}/{path.name} cannot be understood.", "Get the model again.") from error
    return made if isinstance(made, dict) else {}
