"""From probabilities to parts: what hangs together, in bands of rows, so that a large photo takes little memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.restore.defects import Defect

_BAND = 1024


@dataclass(frozen=True, slots=True)
class Part:
    """One 8-connected part of a class's plane, at the lowest threshold.

    seed: x and y of its first pixel. confidence: its highest probability, 0..1.
    """

    defect: Defect
    rect: Rect
    seed: tuple[int, int]
    pixels: int
    confidence: float

    def pixels_in(self, found: NDArray[np.bool_], area: Rect) -> NDArray[np.bool_]:
        """Which pixels of `area`, H×W, are the part's own; found: all that belong to parts of its class there."""
        _, labels = cv2.connectedComponents(found.view(np.uint8), connectivity=8)
        x, y = self.seed
        return np.asarray(labels == labels[y - area.top, x - area.left], np.bool_)

    def to_json(self) -> list[object]:
        """[class, left, top, right, bottom, seed x, seed y, pixels, confidence in percent]."""
        r = self.rect
        return [
            self.defect.value,
            r.left,
            r.top,
            r.right,
            r.bottom,
            *self.seed,
            self.pixels,
            round(self.confidence * 100),
        ]

    @classmethod
    def from_json(cls, data: list[object]) -> Part:
        """What `to_json` wrote. Raises ValueError or TypeError for anything else."""
        name, *numbers = data
        if not isinstance(name, str):
            raise TypeError(name)
        left, top, right, bottom, x, y, pixels, percent = (int(n) for n in numbers if isinstance(n, int))
        return cls(Defect(name), Rect(left, top, right, bottom), (x, y), pixels, percent / 100)


class StoredParts(Sequence[Part]):
    """The parts that `Part.to_json` wrote, each made when it is asked for: a review of thousands looks at few of them.

    classes: for each the place of its class in `Defect`; sizes: pixels; confidences: 0..1;
    rects and seeds: N×4 and N×2. Raises ValueError or TypeError
    for anything else.
    """

    def __init__(self, rows: list[list[Any]]) -> None:
        self._rows = rows
        order = {defect.value: place for place, defect in enumerate(Defect)}
        numbers = np.array([row[1:] for row in rows]).reshape(len(rows), -1 if rows else 8)
        if numbers.shape[1] != 8 or (rows and numbers.dtype.kind not in "iu"):
            raise ValueError("these are no parts")
        try:
            self.classes = np.array([order[row[0]] for row in rows], np.uint8)
        except KeyError as error:
            raise ValueError(f"{error} is no class") from error
        self.sizes = numbers[:, 6].astype(np.int64)
        self.confidences = numbers[:, 7] / 100
        #: Left, top, right and bottom; x and y of the first pixel.
        self.rects, self.seeds = numbers[:, :4].astype(np.int64), numbers[:, 4:6].astype(np.int64)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Part: ...
    @overload
    def __getitem__(self, index: slice) -> list[Part]: ...
    def __getitem__(self, index: int | slice) -> Part | list[Part]:
        if isinstance(index, slice):
            return [Part.from_json(row) for row in self._rows[index]]
        return Part.from_json(self._rows[index])


def find_parts(plane: TiledImage, defect: Defect, lowest: float) -> list[Part]:
    """The parts of `plane` (8-bit probability) where it is at least `lowest` (0..1), in reading order of their seeds."""
    covered, level = plane.covered, max(1, round(lowest * 255))
    tables: list[NDArray[np.int64]] = []
    joined = _Joined()
    above: NDArray[np.int64] | None = None
    for top in range(covered.top, covered.bottom, _BAND):
        band = Rect(covered.left, top, covered.right, min(top + _BAND, covered.bottom))
        values = plane.read(band)[..., 0]
        table, labels = _label_band(values, level, band)
        first = joined.take(len(table))
        named = np.where(labels > 0, labels + (first - 1), -1) if len(table) else None
        if named is not None:
            if above is not None:
                joined.join(above, named[0])
            tables.append(table)
        above = named[-1].astype(np.int64) if named is not None else None
    if not tables:
        return []
    return _merged(np.concatenate(tables), joined.roots(), defect)


def _label_band(values: NDArray[np.uint8], level: int, band: Rect) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """For each part in the band: left, top, right, bottom, seed y, seed x, pixels, highest value; and the labels."""
    mask = values >= level
    if not mask.any():
        return np.zeros((0, 8), np.int64), np.zeros((0, 0), np.int32)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    rows, columns = np.nonzero(mask)
    own = np.asarray(labels[rows, columns], np.int32)
    highest = np.zeros(count, np.uint8)
    np.maximum.at(highest, own, values[rows, columns])
    _, first = np.unique(own, return_index=True)
    table = np.empty((count - 1, 8), np.int64)
    left, top = stats[1:, 0] + band.left, stats[1:, 1] + band.top
    table[:, 0], table[:, 1], table[:, 2], table[:, 3] = left, top, left + stats[1:, 2], top + stats[1:, 3]
    table[:, 4], table[:, 5] = rows[first] + band.top, columns[first] + band.left
    table[:, 6], table[:, 7] = stats[1:, 4], highest[1:]
    return table, np.asarray(labels, np.int32)


def labelled(plane: TiledImage, lowest: int) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """Every pixel of `plane` that is at least `lowest` (1..255): x, y, and the seed of its part as y · width + x.

    width: the plane's extent's. In bands, as `find_parts`.
    """
    covered, width = plane.covered, plane.extent.right
    xs: list[NDArray[np.int32]] = []
    ys: list[NDArray[np.int32]] = []
    numbers: list[NDArray[np.int64]] = []
    seeds: list[NDArray[np.int64]] = []
    joined, above = _Joined(), None
    for top in range(covered.top, covered.bottom, _BAND):
        band = Rect(covered.left, top, covered.right, min(top + _BAND, covered.bottom))
        mask = plane.read(band)[..., 0] >= lowest
        if not mask.any():
            above = None
            continue
        count, labels = cv2.connectedComponents(mask.view(np.uint8), connectivity=8)
        first = joined.take(count - 1)
        rows, columns = np.nonzero(mask)
        own = labels[rows, columns] - 1
        if above is not None:
            joined.join(above, np.where(labels[0] > 0, labels[0].astype(np.int64) + (first - 1), -1))
        above = np.where(labels[-1] > 0, labels[-1].astype(np.int64) + (first - 1), -1)
        xs.append(np.asarray(columns + band.left, np.int32))
        ys.append(np.asarray(rows + band.top, np.int32))
        numbers.append(own.astype(np.int64) + first)
        _, begin = np.unique(own, return_index=True)
        seeds.append((rows[begin] + band.top).astype(np.int64) * width + columns[begin] + band.left)
    if not xs:
        nothing = np.zeros(0, np.int32)
        return nothing, nothing, np.zeros(0, np.int64)
    roots, all_seeds = joined.roots(), np.concatenate(seeds)
    earliest = np.full(len(roots), np.iinfo(np.int64).max)
    np.minimum.at(earliest, roots, all_seeds)
    return np.concatenate(xs), np.concatenate(ys), earliest[roots][np.concatenate(numbers)]


class _Joined:
    """Union–find over the parts of all bands."""

    def __init__(self) -> None:
        self._parents: list[int] = []

    def take(self, count: int) -> int:
        """Numbers for `count` new parts; the first of them."""
        first = len(self._parents)
        self._parents.extend(range(first, first + count))
        return first

    def join(self, above: NDArray[np.int64], below: NDArray[np.int64]) -> None:
        """Join parts that touch, also diagonally, across the border of two bands; -1 is outside."""
        width = len(above)
        for shift in (-1, 0, 1):
            upper = above[max(0, shift) : width + min(0, shift)]
            lower = below[max(0, -shift) : width + min(0, -shift)]
            touching = (upper >= 0) & (lower >= 0)
            for one, other in np.unique(np.stack([upper[touching], lower[touching]], 1), axis=0).tolist():
                self._parents[self._root(one)] = self._root(other)

    def roots(self) -> NDArray[np.int64]:
        """For each part the number of the whole it belongs to."""
        return np.array([self._root(number) for number in range(len(self._parents))], np.int64)

    def _root(self, number: int) -> int:
        while self._parents[number] != number:
            self._parents[number] = self._parents[self._parents[number]]
            number = self._parents[number]
        return number


def _merged(table: NDArray[np.int64], roots: NDArray[np.int64], defect: Defect) -> list[Part]:
    _, own = np.unique(roots, return_inverse=True)
    count = int(own.max()) + 1
    result = np.zeros((count, 8), np.int64)
    result[:, :2], result[:, 4] = np.iinfo(np.int64).max, np.iinfo(np.int64).max
    for column, gather in (
        (0, np.minimum),
        (1, np.minimum),
        (2, np.maximum),
        (3, np.maximum),
        (6, np.add),
        (7, np.maximum),
    ):
        gather.at(result[:, column], own, table[:, column])
    order = np.lexsort((table[:, 5], table[:, 4]))[::-1]
    result[own[order], 4], result[own[order], 5] = table[order, 4], table[order, 5]  # the first in reading order stays
    result = result[np.lexsort((result[:, 5], result[:, 4]))]
    return [
        Part(defect, Rect(left, top, right, bottom), (x, y), pixels, value / 255)
        for left, top, right, bottom, y, x, pixels, value in result.tolist()
    ]
