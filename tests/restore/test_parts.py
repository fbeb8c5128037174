"""Parts: labelled across bands and tiles as if the plane were one array."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpaint_studio.pixels.format import COVERAGE
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.restore import parts
from inpaint_studio.restore.defects import Defect
from inpaint_studio.restore.parts import Part, find_parts


def plane_of(values: np.ndarray) -> TiledImage:
    plane = TiledImage(COVERAGE, Rect.of_size(values.shape[1], values.shape[0]))
    plane.write(plane.extent, values[..., None])
    plane.drop_blank_tiles()
    return plane


def expected(values: np.ndarray, level: int) -> list[tuple[object, ...]]:
    """The same by one labelling of the whole array."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((values >= level).astype(np.uint8), connectivity=8)
    rows = []
    for label in range(1, count):
        left, top, width, height, area = (int(v) for v in stats[label])
        ys, xs = np.nonzero(labels == label)
        box = Rect(left, top, left + width, top + height)
        rows.append((box, (int(xs[0]), int(ys[0])), area, int(values[labels == label].max())))
    return sorted(rows, key=lambda row: (row[1][1], row[1][0]))


@pytest.mark.parametrize("band", [1, 7, 64, 1024])
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.02, 0.6))
@settings(max_examples=15, deadline=None)
def test_bands_do_not_matter(band: int, seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    values = (rng.integers(0, 256, (90, 70)) * (rng.random((90, 70)) < share)).astype(np.uint8)
    usual, parts._BAND = parts._BAND, band
    try:
        found = find_parts(plane_of(values), Defect.DUST, 100 / 255)
    finally:
        parts._BAND = usual
    assert [(p.rect, p.seed, p.pixels, round(p.confidence * 255)) for p in found] == expected(values, 100)


def test_nothing_gives_no_parts() -> None:
    assert find_parts(plane_of(np.zeros((30, 30), np.uint8)), Defect.LINES, 0.5) == []


def test_a_part_survives_its_json() -> None:
    part = Part(Defect.CRACKS, Rect(3, 4, 50, 60), (7, 4), 123, 0.87)
    assert Part.from_json(part.to_json()) == part


@pytest.mark.parametrize("data", [[], ["dust", 1, 2], ["fire", 0, 0, 1, 1, 0, 0, 1, 50], [3, 0, 0, 1, 1, 0, 0, 1, 50]])
def test_damaged_parts_are_refused(data: list[object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        Part.from_json(data)
