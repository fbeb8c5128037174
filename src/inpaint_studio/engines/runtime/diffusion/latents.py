"""Pictures as a model's latents and back, and what latents look like without the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from inpaint_studio.engines.contract import Float
from inpaint_studio.engines.runtime.devices import torch_module
from inpaint_studio.engines.runtime.diffusion.tiny import Previewer, TinyDecoder, decoder_for, worthwhile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

#: Side of the squares of the palette that the preview's factors are fitted to, in latents.
_PATCH = 4
_LEVELS = (0.05, 0.35, 0.65, 0.95)


class Latents:
    """The latent space of a pipeline's autoencoder. Latents here are 1×C×h×w, scaled as the denoiser takes them."""

    def __init__(self, pipe: Any, *, packed: bool, previewers: Sequence[Previewer] = ()) -> None:
        """previewers: tiny decoders, of which one that fits this autoencoder shows the previews on a GPU."""
        self._torch = torch_module()
        self._pipe = pipe
        self._vae = pipe.vae
        self._packed = packed
        self._previewers = previewers
        self._tiny: TinyDecoder | None = None
        self._factors: Float | None = None
        self.reduction = int(2 ** (len(self._vae.config.block_out_channels) - 1))

    def tile(self, *, on: bool) -> None:
        """Have the autoencoder work in overlapping tiles, which takes less memory; or not."""
        if on:
            self._vae.enable_tiling()
        else:
            self._vae.disable_tiling()

    def encode(self, image: Float) -> Tensor:
        """The latents of `image` (float32 H×W×3 in 0..1): the most likely ones, so that the same image gives the same."""
        torch, vae = self._torch, self._vae
        pixels = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None] * 2 - 1
        with torch.no_grad(), self._precise():
            found = vae.encode(pixels.to(self._pipe._execution_device, vae.dtype)).latent_dist.mode()
        latents: Tensor = (found.float() - self._shift) * vae.config.scaling_factor
        return latents

    def decode(self, latents: Tensor) -> Float:
        """float32 H×W×3 in 0..1."""
        torch, vae = self._torch, self._vae
        with torch.no_grad(), self._precise():
            plain = latents.float() / vae.config.scaling_factor + self._shift
            made = vae.decode(plain.to(self._pipe._execution_device, vae.dtype), return_dict=False)[0]
        image = (made[0].float() / 2 + 0.5).clamp(0, 1).permute(1, 2, 0)
        return np.ascontiguousarray(image.cpu().numpy(), np.float32)

    def packed(self, latents: Tensor) -> Tensor:
        """1×C×h×w as the pipeline hands it about."""
        if not self._packed:
            return latents
        n, c, h, w = latents.shape
        return latents.reshape(n, c, h // 2, 2, w // 2, 2).permute(0, 2, 4, 1, 3, 5).reshape(n, h * w // 4, c * 4)

    def unpacked(self, latents: Tensor, height: int, width: int) -> Tensor:
        """What the pipeline hands about as 1×C×h×w of `height`×`width` latents."""
        if not self._packed:
            return latents
        n, _, c = latents.shape
        squares = latents.reshape(n, height // 2, width // 2, c // 4, 2, 2)
        return squares.permute(0, 3, 1, 4, 2, 5).reshape(n, c // 4, height, width)

    def glance(self, latents: Tensor) -> Float:
        """Roughly what `latents` show, float32 h×w×3 in 0..1: one linear map for each latent, in no time; by a tiny decoder
        H×W×3.
        """
        if self._factors is None:
            self._factors = self._fitted()
        if self._tiny is not None:
            return self._tiny.decode(latents)
        plane = latents[0].float().cpu().numpy()
        values = np.concatenate([plane.reshape(plane.shape[0], -1).T, np.ones((plane[0].size, 1), np.float32)], 1)
        return np.asarray(np.clip(values @ self._factors, 0, 1), np.float32).reshape(*plane.shape[1:], 3)

    def _fitted(self) -> Float:
        """Factors (C+1)×3 from latents to colours, by least squares over a palette sent through the encoder once.

        The same palette tells which of the tiny decoders belongs to this autoencoder.
        """
        levels = np.asarray(_LEVELS, np.float32)
        palette = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(8, 8, 3)
        image = np.kron(palette, np.ones((self.reduction * _PATCH, self.reduction * _PATCH, 1), np.float32))
        latents, device = self.encode(image), self._pipe._execution_device
        if worthwhile(device):
            self._tiny = decoder_for(self._previewers, latents, image, device, self._vae.dtype)
        found = latents[0].float().cpu().numpy()
        # the middle of each square, away from its neighbours
        inner = found.reshape(found.shape[0], 8, _PATCH, 8, _PATCH)[:, :, 1:-1, :, 1:-1].mean((2, 4))
        values = np.concatenate([inner.reshape(found.shape[0], -1).T, np.ones((64, 1), np.float32)], 1)
        factors, *_ = np.linalg.lstsq(values, palette.reshape(-1, 3), rcond=1e-3)
        return np.asarray(factors, np.float32)

    @property
    def _shift(self) -> float:
        return float(getattr(self._vae.config, "shift_factor", None) or 0.0)

    def _precise(self) -> Any:
        """Some autoencoders overflow in 16-bit floats: those work in 32 bits meanwhile."""
        return _Upcast(self._torch, self._vae)


class _Upcast:
    def __init__(self, torch: Any, vae: Any) -> None:
        self._torch, self._vae = torch, vae
        self._back = vae.dtype if vae.dtype == torch.float16 and vae.config.force_upcast else None

    def __enter__(self) -> None:
        if self._back is not None:
            self._vae.to(dtype=self._torch.float32)

    def __exit__(self, *_: object) -> None:
        if self._back is not None:
            self._vae.to(dtype=self._back)
