"""Dust from the infrared picture of a scan."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inpaint_studio.engines.contract import Silent
from inpaint_studio.restore.defects import Defect
from inpaint_studio.restore.finding import search
from inpaint_studio.restore.infrared import dust_of
from tests.restore.conftest import scene, search_of
from tests.restore.test_finding import run


def scanned(shift: tuple[float, float] = (0, 0)) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A photo with dark dust, its infrared picture moved by `shift`, and where the dust is in the photo."""
    height, width = 500, 700
    photo, rng = scene(height, width), np.random.default_rng(9)
    # a scene with edges: without any there is nothing to register by but the dust itself
    photo[:, ::70] *= 0.7
    photo[::90] *= 0.7
    dust = np.zeros((height, width), np.uint8)
    for _ in range(60):
        x, y = (int(v) for v in rng.integers(10, (width - 10, height - 10)))
        cv2.circle(dust, (x, y), int(rng.integers(1, 4)), 255, -1, cv2.LINE_AA)
    a = dust[..., None].astype(np.float32) / 255
    photo = photo * (1 - 0.8 * a)
    infrared = 0.8 - 0.1 * np.linspace(0, 1, width)[None] - 0.5 * a[..., 0]
    infrared = infrared + 0.05 * (photo.mean(2) - 0.4) + rng.normal(0, 0.004, (height, width))
    move = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
    infrared = cv2.warpAffine(infrared.astype(np.float32), move, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return photo, np.rint(np.clip(infrared, 0, 1) * 65535).astype(np.uint16), dust > 127


@pytest.mark.parametrize("shift", [(0, 0), (2, -3), (-4, 1)])
def test_dust_is_found_where_it_lies_in_the_photo(shift: tuple[float, float]) -> None:
    photo, infrared, truth = scanned(shift)
    dust = dust_of(infrared, photo)
    assert dust is not None
    found = dust > 127
    near = cv2.dilate(truth.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    assert found[truth].mean() > 0.9
    assert near[found].mean() > 0.85


def test_an_infrared_picture_of_the_scene_is_not_taken_for_dust() -> None:
    """Silver halide stops infrared as the dyes of colour film do not."""
    rng = np.random.default_rng(0)
    leaves = 1 + 2 * (cv2.GaussianBlur(rng.random((500, 700)), (0, 0), 2) - 0.5)
    photo = (scene(500, 700) * leaves[..., None]).astype(np.float32)
    silver = photo.mean(2) ** 1.3 + rng.normal(0, 0.01, (500, 700))
    assert dust_of(np.rint(np.clip(silver, 0, 1) * 60000).astype(np.uint16), photo) is None


@pytest.mark.parametrize("value", [0, 1000])
def test_an_empty_plane_gives_no_dust(value: int) -> None:
    photo, infrared, _ = scanned()
    dust = dust_of(np.full_like(infrared, value), photo)
    assert dust is None or not dust.any()


def test_the_search_takes_it() -> None:
    photo, infrared, truth = scanned((1, 1))
    job = search_of(
        np.rint(photo * 65535).astype(np.uint16), infrared=lambda: infrared, classes=frozenset({Defect.DUST})
    )
    found = search(job, run, Silent())
    assert any("infrared" in note for note in found.notes)
    plane = found.planes[Defect.DUST]
    assert (plane.read(plane.extent)[..., 0][truth] > 127).mean() > 0.9


def test_an_infrared_picture_of_another_size_is_told() -> None:
    photo, infrared, _ = scanned()
    job = search_of(np.rint(photo * 255).astype(np.uint8), infrared=lambda: infrared[:-3])
    assert any("another size" in note for note in search(job, run, Silent()).notes)
