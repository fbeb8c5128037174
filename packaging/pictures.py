"""Make the README's before/after picture with the program itself: python packaging/pictures.py."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "resources/samples/canyon-wren.jpg"
MASK = ROOT / "resources/samples/canyon-wren-mask.png"
#: Rows and columns of the sample that the picture shows.
VIEW = np.s_[90:390, 390:790]


def main() -> None:
    """Fill the sample on the command line and put before, mask and after side by side."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "after.png"
        line = [
            sys.executable,
            "-m",
            "inpaint_studio",
            "fill",
            SAMPLE,
            "--mask",
            MASK,
            "--grow",
            "2",
            "--feather",
            "2",
            "-o",
            out,
        ]
        subprocess.run(line, check=True)
        before, after = cv2.imread(str(SAMPLE)), cv2.imread(str(out))
    mask = cv2.imread(str(MASK), cv2.IMREAD_GRAYSCALE)
    if before is None or after is None or mask is None:
        sys.exit("A sample is missing.")
    red = np.where(mask[..., None] > 0, before // 2 + np.array([0, 0, 127], np.uint8), before)
    gap = np.full((before[VIEW].shape[0], 8, 3), 255, np.uint8)
    picture = np.hstack([before[VIEW], gap, red[VIEW], gap, after[VIEW]])
    cv2.imwrite(str(ROOT / "docs/images/before-after.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 90])


if __name__ == "__main__":
    main()
