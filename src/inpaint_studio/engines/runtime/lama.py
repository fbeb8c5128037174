"""The network of LaMa (Suvorov et al., "Resolution-robust Large Mask Inpainting with Fourier Convolutions", WACV 2022).

Written after the paper and the names in its published weights, so that those load without any code of theirs. A
picture is first halved a few times; then blocks of fast Fourier convolutions carry two streams, a local one of 3×3
convolutions and a global one that is convolved in the frequency domain and so sees everything at once; then it is doubled
again. How wide and how deep it is follows from the weights.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from inpaint_studio.engines.contract import Float
from inpaint_studio.engines.runtime.complete import complete
from inpaint_studio.engines.runtime.devices import Device, torch_module
from inpaint_studio.engines.runtime.memory import memory_errors

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    Streams = tuple[Tensor, Tensor | None]

#: Sides must be multiples of this: the picture is halved three times.
MULTIPLE = 8


def load_weights(path: Path) -> dict[str, Tensor]:
    """The generator's weights in a .safetensors file, by their names from "model." on."""
    from safetensors.torch import load_file

    found = {}
    for name, tensor in load_file(str(path)).items():
        place = name.find("model.")
        if place >= 0 and not name.startswith("discriminator"):
            found[name[place:].replace("model.model.", "model.")] = tensor
    return found


class LamaNetwork:
    """LaMa's generator on a device, in 32 bits: Fourier transforms know no half precision at these sizes."""

    def __init__(self, weights: Mapping[str, Tensor], device: Device) -> None:
        """Raises StudioError when the weights are not those of such a network."""
        self._torch = torch_module()
        self._f = self._torch.nn.functional
        # Metal has no Fourier transforms for all of these sizes
        self._device = "cpu" if device.kind == "mps" else device.kind
        with memory_errors(), complete("LaMa"):
            self._weights = {name: tensor.to(self._device, self._torch.float32) for name, tensor in weights.items()}
            self._places = self._layout()

    def fill(self, image: Float, hole: Float, check: Callable[[], None]) -> Float:
        """`image` (float32 H×W×3 in 0..1, sides multiples of 8) with `hole` (H×W of 0 and 1) drawn; all of it is the network's.

        `check` is called between blocks and may raise. Raises MemoryError.
        """
        torch = self._torch
        with torch.no_grad(), memory_errors(), complete("LaMa"):
            mask = torch.from_numpy(np.ascontiguousarray(hole, np.float32))[None, None].to(self._device)
            picture = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None].to(self._device)
            made = self._forward(torch.cat([picture * (1 - mask), mask], 1), check)
            return np.ascontiguousarray(made[0].permute(1, 2, 0).float().cpu().numpy(), np.float32)

    def _layout(self) -> dict[str, list[int]]:
        """The numbers of the layers by what they do."""

        def numbers(pattern: str) -> list[int]:
            found = {int(match[1]) for name in self._weights if (match := re.fullmatch(pattern, name))}
            return sorted(found)

        places = {
            "down": numbers(r"model\.(\d+)\.ffc\.convl2l\.weight"),
            "blocks": numbers(r"model\.(\d+)\.conv1\.ffc\.convl2l\.weight"),
            "norms": numbers(r"model\.(\d+)\.running_mean"),
        }
        plain = numbers(r"model\.(\d+)\.weight")
        places["up"] = [number - 1 for number in places["norms"]]
        places["last"] = [number for number in plain if number not in places["up"] + places["norms"]]
        if not places["down"] or not places["blocks"] or len(places["last"]) != 1:
            raise KeyError("model.1.ffc")
        for number in places["up"]:
            self._weights[f"model.{number}.weight"]  # a missing one is told at once
        return places

    def _forward(self, x: Tensor, check: Callable[[], None]) -> Tensor:
        f, places = self._f, self._places
        streams: Streams = f.pad(x, (3, 3, 3, 3), mode="reflect"), None
        for at, number in enumerate(places["down"]):
            check()
            streams = self._convolved(f"model.{number}", streams, stride=1 if at == 0 else 2, pad=0 if at == 0 else 1)
        for number in places["blocks"]:
            check()
            inner = self._convolved(f"model.{number}.conv1", streams, stride=1, pad=1)
            inner = self._convolved(f"model.{number}.conv2", inner, stride=1, pad=1)
            streams = streams[0] + inner[0], _sum(streams[1], inner[1])
        local, everywhere = streams
        x = local if everywhere is None else self._torch.cat([local, everywhere], 1)
        for number in places["up"]:
            check()
            weight, bias = self._weights[f"model.{number}.weight"], self._weights.get(f"model.{number}.bias")
            x = f.conv_transpose2d(x, weight, bias, stride=2, padding=1, output_padding=1)
            x = f.relu(self._normed(f"model.{number + 1}", x))
        (last,) = places["last"]
        x = f.pad(x, (3, 3, 3, 3), mode="reflect")
        x = f.conv2d(x, self._weights[f"model.{last}.weight"], self._weights.get(f"model.{last}.bias"))
        made: Tensor = self._torch.sigmoid(x)
        return made

    def _convolved(self, name: str, streams: Streams, stride: int, pad: int) -> Streams:
        """A fast Fourier convolution, each stream normalised and rectified."""
        local, everywhere = streams
        to_local = self._conv(f"{name}.ffc.convl2l", local, stride, pad)
        to_everywhere = self._conv(f"{name}.ffc.convl2g", local, stride, pad)
        if everywhere is not None:
            to_local = _sum(to_local, self._conv(f"{name}.ffc.convg2l", everywhere, stride, pad))
            if f"{name}.ffc.convg2g.conv1.0.weight" in self._weights:
                to_everywhere = _sum(to_everywhere, self._spectral(f"{name}.ffc.convg2g", everywhere))
        if to_local is None:
            raise KeyError(f"{name}.ffc.convl2l")
        relu = self._f.relu
        made = relu(self._normed(f"{name}.bn_l", to_local))
        if to_everywhere is None:
            return made, None
        return made, relu(self._normed(f"{name}.bn_g", to_everywhere))

    def _spectral(self, name: str, x: Tensor) -> Tensor:
        """A convolution of the whole picture at once: of 1×1 in the frequency domain, between two of 1×1 in the plane."""
        torch, f = self._torch, self._f
        x = f.relu(self._normed(f"{name}.conv1.1", f.conv2d(x, self._weights[f"{name}.conv1.0.weight"])))
        batch, channels, height, width = x.shape
        waves = torch.fft.rfftn(x, dim=(-2, -1), norm="ortho")
        # real and imaginary part of a channel lie beside each other
        parts = torch.stack((waves.real, waves.imag), 2).reshape(batch, channels * 2, height, -1)
        parts = f.conv2d(parts, self._weights[f"{name}.fu.conv_layer.weight"])
        parts = f.relu(self._normed(f"{name}.fu.bn", parts)).reshape(batch, channels, 2, height, -1)
        waves = torch.complex(parts[:, :, 0].contiguous(), parts[:, :, 1].contiguous())
        spread = torch.fft.irfftn(waves, s=(height, width), dim=(-2, -1), norm="ortho")
        made: Tensor = f.conv2d(x + spread, self._weights[f"{name}.conv2.weight"])
        return made

    def _conv(self, name: str, x: Tensor, stride: int, pad: int) -> Tensor | None:
        weight = self._weights.get(f"{name}.weight")
        if weight is None:
            return None
        if pad:
            x = self._f.pad(x, (pad,) * 4, mode="reflect")
        made: Tensor = self._f.conv2d(x, weight, self._weights.get(f"{name}.bias"), stride=stride)
        return made

    def _normed(self, name: str, x: Tensor) -> Tensor:
        parts: Any = (self._weights[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
        made: Tensor = self._f.batch_norm(x, *parts)
        return made


def _sum(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return other if one is None else one
    return one + other
