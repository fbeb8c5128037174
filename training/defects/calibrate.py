"""Temperatures and thresholds from the validation photos: `python -m training.defects.calibrate --run FOLDER`.

Temperatures minimise the cross entropy of each class (Guo et al., On Calibration of Modern Neural Networks, 2017). Thresholds,
of a whole photo and of a damaged one, maximise F1 of dust, lines and cracks together, at no more than a set share marked on
the undamaged photos (`levels`). What is judged is what the program sees: its own search looks at the pictures.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import tomllib
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime

from inpaint_studio.engines.contract import Payload, Progress, Silent
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.restore import network as program
from inpaint_studio.restore.defects import Defect
from inpaint_studio.restore.finding import Search, search
from inpaint_studio.restore.task import as_bytes

from . import CLASSES, ground
from .evaluate import Score, pictures
from .export import trained, write
from .generator import Sample
from .ground import Ground, Rule
from .levels import PIXEL, Choice, Fit, Picture
from .network import MULTIPLE
from .outlines import Outlines

SEED = 90_210


def temperature(probability: npt.NDArray[np.float32], truth: npt.NDArray[np.bool_]) -> float:
    """The temperature that suits logits of `probability` best, by golden section."""
    p = np.clip(probability.astype(np.float64), 1e-6, 1 - 1e-6)
    logit = np.log(p / (1 - p))

    def entropy(log_t: float) -> float:
        z = logit / np.exp(log_t)
        return float(np.mean(np.logaddexp(0, z) - truth * z))

    low, high, ratio = -1.5, 1.5, 0.618
    while high - low > 0.01:
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, b) if entropy(a) < entropy(b) else (a, high)
    return float(np.exp((low + high) / 2))


def seen(session: onnxruntime.InferenceSession, rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The probabilities (8-bit, H×W×4) that the program has of a picture when it looks with `session`."""

    def run(_: str, payload: Payload, __: Progress) -> Payload:
        found = program.probabilities(payload.arrays["image"], float(payload.data["scale"]), session)
        return Payload({}, {"found": as_bytes(found)})

    planes = np.zeros((*rgb.shape[:2], len(CLASSES)), np.uint8)

    def heard(region: Rect, found: npt.NDArray[np.uint8]) -> None:
        planes[region.slices] = found

    extent = Rect.of_size(rgb.shape[1], rgb.shape[0])
    search(Search(lambda rect: rgb[rect.slices], extent, PixelFormat(Colour.RGB)), run, Silent(), heard)
    return planes


def choose(
    damaged: list[tuple[npt.NDArray[np.uint8], Sample]], whole: list[npt.NDArray[np.uint8]]
) -> tuple[float, Choice, Fit]:
    """The threshold of pixels, those of parts, and the pictures that they were fitted to."""
    best: list[tuple[float, float, Choice, Fit]] = []
    for pixel in PIXEL:
        fit = Fit(
            [Picture.of(planes, pixel, sample) for planes, sample in damaged],
            [Picture.of(planes, pixel) for planes in whole],
        )
        f1, choice = fit.best(pixel)
        best.append((f1, pixel, choice, fit))
    return max(best, key=lambda one: one[0])[1:]


def main() -> None:
    """Find temperatures and thresholds of the run that the command line names, and write them beside it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    arguments = parser.parse_args()
    config = tomllib.loads((arguments.run / "config.toml").read_text())
    data = config["data"]
    photos = [Path(data["photos"]) / name for name in data["validation"]]
    outlines = Outlines(Path(data["outlines"]), Path(data["overlays"]))
    network, step = trained(arguments.run)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        write(network, path, [1.0] * 4, dict.fromkeys(CLASSES, (0.4, 0.6)), step)
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        samples = [sample for _, sample in pictures(photos, outlines, seed=SEED)]
        raw = [_run(session, s.image) for s in samples]
        temperatures = {}
        for channel, name in enumerate(CLASSES):
            judged = [s.ignore == 0 for s in samples]
            p = np.concatenate([r[..., channel][j] for r, j in zip(raw, judged, strict=True)])
            t = np.concatenate([s.labels[..., channel][j] > 0 for s, j in zip(samples, judged, strict=True)])
            temperatures[name] = round(temperature(p, t), 3)
        write(network, path, [temperatures[name] for name in CLASSES], dict.fromkeys(CLASSES, (0.4, 0.6)), step)
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        damaged = [(seen(session, s.image), s) for s in samples]
        pictured = [cv2.cvtColor(cv2.imread(str(photo)), cv2.COLOR_BGR2RGB) for photo in photos]
        whole = [seen(session, rgb) for rgb in pictured]
    old = tuple(data["old_prefixes"])  # they hold real dust: mending it is no loss
    spared = [None if photo.name.startswith(old) else rgb for photo, rgb in zip(photos, pictured, strict=True)]
    found = {"temperatures": temperatures, **calibrated(damaged, whole, spared), "step": step}
    (arguments.run / "calibration.json").write_text(json.dumps(found, indent=2))
    print(json.dumps(found, indent=2))


def calibrated(
    damaged: list[tuple[npt.NDArray[np.uint8], Sample]], whole: list[npt.NDArray[np.uint8]],
    spared: list[npt.NDArray[np.uint8] | None],
) -> dict[str, object]:  # fmt: skip
    """Thresholds and regimes as the model's notes hold them, and what they do to the validation photos.

    damaged: what is seen in pictures with known damage. whole: what is seen in photos without. spared: the RGB pixels of
    those of them that mending must not harm, None for the others.
    """
    pixel, choice, fit = choose(damaged, whole)
    score: Score = fit.score(choice)
    photos = [None if rgb is None else Ground.whole(rgb, seen, pixel) for rgb, seen in zip(spared, whole, strict=True)]
    rule = ground.choose(
        [Ground.damaged(sample, planes, pixel) for planes, sample in damaged], [photo for photo in photos if photo]
    )
    unseen = fit.unseen(choice)
    usual = Rule(unseen[2] | {Defect.STAINS: rule.sure[Defect.STAINS]}, np.inf, rule.distinct)
    delicate = [photo is not None and not photo.spared(usual) for photo in photos]
    unseen = fit.unseen(choice, delicate)
    return {
        "thresholds": {name: (pixel, choice.whole[defect]) for name, defect in zip(CLASSES, choice.whole, strict=True)},
        "prior": choice.regimes(unseen, rule).to_json(),
        "validation": {name: round(getattr(score, name), 4) for name in ("f1", "iou", "precision", "recall")},
        "undamaged_percent": [round(100 * share, 3) for share in fit.shares(choice)],
        "delicate": delicate,
    }


def _run(session: onnxruntime.InferenceSession, rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    height, width = rgb.shape[:2]
    x = cv2.copyMakeBorder(
        np.ascontiguousarray(rgb), 0, -height % MULTIPLE, 0, -width % MULTIPLE, cv2.BORDER_REFLECT_101
    )
    x = (x.astype(np.float32) / 255).transpose(2, 0, 1)[None]
    return np.asarray(session.run(None, {"image": np.ascontiguousarray(x)})[0])[0].transpose(1, 2, 0)[:height, :width]


if __name__ == "__main__":
    main()
