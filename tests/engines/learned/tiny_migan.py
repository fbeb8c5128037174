"""MI-GAN's generator by its published names, narrow and random, as weights and TorchScript: ours is held against it."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

_SMOOTH = torch.tensor([1.0, 3.0, 3.0, 1.0])


def bent(x: torch.Tensor) -> torch.Tensor:
    return (functional.leaky_relu(x, 0.2) * 2**0.5).clamp(-256, 256)


def smoothing(channels: int, gain: float, stride: int, padding: int) -> nn.Conv2d:
    conv = nn.Conv2d(channels, channels, 4, stride, padding, groups=channels, bias=False)
    kernel = torch.outer(_SMOOTH, _SMOOTH) / _SMOOTH.sum() ** 2 * gain
    conv.weight = nn.Parameter(kernel.repeat(channels, 1, 1, 1))
    return conv


class Down(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.filter = smoothing(channels, 1, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.filter(x)


class Up(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.insert_zeros = nn.ConvTranspose2d(channels, channels, 2, 2, groups=channels, bias=False)
        self.insert_zeros.weight = nn.Parameter(torch.tensor([[1.0, 0.0], [0.0, 0.0]]).repeat(channels, 1, 1, 1))
        self.filter = smoothing(channels, 4, 1, 0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.filter(functional.pad(self.insert_zeros(x), (2, 1, 2, 1)))


class Separable(nn.Module):
    def __init__(self, sizes: tuple[int, int], *, down: bool = False, up: bool = False, noise: int = 0) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(sizes[0], sizes[0], 3, padding=1, groups=sizes[0])
        self.conv2 = nn.Conv2d(*sizes, 1, bias=False)
        self.downsample = Down(sizes[0]) if down else nn.Identity()
        self.upsample = Up(sizes[1]) if up else nn.Identity()
        self.noise = noise
        if noise:
            self.register_buffer("noise_const", torch.randn(noise, noise))
            self.noise_strength = nn.Parameter(torch.rand([]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.upsample(self.conv2(self.downsample(bent(self.conv1(x)))))
        return bent(x + self.noise_const * self.noise_strength if self.noise else x)


class Block(nn.Module):
    """One size of the encoder (`rgb` 4 at the outermost) or of the decoder (`rgb` 3)."""

    def __init__(self, first: Separable, second: Separable, rgb: tuple[str, nn.Module] | None, *, up: bool) -> None:
        super().__init__()
        self.conv1, self.conv2 = first, second
        if rgb is not None:
            self.add_module(*rgb)
        if up:
            self.upsample = Up(3)


class Generator(nn.Module):
    def __init__(self, side: int, base: int = 128, most: int = 8) -> None:
        super().__init__()
        self.sides = [side >> at for at in range(side.bit_length() - 2)]
        width = {size: max(2, min(base // size, most)) for size in self.sides}
        self.encoder, self.synthesis = nn.Module(), nn.Module()
        for size in self.sides:
            inner = max(4, size // 2)
            rgb = ("fromrgb", nn.Conv2d(4, width[size], 1)) if size == side else None
            second = Separable((width[size], width[inner]), down=size > 4)
            self.encoder.add_module(f"b{size}", Block(Separable((width[size],) * 2), second, rgb, up=False))
            noise = size if size > 4 else 0
            first = Separable((width[inner], width[size]), up=size > 4, noise=noise)
            colours = ("torgb", nn.Conv2d(width[size], 3, 1))
            second = Separable((width[size],) * 2, noise=noise)
            self.synthesis.add_module(f"b{size}", Block(first, second, colours, up=size > 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        seen: dict[int, torch.Tensor] = {}
        for size in self.sides:
            block = self.encoder.get_submodule(f"b{size}")
            if size == self.sides[0]:
                x = bent(block.fromrgb(x))
            seen[size] = block.conv1(x)
            x = block.conv2(seen[size])
        image = torch.zeros(1)
        for size in reversed(self.sides):
            block = self.synthesis.get_submodule(f"b{size}")
            x = block.conv2(block.conv1(x) + seen[size])
            image = block.torgb(x) + (block.upsample(image) if size > 4 else 0)
        return image


def generator(side: int = 32) -> Generator:
    """A narrow MI-GAN with random weights."""
    torch.manual_seed(0)
    return Generator(side).eval()


def write_weights(path: Path, side: int = 32, prefix: str = "") -> Path:
    """As .safetensors, by the names of the published checkpoint."""
    from safetensors.torch import save_file

    save_file({f"{prefix}{name}": tensor.clone() for name, tensor in generator(side).state_dict().items()}, path)
    return path


def write_torchscript(path: Path) -> Path:
    """As TorchScript of one float 1×4×512×512 → 1×3×512×512, as it was published."""
    with torch.no_grad():
        torch.jit.trace(generator(512), torch.rand(1, 4, 512, 512)).save(str(path))
    return path
