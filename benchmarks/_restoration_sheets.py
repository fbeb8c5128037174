"""The real damaged scans before, marked and after, for the docs: `python -m benchmarks._restoration_sheets`.

What is proposed at sensitivity ½ with all classes on is accepted as it is, as by somebody who presses one button and looks at
nothing. Scans: ../shared/photos/damaged; sheets: docs/images/restoration. Prints for each scan what was found.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines.contract import Silent
from inpaint_studio.pixels.format import to_float
from inpaint_studio.restore.defects import NETWORK
from inpaint_studio.restore.proposal import Sliders
from inpaint_studio.settings import Settings
from inpaint_studio.studio import restoring
from inpaint_studio.studio.jobs import HereRunner
from inpaint_studio.studio.studio import Studio

_ROOT = Path(__file__).parents[1]
_SCANS, _SHEETS = _ROOT.parent / "shared" / "photos" / "damaged", _ROOT / "docs" / "images" / "restoration"
_WIDEST, _TALLEST, _GAP = 520, 640, 8
_RED = np.array([1.0, 0.25, 0.15], np.float32)


def sheet(path: Path) -> tuple[np.ndarray, str]:
    """Before, marked and after beside each other (RGB uint8), and a sentence about what was found."""
    studio = Studio.open(path, Settings())
    found = restoring.find(restoring.search_job(studio, NETWORK), HereRunner(), Silent())
    layer = restoring.propose(studio, found, Sliders())
    proposal = restoring.proposal(studio, layer)
    mask = proposal.mask()
    extent = studio.document.photo.extent
    before, marked = studio.document.photo.read(extent), mask.read(extent)[..., 0] > 0
    job = restoring.mend_job(studio, layer, Recipe(grow=restoring.RIM))
    if job is not None:
        plan, filled = studio.run(job, HereRunner(), Silent())
        studio.accept(plan, filled, [layer])
    after = studio.document.composite().read(extent)
    counts = Counter(proposal.parts[index].defect.value for index in proposal.listed())
    kinds = ", ".join(f"{count} {name}" for name, count in counts.most_common()) or "nothing"
    looks = "looks whole" if found.looks_whole else "looks damaged"
    said = f"{path.stem}: {kinds}; {100 * marked.mean():.2f} % marked; {looks}"
    shown = [_small(_rgb(before)), _over(_small(_rgb(before)), marked), _small(_rgb(after))]
    gap = np.ones((shown[0].shape[0], _GAP, 3), np.float32)
    row = np.concatenate([shown[0], gap, shown[1], gap, shown[2]], 1)
    return np.rint(np.clip(row, 0, 1) * 255).astype(np.uint8), said


def _rgb(samples: np.ndarray) -> np.ndarray:
    colours = to_float(samples)
    return np.repeat(colours, 3, 2) if colours.shape[2] == 1 else colours[..., :3]


def _small(picture: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    scale = min(1.0, _WIDEST / width, _TALLEST / height)
    return cv2.resize(picture, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)


def _over(picture: np.ndarray, marked: np.ndarray) -> np.ndarray:
    """The marks in red over the darkened picture; a speck is grown so that it is seen at this size."""
    strong = cv2.dilate(marked.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.float32)
    share = cv2.resize(strong, picture.shape[1::-1], interpolation=cv2.INTER_AREA)[..., None]
    share = np.sqrt(share)
    return picture * 0.55 * (1 - share) + _RED * share


def main() -> int:
    """Draw all sheets."""
    scans = sorted(_SCANS.glob("*.jpg"))
    if not scans:
        sys.stderr.write("The sheets need the damaged scans of ../shared/photos.\n")
        return 1
    _SHEETS.mkdir(parents=True, exist_ok=True)
    for path in scans:
        picture, said = sheet(path)
        cv2.imwrite(str(_SHEETS / f"{path.stem}.jpg"), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 84])
        sys.stdout.write(f"{said}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
