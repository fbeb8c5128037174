"""Where a trained network marks the whole training photos wrongly: `python -m training.defects.mine --run FOLDER --out FILE`.

Crops around these places are taken more often (`hard` in the configuration; Felzenszwalb et al., Object Detection with
Discriminatively Trained Part-Based Models, 2010, call it mining hard negatives). Old photos hold real dust and are left out,
and so are those kept aside.
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

from . import CLASSES
from .calibrate import seen
from .export import trained, write

SURE, SIZES = 0.5, (1.0, 0.6)
"""From which probability on a mark counts, and at which sizes the photos are looked at."""
_MOST = 400
"""Pixels from which on a mark counts no more than another."""


def places(planes: npt.NDArray[np.uint8], scale: float) -> list[list[float]]:
    """y and x, in pixels of the photo at its own size, and weight of each mark; planes: 8-bit H×W×4 of the photo at `scale`."""
    found = []
    for plane in np.moveaxis(planes, 2, 0):
        mask = (plane >= round(SURE * 255)).astype(np.uint8)
        count, _, stats, centres = cv2.connectedComponentsWithStats(mask, connectivity=8)
        for (x, y), pixels in zip(centres[1:count], stats[1:count, cv2.CC_STAT_AREA], strict=True):
            found.append(
                [round(float(y) / scale), round(float(x) / scale), round(float(np.sqrt(min(pixels, _MOST))), 2)]
            )
    return found


def main() -> None:
    """Look at the training photos with the run that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    data = tomllib.loads((arguments.run / "config.toml").read_text())["data"]
    network, step = trained(arguments.run)
    found: dict[str, list[list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        write(network, path, [1.0] * 4, dict.fromkeys(CLASSES, (0.4, 0.6)), step)
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        for photo in sorted(Path(data["photos"]).glob("*.jpg")):
            if photo.name in data["validation"] or photo.name.startswith(tuple(data["old_prefixes"])):
                continue
            rgb = cv2.cvtColor(cv2.imread(str(photo)), cv2.COLOR_BGR2RGB)
            for scale in SIZES:
                small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else rgb
                found.setdefault(photo.name, []).extend(places(seen(session, small), scale))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(found))
    heaviest = sorted(found, key=lambda name: -sum(place[2] for place in found[name]))[:12]
    print({name: len(found[name]) for name in heaviest})


if __name__ == "__main__":
    main()
