"""Temperatures and thresholds from the validation photos: `python -m training.defects.calibrate --run FOLDER`.

Temperatures minimise the cross entropy of each class (Guo et al., On Calibration of Modern Neural Networks, 2017). Thresholds,
of a whole photo and of a damaged one, maximise F1 of dust, lines and cracks together, at no more than a set share marked on
the undamaged photos (`levels`). What may be mended unseen is learned from them and from the training photos, which are many
(`bets`). What is judged is what the program sees: its own search looks at the pictures.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime

from inpaint_studio.engines.contract import Payload, Progress, Silent
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.restore import network as program
from inpaint_studio.restore.finding import Search, search
from inpaint_studio.restore.task import as_bytes

from . import CLASSES
from .bets import Marks
from .bets import choose as choose_bet
from .evaluate import LEAST_DAMAGE, TURNS, Score, pictures
from .export import trained, write
from .generator import Sample
from .levels import PIXEL, Choice, Fit, Picture
from .network import MULTIPLE
from .outlines import Outlines

SEED = 90_210
MORE = (11, 12, 13)
"""Seeds of more pictures of the validation photos: costly marks are rare, and few pictures are followed too closely."""
TRAINED = (21, 22, 23, 24)
"""Seeds of the pictures of the training photos."""
AGED = (77, 78)
"""Seeds of pictures that are aged but not damaged: of the validation photos, and of the others."""


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
    tried: list[tuple[float, float, Choice, Fit]] = []
    for pixel in PIXEL:
        fit = Fit(
            [Picture.of(planes, pixel, sample) for planes, sample in damaged],
            [Picture.of(planes, pixel) for planes in whole],
        )
        f1, choice = fit.best(pixel)
        tried.append((f1, pixel, choice, fit))
    return max(tried, key=lambda one: one[0])[1:]


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
        more = [sample for seed in MORE for _, sample in pictures(photos, outlines, seed=seed)]
        damaged = [(seen(session, s.image), s) for s in (*samples, *more)]
        whole = [seen(session, _read(photo)) for photo in photos]
        found = calibrated(damaged, whole)
        pixel = next(iter(found.thresholds.values()))[0]
        bet, told = choose_bet(list(_marks(session, data, outlines, pixel)), data["validation"])
    noted = {
        "temperatures": temperatures, "thresholds": found.thresholds, "prior": found.choice.regimes(bet).to_json(),
        "validation": found.validation, "undamaged_percent": found.undamaged_percent, "unseen": told, "step": step,
    }  # fmt: skip
    (arguments.run / "calibration.json").write_text(json.dumps(noted, indent=2))
    print(json.dumps(noted | {"prior": "beside the others"}, indent=2))


def _read(photo: Path) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(cv2.imread(str(photo)), cv2.COLOR_BGR2RGB), np.uint8)


def _marks(session: onnxruntime.InferenceSession, data: dict, outlines: Outlines, pixel: float) -> Iterator[Marks]:
    """The marks in damaged, in aged but undamaged and in whole pictures of all photos.

    Old photos hold real dust, mending which is no loss: they are damaged only, and those trained on are left out.
    """
    source, old = Path(data["photos"]), tuple(data["old_prefixes"])
    kept = [source / name for name in data["validation"]]
    photos = [photo for photo in sorted(source.glob("*.jpg")) if not photo.name.startswith(old)]
    trained_on = [photo for photo in photos if photo not in kept]
    for some, seeds, turns, aged in ((kept, (SEED, *MORE), TURNS, AGED[0]), (trained_on, TRAINED, 1, AGED[1])):
        for seed in seeds:
            for name, sample in pictures(some, outlines, seed=seed, turns=turns):
                if sample.labels.any(2).mean() >= LEAST_DAMAGE:
                    yield Marks.of_damaged(name, sample, seen(session, sample.image), pixel)
        undamaged = [photo for photo in some if photo in photos]
        for name, sample in pictures(undamaged, outlines, seed=aged, turns=turns, undamaged=1.0):
            yield Marks.of_whole(name, sample.image, seen(session, sample.image), pixel)
        for photo in undamaged:
            rgb = _read(photo)
            yield Marks.of_whole(photo.name, rgb, seen(session, rgb), pixel)


@dataclass(frozen=True)
class Calibrated:
    """Thresholds as the model's notes hold them, the choice behind them, and what it does to the validation photos."""

    thresholds: dict[str, tuple[float, float]]
    choice: Choice
    validation: dict[str, float]
    undamaged_percent: list[float]


def calibrated(damaged: list[tuple[npt.NDArray[np.uint8], Sample]], whole: list[npt.NDArray[np.uint8]]) -> Calibrated:
    """damaged: what is seen in pictures with known damage. whole: what is seen in photos without."""
    pixel, choice, fit = choose(damaged, whole)
    score: Score = fit.score(choice)
    return Calibrated(
        {name: (pixel, choice.whole[defect]) for name, defect in zip(CLASSES, choice.whole, strict=True)},
        choice,
        {name: round(getattr(score, name), 4) for name in ("f1", "iou", "precision", "recall")},
        [round(100 * share, 3) for share in fit.shares(choice)],
    )


def _run(session: onnxruntime.InferenceSession, rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    height, width = rgb.shape[:2]
    x = cv2.copyMakeBorder(
        np.ascontiguousarray(rgb), 0, -height % MULTIPLE, 0, -width % MULTIPLE, cv2.BORDER_REFLECT_101
    )
    x = (x.astype(np.float32) / 255).transpose(2, 0, 1)[None]
    return np.asarray(session.run(None, {"image": np.ascontiguousarray(x)})[0])[0].transpose(1, 2, 0)[:height, :width]


if __name__ == "__main__":
    main()
