import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inpaint_studio.pixels import shapes
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.shapes import FULL_TILE, Point, Region, Spans
from inpaint_studio.pixels.tiled import TILE, tile_keys, tile_rect

_SMALL = Rect.of_size(28, 22)
_FINE = 16
#: Over tile borders and the photo's end.
_LARGE = Rect.of_size(2 * TILE + 40, TILE + 30)


def _points_in(rect: Rect, over: float) -> st.SearchStrategy[Point]:
    return st.tuples(st.floats(rect.left - over, rect.right + over), st.floats(rect.top - over, rect.bottom + over))


def _samples(rect: Rect) -> tuple[np.ndarray, np.ndarray]:
    x = (np.arange(rect.width * _FINE) + 0.5) / _FINE + rect.left
    y = (np.arange(rect.height * _FINE) + 0.5) / _FINE + rect.top
    return x[None, :], y[:, None]


def _averaged(inside: np.ndarray) -> np.ndarray:
    height, width = inside.shape[0] // _FINE, inside.shape[1] // _FINE
    return inside.reshape(height, _FINE, width, _FINE).mean((1, 3)) * 255


def _supersampled_polygon(points: list[Point], rect: Rect) -> np.ndarray:
    """Each sample's winding number, edge by edge."""
    x, y = _samples(rect)
    winding = np.zeros(np.broadcast_shapes(x.shape, y.shape), int)
    for (x1, y1), (x2, y2) in zip(points, points[1:] + points[:1], strict=True):
        if y1 != y2:
            right = x >= x1 + (y - y1) * ((x2 - x1) / (y2 - y1))
            winding += np.where((y >= min(y1, y2)) & (y < max(y1, y2)) & right, 1 if y2 > y1 else -1, 0)
    return _averaged(winding != 0)


def _whole(region: Region, extent: Rect) -> np.ndarray:
    result = np.zeros((extent.height, extent.width), np.uint8)
    for key, tile in region.items():
        area = tile_rect(key)
        inside = area.clipped(extent)
        result[inside.slices] = tile[inside.within(area).slices]
        outside = tile.copy()
        outside[inside.within(area).slices] = 0
        assert not outside.any(), "nothing outside the photo"
        assert tile.any(), "a blank tile is not there"
    return result


@settings(max_examples=150, deadline=None)
@given(st.lists(_points_in(_SMALL, 6), min_size=3, max_size=6))
@example([(5.0, 5.0), (20.0, 5.0), (20.0, 15.0), (5.0, 15.0)])
@example([(2.0, 2.0), (25.0, 20.0), (25.0, 2.0), (2.0, 20.0)])
@example([(0.0, 0.03125), (20.0, 0.03125 - 4e-18), (5.0, 9.0)])
def test_polygons_against_supersampling(points: list[Point]) -> None:
    found = _whole(shapes.region(shapes.polygon(points, _SMALL), _SMALL), _SMALL)
    assert np.abs(found - _supersampled_polygon(points, _SMALL)).max() <= 16


@settings(max_examples=100, deadline=None)
@given(_points_in(_SMALL, 6), _points_in(_SMALL, 6))
def test_rectangles_and_ellipses_against_supersampling(one: Point, other: Point) -> None:
    x, y = _samples(_SMALL)
    (x1, x2), (y1, y2) = (sorted((one[axis], other[axis])) for axis in (0, 1))
    inside = (x >= x1) & (x < x2) & (y >= y1) & (y < y2)
    found = _whole(shapes.region(shapes.rectangle(one, other, _SMALL), _SMALL), _SMALL)
    assert np.abs(found - _averaged(inside)).max() <= 16
    if x2 - x1 > 1e-6 and y2 - y1 > 1e-6:
        across, down = (2 * x - x1 - x2) / (x2 - x1), (2 * y - y1 - y2) / (y2 - y1)
        found = _whole(shapes.region(shapes.ellipse(one, other, _SMALL), _SMALL), _SMALL)
        assert np.abs(found - _averaged(across**2 + down**2 < 1)).max() <= 16


@settings(max_examples=60, deadline=None)
@given(st.lists(_points_in(_LARGE, 50), min_size=3, max_size=9), st.sampled_from(["polygon", "rectangle", "ellipse"]))
def test_tiles_are_cut_from_one_array(points: list[Point], kind: str) -> None:
    corners = (points,) if kind == "polygon" else points[:2]
    spans: Spans = getattr(shapes, kind)(*corners, _LARGE)
    assert np.array_equal(_whole(shapes.region(spans, _LARGE), _LARGE), spans.coverage(_LARGE))


def test_a_line_that_goes_round_twice_selects_once() -> None:
    turns = [4 * math.pi * i / 200 for i in range(200)]
    points = [(14 + 8 * math.cos(turn), 11 + 8 * math.sin(turn)) for turn in turns]
    found = _whole(shapes.region(shapes.polygon(points, _SMALL), _SMALL), _SMALL)
    assert found[11, 14] == 255
    assert abs(found.sum() / 255 - math.pi * 64) < 1


def test_the_way_round_does_not_matter() -> None:
    points = [(3.2, 4.7), (22.1, 6.3), (12.5, 18.9)]
    one, other = (shapes.polygon(line, _SMALL).coverage(_SMALL) for line in (points, points[::-1]))
    assert np.array_equal(one, other)


@pytest.mark.parametrize("points", [[], [(5, 5)], [(5, 5), (20, 9)], [(5, 5), (20, 5), (12, 5)], [(5, 5)] * 4])
def test_what_has_no_area_selects_nothing(points: list[Point]) -> None:
    assert shapes.region(shapes.polygon(points, _SMALL), _SMALL) == {}


def test_an_ellipse_without_width_or_height_selects_nothing() -> None:
    for other in ((5.0, 5.0), (20.0, 5.0), (5.0, 20.0)):
        assert shapes.region(shapes.ellipse((5.0, 5.0), other, _SMALL), _SMALL) == {}


def test_a_shape_outside_the_photo_selects_nothing() -> None:
    for one, other in (
        ((-90, -90), (-5, 300)),
        ((700, -50), (900, 90)),
        ((5, -900), (50, -20)),
        ((5, 999), (50, 1200)),
    ):
        assert shapes.region(shapes.rectangle(one, other, _LARGE), _LARGE) == {}
        assert shapes.region(shapes.ellipse(one, other, _LARGE), _LARGE) == {}


def test_full_tiles_are_one_and_the_same() -> None:
    extent = Rect.of_size(4 * TILE, 4 * TILE)
    region = shapes.region(shapes.rectangle((-10, -10), (9999, 9999), extent), extent)
    assert set(region) == set(tile_keys(extent))
    assert all(tile is FULL_TILE for tile in region.values())
    assert not FULL_TILE.flags.writeable
