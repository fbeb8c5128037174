"""Smart select: from a box round an object, or scribbles on it, to the object's mask; scribbles elsewhere leave parts out.

The object is found on a small copy of its surroundings by a `Segmenter`, here GrabCut (Rother, Kolmogorov and Blake,
SIGGRAPH 2004); `edge_refine` then follows its edge at full size. A model that understands boxes and points takes
GrabCut's place by being another `Segmenter`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.pixels.edge_refine import refined
from inpaint_studio.pixels.format import PixelFormat, Samples
from inpaint_studio.pixels.proxy import Proxy, rgb_reader
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.shapes import Point, Region

Float = NDArray[np.float32]

#: Pixels of the small copy: GrabCut's time grows faster than they do, and an object in it is some 200 pixels large.
_PROXY_PIXELS = 120_000
#: How much is looked at around a box, for each of its sides, and around a scribble; at least so many pixels.
_AROUND_BOX, _AROUND_SCRIBBLE, _LEAST_AROUND = 0.35, 1.5, 24
#: Where a box lies at the photo's border more is looked at, until so much is background for each pixel of the box.
_BACKGROUND_SHARE = 1.2
#: Colours further than this from all of a scribble's are probably not the object's (CIE Lab, 8 bits a channel).
_ALIKE = (22.0, 12.0, 6.0)
_ROUNDS = 4
#: Where the flood for a part that is left out begins.
_ELSEWHERE, _OBJECT, _PART = 1, 2, 3
#: Pixels of the small copy by which its edge may be wrong.
_WRONG_BY = 3.0


class Hint(IntEnum):
    """What is known of a pixel before; the numbers are those of GrabCut."""

    BACKGROUND = 0
    OBJECT = 1
    MAYBE_BACKGROUND = 2
    MAYBE_OBJECT = 3


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the user has shown, in photo coordinates: a box round the object, or lines on it, `width` pixels wide, or both.

    background: lines on what is not to be part of it.
    """

    box: tuple[float, float, float, float] | None = None
    lines: tuple[tuple[Point, ...], ...] = ()
    width: float = 1.0
    background: tuple[tuple[Point, ...], ...] = ()

    @property
    def bounds(self) -> Rect:
        """The whole pixels that the box and the lines on the object touch."""
        points = [point for line in self.lines for point in line]
        if self.box is not None:
            points += [self.box[:2], self.box[2:]]
        xs, ys = zip(*points, strict=True)
        margin = 0.0 if self.box is not None else self.width / 2
        corners = (min(xs) - margin, min(ys) - margin, max(xs) + margin, max(ys) + margin)
        return Rect(*(int(np.floor(v)) for v in corners[:2]), *(int(np.ceil(v)) for v in corners[2:]))


@dataclass(frozen=True, slots=True)
class SegmentRequest:
    """image: uint8 H×W×3. hints: uint8 H×W of `Hint`. box: the user's, in pixels of `image`; None for a scribble."""

    image: NDArray[np.uint8]
    hints: NDArray[np.uint8]
    box: Rect | None = None


class Segmenter(Protocol):
    """Tells for each pixel of `image` how surely it is the object's: float32 H×W, 0..1. Raises StudioError, Cancelled."""

    def __call__(self, request: SegmentRequest, /) -> Float: ...


def object_region(
    read: Callable[[Rect], Samples], pixel_format: PixelFormat, extent: Rect, prompt: Prompt, segment: Segmenter
) -> Region:
    """The object that `prompt` shows in the photo; empty when the prompt lies outside or nothing was found."""
    seen = prompt.bounds.clipped(extent)
    if seen.empty:
        return {}
    rgb = rgb_reader(read, pixel_format)
    proxy = Proxy.of(rgb, _surroundings(prompt, extent), _PROXY_PIXELS)
    request = _request(proxy, prompt)
    found = segment(request)
    if prompt.background:
        hints = _without(request, found >= 0.5, _drawn(proxy, prompt.background, prompt.width))
        found = found if hints is None else segment(replace(request, hints=hints))
    if not (found >= 0.5).any():
        return {}
    return refined(rgb, proxy, found)


def _surroundings(prompt: Prompt, extent: Rect) -> Rect:
    bounds = prompt.bounds.clipped(extent)
    share = _AROUND_BOX if prompt.box is not None else _AROUND_SCRIBBLE
    margin = max(share * max(bounds.width, bounds.height), _LEAST_AROUND)
    if prompt.box is None:
        return bounds.grown(round(max(margin, 8 * prompt.width))).clipped(extent)
    around = bounds.grown(round(margin)).clipped(extent)
    while around != extent and around.area < (1 + _BACKGROUND_SHARE) * bounds.area:
        margin *= 1.25
        around = bounds.grown(round(margin)).clipped(extent)
    return around


def _request(proxy: Proxy, prompt: Prompt) -> SegmentRequest:
    if prompt.box is None:
        return SegmentRequest(proxy.image, _scribbled(proxy, prompt))
    height, width = proxy.image.shape[:2]
    (left, top), (right, bottom) = proxy.inward(*prompt.box[:2]), proxy.inward(*prompt.box[2:])
    whole = Rect.of_size(width, height)
    box = Rect(*(round(min(pair)) for pair in ((left, right), (top, bottom))),
               *(round(max(pair)) for pair in ((left, right), (top, bottom)))).clipped(whole)  # fmt: skip
    hints = np.full((height, width), Hint.BACKGROUND, np.uint8)
    hints[box.slices] = Hint.MAYBE_OBJECT
    if not (hints == Hint.BACKGROUND).any():
        # the box leaves nothing out: what lies along the border is the best guess there is
        y, x = -(-height // 20), -(-width // 20)
        hints[:] = Hint.MAYBE_BACKGROUND
        hints[y : max(height - y, y), x : max(width - x, x)] = Hint.MAYBE_OBJECT
    hints[_drawn(proxy, prompt.lines, prompt.width)] = Hint.OBJECT
    return SegmentRequest(proxy.image, hints, box)


def _scribbled(proxy: Proxy, prompt: Prompt) -> NDArray[np.uint8]:
    """The scribble is the object, and what is coloured like it and hangs together with it probably is."""
    sure = _drawn(proxy, prompt.lines, prompt.width)
    if not sure.any():
        # a dot between two pixels, or just over the border
        sure[_nearest(proxy, prompt.lines[0][0])] = True
    rim = _rim(sure.shape) & ~sure
    lab = cv2.cvtColor(proxy.image, cv2.COLOR_RGB2LAB).astype(np.float32)
    distance = np.min([np.linalg.norm(lab - colour, axis=2) for colour in _palette(lab[sure])], axis=0)
    probably = sure
    for alike in _ALIKE:
        _, labels = cv2.connectedComponents(((distance < alike) | sure).astype(np.uint8), connectivity=4)
        joined = np.isin(labels, np.unique(labels[sure]))
        # what goes on beyond the sight is hardly an object: look closer
        if not (joined & rim).any():
            probably = joined
            break
    hints = np.where(probably, np.uint8(Hint.MAYBE_OBJECT), np.uint8(Hint.MAYBE_BACKGROUND))
    hints[rim] = Hint.BACKGROUND
    hints[sure] = Hint.OBJECT
    return hints


def _rim(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """The outermost pixels of a small copy."""
    rim = np.ones(shape, np.bool_)
    y, x = -(-shape[0] // 40), -(-shape[1] // 40)
    rim[y : shape[0] - y, x : shape[1] - x] = False
    return rim


def _drawn(proxy: Proxy, lines: Sequence[Sequence[Point]], width: float) -> NDArray[np.bool_]:
    shift = 4  # OpenCV draws with whole numbers of sixteenths of a pixel
    canvas = np.zeros(proxy.image.shape[:2], np.uint8)
    thickness = max(1, round(width / proxy.scale))
    limit = 1 << 20
    for line in lines:
        places = np.array([proxy.inward(*point) for point in line])
        corners = np.clip(np.rint((places - 0.5) * (1 << shift)), -limit, limit).astype(np.int32)
        if len(corners) == 1:
            corners = np.repeat(corners, 2, axis=0)
        cv2.polylines(canvas, [corners[:, None]], isClosed=False, color=1, thickness=thickness, shift=shift)
    return canvas > 0


def _nearest(proxy: Proxy, point: Point) -> tuple[int, int]:
    """Row and column of the pixel of the copy that is nearest to a place in the photo."""
    x, y = proxy.inward(*point)
    height, width = proxy.image.shape[:2]
    return min(max(int(y), 0), height - 1), min(max(int(x), 0), width - 1)


def _without(request: SegmentRequest, found: NDArray[np.bool_], outside: NDArray[np.bool_]) -> NDArray[np.uint8] | None:
    """Hints for looking again: the object without the part of `found` that lines drawn on `outside` show.

    The part is what a flood over the colours' differences (watershed; Meyer, "Color image segmentation", 1992) reaches
    from those lines sooner than from the middle of the object and the lines on it. Well inside it is certain; along its
    edge the segmenter decides, which also learns what the part looks like. None where the lines don't touch the object.
    """
    if not (found & outside).any():
        return None
    sure = (request.hints == Hint.OBJECT) & ~outside
    markers = np.zeros(found.shape, np.int32)
    markers[~found] = _ELSEWHERE
    markers[_core(found, outside) | sure] = _OBJECT
    markers[found & outside] = _PART
    cv2.watershed(request.image, markers)
    part = found & (markers == _PART) & ~sure
    hints = np.where(found, np.uint8(Hint.MAYBE_OBJECT), np.minimum(request.hints, Hint.MAYBE_BACKGROUND))
    hints[part] = Hint.MAYBE_BACKGROUND
    # as far from the rest of the object as the edge may be wrong
    away = cv2.distanceTransform((~(found & ~part)).astype(np.uint8), cv2.DIST_L2, 3)
    hints[part & (away > _WRONG_BY)] = Hint.BACKGROUND
    hints[sure] = Hint.OBJECT
    hints[outside] = Hint.BACKGROUND
    return np.asarray(hints, np.uint8)


def _core(found: NDArray[np.bool_], outside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The middle of an object: all that is at least half as deep as its deepest place, and not near `outside`."""
    depth = cv2.distanceTransform(np.pad(found, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    near = cv2.distanceTransform((~outside).astype(np.uint8), cv2.DIST_L2, 3)
    return np.asarray((depth >= depth.max() / 2) & (near > 2 * _WRONG_BY))


def _palette(colours: Float) -> Float:
    """At most four colours that stand for all of them (N×3)."""
    count = min(4, len(np.unique(colours, axis=0)))
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 10, 1.0)
    cv2.setRNGSeed(1)
    _, _, centres = cv2.kmeans(np.ascontiguousarray(colours), count, None, criteria, 1, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
    return np.asarray(centres, np.float32)


def grabcut(request: SegmentRequest) -> Float:
    """A `Segmenter` that needs no model: colours of object and background by mixtures of Gaussians, the edge by a cut."""
    hints = request.hints.copy()
    if not _separable(hints):
        return np.asarray((hints & 1) * np.float32(1), np.float32)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(1)
    cv2.grabCut(request.image, hints, None, *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
    found = (hints & 1).astype(np.uint8)
    return np.asarray(_tidied(found, request), np.float32)


def _separable(hints: NDArray[np.uint8]) -> bool:
    """GrabCut learns five colours of each side: both must have that many pixels."""
    inside = int((hints & 1).sum())
    return inside >= 5 and hints.size - inside >= 5


def _tidied(found: NDArray[np.uint8], request: SegmentRequest) -> NDArray[np.uint8]:
    """Without crumbs: of a scribble's object what hangs together with it, of a box's all parts of some size; no pinholes."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(found, connectivity=8)
    if count <= 1:
        return found
    area = stats[:, cv2.CC_STAT_AREA].copy()
    area[0] = 0
    keep = area >= max(1, area.max() // 20)
    if request.box is None:
        touched = np.zeros(count, np.bool_)
        touched[np.unique(labels[request.hints == Hint.OBJECT])] = True
        keep = touched & (area > 0)
    kept = keep[labels]
    _, holes, hole_stats, _ = cv2.connectedComponentsWithStats((~kept).astype(np.uint8), connectivity=4)
    pinholes = hole_stats[:, cv2.CC_STAT_AREA] <= max(1, int(kept.sum()) // 500)
    pinholes[0] = False
    # what was left out stays out
    pinholes[np.unique(holes[(request.hints == Hint.BACKGROUND) & ~kept])] = False
    return np.asarray(kept | pinholes[holes], np.uint8)
