"""Colour range: what is coloured alike, wherever it is."""

from __future__ import annotations

import numpy as np
import pytest

from inpaint_studio.pixels.colour_range import colour_range, covered, table
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TILE

_RED, _BLUE, _GRAY = (200, 40, 40), (40, 60, 200), (128, 128, 128)


def _photo() -> np.ndarray:
    photo = np.full((300, 600, 3), _GRAY, np.uint8)
    photo[20:60, 20:60] = _RED
    photo[200:290, 500:590] = _RED
    photo[100:150, 300:350] = _BLUE
    return photo


def _select(photo: np.ndarray, samples: list[tuple[int, int, int]], tolerance: float) -> np.ndarray:
    extent = Rect.of_size(photo.shape[1], photo.shape[0])
    region = colour_range(lambda rect: photo[rect.slices], extent, samples, tolerance)
    whole = np.zeros((2 * TILE, 3 * TILE), np.uint8)
    for (row, column), tile in region.items():
        whole[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE] = tile
    assert not whole[photo.shape[0] :].any()
    assert not whole[:, photo.shape[1] :].any()
    return whole[: photo.shape[0], : photo.shape[1]]


def test_all_of_a_colour_and_nothing_else() -> None:
    photo = _photo()
    found = _select(photo, [_RED], 20)
    assert np.array_equal(found == 255, (photo == _RED).all(-1))
    assert set(np.unique(found)) == {0, 255}
    both = _select(photo, [_RED, _BLUE], 20)
    assert np.array_equal(both == 255, (photo != _GRAY).any(-1))
    assert not _select(photo, [], 20).any()


def test_more_tolerance_never_covers_less_and_falls_off_smoothly() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, 2)
    before = np.zeros((1, 256), np.uint8)
    for tolerance in (5, 20, 60, 200):
        found = covered(ramp, table([_GRAY], tolerance))
        assert (found >= before).all()
        assert found[0, 128] == 255
        rising = found[0, :129].astype(int)
        assert (np.diff(rising) >= 0).all()
        before = found
    assert np.abs(np.diff(covered(ramp, table([_GRAY], 60))[0].astype(int))).max() < 60


@pytest.mark.parametrize("size", [(1, 1), (1, 60_000), (513, 2)])
def test_odd_sizes(size: tuple[int, int]) -> None:
    photo = np.full((*size, 3), _RED, np.uint8)
    extent = Rect.of_size(size[1], size[0])
    region = colour_range(lambda rect: photo[rect.slices], extent, [_RED], 10)
    assert sum(int((tile == 255).sum()) for tile in region.values()) == size[0] * size[1]
