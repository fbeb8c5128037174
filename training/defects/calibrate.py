"""Temperatures and thresholds from the validation photos: `python -m training.defects.calibrate --run FOLDER`.

Temperatures minimise the cross entropy of each class (Guo et al., On Calibration of Modern Neural Networks, 2017). Thresholds
maximise F1 of dust, lines and cracks together, at no more than a set share marked on the undamaged photos.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime

from . import CLASSES
from .evaluate import Score, pictures
from .export import trained, write
from .outlines import Outlines

PIXEL = np.array([0.2, 0.3, 0.4, 0.5])
PART = np.array([0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.88, 0.94, 0.97, 0.99])
MOST_MARKED, MOST_STAINS = 0.0015, 0.0003
"""Share of the undamaged photos that all classes together, and stains alone, may mark."""
SEED = 90_210


@dataclass
class Table:
    """What a class's parts hold at one pixel threshold, for every part of every picture: so that any threshold is a sum."""

    confidence: list[npt.NDArray[np.float64]]
    counts: list[npt.NDArray[np.float64]]


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


def parts_of(plane: npt.NDArray[np.float32], pixel: float) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Labels of the parts of a plane, and the highest probability of each (0 for the outside)."""
    count, labels = cv2.connectedComponents((plane >= pixel).astype(np.uint8), connectivity=8)
    highest = np.zeros(count, np.float32)
    np.maximum.at(highest, labels.ravel(), plane.ravel())
    highest[0] = 0
    return labels, highest


def marked(plane: npt.NDArray[np.float32], pixel: float, part: float) -> npt.NDArray[np.bool_]:
    """What a class marks at two thresholds."""
    labels, highest = parts_of(plane, pixel)
    return (highest >= part)[labels]


def choose(damaged: list[tuple], whole: list[npt.NDArray[np.float32]]) -> tuple[dict[str, tuple[float, float]], Score]:
    """Thresholds a class: from the strictest, class by class, whatever raises F1 and stays within the share marked."""
    best: tuple[float, dict, Score] = (-1.0, {}, Score())
    for pixel in PIXEL:
        tables = [[parts_of(planes[..., c], pixel) for c in range(len(CLASSES))] for planes, _, _ in damaged]
        clean = [[parts_of(planes[..., c], pixel) for c in range(len(CLASSES))] for planes in whole]
        chosen = dict.fromkeys(CLASSES, 0.995)
        chosen["stains"] = next(
            (float(part) for part in PART if part >= pixel and _share(clean, {"stains": part}) <= MOST_STAINS), 0.995
        )
        score = _score(damaged, tables, chosen)
        for _ in range(2):
            for name in CLASSES[:3]:
                for part in PART[pixel <= PART]:
                    tried = chosen | {name: float(part)}
                    if _share(clean, tried) <= MOST_MARKED:
                        made = _score(damaged, tables, tried)
                        if made.f1 > score.f1:
                            chosen, score = tried, made
        if score.f1 > best[0]:
            best = (score.f1, {name: (float(pixel), chosen[name]) for name in CLASSES}, score)
    return best[1], best[2]


def _share(clean: list, chosen: dict[str, float]) -> float:
    """The mean share of the undamaged photos that the classes in `chosen` mark together."""
    shares = []
    for own in clean:
        masks = [(own[c][1] >= chosen[name])[own[c][0]] for c, name in enumerate(CLASSES) if name in chosen]
        shares.append(float(np.logical_or.reduce(masks).mean()))
    return float(np.mean(shares))


def _score(damaged: list[tuple], tables: list, chosen: dict[str, float]) -> Score:
    score = Score()
    for (_, labels, ignore), own in zip(damaged, tables, strict=True):
        found = np.zeros(ignore.shape, bool)
        for channel, name in enumerate(CLASSES[:3]):
            found |= (own[channel][1] >= chosen[name])[own[channel][0]]
        score.add(found, labels[..., :3].any(2), ignore | (labels[..., 3] > 0))
    return score


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
        damaged = [(two_scales(session, s.image), s.labels, s.ignore > 0) for s in samples]
        whole = [two_scales(session, cv2.imread(str(photo))[..., ::-1]) for photo in photos]
    thresholds, score = choose(damaged, whole)
    found = {
        "temperatures": temperatures, "thresholds": thresholds, "step": step,
        "validation": {name: round(getattr(score, name), 4) for name in ("f1", "iou", "precision", "recall")},
        "undamaged_percent": {
            name: [round(100 * float(marked(planes[..., c], *thresholds[name]).mean()), 3) for planes in whole]
            for c, name in enumerate(CLASSES)
        },
    }  # fmt: skip
    (arguments.run / "calibration.json").write_text(json.dumps(found, indent=2))
    print(json.dumps(found, indent=2))


COARSE = np.array([0.0, 0.3, 0.3, 0.5], np.float32)
"""As in `inpaint_studio.restore.network`."""


def two_scales(session: onnxruntime.InferenceSession, rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """The probabilities that the program would see."""
    fine = _run(session, rgb)
    half = cv2.resize(rgb, (rgb.shape[1] // 2, rgb.shape[0] // 2), interpolation=cv2.INTER_AREA)
    coarse = cv2.resize(_run(session, half), fine.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(fine + (coarse - fine) * COARSE, np.float32)


def _run(session: onnxruntime.InferenceSession, rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    height, width = rgb.shape[:2]
    x = cv2.copyMakeBorder(np.ascontiguousarray(rgb), 0, -height % 16, 0, -width % 16, cv2.BORDER_REFLECT_101)
    x = (x.astype(np.float32) / 255).transpose(2, 0, 1)[None]
    return np.asarray(session.run(None, {"image": np.ascontiguousarray(x)})[0])[0].transpose(1, 2, 0)[:height, :width]


if __name__ == "__main__":
    main()
