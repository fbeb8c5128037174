"""The network of MI-GAN (Sargsyan et al., "MI-GAN: A Simple Baseline for Image Inpainting on Mobile Devices", ICCV 2023).

Written after the paper and the names in its published weights, so that those load without any code of theirs. An encoder halves
the picture down to 4×4, a decoder doubles it up again beside it, adding what the encoder saw at each size; every convolution
is one of each channel alone and then one across channels. How large and how wide it is follows from the weights.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from inpaint_studio.engines.contract import Float
from inpaint_studio.engines.runtime.complete import complete
from inpaint_studio.engines.runtime.devices import Device, torch_module
from inpaint_studio.engines.runtime.memory import memory_errors

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

#: Side at which encoder and decoder meet.
_INNERMOST = 4
#: Its activation: leaky, scaled so that the spread is kept, and bounded.
_LEAK, _GAIN, _BOUND = 0.2, 2.0**0.5, 256.0


def seen(image: Float, hole: Float) -> Float:
    """What the bare network is shown, float32 1×4×H×W: half minus the hole, and the picture in -1..1, 0 in the hole.

    image: float32 H×W×3 in 0..1. hole: H×W of 0 and 1, 1 = fill.
    """
    picture = (image * 2 - 1) * (1 - hole[..., None])
    planes = np.concatenate([0.5 - hole[..., None], picture], 2).transpose(2, 0, 1)[None]
    return np.ascontiguousarray(planes, np.float32)


def drawn(answer: Float) -> Float:
    """The network's answer, 1×3×H×W in -1..1, as float32 H×W×3 in 0..1."""
    plane = np.asarray(answer[0], np.float32).transpose(1, 2, 0)
    return np.ascontiguousarray(np.clip(plane / 2 + 0.5, 0, 1), np.float32)


def load_weights(path: Path) -> dict[str, Tensor]:
    """The generator's weights in a .safetensors file, by their names from "encoder." and "synthesis." on."""
    from safetensors.torch import load_file

    found = {}
    for name, tensor in load_file(str(path)).items():
        if match := re.search(r"\b(encoder|synthesis)\.b\d", name):
            found[name[match.start() :]] = tensor
    return found


class MiganNetwork:
    """MI-GAN's generator on a device, in 32 bits."""

    def __init__(self, weights: Mapping[str, Tensor], device: Device) -> None:
        """Raises StudioError when the weights are not those of such a network."""
        self._torch = torch_module()
        self._f = self._torch.nn.functional
        self._device = device.kind
        sides = {int(match[1]) for name in weights if (match := re.match(r"encoder\.b(\d+)\.", name))}
        self._sides = sorted(sides, reverse=True)
        with memory_errors(), complete("MI-GAN"):
            if not self._sides or self._sides != [_INNERMOST << at for at in reversed(range(len(sides)))]:
                raise KeyError("encoder.b512")
            self._weights = {name: tensor.to(self._device, self._torch.float32) for name, tensor in weights.items()}

    @property
    def side(self) -> int:
        """Pixels a side of the only size it draws."""
        return self._sides[0]

    def fill(self, image: Float, hole: Float, check: Callable[[], None]) -> Float:
        """`image` (float32 side×side×3 in 0..1) with `hole` (of 0 and 1) drawn; all of it is the network's.

        `check` is called between blocks and may raise. Raises MemoryError.
        """
        with self._torch.no_grad(), memory_errors(), complete("MI-GAN"):
            planes = self._torch.from_numpy(seen(image, hole)).to(self._device)
            return drawn(self._forward(planes, check).cpu().numpy())

    def _forward(self, planes: Tensor, check: Callable[[], None]) -> Tensor:
        outer = f"encoder.b{self.side}.fromrgb"
        x = self._bent(self._f.conv2d(planes, self._weights[f"{outer}.weight"], self._weights[f"{outer}.bias"]))
        kept: dict[int, Tensor] = {}
        for side in self._sides:
            check()
            kept[side] = self._separable(f"encoder.b{side}.conv1", x)
            x = self._separable(f"encoder.b{side}.conv2", kept[side])
        image: Tensor | None = None
        for side in reversed(self._sides):
            check()
            name = f"synthesis.b{side}"
            x = self._separable(f"{name}.conv2", self._separable(f"{name}.conv1", x) + kept[side])
            colours = self._f.conv2d(x, self._weights[f"{name}.torgb.weight"], self._weights[f"{name}.torgb.bias"])
            image = colours if image is None else self._doubled(f"{name}.upsample", image) + colours
        if image is None:
            raise KeyError("synthesis.b4")
        return image

    def _separable(self, name: str, x: Tensor) -> Tensor:
        """Each channel alone, then across channels, with a change of size between or after where the weights have one."""
        weights, f = self._weights, self._f
        own = weights[f"{name}.conv1.weight"]
        x = self._bent(f.conv2d(x, own, weights.get(f"{name}.conv1.bias"), padding=1, groups=own.shape[0]))
        smooth = weights.get(f"{name}.downsample.filter.weight")
        if smooth is not None:
            x = f.conv2d(x, smooth, stride=2, padding=1, groups=smooth.shape[0])
        x = f.conv2d(x, weights[f"{name}.conv2.weight"])
        if f"{name}.upsample.filter.weight" in weights:
            x = self._doubled(f"{name}.upsample", x)
        if f"{name}.noise_const" in weights:
            x = x + weights[f"{name}.noise_const"] * weights[f"{name}.noise_strength"]
        return self._bent(x)

    def _doubled(self, name: str, x: Tensor) -> Tensor:
        """Zeros between the pixels, then smoothed."""
        f, smooth = self._f, self._weights[f"{name}.filter.weight"]
        x = f.conv_transpose2d(x, self._weights[f"{name}.insert_zeros.weight"], stride=2, groups=x.shape[1])
        made: Tensor = f.conv2d(f.pad(x, (2, 1, 2, 1)), smooth, groups=smooth.shape[0])
        return made

    def _bent(self, x: Tensor) -> Tensor:
        made: Tensor = (self._f.leaky_relu(x, _LEAK) * _GAIN).clamp(-_BOUND, _BOUND)
        return made
