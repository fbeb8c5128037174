"""What can be done to a whole mask: grow, shrink, feather, smooth, border, threshold, invert, fill holes, drop specks.

Coverage is uint8 H×W, 0..255. Operations that look at a neighbourhood work tile by tile with a margin, so that a large
photo costs what is painted in it; those that look at whole parts take the painted rectangle at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from inpaint_studio.pixels.masks import Coverage, distance_to
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TILE, TiledImage, TileKey, tile_keys, tile_rect


def grow(coverage: Coverage, pixels: float) -> Coverage:
    """Every contour of `coverage` moved outward by `pixels`: a grayscale dilation with a disc."""
    if pixels < 1 or coverage.min() == coverage.max():
        return coverage.copy()
    if (coverage + np.uint8(1) <= 1).all():  # 0 and 255 alone
        return np.asarray((distance_to(coverage > 0) <= pixels) * np.uint8(255), np.uint8)
    return _dilated(coverage, pixels)


def _dilated(coverage: Coverage, pixels: float) -> Coverage:
    """The greatest value within `pixels` of each pixel, centre to centre: the disc is cut into rows, and the greatest
    of a row comes from two runs of 2ⁿ pixels (Van Droogenbroeck and Talbot, 1996, have the idea)."""
    width, reach = coverage.shape[1], int(pixels)
    runs = [np.pad(coverage, ((0, 0), (reach, reach)))]
    while 2 ** len(runs) <= 2 * reach + 1:
        half = 2 ** (len(runs) - 1)
        runs.append(np.maximum(runs[-1][:, :-half], runs[-1][:, half:]))
    result = coverage.copy()
    last, row = -1, coverage
    for away in range(min(reach, coverage.shape[0] - 1) + 1):
        side = int(np.sqrt(pixels * pixels - away * away))
        if side != last:
            power = (2 * side + 1).bit_length() - 1
            run, first = runs[power], reach - side
            second = first + 2 * side + 1 - 2**power
            row = np.maximum(run[:, first : first + width], run[:, second : second + width])
            last = side
        below, above = result[away:], result[: len(result) - away]
        np.maximum(below, row[: len(row) - away], out=below)
        np.maximum(above, row[away:], out=above)
    return result


def shrink(coverage: Coverage, pixels: float) -> Coverage:
    """The opposite of `grow`; the photo's border is not eaten from."""
    return 255 - grow(255 - coverage, pixels)


def feather(coverage: Coverage, pixels: float) -> Coverage:
    """A Gaussian blur whose transition is about 2 × `pixels` wide; the border repeats outward."""
    if pixels <= 0:
        return coverage.copy()
    return np.asarray(cv2.GaussianBlur(coverage, (0, 0), pixels / 2, borderType=cv2.BORDER_REPLICATE), np.uint8)


def smooth(coverage: Coverage, pixels: float) -> Coverage:
    """Contours without dents and bumps narrower than about `pixels`; edges stay one pixel soft."""
    if pixels <= 0:
        return coverage.copy()
    blurred = cv2.GaussianBlur(coverage.astype(np.float32), (0, 0), pixels / 2, borderType=cv2.BORDER_REPLICATE)
    # the blur made the edge some `pixels` wide: steepen it until it is one pixel wide again
    return np.asarray(np.clip((blurred - 127.5) * max(1.0, pixels) + 127.5, 0, 255).round(), np.uint8)


def border(coverage: Coverage, pixels: float) -> Coverage:
    """A band of about `pixels` along the contours, half of it inside."""
    return np.minimum(grow(coverage, pixels / 2), 255 - shrink(coverage, pixels / 2))


def threshold(coverage: Coverage, percent: float) -> Coverage:
    """Fully selected where coverage is at least `percent`, else not at all."""
    return np.asarray((coverage >= max(1.0, percent * 2.55)) * np.uint8(255), np.uint8)


def invert(coverage: Coverage, _: float = 0) -> Coverage:
    """What was not selected."""
    return 255 - coverage


def select_all(coverage: Coverage, _: float = 0) -> Coverage:
    """Everything."""
    return np.full_like(coverage, 255)


def fill_holes(coverage: Coverage, _: float = 0) -> Coverage:
    """`coverage` with unselected parts that it encloses selected. What touches the array's border is not enclosed."""
    count, labels = cv2.connectedComponents((coverage < 128).astype(np.uint8), connectivity=4)
    outside = np.zeros(count, np.bool_)
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        outside[edge] = True
    outside[0] = True
    return np.where(outside[labels], coverage, np.uint8(255))


def drop_specks(coverage: Coverage, pixels: float) -> Coverage:
    """`coverage` without connected parts of less than `pixels` pixels."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats((coverage > 0).astype(np.uint8), connectivity=8)
    small = stats[:, cv2.CC_STAT_AREA] < pixels
    small[0] = False
    return np.where(small[labels], np.uint8(0), coverage)


@dataclass(frozen=True, slots=True)
class MaskOperation:
    """An operation as the window offers it.

    least, most, usual: range and default of its number in `unit`; most 0 for none. reach: how far a pixel looks for a
    number, in pixels; None: it takes the painted rectangle at once, or with `everywhere` the whole photo.
    """

    id: str
    title: str
    do: Callable[[Coverage, float], Coverage]
    least: float = 0
    most: float = 0
    usual: float = 0
    unit: str = " px"
    reach: Callable[[float], int] | None = None
    everywhere: bool = False


def _as_far(pixels: float) -> int:
    return int(np.ceil(pixels)) + 1


def _blur_reach(pixels: float) -> int:
    return int(np.ceil(pixels * 2)) + 2


MASK_OPERATIONS: tuple[MaskOperation, ...] = (
    MaskOperation("grow", "Grow", grow, 1, 500, 4, reach=_as_far),
    MaskOperation("shrink", "Shrink", shrink, 1, 500, 4, reach=_as_far),
    MaskOperation("feather", "Feather", feather, 1, 500, 8, reach=_blur_reach),
    MaskOperation("smooth", "Smooth", smooth, 1, 100, 6, reach=_blur_reach),
    MaskOperation("border", "Border", border, 1, 500, 8, reach=_as_far),
    MaskOperation("threshold", "Threshold", threshold, 1, 100, 50, " %", reach=lambda _: 0),
    MaskOperation("drop_specks", "Drop Specks", drop_specks, 1, 100_000, 64, " px²"),
    MaskOperation("fill_holes", "Fill Holes", fill_holes),
    MaskOperation("invert", "Invert", invert, everywhere=True),
    MaskOperation("all", "Select All", select_all, everywhere=True),
)


def operate(operation: MaskOperation, image: TiledImage, value: float) -> dict[TileKey, np.ndarray | None]:
    """The tiles of `image` (coverage) that `operation` with the number `value` changes, as they become; None: blank."""
    changed: dict[TileKey, np.ndarray | None] = {}
    for rect, margin in _pieces(operation, image, value):
        around = rect.grown(margin).clipped(image.extent)
        made = operation.do(image.read(around)[..., 0], value)
        for key in tile_keys(rect):
            area = tile_rect(key).clipped(rect)
            part = made[area.within(around).slices]
            if not np.array_equal(part, image.read(area)[..., 0]):
                changed[key] = _tile(part, area.within(tile_rect(key)))
    return changed


def _pieces(operation: MaskOperation, image: TiledImage, value: float) -> Iterator[tuple[Rect, int]]:
    """Rectangles to work on, each with the margin that its pixels look at."""
    if operation.everywhere:
        yield from ((tile_rect(key).clipped(image.extent), 0) for key in tile_keys(image.extent))
    elif operation.reach is None:
        yield image.covered, 0
    else:
        margin = operation.reach(value)
        touched = {
            near for key in image.tiles for near in tile_keys(tile_rect(key).grown(margin).clipped(image.extent))
        }
        yield from ((tile_rect(key).clipped(image.extent), margin) for key in sorted(touched))


def _tile(part: Coverage, place: Rect) -> np.ndarray | None:
    if not part.any():
        return None
    tile = np.zeros((TILE, TILE, 1), np.uint8)
    tile[(*place.slices, 0)] = part
    return tile
