"""Scan restoration: what is found, what is wrongly marked, what mending gains, and how long a large scan takes.

Photos: ../shared/photos/test, never trained on; damage: drawn by `training.defects` with fixed seeds, counted at 2 pixels of
tolerance, pooled over all pictures. Damage that nobody can see (a change of less than 3.5 % of the tones, or within the
grain) counts neither way.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from training.defects.evaluate import Score, pictures
from training.defects.generator import Sample
from training.defects.outlines import Outlines

from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines.contract import Payload, Progress, Silent
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.restore import text
from inpaint_studio.restore.defects import NETWORK, Defect
from inpaint_studio.restore.finding import Found, Search, regions
from inpaint_studio.restore.proposal import Sliders
from inpaint_studio.settings import Settings
from inpaint_studio.storage.photo import Photo
from inpaint_studio.studio import restoring
from inpaint_studio.studio.jobs import HereRunner
from inpaint_studio.studio.studio import Studio

_SHARED = Path(__file__).parents[1].parent / "shared"
_SEED = 4711
_MARKED = (Defect.DUST, Defect.LINES, Defect.CRACKS)
#: Pictures with less visible damage than this share have nothing to gain.
_LEAST_DAMAGE = 0.002
_STAMPS = ("'98 7 23", "12 25 '87", "3 14 '91", "94 10  8", "2001.05.12")


def _studio(rgb: np.ndarray) -> Studio:
    return Studio.of(Photo(np.ascontiguousarray(rgb), PixelFormat(Colour.RGB)), Settings())


def _found(studio: Studio, classes: tuple[Defect, ...] = NETWORK) -> Found:
    return restoring.find(restoring.search_job(studio, classes), HereRunner(), Silent())


def _mask(studio: Studio, found: Found, classes: tuple[Defect, ...]) -> np.ndarray:
    layer = restoring.propose(studio, found, Sliders(classes=frozenset(classes)))
    mask = restoring.proposal(studio, layer).mask()
    return mask.read(mask.extent)[..., 0] > 0


def _psnr(one: np.ndarray, other: np.ndarray) -> float:
    error = np.mean((one.astype(np.float64) - other.astype(np.float64)) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def _test_photos() -> list[Path]:
    photos = sorted((_SHARED / "photos" / "test").glob("*.jpg"))
    if not photos:
        raise SystemExit("The benchmark needs the photographs of ../shared/photos.")
    return photos


def detection(samples: list[Sample]) -> dict[str, float]:
    """F1 and IoU of dust, lines and cracks together; F1 of each class; recall of stains."""
    together, own = Score(), {defect: Score() for defect in NETWORK}
    for sample in samples:
        studio = _studio(sample.image)
        found = _found(studio)
        masks = {defect: _mask(studio, found, (defect,)) for defect in NETWORK}
        stain, ignore = sample.labels[..., 3] > 0, sample.ignore > 0
        together.add(np.any([masks[d] for d in _MARKED], 0), sample.labels[..., :3].any(2), ignore | stain)
        for channel, defect in enumerate(NETWORK):
            # another class's damage that is called this one is no false mark: it is damage
            others = sample.labels.any(2) & (sample.labels[..., channel] == 0)
            own[defect].add(masks[defect], sample.labels[..., channel] > 0, ignore | others)
    figures = {
        "detect_f1": together.f1, "detect_precision": together.precision, "detect_recall": together.recall,
        "detect_iou": together.iou,
    }  # fmt: skip
    return figures | {f"detect_{defect}_f1": score.f1 for defect, score in own.items()}


def undamaged(photos: list[Path]) -> dict[str, float]:
    """Share of whole photos that is marked with all classes on, and what mending costs a photo that a scanner has stored."""
    shares, losses = [], []
    for path in photos:
        rgb = cv2.imread(str(path))[..., ::-1]
        studio = _studio(rgb)
        shares.append(100 * float(_mask(studio, _found(studio), NETWORK).mean()))
        stored = cv2.imdecode(cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])[1], 1)[..., ::-1]
        losses.append(_psnr(stored, rgb) - _psnr(_mended(stored), rgb))
    return {
        "undamaged_marked_mean_percent": float(np.mean(shares)),
        "undamaged_marked_max_percent": max(shares),
        "undamaged_loss_db": max(losses),
    }


def _mended(rgb: np.ndarray) -> np.ndarray:
    studio = _studio(rgb)
    sliders = Sliders(classes=frozenset(NETWORK))
    restoring.restore(
        studio, HereRunner(), Silent(), classes=NETWORK, sliders=sliders, recipe=Recipe(grow=restoring.RIM)
    )
    return studio.document.composite().read(studio.document.photo.extent)


def gain(samples: list[Sample]) -> dict[str, float]:
    """How much closer to the undamaged picture mending comes, over the whole picture."""
    damaged = [sample for sample in samples if sample.labels.any(2).mean() >= _LEAST_DAMAGE]
    gains = [_psnr(_mended(s.image), s.clean) - _psnr(s.image, s.clean) for s in damaged]
    return {"restore_gain_db": float(np.mean(gains)), "restore_gain_worst_db": min(gains)}


def stamps(photos: list[Path]) -> dict[str, float]:
    """Date stamps drawn in the corner of the test photos: found when nine tenths of the strokes lie in a box."""
    hits, extra, strokes_found, strokes_right = [], [], [], []
    for number, path in enumerate(photos):
        rgb = cv2.imread(str(path))[..., ::-1]
        plain = rgb.astype(np.float32) / 255
        extra.append(len(text.find_boxes(plain)))
        for turn in range(2):
            stamped, strokes = _stamped(plain, np.random.default_rng([_SEED, number, turn]))
            boxes, found = text.find_boxes(stamped), np.zeros(strokes.shape, bool)
            covered = np.zeros(strokes.shape, np.uint8)
            for box in boxes:
                cv2.fillConvexPoly(covered, np.rint(box.corners).astype(np.int32), 1)
                (left, top, right, bottom), own = text.strokes(stamped, box.corners)
                found[top:bottom, left:right] |= own
            hits.append(float((covered > 0)[strokes].mean() > 0.9))
            near = cv2.dilate(strokes.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
            around = cv2.dilate(strokes.astype(np.uint8), np.ones((61, 61), np.uint8)) > 0
            strokes_found.append(float(found[strokes].mean()))
            strokes_right.append(float(near[found & around].mean()) if (found & around).any() else 0.0)
    return {
        "text_recall": float(np.mean(hits)), "text_extra_boxes_per_photo": float(np.mean(extra)),
        "text_stroke_recall": float(np.mean(strokes_found)), "text_stroke_precision": float(np.mean(strokes_right)),
    }  # fmt: skip


#: Which of the seven bars (top, upper left, upper right, middle, lower left, lower right, bottom) a digit lights.
_BARS = {
    "0": "1110111", "1": "0010010", "2": "1011101", "3": "1011011", "4": "0111010",
    "5": "1101011", "6": "1101111", "7": "1010010", "8": "1111111", "9": "1111011",
}  # fmt: skip


def _stamped(rgb: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """`rgb` with an orange seven-segment date in a corner, and where its strokes are."""
    height, width = rgb.shape[:2]
    tall = max(12, round(height * rng.uniform(0.022, 0.04)))
    words, ink = _STAMPS[int(rng.integers(len(_STAMPS)))], np.zeros((height, width), np.uint8)
    step = round(tall * 0.78)
    x, y = width - step * len(words) - round(width * 0.04), height - tall - round(height * rng.uniform(0.03, 0.08))
    for letter in words:
        _segments(ink, letter, x, y, tall)
        x += step
    soft = cv2.GaussianBlur(ink.astype(np.float32) / 255, (0, 0), 0.7)[..., None]
    colour = np.array([1.0, rng.uniform(0.35, 0.65), rng.uniform(0.05, 0.25)], np.float32)
    glow = cv2.GaussianBlur(ink.astype(np.float32) / 255, (0, 0), tall / 6)[..., None] * np.float32(0.25)
    lit = rgb + (colour - rgb) * np.clip(soft * np.float32(rng.uniform(0.75, 1)) + glow, 0, 1)
    return np.clip(lit, 0, 1).astype(np.float32), ink > 127


def _segments(ink: np.ndarray, letter: str, x: int, y: int, tall: int) -> None:
    wide, thick = round(tall * 0.5), max(2, round(tall * 0.13))
    if letter in "'.":
        top = y if letter == "'" else y + tall - thick
        cv2.line(ink, (x + wide // 2, top), (x + wide // 2, top + thick), 255, thick)
    middle = y + tall // 2
    ends = [
        ((x, y), (x + wide, y)), ((x, y), (x, middle)), ((x + wide, y), (x + wide, middle)), ((x, middle), (x + wide, middle)),
        ((x, middle), (x, y + tall)), ((x + wide, middle), (x + wide, y + tall)), ((x, y + tall), (x + wide, y + tall)),
    ]  # fmt: skip
    for lit, (start, end) in zip(_BARS.get(letter, "0000000"), ends, strict=True):
        if lit == "1":
            cv2.line(ink, start, end, 255, thick)


def speed(path: Path) -> dict[str, float]:
    """A 24-megapixel scan: seconds until the region in view is known, until all is, and memory above the photo."""
    rgb = cv2.resize(cv2.imread(str(path)), (6000, 4000), interpolation=cv2.INTER_CUBIC)
    studio = _studio(rgb)
    job = restoring.search_job(studio, NETWORK)
    _first_region(job)  # the model is loaded when the window opens the review
    before = _peak_mib()
    started, cpu = time.perf_counter(), time.process_time()
    first: list[float] = []

    def heard(_: Rect, __: np.ndarray) -> None:
        first.append(time.perf_counter() - started)

    restoring.find(job, HereRunner(), Silent(), heard)
    return {
        "detect_24mp_s": time.perf_counter() - started, "detect_24mp_cpu_s": time.process_time() - cpu,
        "detect_24mp_first_s": first[0], "detect_24mp_peak_mib": _peak_mib() - before,
    }  # fmt: skip


def _first_region(job: Search) -> None:
    class Enough(Exception):  # noqa: N818
        pass

    def run(name: str, payload: Payload, progress: Progress) -> Payload:
        HereRunner().task(name, payload, progress)
        raise Enough

    from inpaint_studio.restore.finding import search

    assert next(regions(job.extent, None)).area
    try:
        search(job, run, Silent())
    except Enough:
        return


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _samples() -> list[Sample]:
    outlines = Outlines(_SHARED / "damage" / "annotations.json", _SHARED / "damage" / "overlays")
    return [sample for _, sample in pictures(_test_photos(), outlines, seed=_SEED)]


#: What `--only` can name.
PARTS: dict[str, Callable[[], dict[str, float]]] = {
    "speed": lambda: speed(_test_photos()[0]),
    "detection": lambda: detection(_samples()),
    "undamaged": lambda: undamaged(_test_photos()),
    "gain": lambda: gain(_samples()),
    "stamps": lambda: stamps(_test_photos()),
}


def run(only: Sequence[str] = ()) -> dict[str, float]:
    """All figures, or those of the parts that `only` names; about five minutes on two cores."""
    figures: dict[str, float] = {}
    for name, part in PARTS.items():
        if not only or name in only:
            figures |= part()
            sys.stderr.write(f"{figures}\n")
    return {name: round(value, 4) for name, value in figures.items()}
