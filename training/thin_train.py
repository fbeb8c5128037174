"""Train the mixer and refiner of the `thin` engine: `python -m training.thin_train --photos FOLDER --run FOLDER`.

Deterministic (one thread, every step has a random generator of its own) and resumable: it goes on from the last state in
the run's folder. The loss of a crop is the logarithm of its squared error, as PSNR counts it, and `--texture` times the
sliced-Wasserstein distance of the 7×7 patches around the hole's pixels to the true ones, which keeps the fill from
becoming smoother than the photo.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from inpaint_studio.pixels.rays import describe, lightness, trace
from training.thin_data import SIDE, photos, sample
from training.thin_net import ALONG, DIRECTIONS, RADIUS, Mixer, Refiner

CROPS = 4
REACH = 40


class Model(torch.nn.Module):
    """Mixer, then refiner, over a batch of crops."""

    def __init__(self) -> None:
        super().__init__()
        self.mixer, self.refiner = Mixer(), Refiner()

    def forward(self, batch: list[Prepared]) -> list[Tensor]:
        """The filled crops, SIDE×SIDE×3."""
        weights = self.mixer(torch.cat([crop.features for crop in batch])).split([len(crop.where) for crop in batch])
        return [self._crop(crop, some) for crop, some in zip(batch, weights, strict=True)]

    def _crop(self, crop: Prepared, weights: Tensor) -> Tensor:
        mixed = (crop.values[crop.ends] * weights[..., None]).sum(1)
        flat = crop.values.index_put((crop.where,), mixed)
        around = flat.index_select(0, crop.near.flatten()).reshape(*crop.near.shape, 3)
        near = around.mean(2)
        middle = mixed.mean(1, keepdim=True)
        extra = self.refiner((near - middle) * crop.scale[:, None], crop.known)
        refined = mixed + (around * extra[..., None]).sum(1)
        return flat.index_put((crop.where,), refined).reshape(SIDE, SIDE, 3)


def neighbours(where: np.ndarray, side: int, radius: int) -> np.ndarray:
    """N×(2·radius+1)² flat indices around the flat indices `where` in a square of `side`, mirrored at its border."""
    offsets = np.arange(-radius, radius + 1)
    rows, columns = (part[:, None] + offsets for part in (where // side, where % side))
    rows, columns = (side - 1 - abs(side - 1 - abs(part)) for part in (rows, columns))
    return (rows[:, :, None] * side + columns[:, None, :]).reshape(len(where), -1)


class Prepared:
    """A sample as the model takes it."""

    def __init__(self, image: np.ndarray, hole: np.ndarray) -> None:
        torn = np.where(hole[..., None], np.float32(0.5), image)
        ends, distances = trace(hole, np.flatnonzero(hole).astype(np.int32), REACH)
        some = (ends[:, :, :, 0] >= 0).any((1, 2))
        features = describe(lightness(torn), torn, hole, ends, distances)
        self.truth = torch.from_numpy(image)
        self.hole = torch.from_numpy(hole)
        self.where = torch.from_numpy(np.flatnonzero(hole)[some])
        self.features = torch.from_numpy(features[some])
        self.ends = torch.from_numpy(ends[some].reshape(-1, DIRECTIONS * 2 * ALONG).astype(np.int64).clip(0))
        self.values = torch.from_numpy(np.where(hole[..., None], image.mean((0, 1)), torn).reshape(-1, 3))
        self.scale = torch.exp(-3 * self.features[:, 0, -1])
        near = neighbours(self.where.numpy(), SIDE, RADIUS)
        self.near = torch.from_numpy(near)
        self.known = torch.from_numpy((~hole).astype(np.float32).ravel()[near])


def texture_distance(filled: Tensor, truth: Tensor, where: np.ndarray, directions: Tensor) -> Tensor:
    """Sliced-Wasserstein distance of 7×7 patches at `where`, over two scales, in 255ths."""
    total = filled.new_zeros(())
    for scale in range(2):
        side, index = SIDE, where
        pair = [image * 255 for image in (filled, truth)]
        if scale:
            side = SIDE // 2
            pair = [image.reshape(side, 2, side, 2, 3).mean((1, 3)) for image in pair]
            index = np.unique(where // SIDE // 2 * side + where % SIDE // 2)
        near = torch.from_numpy(neighbours(index, side, 3))
        projected = []
        for image in pair:
            some = image.reshape(-1, 3).index_select(0, near.flatten()).reshape(*near.shape, 3)
            some = (some - 0.8 * some.mean(1, keepdim=True)).flatten(1)
            projected.append((some @ directions).sort(0).values)
        total = total + (projected[0] - projected[1]).abs().mean() / 2
    return total


def loss_of(
    filled: list[Tensor], batch: list[Prepared], texture: float, generator: torch.Generator
) -> tuple[Tensor, float, float]:
    """The loss to be minimised, and for the log the mean PSNR and the mean distance of textures."""
    directions = torch.randn(147, 48, generator=generator)
    directions = directions / directions.norm(dim=0)
    losses, errors, distances = [], [], []
    for image, crop in zip(filled, batch, strict=True):
        error = ((image - crop.truth) ** 2).reshape(-1, 3)[crop.where].mean()
        distance = texture_distance(image, crop.truth, crop.where.numpy(), directions)
        losses.append(torch.log(error + 3e-4) + texture * distance)
        errors.append(float(error.detach()))
        distances.append(float(distance.detach()))
    return torch.stack(losses).mean(), float(np.mean(-10 * np.log10(errors))), float(np.mean(distances))


def train(arguments: argparse.Namespace) -> None:
    """Train until `arguments.steps`, from the last state in the run's folder or from another run."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(0)
    sources = photos(arguments.photos)
    model, state = Model(), arguments.run / "state.pt"
    average = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998))
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3, weight_decay=1e-4)
    first = 0
    if arguments.begin and not state.exists():
        model.load_state_dict(torch.load(arguments.begin / "state.pt", weights_only=True)["model"])
        average.module.load_state_dict(model.state_dict())
    if state.exists():
        saved = torch.load(state, weights_only=True)
        model.load_state_dict(saved["model"])
        average.load_state_dict(saved["average"])
        optimizer.load_state_dict(saved["optimizer"])
        first = saved["step"]
    arguments.run.mkdir(parents=True, exist_ok=True)
    started, kept = time.time(), []
    for step in range(first, arguments.steps):
        rng = np.random.default_rng((arguments.seed, step))
        rate = min(1, (step + 1) / 100) * 0.5 * (1 + math.cos(math.pi * step / arguments.steps)) * arguments.rate + 1e-5
        for group in optimizer.param_groups:
            group["lr"] = rate
        batch = [Prepared(*sample(sources, rng)) for _ in range(CROPS)]
        loss, psnr, distance = loss_of(model(batch), batch, arguments.texture, torch.Generator().manual_seed(step))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        average.update_parameters(model)
        kept.append((psnr, distance))
        if (step + 1) % 100 == 0 or step + 1 == arguments.steps:
            print(step + 1, f"{time.time() - started:.0f} s", *np.round(np.mean(kept[-400:], 0), 3), flush=True)
            saved = {"model": model.state_dict(), "average": average.state_dict(), "step": step + 1}
            torch.save({**saved, "optimizer": optimizer.state_dict()}, state.with_suffix(".new"))
            state.with_suffix(".new").replace(state)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--texture", type=float, default=0.2)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--begin", type=Path, help="the folder of an earlier run to go on from")
    parser.add_argument("--seed", type=int, default=0)
    train(parser.parse_args())
