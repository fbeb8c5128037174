"""The network of the `thin` engine: a mixer over 16 orientations and a refiner over the neighbourhood, and its ONNX file."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, relu

FEATURES, DIRECTIONS, ALONG = 26, 16, 3
#: The refiner sees 2·RADIUS + 1 pixels a side.
RADIUS = 5
PATCH = (2 * RADIUS + 1) ** 2
WIDTH = 40


class Around(nn.Module):
    """A circular convolution over three neighbouring orientations, with the mean of all of them beside it.

    N×16×inputs to N×16×outputs, written as one product of matrices because those are fast everywhere.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.near = nn.Linear(3 * inputs, outputs)
        self.all = nn.Linear(inputs, outputs, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        before, behind = torch.cat([x[:, -1:], x[:, :-1]], 1), torch.cat([x[:, 1:], x[:, :1]], 1)
        return self.near(torch.cat([before, x, behind], 2)) + self.all(x.mean(1, keepdim=True))


class Mixer(nn.Module):
    """Weights for the known pixels at the ends of the rays, from `ray_kernels.describe`: N×16×26 to N×96.

    They sum to one. A part is a softmax, the rest may be negative and sums to zero, so that edges can be sharpened.
    Orientations are treated alike, so what holds for one holds for all.
    """

    def __init__(self) -> None:
        super().__init__()
        self.first = Around(FEATURES, WIDTH)
        self.second = Around(WIDTH, WIDTH)
        self.third = Around(WIDTH, WIDTH)
        self.last = nn.Linear(WIDTH, 4 * ALONG)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, features: Tensor) -> Tensor:
        x = relu(self.first(features))
        x = x + relu(self.second(x))
        x = x + relu(self.third(x))
        score, extra = self.last(x).split(2 * ALONG, 2)
        # sides: 2 × ALONG, as the ends lie in memory; the start is inverse-square distance to the first pixel
        place = 6 * ALONG
        ways, found = features[:, :, place : place + 2], features[:, :, place + 2 : place + 4]
        start = torch.stack([-6 * ways] + [-6 * ways - 4] * (ALONG - 1), 3).flatten(2)
        there = torch.stack([found] * ALONG, 3).flatten(2)
        weights = torch.softmax((3 * score + start - 60 * (1 - there)).flatten(1), 1)
        there = there.flatten(1)
        extra = extra.flatten(1) * there * 0.3
        extra = extra - there * (extra.sum(1, keepdim=True) / (there.sum(1, keepdim=True) + 1e-6))
        return weights + extra


class LaidOut(Mixer):
    """The same function with the pixels innermost, as onnxruntime computes it in two thirds of the time.

    16 orientations × N pixels are one picture, over which the products are convolutions; what the start and the missing
    ends add is one more, of the features.
    """

    def __init__(self) -> None:
        super().__init__()
        weight, bias = torch.zeros(4 * ALONG, 4, 1, 1), torch.zeros(4 * ALONG)
        for side in range(2):
            for along in range(ALONG):
                row = side * ALONG + along
                weight[row, side], weight[row, 2 + side] = -6, 60
                bias[row] = -60 - (4 if along else 0)
                weight[2 * ALONG + row, 2 + side] = 1
        self.register_buffer("given", weight, persistent=False)
        self.register_buffer("given_bias", bias, persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        given = features.flatten(1).t().reshape(1, DIRECTIONS, FEATURES, -1).transpose(1, 2)
        x = relu(_around(self.first, given))
        x = x + relu(_around(self.second, x))
        x = x + relu(_around(self.third, x))
        score, extra = conv2d(x, self.last.weight[..., None, None], self.last.bias).split(2 * ALONG, 1)
        place = 6 * ALONG
        start, there = conv2d(given[:, place : place + 4], self.given, self.given_bias).split(2 * ALONG, 1)
        extra, scores = extra * there * 0.3, 3 * score + start
        # of both sides and all orientations, as a softmax has them in a row
        weights = torch.exp(scores - scores.amax((1, 2), keepdim=True))
        weights = weights / weights.sum((1, 2), keepdim=True) + extra
        weights = weights - there * (extra.sum((1, 2), keepdim=True) / (there.sum((1, 2), keepdim=True) + 1e-6))
        return weights.transpose(1, 2).reshape(2 * ALONG * DIRECTIONS, -1).t()


def _around(layer: Around, x: Tensor) -> Tensor:
    """`layer` of 1×inputs×16×N."""
    near = layer.near.weight.reshape(len(layer.near.weight), 3, -1).transpose(1, 2)[..., None]
    whole = conv2d(x.mean(2, keepdim=True), layer.all.weight[..., None, None], layer.near.bias)
    return conv2d(torch.cat([x[:, :, -1:], x, x[:, :, :1]], 2), near) + whole


class Refiner(nn.Module):
    """Weights over the filled neighbourhood that are added to a pixel's value: N×121 lightness and N×121 known to N×121.

    They sum to zero. The lightness is less the pixel's own, divided by the spread.
    """

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2 * PATCH, 192)
        self.second = nn.Linear(192, 128)
        self.last = nn.Linear(128, PATCH)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, lightness: Tensor, known: Tensor) -> Tensor:
        x = relu(self.first(torch.cat([lightness, known], 1)))
        x = relu(self.second(x))
        extra = self.last(x) * 0.1
        return extra - extra.mean(1, keepdim=True)
