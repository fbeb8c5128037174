"""The network: a U-Net that works at half resolution and finer (pixel unshuffle), with added skips; 0.83 M parameters.

Folding 2×2 pixels into channels keeps hairlines (nothing is pooled away) and spends the arithmetic where matrices are wide.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import nn
from torch.nn import functional

MULTIPLE = 16
"""Sides of the input must be multiples of this."""


def _conv(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, dilation, dilation=dilation, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class DefectNet(nn.Module):
    """RGB N×3×H×W in 0..1 to logits N×4×H×W, one channel a class."""

    def __init__(self, channels: tuple[int, int, int, int] = (32, 56, 88, 128), classes: int = 4) -> None:
        super().__init__()
        a, b, c, d = channels
        self.stem = nn.Sequential(_conv(12, a), _conv(a, a))
        self.down1 = nn.Sequential(_conv(a, b, 2), _conv(b, b))
        self.down2 = nn.Sequential(_conv(b, c, 2), _conv(c, c))
        self.down3 = nn.Sequential(_conv(c, d, 2), _conv(d, d, 1, 2), _conv(d, d, 1, 4))
        self.across2, self.across1, self.across0 = nn.Conv2d(d, c, 1), nn.Conv2d(c, b, 1), nn.Conv2d(b, a, 1)
        self.up2, self.up1, self.up0 = _conv(c, c), _conv(b, b), nn.Sequential(_conv(a, a), _conv(a, a))
        self.out = nn.Conv2d(a, classes * 4, 3, padding=1)
        nn.init.constant_(cast(torch.Tensor, self.out.bias), -3.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x0 = self.stem(functional.pixel_unshuffle((x - 0.5) * 3, 2))
        x1 = self.down1(x0)
        x2 = self.down2(x1)
        y = self.up2(_twice(self.across2(self.down3(x2))) + x2)
        y = self.up1(_twice(self.across1(y)) + x1)
        y = self.up0(_twice(self.across0(y)) + x0)
        return functional.pixel_shuffle(self.out(y), 2)


def _twice(x: torch.Tensor) -> torch.Tensor:
    return functional.interpolate(x, scale_factor=2, mode="nearest")
