"""Parts of several classes that touch are one piece of damage."""

from __future__ import annotations

import numpy as np
import pytest

from inpaint_studio.pixels.format import COVERAGE
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.restore.defects import Defect
from inpaint_studio.restore.parts import find_parts
from inpaint_studio.restore.touching import groups

EXTENT = Rect(0, 0, 2300, 2100)


def plane(*squares: Rect) -> TiledImage:
    image = TiledImage(COVERAGE, EXTENT)
    for square in squares:
        image.write(square, np.full((square.height, square.width, 1), 200, np.uint8))
    return image


def test_what_touches_through_another_class_is_one_group() -> None:
    stain = plane(Rect(100, 100, 140, 140), Rect(2000, 1000, 2040, 1040))
    dust = plane(Rect(140, 140, 150, 150), Rect(500, 500, 505, 505), Rect(90, 90, 100, 100))
    crack = plane(Rect(2010, 900, 2014, 1000), Rect(2010, 1040, 2014, 2050))
    planes = {Defect.STAINS: stain, Defect.DUST: dust, Defect.CRACKS: crack}
    parts = [part for defect, image in planes.items() for part in find_parts(image, defect, 0.5)]
    found = groups(planes.values(), parts)
    by_seed = {part.seed: int(group) for part, group in zip(parts, found, strict=True)}
    assert by_seed[(90, 90)] == by_seed[(100, 100)] == by_seed[(140, 140)], "corners touch"
    assert by_seed[(2010, 900)] == by_seed[(2000, 1000)] == by_seed[(2010, 1040)], "also across bands of rows"
    assert len(set(by_seed.values())) == 3


def test_without_parts_there_are_no_groups() -> None:
    assert groups([plane()], []).shape == (0,)
    assert groups([], []).shape == (0,)


def test_parts_lie_in_planes() -> None:
    part = find_parts(plane(Rect(0, 0, 4, 4)), Defect.DUST, 0.5)
    with pytest.raises(ValueError, match="without a plane"):
        groups([], part)
