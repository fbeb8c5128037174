"""Tiny decoders for previews (Ollin Boer Bohan, TAESD, 2023): a distilled image decoder of a few megabytes.

A linear map of latents shows colours at an eighth of the size; a tiny decoder shows the picture. It is worth its time on a
graphics card only: on a processor it takes seconds a step.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inpaint_studio.engines.contract import Float
from inpaint_studio.engines.runtime.devices import torch_module
from inpaint_studio.errors import StudioError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

_log = logging.getLogger(__name__)

#: How far colours of a palette may be off on average, of 1; a decoder made for another autoencoder is several times that.
_CLOSE = 0.1


@dataclass(frozen=True, slots=True)
class Previewer:
    """A tiny decoder's .safetensors file, and the channels of the latents it reads."""

    path: Path
    channels: int


class TinyDecoder:
    """A decoder on a device. Latents as the denoiser takes them."""

    def __init__(self, source: Previewer, device: Any, dtype: Any) -> None:
        """Look at the header of its file first. Raises StudioError for one that is no such decoder."""
        import diffusers
        from safetensors.torch import load_file

        self._torch = torch_module()
        made: Any = diffusers.AutoencoderTiny
        self._network = made(latent_channels=source.channels)
        try:
            self._network.load_state_dict(load_file(str(source.path)))
        except RuntimeError as error:
            raise StudioError(f"{source.path.name} is not built as TAESD is.", "Get the one for diffusers.") from error
        self._network.to(device, dtype).eval()

    def decode(self, latents: Tensor) -> Float:
        """float32 H×W×3 in 0..1, eight times as large as `latents` (1×C×h×w)."""
        with self._torch.no_grad():
            made = self._network.decode(latents.to(self._network.device, self._network.dtype), return_dict=False)[0]
        image = (made[0].float() / 2 + 0.5).clamp(0, 1).permute(1, 2, 0)
        return np.ascontiguousarray(image.cpu().numpy(), np.float32)


def worthwhile(device: Any) -> bool:
    """Whether a torch device is quick enough for one at each step."""
    return str(device.type) != "cpu"


def decoder_for(
    sources: Sequence[Previewer], latents: Tensor, image: Float, device: Any, dtype: Any
) -> TinyDecoder | None:
    """The decoder among `sources` that shows `image` when given its `latents`; None when none was made for them.

    SD's and SDXL's have the same shapes and other colours: only trying tells.
    """
    best, least = None, _CLOSE
    for source in sources:
        if source.channels != latents.shape[1]:
            continue
        try:
            decoder = TinyDecoder(source, device, dtype)
        except StudioError as error:
            _log.warning("no previews by %s: %s", source.path.name, error.message)
            continue
        off = float(np.abs(decoder.decode(latents) - image).mean())
        if off < least:
            best, least = decoder, off
    return best
