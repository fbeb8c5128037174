"""Models in a single file: what one is, told from its header alone, without running anything of it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from inpaint_studio.engines.library.kinds import (
    CLASSES,
    MIB,
    NATIVE,
    PICKLES,
    PUBLISHED_TORCHSCRIPT,
    Probe,
    half_precision_mib,
    variant_of,
)
from inpaint_studio.engines.library.onnx_header import OnnxHeader, read_onnx
from inpaint_studio.engines.library.sums import md5_of
from inpaint_studio.engines.library.weights import Tensor, read_header
from inpaint_studio.errors import InputError

_UNET = "model.diffusion_model."
_HINT = "Inpaint Studio fills with Stable Diffusion 1 and 2, SDXL, FLUX.1 Fill, LaMa and MI-GAN."


def probe_file(path: Path, *, remembered: bool = False) -> Probe:
    """What the single file at `path` is. remembered: see `probe`.

    Raises InputError, with the reason, for files that run code (.ckpt, .bin, .pt ...), for headers that lie, and for
    models that no engine here can fill with.
    """
    ending = path.suffix.lower()
    if ending == ".safetensors":
        return _of_weights(path, read_header(path))
    if ending == ".onnx":
        return _of_onnx(path, read_onnx(path))
    if ending in PICKLES:
        return _of_torchscript(path, remembered=remembered)
    raise InputError(f"{path.name} is no model file.", "Models are folders, .safetensors or .onnx files.")


def _of_weights(path: Path, tensors: dict[str, Tensor]) -> Probe:
    nbytes = sum(tensor.nbytes for tensor in tensors.values())
    if probe := _lama(tensors, nbytes) or _migan(tensors, nbytes) or _taesd(tensors, nbytes):
        return probe
    if any(".lora_" in name or "lora_up" in name or "lora_down" in name for name in tensors):
        raise InputError(f"{path.name} is a LoRA, an addition to a model.", _HINT)
    prefix = _UNET if any(name.startswith(_UNET) for name in tensors) else ""
    if prefix + "img_in.weight" in tensors and any(name.startswith(prefix + "double_blocks.") for name in tensors):
        return _flux(path, tensors, prefix, nbytes)
    first = tensors.get(_UNET + "input_blocks.0.0.weight")
    if first is None or len(first.shape) != 4:
        raise InputError(f"{path.name} is no model of a known family, or only a part of one.", _HINT)
    family = _stable_diffusion(path, tensors)
    channels = first.shape[1]
    variant = variant_of(family, channels, path)
    return Probe(
        family, variant, "file", CLASSES[family, variant], channels, NATIVE[family], half_precision_mib(tensors), nbytes
    )


def _stable_diffusion(path: Path, tensors: dict[str, Tensor]) -> str:
    """The generation, by the text encoders packed with it: their names differ whatever their size."""

    def has(start: str) -> bool:
        return any(name.startswith(start) for name in tensors)

    if not has("first_stage_model."):
        raise InputError(f"{path.name} has no image decoder (VAE) in it.", "Take the whole model, or its folder.")
    if has("conditioner.embedders.1."):
        return "sdxl"
    if has("cond_stage_model.model."):
        return "sd2"
    if has("cond_stage_model.transformer."):
        return "sd1"
    raise InputError(
        f"{path.name} has no text encoder of a known family in it.", "Take the whole model, or its folder."
    )


def _flux(path: Path, tensors: dict[str, Tensor], prefix: str, nbytes: int) -> Probe:
    if any("distilled_guidance_layer" in name or "stream_modulation" in name for name in tensors):
        raise InputError(f"{path.name} is a relative of FLUX.1 that is not supported yet.", _HINT)
    shape = tensors[prefix + "img_in.weight"].shape
    channels = shape[-1] if len(shape) == 2 else 0
    variant = variant_of("flux", channels, path)
    parts = {
        "vae": ("vae.", "first_stage_model."),
        "text_encoder": ("text_encoders.", "cond_stage_model.", "conditioner."),
    }
    missing = tuple(part for part, starts in parts.items() if not any(name.startswith(starts) for name in tensors))
    return Probe(
        "flux", variant, "file", CLASSES["flux", variant], channels, NATIVE["flux"], half_precision_mib(tensors), nbytes,
        missing=missing,
    )  # fmt: skip


def _lama(tensors: dict[str, Tensor], nbytes: int) -> Probe | None:
    """LaMa's generator begins with a Fourier convolution over the picture and its mask (Suvorov et al., WACV 2022)."""
    for name, tensor in tensors.items():
        if name.endswith("model.1.ffc.convl2l.weight") and len(tensor.shape) == 4:
            return Probe("lama", "inpaint", "file", "", tensor.shape[1], 0, -(-nbytes // MIB), nbytes)
    return None


def _migan(tensors: dict[str, Tensor], nbytes: int) -> Probe | None:
    """MI-GAN's encoder begins at the picture's size, with the hole beside the colours (Sargsyan et al., ICCV 2023)."""
    for name, tensor in tensors.items():
        if (match := re.search(r"encoder\.b(\d+)\.fromrgb\.weight$", name)) and tensor.shape[1:2] == (4,):
            return Probe("migan", "inpaint", "file", "", 4, int(match[1]), -(-nbytes // MIB), nbytes)
    return None


def _taesd(tensors: dict[str, Tensor], nbytes: int) -> Probe | None:
    """A tiny autoencoder for previews, by the names diffusers gives it."""
    first = tensors.get("decoder.layers.0.weight")
    if first is None or len(first.shape) != 4 or "encoder.layers.0.weight" not in tensors:
        return None
    return Probe("taesd", "preview", "file", "", first.shape[1], 0, -(-nbytes // MIB), nbytes)


def _of_onnx(path: Path, header: OnnxHeader) -> Probe:
    pictures = [port for port in header.inputs if len(port.shape) == 4 and port.shape[1] == 3]
    masks = [port for port in header.inputs if len(port.shape) == 4 and port.shape[1] == 1]
    both = [port for port in header.inputs if len(port.shape) == 4 and port.shape[1] == 4]
    if len(both) == len(header.inputs) == len(header.outputs) == 1 and both[0].type == "float32":
        # MI-GAN without what its pipeline does around it: hole and colours in one, squares of one size only
        side = both[0].shape[2] or 512
        return replace(_onnx_probe(path, header), family="migan", native=side)
    if not (len(pictures) == len(masks) == 1 and len(header.outputs) == 1):
        raise InputError(f"{path.name} does not take a picture and a mask.", _HINT)
    picture, mask = pictures[0], masks[0]
    made = _onnx_probe(path, header)
    if picture.type == mask.type == header.outputs[0].type == "uint8":
        # the whole pipeline in one graph: bytes in, bytes out, any size
        return replace(made, family="migan", native=512)
    if picture.type == "float32" and mask.type == "float32":
        sides = {side for side in picture.shape[2:] if side}
        return replace(made, family="lama", native=max(sides, default=0))
    raise InputError(f"{path.name} takes other numbers than LaMa and MI-GAN do.", _HINT)


def _onnx_probe(path: Path, header: OnnxHeader) -> Probe:
    files = [path, *(path.parent / location for location in header.external)]
    nbytes = sum(file.stat().st_size for file in files)
    return Probe("", "inpaint", "onnx", "", 4, 0, -(-nbytes // MIB), nbytes)


def _of_torchscript(path: Path, *, remembered: bool) -> Probe:
    digest = md5_of(path, remembered=remembered) if path.suffix.lower() == ".pt" else ""
    family = PUBLISHED_TORCHSCRIPT.get(digest)
    if family is None:
        raise InputError(
            f"{path.name} is refused: files of this kind can run any program on this computer when they are opened.",
            "Get the model as .safetensors or .onnx.",
        )
    nbytes = path.stat().st_size
    return Probe(family, "inpaint", "torchscript", "", 4, 0, -(-nbytes // MIB), nbytes)
