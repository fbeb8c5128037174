"""Turns a checkpoint into the shipped network: `python -m training.defects.export --run FOLDER --out defects.onnx`.

The running average is exported with batch normalisation folded in, the temperature of each class divided in, and the sigmoid
at its end, so that what comes out are calibrated probabilities. Thresholds travel in the model's own notes.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from pathlib import Path

import onnx
import torch
from torch import nn

from . import CLASSES
from .network import DefectNet, TwoScales


class Probabilities(nn.Module):
    """The network with its temperatures: RGB N×3×H×W in 0..1 to probabilities N×4×H×W."""

    def __init__(self, network: nn.Module, temperatures: list[float]) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("temperatures", torch.tensor(temperatures).view(1, -1, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.network(x) / self.temperatures)


def trained(run: Path) -> tuple[nn.Module, int]:
    """The running average of a run's last checkpoint, at one scale or refined at two, and its step."""
    config = tomllib.loads((run / "config.toml").read_text())
    state = torch.load(run / "state.pt", weights_only=True)
    network = (TwoScales if "coarse" in state["average"] else DefectNet)(tuple(config["network"]["channels"]))
    network.load_state_dict(state["average"])
    return network.eval(), state["step"]


def write(
    network: nn.Module, out: Path, temperatures: list[float], thresholds: dict[str, tuple[float, float]], step: int,
    prior: dict[str, object] | None = None,
) -> None:  # fmt: skip
    """Write the ONNX file with its notes. prior: how thresholds follow what a photo shows, as `calibrate` found it."""
    model = Probabilities(network, temperatures).eval()
    sides = {2: "height", 3: "width"}
    torch.onnx.export(
        model, (torch.zeros(1, 3, 64, 96),), str(out), input_names=["image"], output_names=["probability"],
        dynamic_axes={"image": {0: "count", **sides}, "probability": {0: "count", **sides}}, opset_version=17, dynamo=False,
    )  # fmt: skip
    proto = onnx.load(str(out))
    notes = {"classes": CLASSES, "thresholds": thresholds, "step": step} | ({"prior": prior} if prior else {})
    for key, value in notes.items():
        entry = proto.metadata_props.add()
        entry.key, entry.value = key, json.dumps(value)
    onnx.save(proto, str(out))


def main() -> None:
    """Export the run that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--calibration", type=Path, help="what training.defects.calibrate wrote")
    arguments = parser.parse_args()
    network, step = trained(arguments.run)
    temperatures, thresholds, prior = [1.0] * len(CLASSES), dict.fromkeys(CLASSES, (0.4, 0.6)), None
    if arguments.calibration:
        found = json.loads(arguments.calibration.read_text())
        temperatures = [found["temperatures"][name] for name in CLASSES]
        thresholds = {name: tuple(found["thresholds"][name]) for name in CLASSES}
        prior = found.get("prior")
    write(network, arguments.out, temperatures, thresholds, step, prior)
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1e6:.2f} MB, step {step}")


if __name__ == "__main__":
    main()
