from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from inpaint_studio.pixels.rect import Rect
from tests.pixels.strategies import rects

SIDE = 12
small = rects(-3, SIDE + 3)


def pixels(rect: Rect) -> set[tuple[int, int]]:
    return {(x, y) for x in range(rect.left, rect.right) for y in range(rect.top, rect.bottom)}


@given(small)
def test_size_and_emptiness_count_pixels(rect: Rect) -> None:
    assert rect.area == len(pixels(rect))
    assert rect.empty == (not pixels(rect))
    if not rect.empty:
        assert (rect.width, rect.height) == (rect.right - rect.left, rect.bottom - rect.top)


@given(small, small)
def test_clipping_is_intersection(one: Rect, other: Rect) -> None:
    both = one.clipped(other)
    assert pixels(both) == pixels(one) & pixels(other)
    assert both == other.clipped(one)
    assert both.clipped(one) == both
    assert one.contains(both)
    assert other.contains(both)


@given(small, small)
def test_containing_is_being_a_superset(one: Rect, other: Rect) -> None:
    assert one.contains(other) == (pixels(one) >= pixels(other))


@given(st.lists(small, max_size=5))
def test_a_union_is_the_smallest_box_of_all(many: list[Rect]) -> None:
    union = Rect.union_of(many)
    covered = set[tuple[int, int]]().union(*map(pixels, many))
    assert all(union.contains(rect) for rect in many)
    assert union.empty == (not covered)
    if covered:
        columns, rows = zip(*covered, strict=True)
        assert union == Rect(min(columns), min(rows), max(columns) + 1, max(rows) + 1)


@given(small, st.integers(-9, 9), st.integers(-9, 9))
def test_moving_moves_every_pixel(rect: Rect, dx: int, dy: int) -> None:
    assert pixels(rect.moved(dx, dy)) == {(x + dx, y + dy) for x, y in pixels(rect)}
    assert rect.moved(dx, dy).moved(-dx, -dy) == rect


@given(small, small)
def test_within_moves_the_origin_to_the_outer_corner(rect: Rect, outer: Rect) -> None:
    assert outer.within(outer) == Rect(0, 0, outer.right - outer.left, outer.bottom - outer.top)
    assert rect.within(outer).moved(outer.left, outer.top) == rect


@given(rects(0, 9), st.integers(0, 5))
def test_growing_adds_the_margin_on_each_side(rect: Rect, margin: int) -> None:
    assert rect.grown(margin).grown(-margin) == rect
    if not rect.empty:
        reach = range(-margin, margin + 1)
        assert pixels(rect.grown(margin)) == {(x + dx, y + dy) for x, y in pixels(rect) for dx in reach for dy in reach}


@given(rects(0, SIDE))
def test_slices_select_the_pixels(rect: Rect) -> None:
    marked = np.zeros((SIDE, SIDE), np.bool_)
    marked[rect.slices] = True
    assert {(x, y) for y, x in np.argwhere(marked).tolist()} == pixels(rect)


@given(arrays(np.bool_, st.tuples(st.integers(0, 6), st.integers(0, 6)), fill=st.just(False)))
def test_around_is_the_box_of_the_true_pixels(mask: np.ndarray) -> None:
    box = Rect.around(mask)
    assert box == Rect.union_of(Rect(x, y, x + 1, y + 1) for y, x in np.argwhere(mask).tolist())
    assert Rect.of_size(mask.shape[1], mask.shape[0]).contains(box)


@given(small, small)
def test_two_united_are_the_union_of_both(one: Rect, other: Rect) -> None:
    if one.empty and other.empty:
        assert one.united(other).empty
    else:
        assert one.united(other) == Rect.union_of((one, other))


@given(small, small)
def test_without_leaves_each_pixel_outside_the_hole_once(rect: Rect, hole: Rect) -> None:
    pieces = rect.without(hole)
    assert sum(piece.area for piece in pieces) == len(pixels(rect) - pixels(hole))
    assert set().union(*map(pixels, pieces)) == pixels(rect) - pixels(hole)
