"""LaMa's generator by its published names, tiny and random, as weights and TorchScript: ours is held against it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

_RATIO = 0.75


class FourierUnit(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv_layer = nn.Conv2d(channels * 2, channels * 2, 1, bias=False)
        self.bn = nn.BatchNorm2d(channels * 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, c, h, w = x.shape
        waves = torch.view_as_real(torch.fft.rfft2(x, norm="ortho"))
        parts = waves.permute(0, 1, 4, 2, 3).reshape(n, c * 2, h, w // 2 + 1)
        parts = torch.relu(self.bn(self.conv_layer(parts)))
        parts = parts.reshape(n, c, 2, h, w // 2 + 1).permute(0, 1, 3, 4, 2).contiguous()
        return torch.fft.irfft2(torch.view_as_complex(parts), s=(h, w), norm="ortho")


class SpectralTransform(nn.Module):
    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        half = outside // 2
        self.conv1 = nn.Sequential(nn.Conv2d(inside, half, 1, bias=False), nn.BatchNorm2d(half), nn.ReLU())
        self.fu = FourierUnit(half)
        self.conv2 = nn.Conv2d(half, outside, 1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv1(x)
        return self.conv2(x + self.fu(x))


class FFC(nn.Module):
    def __init__(self, sizes: tuple[int, int, int, int], kernel: int, stride: int, padding: int) -> None:
        super().__init__()
        local_in, global_in, local_out, global_out = sizes

        def conv(inside: int, outside: int) -> nn.Module:
            if not (inside and outside):
                return nn.Identity()
            return nn.Conv2d(inside, outside, kernel, stride, padding, bias=False, padding_mode="reflect")

        self.convl2l, self.convl2g = conv(local_in, local_out), conv(local_in, global_out)
        self.convg2l = conv(global_in, local_out)
        self.convg2g = SpectralTransform(global_in, global_out) if global_in and global_out else nn.Identity()
        self.has_in, self.has_out = bool(global_in), bool(global_out)

    def forward(self, local: torch.Tensor, everywhere: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        one = self.convl2l(local)
        if self.has_in:
            one = one + self.convg2l(everywhere)
        other = everywhere
        if self.has_out:
            other = self.convl2g(local)
            if self.has_in:
                other = other + self.convg2g(everywhere)
        return one, other


class FFC_BN_ACT(nn.Module):  # noqa: N801  its published name
    def __init__(self, sizes: tuple[int, int, int, int], kernel: int, stride: int = 1, padding: int = 0) -> None:
        super().__init__()
        self.ffc = FFC(sizes, kernel, stride, padding)
        self.bn_l = nn.BatchNorm2d(sizes[2])
        self.bn_g = nn.BatchNorm2d(sizes[3]) if sizes[3] else nn.Identity()

    def forward(self, local: torch.Tensor, everywhere: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        one, other = self.ffc(local, everywhere)
        return torch.relu(self.bn_l(one)), torch.relu(self.bn_g(other))


class Block(nn.Module):
    def __init__(self, sizes: tuple[int, int, int, int]) -> None:
        super().__init__()
        self.conv1, self.conv2 = FFC_BN_ACT(sizes, 3, padding=1), FFC_BN_ACT(sizes, 3, padding=1)

    def forward(self, local: torch.Tensor, everywhere: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        one, other = self.conv1(local, everywhere)
        one, other = self.conv2(one, other)
        return local + one, everywhere + other


class Generator(nn.Module):
    """`width` 64 and 18 blocks are the published size."""

    def __init__(self, width: int = 8, blocks: int = 2) -> None:
        super().__init__()
        wide = width * 8
        inner = wide - int(wide * _RATIO), int(wide * _RATIO)
        layers: list[nn.Module] = [nn.ReflectionPad2d(3), FFC_BN_ACT((4, 0, width, 0), 7)]
        layers += [FFC_BN_ACT((width * 2**at, 0, width * 2 ** (at + 1), 0), 3, 2, 1) for at in range(2)]
        layers += [FFC_BN_ACT((width * 4, 0, *inner), 3, 2, 1)]
        layers += [Block((*inner, *inner)) for _ in range(blocks)]
        layers += [nn.Identity()]  # where the two streams are joined
        for at in range(3):
            size = wide // 2**at
            layers += [nn.ConvTranspose2d(size, size // 2, 3, 2, 1, 1), nn.BatchNorm2d(size // 2), nn.ReLU()]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Sigmoid()]
        self.model = nn.ModuleList(layers)

    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        x = torch.cat([image * (1 - mask), mask], 1)
        everywhere = torch.zeros(0)
        joined = False
        for layer in self.model:
            if isinstance(layer, FFC_BN_ACT | Block):
                x, everywhere = layer(x, everywhere)
            else:
                if isinstance(layer, nn.Identity) and not joined:
                    x, joined = torch.cat([x, everywhere], 1), True
                x = layer(x)
        return x


def generator(seed: int = 0) -> Any:
    """A tiny LaMa with random weights and statistics."""
    torch.manual_seed(seed)
    made = Generator().eval()
    for module in made.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.1)
    return made


def write_weights(path: Path, prefix: str = "generator.") -> Path:
    """As .safetensors, by the names of the published checkpoint."""
    from safetensors.torch import save_file

    weights = {f"{prefix}{name}": tensor.clone() for name, tensor in generator().state_dict().items()}
    save_file(weights, path)
    return path


def write_torchscript(path: Path) -> Path:
    """As TorchScript of `image`, `mask`, as it was published: any size that is a multiple of 8."""
    example = torch.rand(1, 3, 64, 64), torch.zeros(1, 1, 64, 64)
    with torch.no_grad():
        torch.jit.trace(generator(), example).save(str(path))
    return path
