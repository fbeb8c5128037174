"""Stamped dates and other lettering."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inpaint_studio.engines.contract import Silent
from inpaint_studio.pixels.format import COVERAGE
from inpaint_studio.restore import text
from inpaint_studio.restore.defects import Defect
from inpaint_studio.restore.finding import Found, search
from inpaint_studio.restore.proposal import USUALLY_ON
from tests.restore.conftest import scene, search_of
from tests.restore.test_finding import run

WORDS = "12 25 '87"


def stamped(
    height: int, width: int, colour: tuple[float, float, float], scale: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    ink = np.zeros((height, width), np.uint8)
    place = (round(width - 230 * scale), height - 30)
    cv2.putText(ink, WORDS, place, cv2.FONT_HERSHEY_DUPLEX, scale, 255, max(1, round(2 * scale)), cv2.LINE_AA)
    a = ink[..., None].astype(np.float32) / 255
    image = scene(height, width)
    return image + (np.array(colour, np.float32) - image) * a, ink > 127


def letters(found: Found) -> np.ndarray:
    plane = found.planes[Defect.TEXT]
    assert plane.format == COVERAGE
    return plane.read(plane.extent)[..., 0] > 127


@pytest.mark.parametrize("colour", [(1, 0.5, 0.1), (1, 1, 1), (0.05, 0.05, 0.05)])
@pytest.mark.parametrize(("size", "scale"), [((480, 640), 1.0), ((1600, 2400), 1.8)])
def test_the_letters_of_a_stamp(colour: tuple[float, float, float], size: tuple[int, int], scale: float) -> None:
    image, truth = stamped(*size, colour, scale)
    job = search_of(np.rint(image * 255).astype(np.uint8), classes=frozenset({Defect.TEXT}))
    found = search(job, run, Silent())
    mask = letters(found)
    assert mask[truth].mean() > 0.9
    near = cv2.dilate(truth.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert near[mask].mean() > 0.8
    assert {part.defect for part in found.parts} == {Defect.TEXT}


def test_a_scene_without_letters_has_none() -> None:
    assert text.find_boxes(scene(480, 640)) == []


def test_text_is_never_on_by_itself() -> None:
    assert Defect.TEXT not in USUALLY_ON
