"""Write the trained mixer and refiner as ONNX: `python -m training.thin_export --run FOLDER --out resources/models`.

Weights of an earlier run of the same line may be averaged in (Wortsman et al., ICML 2022): between one that was trained for
texture and one that was trained for small errors lies every compromise of the two.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
import torch

from training.thin_net import DIRECTIONS, FEATURES, PATCH, LaidOut
from training.thin_train import Model


def export(run: Path, out: Path, also: Path | None = None, share: float = 0.0) -> None:
    """The averaged weights of the last state in `run`, with a `share` of those in `also`, each checked in ONNX."""
    import onnxruntime

    model = Model()
    averaged = torch.optim.swa_utils.AveragedModel(model)
    weights = torch.load(run / "state.pt", weights_only=True)["average"]
    if also is not None:
        other = torch.load(also / "state.pt", weights_only=True)["average"]
        weights = {
            key: torch.lerp(value, other[key], share) if value.is_floating_point() else value
            for key, value in weights.items()
        }
    averaged.load_state_dict(weights)
    model = averaged.module.eval()
    rng = torch.Generator().manual_seed(0)
    features = torch.rand(7, DIRECTIONS, FEATURES, generator=rng)
    lightness, known = torch.randn(7, PATCH, generator=rng), torch.ones(7, PATCH)
    out.mkdir(parents=True, exist_ok=True)
    mixer = LaidOut()
    mixer.load_state_dict(model.mixer.state_dict())
    for name, network, inputs in (
        ("mixer", mixer.eval(), {"features": features}),
        ("refiner", model.refiner, {"lightness": lightness, "known": known}),
    ):
        path = out / f"thin-{name}.onnx"
        torch.onnx.export(
            network,
            tuple(inputs.values()),
            path,
            input_names=list(inputs),
            output_names=["weights"],
            dynamic_axes={key: {0: "n"} for key in (*inputs, "weights")},
            opset_version=17,
            dynamo=False,
        )
        onnx.checker.check_model(onnx.load(path))
        given = {key: value.numpy() for key, value in inputs.items()}
        found = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, given)[0]
        with torch.inference_mode():
            np.testing.assert_allclose(found, network(*inputs.values()).numpy(), atol=1e-4)
        count = sum(weight.numel() for weight in network.parameters())
        print(f"{path.name}: {count:,} parameters, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--also", type=Path)
    parser.add_argument("--share", type=float, default=0.0)
    arguments = parser.parse_args()
    export(arguments.run, arguments.out, arguments.also, arguments.share)
