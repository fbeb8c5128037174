"""One scale of a photo, and which patches of it are searched for and copied from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.pixels.rect import Rect

Float = NDArray[np.float32]
Ints = NDArray[np.int32]
Flags = NDArray[np.bool_]

#: Rows of a band: what one kernel call works on.
BAND = 16
#: Rows that are worked on between two pauses; even.
_ROWS = 256
#: The texture feature is the mean gradient in a window of this many pixels (Newson et al. 2014), times `_TEXTURE`.
_WINDOW = 9
_TEXTURE = 3.0
#: How much less a patch counts with each pixel of distance from the known.
_TRUST = 0.97


#: Called between the steps of what takes a while at full size; raises when nobody wants it any more.
Pause = Callable[[], object]


def _go_on() -> None:
    return


@dataclass(frozen=True, slots=True)
class Level:
    """features: float32 H×W×K, colours and last the texture, 0 under the hole. hole, avoid: H×W."""

    features: Float
    hole: Flags
    avoid: Flags

    @property
    def thickness(self) -> float:
        """The distance of the hole's innermost pixel from the known, in pixels."""
        return float(self.depth().max())

    def depth(self) -> Float:
        """H×W, how far each pixel of the hole is from the known; 0 outside."""
        depth = np.zeros(self.hole.shape, np.float32)
        # the rest of a large photo is not worth the time
        box = Rect.around(self.hole).grown(1).clipped(Rect.of_size(self.hole.shape[1], self.hole.shape[0]))
        depth[box.slices] = cv2.distanceTransform(self.hole[box.slices].astype(np.uint8), cv2.DIST_L2, 3)
        return depth

    def sources(self, r: int) -> Flags:
        """Centres of patches of radius `r` that lie inside the photo and are known and allowed throughout."""
        height, width = self.hole.shape
        square = np.ones((2 * r + 1, 2 * r + 1), np.uint8)
        blocked = cv2.dilate((self.hole | self.avoid).view(np.uint8), square) > 0
        inner = slice(r, max(r, height - r)), slice(r, max(r, width - r))
        sources = np.zeros((height, width), np.bool_)
        sources[inner] = ~blocked[inner]
        return sources

    def halved(self, pause: Pause = _go_on) -> Level:
        """The same at half the size, from the known pixels only."""
        height, width = self.hole.shape
        shape = (height + 1) // 2, (width + 1) // 2
        features = np.empty((*shape, self.features.shape[2]), np.float32)
        hole, avoid = np.empty(shape, np.bool_), np.empty(shape, np.bool_)
        for top in range(0, height, _ROWS):
            rows, half = slice(top, top + _ROWS), slice(top // 2, top // 2 + _ROWS // 2)
            share = _half((~self.hole[rows]).astype(np.float32))
            part = _half(self.features[rows])
            part /= np.maximum(share, 1e-6)[..., None]
            hole[half] = share < 0.5
            part[hole[half]] = 0
            features[half] = part
            avoid[half] = _half(self.avoid[rows].astype(np.float32)) > 0.25
            pause()
        return Level(features, hole, avoid)


def emptied(image: Float, hole: Flags, pause: Pause) -> Float:
    """A copy of `image` with 0 under `hole`: what a mask hides must not show anywhere."""
    copy = np.empty(image.shape, np.float32)
    for top in range(0, len(image), _ROWS):
        rows = slice(top, top + _ROWS)
        copy[rows] = image[rows]
        copy[rows][hole[rows]] = 0
        pause()
    return copy


def finest(image: Float, hole: Flags, avoid: Flags, pause: Pause = _go_on) -> Level:
    """The level of `image`, float32 H×W×C; what lies under the hole does not show in it."""
    features = np.empty((*hole.shape, image.shape[2] + 1), np.float32)
    height, reach = len(image), _WINDOW // 2 + 2
    for top in range(0, height, _ROWS):
        rows = slice(top, top + _ROWS)
        features[rows, :, :-1] = image[rows]
        # with the rows around them, so that no strip is seen
        first, last = max(0, top - reach), min(height, top + _ROWS + reach)
        texture = _texture(image[first:last], hole[first:last])
        features[rows, :, -1] = texture[top - first :][:_ROWS]
        features[rows][hole[rows]] = 0
        pause()
    return Level(features, hole, avoid)


def _texture(image: Float, hole: Flags) -> Float:
    """The mean gradient around each pixel, of known pixels alone, times `_TEXTURE`; H×W."""
    gray = cv2.transform(image, np.full((1, image.shape[2]), 1 / image.shape[2], np.float32))
    known = cv2.erode((~hole).astype(np.float32), np.ones((3, 3), np.uint8), borderValue=1)
    slope: Float = np.abs(cv2.Sobel(gray, -1, 1, 0, scale=0.25))
    slope += np.abs(cv2.Sobel(gray, -1, 0, 1, scale=0.25))
    slope *= known
    window = (_WINDOW, _WINDOW)
    texture = np.asarray(cv2.boxFilter(slope, -1, window), np.float32)
    texture /= np.maximum(cv2.boxFilter(known, -1, window), 0.02)
    texture *= np.float32(_TEXTURE)
    return texture


def _half(values: Float) -> Float:
    height, width = values.shape[:2]
    channels = values.shape[2:]
    if height % 2 or width % 2:
        values = np.asarray(cv2.copyMakeBorder(values, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE), np.float32)
    size = ((width + 1) // 2, (height + 1) // 2)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32).reshape(
        *size[::-1], *channels
    )


class Patches:
    """The patches of radius `r` of a level: targets, whose window meets the hole, and sources, all known and allowed."""

    def __init__(self, level: Level, r: int, sources: Flags, pause: Pause = _go_on) -> None:
        """sources: those of `level` for this radius."""
        self.level, self.r, self.sources = level, r, sources
        height, width = level.hole.shape
        wanted = cv2.dilate(level.hole.view(np.uint8), np.ones((2 * r + 1, 2 * r + 1), np.uint8)) > 0
        pause()
        self.source_list = _places(self.sources, pause)
        self.targets = _places(wanted, pause)
        self.index = np.full((height, width), -1, np.int32)
        self.index[wanted] = np.arange(len(self.targets), dtype=np.int32)
        self.pixels = _places(level.hole, pause)
        self.flat_pixels = self.pixels[:, 0].astype(np.int64) * width + self.pixels[:, 1]
        self.target_bands = _bands(self.targets[:, 0])
        self.pixel_bands = _bands(self.pixels[:, 0])

    @cached_property
    def trust(self) -> Float:
        """How much each target's patch counts in a vote: less deep inside, and where the border clips it."""
        height, width = self.level.hole.shape
        r, rows, columns = self.r, self.targets[:, 0], self.targets[:, 1]
        depth = self.level.depth()[rows, columns]
        high = np.minimum(rows, r) + np.minimum(height - 1 - rows, r) + 1
        wide = np.minimum(columns, r) + np.minimum(width - 1 - columns, r) + 1
        shown = (high * wide / (2 * r + 1) ** 2) ** 2
        return np.asarray(np.maximum(np.power(np.float32(_TRUST), depth), 1e-3) * shown, np.float32)

    def random(self, generator: np.random.Generator, count: int) -> Ints:
        """`count` sources, N×2."""
        return self.source_list[generator.integers(0, len(self.source_list), count)]

    def carried(self, coarse: Patches, matches: Ints, generator: np.random.Generator) -> Ints:
        """The matches of the next coarser level for these targets; a target without one takes over its neighbour's shift."""
        height, width = self.level.hole.shape
        rows = np.minimum(self.targets[:, 0] // 2, coarse.index.shape[0] - 1)
        columns = np.minimum(self.targets[:, 1] // 2, coarse.index.shape[1] - 1)
        parent = coarse.index[rows, columns]
        carried = matches[np.maximum(parent, 0)] * 2 + (self.targets & 1)
        good = (parent >= 0) & self._allowed(carried)
        if not good.any():
            return self.random(generator, len(self.targets))
        lost = np.nonzero(~good)[0]
        if len(lost):
            far = np.ones((height, width), np.uint8)
            far[tuple(self.targets[good].T)] = 0
            _, label = cv2.distanceTransformWithLabels(far, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
            owner = np.zeros(label.max() + 1, np.int64)
            owner[label[tuple(self.targets[good].T)]] = np.nonzero(good)[0]
            near = owner[label[tuple(self.targets[lost].T)]]
            moved = carried[near] + self.targets[lost] - self.targets[near]
            bad = ~self._allowed(moved)
            moved[bad] = self.random(generator, int(bad.sum()))
            carried[lost] = moved
        return np.ascontiguousarray(carried, np.int32)

    def _allowed(self, places: Ints) -> Flags:
        inside = ((places >= 0) & (places < self.sources.shape)).all(1)
        clipped = np.clip(places, 0, np.array(self.sources.shape, np.int32) - 1)
        return np.asarray(inside & self.sources[clipped[:, 0], clipped[:, 1]])


def _places(flags: Flags, pause: Pause) -> Ints:
    """Rows and columns of what is set, N×2 in reading order, C-contiguous: the kernels are compiled for that alone."""
    found = [np.zeros((0, 2), np.int32)]
    for top in range(0, len(flags), _ROWS):
        found.append(np.argwhere(flags[top : top + _ROWS]).astype(np.int32))
        found[-1][:, 0] += top
        pause()
    return np.ascontiguousarray(np.concatenate(found))


def _bands(rows: Ints) -> list[tuple[int, int]]:
    """Ranges of list entries whose rows share a band; rows are in order."""
    if not len(rows):
        return []
    edges = np.searchsorted(rows, np.arange(0, rows[-1] + BAND + 1, BAND))
    return [(int(a), int(b)) for a, b in pairwise(edges) if b > a]
