"""Operations on masks: which pixels a fill may change, how thick the parts are, which parts belong together.

Coverage is uint8 H×W (0 = not selected, 255 = fully selected); a hole is bool H×W; opacity is uint16 H×W (65535 = the
fill alone shows). Distances are Euclidean, in pixels, between pixel centres.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.pixels.rect import Rect

Hole = NDArray[np.bool_]
Coverage = NDArray[np.uint8]
Opacity = NDArray[np.uint16]

OPAQUE = 65535
#: Pixels that are counted in one go.
_PIECE = 1 << 18
#: Scratches and dust: nowhere this wide, and less than one pixel in so many. Their depth is looked for pixel by pixel.
_NARROW, _SPARSE = 17, 16


def support(coverage: Coverage) -> Hole:
    """Every pixel that is selected at all."""
    return coverage > 0


def distance_to(hole: Hole) -> NDArray[np.float32]:
    """For each pixel its distance to the nearest pixel of `hole`, 0 inside. Infinite when the hole is empty."""
    if not hole.any():
        return np.full(hole.shape, np.inf, np.float32)
    return np.asarray(cv2.distanceTransform((~hole).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)


def depth_in(hole: Hole) -> NDArray[np.float32]:
    """For each pixel of `hole` its distance to the nearest pixel outside; 0 outside. The array's border is not outside."""
    if hole.all():
        return np.full(hole.shape, np.inf, np.float32)
    return np.asarray(cv2.distanceTransform(hole.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)


def _within(distance: NDArray[np.float32], pixels: float) -> Hole:
    # OpenCV's roots are off by the last bit in some places of an array; the next longer distance is further away
    return distance <= np.float32(pixels) * np.float32(1 + 2**-22)


def grow(hole: Hole, pixels: float) -> Hole:
    """`hole` and all pixels within `pixels` of it."""
    if pixels <= 0:
        return hole.copy()
    return _within(distance_to(hole), pixels)


def feather(hole: Hole, pixels: float) -> Opacity:
    """Opacity that is full in `hole` and falls off outward, above zero exactly within `pixels` of the hole.

    The fall is a smoothstep, which has no visible kink at either end.
    """
    if pixels <= 0:
        return np.asarray(hole * np.uint16(OPAQUE), np.uint16)
    distance = distance_to(hole)
    rest = np.clip(1 - distance / np.float32(pixels + 1), 0, 1)
    opacity = np.rint(rest * rest * (3 - 2 * rest) * OPAQUE)
    # far out a wide feather rounds to zero: at least 1 keeps the promise of the support
    return np.asarray(np.where(_within(distance, pixels), np.maximum(opacity, 1), 0), np.uint16)


def effective_mask(coverage: Coverage, grow_px: float, feather_px: float) -> Opacity:
    """The only pixels a fill may change: the support of `coverage`, grown, then feathered outward.

    It is opaque everywhere inside the user's mask and the grown band.
    """
    return feather(grow(support(coverage), grow_px), feather_px)


def effective_support(coverage: Coverage, grow_px: float, feather_px: float) -> Hole:
    """Where `effective_mask` is above zero."""
    hole = grow(support(coverage), grow_px)
    return grow(hole, feather_px)


@dataclass(frozen=True, slots=True)
class Part:
    """One 8-connected part of a hole.

    width: 4 × the mean depth, which is the width of a straight scratch and two thirds of a disc's diameter; crossings
    hardly raise it. widest: 2 × the greatest depth.
    """

    label: int
    rect: Rect
    pixels: int
    width: float
    widest: float


def label_parts(hole: Hole) -> tuple[NDArray[np.int32], list[Part]]:
    """The parts of `hole`: an int32 H×W map of labels (0 = outside) and a `Part` for each label, in label order."""
    if not hole.any():  # OpenCV 5 crashes on an array without pixels
        return np.zeros(hole.shape, np.int32), []
    if np.count_nonzero(hole) * _SPARSE < hole.size and not may_be_wide(hole, _NARROW):
        return _label_narrow_parts(hole)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(hole.view(np.uint8), connectivity=8)
    # a hole that reaches the array's border is bounded there too: pad, so that depth counts it
    depth = depth_in(np.pad(hole, 1))[1:-1, 1:-1]
    sums, deepest = np.zeros(count), np.zeros(count, np.float32)
    # in pieces: counting holds the interpreter's lock, and a window waits for it
    rows = max(1, _PIECE // hole.shape[1])
    for top in range(0, hole.shape[0], rows):
        own = hole[top : top + rows]
        owner, own_depth = np.asarray(labels[top : top + rows], np.int32)[own], depth[top : top + rows][own]
        sums += np.bincount(owner, weights=own_depth, minlength=count)
        np.maximum.at(deepest, owner, own_depth)
    parts = []
    for label in range(1, count):
        left, top, width, height, area = (int(value) for value in stats[label])
        rect = Rect(left, top, left + width, top + height)
        parts.append(_part(label, rect, area, float(sums[label]), float(deepest[label])))
    return np.asarray(labels, np.int32), parts


def _label_narrow_parts(hole: Hole) -> tuple[NDArray[np.int32], list[Part]]:
    """`label_parts` of a sparse hole nowhere `_NARROW` wide, in a sixth of the time: after two quick looks at all pixels
    only those of the hole are visited.
    """
    count, found = cv2.connectedComponents(hole.view(np.uint8), connectivity=8)
    labels = np.asarray(found, np.int32)
    where = np.flatnonzero(hole)
    margin = (_NARROW + 1) // 2
    padded = np.pad(hole, margin)
    pixels, sums = np.zeros(count, np.int64), np.zeros(count)
    deepest = np.zeros(count, np.float32)
    low, high = np.full((2, count), max(hole.shape)), np.zeros((2, count), np.intp)
    # in pieces: counting holds the interpreter's lock, and a window waits for it
    for first in range(0, len(where), _PIECE):
        places = np.divmod(where[first : first + _PIECE], hole.shape[1])
        owner = labels[places]
        depth = _shallow_depth(padded, (places[0] + margin) * padded.shape[1] + places[1] + margin, margin)
        pixels += np.bincount(owner, minlength=count)
        sums += np.bincount(owner, weights=depth, minlength=count)
        np.maximum.at(deepest, owner, depth)
        for axis in (0, 1):
            np.minimum.at(low[axis], owner, places[axis])
            np.maximum.at(high[axis], owner, places[axis])
    parts = []
    for label in range(1, count):
        top, left, bottom, right = (int(side[label]) for side in (*low, *high))
        rect = Rect(left, top, right + 1, bottom + 1)
        parts.append(_part(label, rect, int(pixels[label]), float(sums[label]), float(deepest[label])))
    return labels, parts


def _shallow_depth(hole: Hole, where: NDArray[np.intp], most: int) -> NDArray[np.float32]:
    """`depth_in` at the flat indices `where` of `hole`, which is empty for `most` pixels along its border and nowhere deeper.

    The places around a pixel are looked at from near to far; half the pixels of a scratch are through after the first four.
    """
    depth, flat = np.zeros(len(where), np.float32), hole.ravel()
    waiting = np.arange(len(where))
    rows, columns = np.mgrid[-most : most + 1, -most : most + 1]
    ways = rows**2 + columns**2
    for way in np.unique(ways[(ways > 0) & (ways <= most**2)]):
        inside = np.ones(len(waiting), np.bool_)
        for row, column in zip(rows[ways == way], columns[ways == way], strict=True):
            inside &= flat[where[waiting] + row * hole.shape[1] + column]
        depth[waiting[~inside]] = np.sqrt(np.float32(way))
        waiting = waiting[inside]
        if not len(waiting):
            break
    return depth


def _part(label: int, rect: Rect, pixels: int, depths: float, deepest: float) -> Part:
    """The part whose pixels have depths of that sum and that maximum."""
    # the depth of the outermost pixels is 1, half a pixel more than their way to the edge
    return Part(label, rect, pixels, width=max(1.0, 4 * (depths / pixels - 0.5)), widest=max(1.0, 2 * deepest - 1))


def may_be_wide(hole: Hole, widest: float) -> bool:
    """A quick look whether `hole` can have a part with at least that `widest`; may say so where there is none."""
    # the largest square of pixels in a disc of that diameter
    side = 2 * int((widest + 1) / 2 / 2**0.5 - 1e-6) + 1
    return bool(hole.any() and cv2.erode(hole.view(np.uint8), np.ones((side, side), np.uint8)).any())


def cluster(rects: list[Rect], reach: int, most_area: int) -> list[list[int]]:
    """Groups of indices into `rects` that are worth one crop each.

    Rectangles closer than about `reach` go together; a group whose box exceeds `most_area` is halved along its
    longer side until it fits or is a single rectangle. Every index is in exactly one group; groups are in reading order.
    """
    groups = []
    for group in _touching(rects, reach):
        groups.extend(_split(group, rects, most_area))
    return sorted(groups, key=lambda group: min((rects[i].top, rects[i].left) for i in group))


def _touching(rects: list[Rect], reach: int) -> list[list[int]]:
    """Groups of rectangles near each other, found on a grid of cells of `reach` so that thousands of specks cost little."""
    if not rects:
        return []
    cell = max(8, reach)
    bounds = Rect.union_of(rects)
    canvas = np.zeros((bounds.height // cell + 3, bounds.width // cell + 3), np.uint8)
    cells = [
        Rect(r.left // cell, r.top // cell, (r.right - 1) // cell + 1, (r.bottom - 1) // cell + 1).moved(
            -(bounds.left // cell), -(bounds.top // cell)
        )
        for r in rects
    ]
    for area in cells:
        canvas[area.slices] = 1
    _, labels = cv2.connectedComponents(canvas, connectivity=8)
    groups: dict[int, list[int]] = {}
    for index, area in enumerate(cells):
        groups.setdefault(int(labels[area.top, area.left]), []).append(index)
    return list(groups.values())


def _split(group: list[int], rects: list[Rect], most_area: int) -> list[list[int]]:
    box = Rect.union_of(rects[i] for i in group)
    if len(group) == 1 or box.area <= most_area:
        return [group]
    if box.width >= box.height:
        ordered = sorted(group, key=lambda i: rects[i].left + rects[i].right)
    else:
        ordered = sorted(group, key=lambda i: rects[i].top + rects[i].bottom)
    half = len(ordered) // 2
    return _split(ordered[:half], rects, most_area) + _split(ordered[half:], rects, most_area)
