"""Trains the detector: `python -m training.defects.train --out FOLDER`. Stop it when you like; the same command goes on.

One process makes samples, this one trains. State is written every few minutes and is enough to continue exactly: sample
numbers follow from the step, so no generator state is needed.

`--refine RUN` goes on from a finished run with the network at two scales, as `[refine]` of the configuration says.
"""

from __future__ import annotations

import argparse
import copy
import json
import multiprocessing
import os
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from queue import Full
from typing import Any

import cv2
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from . import photos
from .generator import from_config
from .network import DefectNet, TwoScales

Batch = tuple[np.ndarray, np.ndarray, np.ndarray]


def make_batch(generator: Any, step: int, size: int) -> Batch:
    """Images N×H×W×3, labels N×H×W×4 and ignore N×H×W (uint8) of one step."""
    samples = [generator.sample(step * size + index) for index in range(size)]
    return (
        np.stack([s.image for s in samples]),
        np.stack([s.labels for s in samples]),
        np.stack([s.ignore for s in samples]),
    )


def _produce(config: dict, cache: Path, first: int, turn: int, turns: int, queue: Any, parent: int) -> None:
    cv2.setNumThreads(1)
    generator = from_config(config, photos.build(config, cache))
    for step in range(first + turn, config["optimiser"]["steps"], turns):
        batch = make_batch(generator, step, config["optimiser"]["batch"])
        while True:
            try:
                queue.put(batch, timeout=5)
                break
            except Full:
                if os.getppid() != parent:  # the trainer was killed: nobody empties the queue any more
                    queue.cancel_join_thread()
                    return


def batches(config: dict, cache: Path, first: int, processes: int) -> Iterator[tuple[int, Batch]]:
    """Numbered batches from `first` on, made by `processes` others, always in the same order."""
    context = multiprocessing.get_context("spawn")
    queues = [context.Queue(maxsize=6) for _ in range(processes)]
    for turn, queue in enumerate(queues):
        worker = context.Process(
            target=_produce, args=(config, cache, first, turn, processes, queue, os.getpid()), daemon=True
        )
        worker.start()
    for step in range(first, config["optimiser"]["steps"]):
        yield step, queues[(step - first) % processes].get()


def learning_rate(options: dict, step: int) -> float:
    """Warm-up, constant, then a straight line down (training can be extended by raising `steps` before the descent)."""
    warm = min(1.0, (step + 1) / options["warm_up"])
    left = (options["steps"] - step) / (options["steps"] * (1 - options["decay_from"]))
    return options["rate"] * warm * max(options["floor"], min(1.0, left))


def loss_of(logits: torch.Tensor, labels: torch.Tensor, judged: torch.Tensor, positive: list[float]) -> torch.Tensor:
    """Cross entropy, one Dice term for each class that the batch holds, and one of fine damage of whatever class.

    Over the judged pixels; logits and labels N×4×H×W, judged N×1×H×W.
    """
    weight = torch.tensor(positive).view(1, -1, 1, 1)
    entropy = (
        functional.binary_cross_entropy_with_logits(logits, labels, pos_weight=weight, reduction="none") * judged
    ).mean()
    found = torch.sigmoid(logits) * judged
    labels = labels * judged
    own, true = (found * labels).sum((0, 2, 3)), labels.sum((0, 2, 3))
    dice = 1 - (2 * own + 20) / (found.sum((0, 2, 3)) + true + 20)
    # a class that is absent has nothing to overlap with: its term would only teach never to find it
    held = (true > 0).float()
    any_found, any_true = found[:, 0], labels[:, 0]
    for channel in (1, 2):  # a hair that is called a crack is found all the same
        any_found = any_found + found[:, channel] - any_found * found[:, channel]
        any_true = torch.maximum(any_true, labels[:, channel])
    together = 1 - (2 * (any_found * any_true).sum() + 20) / (any_found.sum() + any_true.sum() + 20)
    return entropy * 2 + (dice * held).sum() / held.sum().clamp(min=1) + together


class Training:
    """The network, its running average and its optimiser, and how they are kept. start: a finished run to refine."""

    def __init__(self, config: dict, folder: Path, start: Path | None = None) -> None:
        self.options, self.folder = config["optimiser"] | (config["refine"] if start else {}), folder
        torch.manual_seed(self.options["seed"])
        channels = tuple(config["network"]["channels"])
        self.network: nn.Module
        if start:
            self.network = two_scales = TwoScales(channels)
            two_scales.start(torch.load(start / "state.pt", weights_only=True)["average"])
        else:
            self.network = DefectNet(channels)
        self.network = self.network.to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.network).eval()
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), self.options["rate"], weight_decay=self.options["weight_decay"]
        )
        self.step = 0
        self.curve: list[tuple[int, float, float]] = []

    def load(self) -> None:
        """Go on from the last checkpoint, if there is one."""
        path = self.folder / "state.pt"
        if path.exists():
            state = torch.load(path, weights_only=True)
            self.network.load_state_dict(state["network"])
            self.average.load_state_dict(state["average"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.step, self.curve = state["step"], [tuple(row) for row in state["curve"]]

    def save(self, name: str = "state.pt") -> None:
        """Write a checkpoint, whole or not at all."""
        state = {
            "network": self.network.state_dict(), "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step, "curve": [list(row) for row in self.curve],
        }  # fmt: skip
        partial = self.folder / (name + ".part")
        torch.save(state, partial)
        partial.replace(self.folder / name)
        (self.folder / "curve.json").write_text(json.dumps(self.curve))

    def learn(self, batch: Batch) -> float:
        """One step; returns the loss."""
        image, labels, ignore = (torch.from_numpy(part) for part in batch)
        x = (image.permute(0, 3, 1, 2).float() / 255).contiguous(memory_format=torch.channels_last)
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.options, self.step)
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.network(x)
        loss = loss_of(
            logits.float(),
            labels.permute(0, 3, 1, 2).contiguous().float(),
            1 - ignore.float()[:, None],
            self.options["positive_weight"],
        )
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        self._average()
        return float(loss.detach())

    @torch.no_grad()
    def _average(self) -> None:
        keep = min(self.options["ema"], 1 - 1 / (self.step + 1))
        for kept, new in zip(self.average.state_dict().values(), self.network.state_dict().values(), strict=True):
            if kept.is_floating_point():
                kept.lerp_(new, 1 - keep)
            else:
                kept.copy_(new)


def main() -> None:
    """Train as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("config.toml"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--refine", type=Path, help="the folder of a finished run to go on from, at two scales")
    parser.add_argument("--processes", type=int, default=1, help="how many others make samples")
    parser.add_argument(
        "--minutes", type=float, default=float("inf"), help="stop after this long; start again to go on"
    )
    parser.add_argument("--save-every", type=float, default=240, help="seconds between checkpoints")
    arguments = parser.parse_args()
    config = tomllib.loads(arguments.config.read_text())
    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    cache = arguments.out / "cache"
    photos.build(config, cache)
    training = Training(config, arguments.out, arguments.refine)
    config["optimiser"] = training.options
    config["sample"]["seed"] = training.options.get("sample_seed", config["sample"]["seed"])
    config["sample"]["hard"] = training.options.get("hard", 0.0)
    training.load()
    training.network.train()
    started = saved = time.monotonic()
    waited, losses = 0.0, []
    before = time.monotonic()
    for step, batch in batches(config, cache, training.step, arguments.processes):
        waited += time.monotonic() - before
        if step == int(config["optimiser"]["steps"] * config["optimiser"]["decay_from"]):
            training.save("before-descent.pt")  # to go on from here with more steps
        losses.append(training.learn(batch))
        now = time.monotonic()
        if training.step % 50 == 0:
            rate = learning_rate(training.options, training.step)
            training.curve.append((training.step, float(np.mean(losses)), rate))
            print(
                f"{training.step} loss {np.mean(losses):.4f} rate {rate:.5f} {now - started:.0f} s, waited {waited:.0f} s",
                flush=True,
            )
            losses = []
        if now - saved > arguments.save_every:
            training.save()
            saved = now
        if now - started > arguments.minutes * 60:
            break
        before = time.monotonic()
    training.save()


if __name__ == "__main__":
    main()
