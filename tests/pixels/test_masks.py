from __future__ import annotations

import math
from itertools import combinations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from inpaint_studio.pixels import masks
from inpaint_studio.pixels.masks import (
    OPAQUE,
    Coverage,
    Hole,
    cluster,
    depth_in,
    distance_to,
    effective_mask,
    feather,
    grow,
    label_parts,
    may_be_wide,
    support,
)
from inpaint_studio.pixels.rect import Rect
from tests.pixels.strategies import rects_in

shapes = st.tuples(st.integers(0, 13), st.integers(0, 13))
holes = arrays(np.bool_, shapes, elements=st.booleans(), fill=st.just(False))
coverages = arrays(np.uint8, shapes, elements=st.sampled_from([1, 128, 255]) | st.just(0), fill=st.just(0))
#: Distances that occur between pixels, and some that do not.
distances = st.builds(math.hypot, st.integers(0, 6), st.integers(0, 6)) | st.integers(0, 24).map(lambda n: n / 4)


def test_a_quick_look_never_misses_a_wide_part() -> None:
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(60):
        drawn = np.zeros((60, 60), np.uint8)
        for _ in range(rng.integers(1, 5)):
            a, b = (tuple(int(side) for side in rng.integers(0, 60, 2)) for _ in range(2))
            cv2.line(drawn, a, b, 1, int(rng.integers(1, 16)))
        widest = max(part.widest for part in label_parts(drawn > 0)[1])
        for limit in (6, 9, 12, 14, 20):
            assert may_be_wide(drawn > 0, limit) or widest < limit
            refused += not may_be_wide(drawn > 0, limit)
    assert refused > 30
    assert not may_be_wide(np.zeros((9, 9), np.bool_), 3)


def brute_distance(hole: Hole) -> np.ndarray:
    """Euclidean distance of each pixel to the nearest of `hole`, by its definition."""
    points = np.argwhere(hole)
    if not len(points):
        return np.full(hole.shape, np.inf)
    ways = np.indices(hole.shape).reshape(2, -1).T[:, None] - points
    return np.hypot(*np.moveaxis(ways, 2, 0)).min(1).reshape(hole.shape)


def brute_grow(hole: Hole, pixels: float) -> Hole:
    return brute_distance(hole) <= pixels


@given(coverages)
def test_support_is_all_that_is_selected_at_all(coverage: Coverage) -> None:
    assert np.array_equal(support(coverage), coverage != 0)


@given(holes)
def test_distance_is_euclidean(hole: Hole) -> None:
    np.testing.assert_allclose(distance_to(hole), brute_distance(hole), rtol=2e-7)


@given(holes)
def test_depth_is_the_distance_to_the_outside(hole: Hole) -> None:
    np.testing.assert_allclose(depth_in(hole), brute_distance(~hole), rtol=2e-7)


@pytest.mark.parametrize("view", [lambda a: a.T, lambda a: a[::-1, ::-2], lambda a: a[2:9, 3:8]])
def test_views_measure_like_arrays(view) -> None:  # type: ignore[no-untyped-def]
    hole = view(np.random.default_rng(1).random((20, 30)) < 0.2)
    solid = np.ascontiguousarray(hole)
    assert np.array_equal(distance_to(hole), distance_to(solid))
    assert np.array_equal(depth_in(hole), depth_in(solid))
    assert np.array_equal(label_parts(hole)[0], label_parts(solid)[0])


@given(holes, distances)
def test_growing_takes_in_exactly_what_is_near_enough(hole: Hole, pixels: float) -> None:
    grown = grow(hole, pixels)
    assert np.array_equal(grown, brute_grow(hole, pixels))
    assert not np.shares_memory(grown, hole)


@pytest.mark.parametrize("pixels", [1, 37, 100, 199.5])
def test_growing_far_is_as_exact(pixels: float) -> None:
    hole = np.zeros((420, 430), np.bool_)
    hole[210, 200] = True
    rows, columns = np.ogrid[:420, :430]
    assert np.array_equal(grow(hole, pixels), (rows - 210) ** 2 + (columns - 200) ** 2 <= pixels**2)


@given(holes, distances)
def test_a_feather_is_opaque_in_the_hole_and_reaches_exactly_as_far_as_asked(hole: Hole, pixels: float) -> None:
    opacity = feather(hole, pixels)
    distance = brute_distance(hole)
    assert opacity.dtype == np.uint16
    assert np.array_equal(opacity == OPAQUE, hole)
    assert np.array_equal(opacity > 0, distance <= pixels)
    order = np.argsort(distance, None)
    assert (np.diff(opacity.ravel()[order].astype(np.int32)) <= 0).all()


@given(coverages, distances, distances)
def test_the_effective_mask_is_the_support_grown_then_feathered(
    coverage: Coverage, grow_px: float, feather_px: float
) -> None:
    opacity = effective_mask(coverage, grow_px, feather_px)
    grown = brute_grow(coverage != 0, grow_px)
    assert np.array_equal(opacity == OPAQUE, grown)
    assert np.array_equal(opacity > 0, brute_grow(grown, feather_px))


def test_a_feather_falls_as_a_smoothstep() -> None:
    opacity = feather(np.array([[True, False, False, False, False]]), 3)
    assert opacity.tolist() == [[OPAQUE, *(round(OPAQUE * part) for part in (0.84375, 0.5, 0.15625)), 0]]


def test_a_wide_feather_never_rounds_to_nothing() -> None:
    hole = np.zeros((3, 900), np.bool_)
    hole[:, 0] = True
    opacity = feather(hole, 899)
    assert opacity.min() >= 1
    assert (np.diff(opacity[0].astype(np.int32)) <= 0).all()


@given(holes)
def test_parts_partition_the_hole_into_8_connected_pieces(hole: Hole) -> None:
    labels, parts = label_parts(hole)
    assert np.array_equal(labels > 0, hole)
    assert [part.label for part in parts] == list(range(1, labels.max(initial=0) + 1))
    for part in parts:
        piece = labels == part.label
        assert part.pixels == piece.sum()
        assert part.rect == Rect.around(piece)
        reached = np.zeros_like(piece)
        reached.flat[np.flatnonzero(piece)[0]] = True
        for _ in range(part.pixels):
            reached = piece & brute_grow(reached, 1.5)
        assert np.array_equal(reached, piece)
        assert not (brute_grow(piece, 1.5) & hole & ~piece).any()
        assert part.width >= 1
        assert part.widest >= 1


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 8, 13, 24, 40])
@pytest.mark.parametrize("angle", [0, 90, 45, 20, 71])
def test_the_width_of_a_straight_scratch_is_its_width(width: int, angle: float) -> None:
    turn = math.radians(angle)
    side = 40 * width + 40
    rows, columns = np.ogrid[:side, :side]
    across = (columns - side / 2 + 0.25) * math.sin(turn) - (rows - side / 2 + 0.25) * math.cos(turn)
    strip = np.abs(across) < width / 2 + 1e-9
    _, parts = label_parts(strip)
    (part,) = sorted(parts, key=lambda part: part.pixels)[-1:]
    assert abs(part.width - width) <= (1 if angle in {0, 90} else max(1, width / 20))
    assert abs(part.widest - width) <= 2


@pytest.mark.parametrize("radius", [4, 10, 31.5, 60])
def test_a_disc_is_two_thirds_of_its_diameter_wide(radius: float) -> None:
    rows, columns = np.ogrid[-70:71, -70:71]
    _, (part,) = label_parts(rows**2 + columns**2 <= radius**2)
    assert abs(part.width - radius * 4 / 3) <= max(1, radius / 40)
    assert abs(part.widest - 2 * radius) <= 2


def test_the_border_bounds_a_part() -> None:
    hole = np.zeros((50, 600), np.bool_)
    hole[:6] = True
    _, (at_the_border,) = label_parts(hole)
    _, (inside,) = label_parts(np.roll(hole, 20, 0))
    assert at_the_border.width == inside.width
    assert at_the_border.widest == inside.widest


def test_narrow_parts_are_the_same_by_the_short_way_and_the_long_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    drawn = np.zeros((420, 700), np.uint8)
    for number in range(7):
        a, b = (tuple(int(side * 1.1 - 20) for side in rng.integers(0, (700, 420))) for _ in range(2))
        cv2.line(drawn, a, b if number else a, 1, int(rng.integers(1, 7)))
    drawn[:2, 300:420] = drawn[-5:, :30] = 1
    hole = drawn > 0
    # pieces of a few rows each
    monkeypatch.setattr(masks, "_PIECE", 1 << 10)
    short = label_parts(hole)
    monkeypatch.setattr(masks, "_label_narrow_parts", None)
    with pytest.raises(TypeError):
        label_parts(hole)
    monkeypatch.setattr(masks, "_SPARSE", hole.size)
    long = label_parts(hole)
    assert np.array_equal(short[0], long[0])
    assert len(short[1]) > 3
    for one, other in zip(short[1], long[1], strict=True):
        assert (one.label, one.rect, one.pixels) == (other.label, other.rect, other.pixels)
        assert one.width == pytest.approx(other.width, rel=1e-5)
        assert one.widest == pytest.approx(other.widest, rel=1e-5)


@pytest.mark.parametrize("fill", [False, True])
@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (1, 1), (4, 3)])
def test_any_size_has_parts(shape: tuple[int, int], fill: bool) -> None:
    labels, parts = label_parts(np.full(shape, fill))
    assert labels.shape == shape
    assert len(parts) == (fill and 0 not in shape)


boxes = st.lists(rects_in(Rect(-60, -60, 300, 200)).map(lambda r: Rect(r.left, r.top, *_corner(r))), max_size=12)


def _corner(rect: Rect) -> tuple[int, int]:
    """The corner of a small box: large ones would all touch."""
    return rect.left + min(rect.width, 30), rect.top + min(rect.height, 30)


def gap(one: Rect, other: Rect) -> int:
    """Pixels of the wider of the gaps in x and y; none when they meet."""
    return max(0, one.left - other.right, other.left - one.right, one.top - other.bottom, other.top - one.bottom)


@given(boxes, st.integers(0, 50), st.integers(1, 60_000))
def test_clusters_partition_and_fit(rects: list[Rect], reach: int, most_area: int) -> None:
    groups = cluster(rects, reach, most_area)
    assert sorted(index for group in groups for index in group) == list(range(len(rects)))
    for group in groups:
        assert group
        assert len(group) == 1 or Rect.union_of(rects[i] for i in group).area <= most_area
    firsts = [min((rects[i].top, rects[i].left) for i in group) for group in groups]
    assert firsts == sorted(firsts)


@given(boxes, st.integers(0, 50))
def test_near_ones_are_together_and_far_ones_apart(rects: list[Rect], reach: int) -> None:
    groups = cluster(rects, reach, 10**9)
    of = {index: number for number, group in enumerate(groups) for index in group}
    for one, other in combinations(range(len(rects)), 2):
        if gap(rects[one], rects[other]) < reach:
            assert of[one] == of[other]
    for one, other in combinations(groups, 2):
        assert min(gap(rects[a], rects[b]) for a in one for b in other) >= reach
    for group in groups:
        if len(group) > 1:
            for index in group:
                nearest = min(gap(rects[index], rects[other]) for other in group if other != index)
                assert nearest < 2 * max(8, reach)


def test_thousands_of_specks_are_clustered_at_once() -> None:
    rng = np.random.default_rng(1)
    corners = rng.integers(0, 3000, (5000, 2)).tolist()
    rects = [Rect(x, y, x + 3, y + 3) for x, y in corners]
    groups = cluster(rects, 32, 512 * 512)
    assert sum(map(len, groups)) == len(rects)
    assert len(groups) < len(rects) / 2
