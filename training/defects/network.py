"""The networks: a U-Net at half resolution and finer (pixel unshuffle), with added skips; and the same at two scales.

Folding 2×2 pixels into channels keeps hairlines (nothing is pooled away) and spends the arithmetic where matrices are wide.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import nn
from torch.nn import functional

MULTIPLE = 32
"""Sides of the input must be multiples of this."""
_COARSE = (0.0, 0.3, 0.3, 0.5)
"""How much the coarse scale counts for each class before the two learn together."""


def _conv(inputs: int, outputs: int, stride: int = 1, dilation: int = 1, *, norm: bool = True) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, 3, stride, dilation, dilation=dilation, bias=not norm)
    return nn.Sequential(conv, *([nn.BatchNorm2d(outputs)] if norm else []), nn.ReLU(inplace=True))


class _More(nn.Module):
    """Two more convolutions that add to what is there, and at first add nothing (He et al., Deep Residual Learning, 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = (nn.Conv2d(channels, channels, 3, padding=1) for _ in range(2))
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(cast(torch.Tensor, self.second.bias))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + cast(torch.Tensor, self.second(functional.relu(self.first(x))))


class DefectNet(nn.Module):
    """RGB N×3×H×W in 0..1 to logits N×4×H×W, one channel a class. norm: with batch normalisation. deeper: with `_More`."""

    def __init__(
        self, channels: tuple[int, int, int, int] = (32, 56, 88, 128), classes: int = 4, *,
        norm: bool = True, deeper: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        a, b, c, d = channels

        def conv(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
            return _conv(inputs, outputs, stride, dilation, norm=norm)

        self.stem = nn.Sequential(conv(12, a), conv(a, a))
        self.down1 = nn.Sequential(conv(a, b, 2), conv(b, b))
        self.down2 = nn.Sequential(conv(b, c, 2), conv(c, c))
        self.down3 = nn.Sequential(conv(c, d, 2), conv(d, d, 1, 2), conv(d, d, 1, 4))
        self.across2, self.across1, self.across0 = nn.Conv2d(d, c, 1), nn.Conv2d(c, b, 1), nn.Conv2d(b, a, 1)
        self.up2, self.up1, self.up0 = conv(c, c), conv(b, b), nn.Sequential(conv(a, a), conv(a, a))
        self.more2, self.more1 = (_More(c), _More(b)) if deeper else (nn.Identity(), nn.Identity())
        self.out = nn.Conv2d(a, classes * 4, 3, padding=1)
        nn.init.constant_(cast(torch.Tensor, self.out.bias), -3.0)

    def features(self, x: torch.Tensor, beside: torch.Tensor | None = None) -> torch.Tensor:
        """N×channels[0]×H/2×W/2. beside: what is known of the surroundings, N×channels[1]×H/4×W/4."""
        x0 = self.stem(functional.pixel_unshuffle((x - 0.5) * 3, 2))
        x1 = self.down1(x0)
        if beside is not None:
            x1 = x1 + beside
        x2 = self.down2(x1)
        y = self.more2(self.up2(_twice(self.across2(self.down3(x2))) + x2))
        y = self.more1(self.up1(_twice(self.across1(y)) + x1))
        return cast(torch.Tensor, self.up0(_twice(self.across0(y)) + x0))

    def logits(self, features: torch.Tensor) -> torch.Tensor:
        """N×4×H×W of what `features` gave."""
        return functional.pixel_shuffle(self.out(features), 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.logits(self.features(x))


class TwoScales(nn.Module):
    """The same U-Net at half size and at full size: what it saw from further away, it knows when it looks closely.

    Batch normalisation is folded into the convolutions, so both scales share every number. RGB N×3×H×W to logits N×4×H×W.
    """

    def __init__(self, channels: tuple[int, int, int, int] = (32, 56, 88, 128)) -> None:
        super().__init__()
        self.net = DefectNet(channels, norm=False, deeper=True)
        self.lift = nn.Conv2d(channels[0], channels[1], 1)
        nn.init.zeros_(self.lift.weight)
        nn.init.zeros_(cast(torch.Tensor, self.lift.bias))
        self.coarse = nn.Parameter(torch.tensor(_COARSE).view(1, -1, 1, 1))

    def start(self, state: dict[str, torch.Tensor]) -> None:
        """Take over a trained network of one scale, or of two without the convolutions that are new."""
        if "coarse" not in state:
            state = {f"net.{name}": value for name, value in folded(state).items()}
        _, unknown = self.load_state_dict(state, strict=False)
        if unknown:
            raise ValueError(f"this is another network: {unknown[0]}")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        far = self.net.features(functional.avg_pool2d(x, 2))
        near = self.net.logits(self.net.features(x, self.lift(far)))
        seen_far = functional.interpolate(self.net.logits(far), scale_factor=2, mode="bilinear", align_corners=False)
        return near + (seen_far - near) * self.coarse


def folded(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The parameters of a trained `DefectNet` with batch normalisation folded into its convolutions."""
    plain = {}
    for name, value in state.items():
        stem, _, kind = name.rpartition(".")
        before = f"{stem[:-1]}0.weight"
        if f"{stem[:-1]}1.running_var" not in state:
            plain[name] = value
        elif kind == "weight" and name == before:
            norm = f"{stem[:-1]}1."
            scale = state[norm + "weight"] / torch.sqrt(state[norm + "running_var"] + 1e-5)
            plain[name] = value * scale.view(-1, 1, 1, 1)
            plain[stem + ".bias"] = state[norm + "bias"] - state[norm + "running_mean"] * scale
    return plain


def _twice(x: torch.Tensor) -> torch.Tensor:
    return functional.interpolate(x, scale_factor=2, mode="nearest")
