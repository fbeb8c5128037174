"""A picture of what the generator makes: `python -m training.defects.sheet --out sheet.jpg`."""

from __future__ import annotations

import argparse
import time
import tomllib
from pathlib import Path

import cv2
import numpy as np

from . import photos
from .generator import Sample, from_config

COLOURS = np.array([[80, 220, 255], [255, 90, 90], [255, 200, 40], [120, 255, 120]], np.float32)
"""How classes are painted: dust blue, lines red, cracks yellow, stains green."""


def painted(sample: Sample) -> np.ndarray:
    """The labels of a sample over its darkened image."""
    picture = sample.image.astype(np.float32) * 0.35
    for channel, colour in enumerate(COLOURS):
        picture[sample.labels[..., channel] > 0] = colour
    picture[sample.ignore > 0] = (110, 0, 140)
    return picture.astype(np.uint8)


def main() -> None:
    """Draw the sheet that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("config.toml"))
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--columns", type=int, default=8)
    parser.add_argument("--rows", type=int, default=4)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    config = tomllib.loads(arguments.config.read_text())
    generator = from_config(config, photos.build(config, arguments.cache))
    count = arguments.columns * arguments.rows
    started = time.process_time()
    samples = [generator.sample(10_000_000 + index) for index in range(count)]
    print(
        f"{(time.process_time() - started) / count * 1e3:.1f} ms a sample, "
        f"{np.mean([s.labels.any(2).mean() for s in samples]):.3f} damaged"
    )
    rows = []
    for row in range(arguments.rows):
        part = samples[row * arguments.columns : (row + 1) * arguments.columns]
        rows += [np.hstack([s.image for s in part]), np.hstack([painted(s) for s in part])]
    cv2.imwrite(str(arguments.out), np.vstack(rows)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 82])


if __name__ == "__main__":
    main()
