"""The kinds of models there are, and what a probe tells of one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from inpaint_studio.engines.library.weights import Tensor
from inpaint_studio.errors import InputError

#: "folder": a diffusers folder; "file": one .safetensors; "onnx": one .onnx; "torchscript": one .pt of a published checksum.
Layout = Literal["folder", "file", "onnx", "torchscript"]

#: TorchScript runs code as it loads: only what is published under these md5 sums is taken. See docs/models.md for the source.
PUBLISHED_TORCHSCRIPT = {
    "e3aa4aaa15225a33ec84f9f4bc47e500": "lama",
    "76eb3b1a71c400ee3290524f7a11b89c": "migan",
}

#: Kinds of files that run code when they are opened, or may.
PICKLES = frozenset({".ckpt", ".bin", ".pt", ".pth", ".pkl", ".pickle", ".pt2", ".h5", ".msgpack"})

CLASSES = {
    ("sd1", "inpaint"): "StableDiffusionInpaintPipeline",
    ("sd1", "base"): "StableDiffusionPipeline",
    ("sd2", "inpaint"): "StableDiffusionInpaintPipeline",
    ("sd2", "base"): "StableDiffusionPipeline",
    ("sdxl", "inpaint"): "StableDiffusionXLInpaintPipeline",
    ("sdxl", "base"): "StableDiffusionXLPipeline",
    ("flux", "fill"): "FluxFillPipeline",
    ("flux", "base"): "FluxPipeline",
}
#: Sides in pixels that the families were trained at.
NATIVE = {"sd1": 512, "sd2": 512, "sdxl": 1024, "flux": 1024}
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Probe:
    """What `InstalledModel` says of a model, as far as its files tell. nbytes: what its weights take on the disk."""

    family: str
    variant: str
    layout: Layout
    class_name: str
    in_channels: int
    native: int
    memory_mib: int
    nbytes: int
    precision: str = ""
    missing: tuple[str, ...] = ()


def variant_of(family: str, in_channels: int, path: Path) -> str:
    """What a diffusion model of `family` with so many input channels was made for. Raises InputError for other uses."""
    uses = {"flux": {384: "fill", 64: "base"}}.get(family, {9: "inpaint", 4: "base"})
    if in_channels not in uses:
        raise InputError(
            f"{path.name} takes {in_channels} channels, which no way of filling here gives it.",
            "Use an inpainting model.",
        )
    return uses[in_channels]


def half_precision_mib(tensors: dict[str, Tensor]) -> int:
    """MiB of the weights with two bytes a number."""
    return -(-2 * sum(tensor.count for tensor in tensors.values()) // MIB)
