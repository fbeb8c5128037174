"""What the scans of one box have in common: dust that lies on the scanner's glass, and dates that a camera stamped.

Specks at the same pixel of most scans of one size cannot be the scenes': they are offered in every scan where something is
seen at their place. Text in the same corner of several photos is a stamp: where none was found, that corner is looked at again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.pixels.rect import Rect
from inpaint_studio.restore.defects import Defect
from inpaint_studio.restore.parts import Part

#: A speck is in its place when it lies within this many pixels of it, and in this share of the scans (at least so many).
_NEAR, _OFTEN, _FEWEST = 4, 0.5, 3
#: Larger parts are no specks; of each scan the surest are remembered.
_LARGEST_SIDE, _REMEMBERED = 64, 400
#: Stamps are in one place when they lie within this share of the photo, in this share of the photos of a shape.
_SAME_PLACE, _STAMPED = 0.04, 0.3
#: How far from the photo's nearest corner, as a share of its sides, a stamp's middle lies at most.
_CORNER = 0.35

Size = tuple[int, int]
#: Left, top, right and bottom as shares (0..1) of the photo's width and height.
Zone = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Seen:
    """What one scan tells about the box. size: width and height. specks: x, y and side of each. stamps: where text is."""

    size: Size
    specks: tuple[tuple[int, int, int], ...] = ()
    stamps: tuple[Zone, ...] = ()

    @classmethod
    def of(cls, parts: Iterable[Part], extent: Rect) -> Self:
        """What was found in a scan, whether it would be shown or not; `extent` is its canvas, from 0, 0."""
        small = [p for p in parts if p.defect is Defect.DUST and max(p.rect.width, p.rect.height) <= _LARGEST_SIDE]
        small = sorted(small, key=lambda part: -part.confidence)[:_REMEMBERED]
        specks = [(*_middle(p.rect), max(p.rect.width, p.rect.height)) for p in small]
        text = _rows([part.rect for part in parts if part.defect is Defect.TEXT])
        zones = [_zone(rect, extent) for rect in text]
        return cls((extent.width, extent.height), tuple(specks), tuple(zone for zone in zones if _in_a_corner(zone)))

    def to_json(self) -> dict[str, Any]:
        return {"size": self.size, "specks": self.specks, "stamps": self.stamps}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """What `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        width, height = (int(side) for side in data["size"])
        specks = tuple((int(x), int(y), int(side)) for x, y, side in data["specks"])
        stamps = tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in data["stamps"])
        return cls((width, height), specks, stamps)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of scans of one size: x, y and side of specks on the glass, and the zones of stamps."""

    specks: tuple[tuple[int, int, int], ...] = ()
    zones: tuple[Zone, ...] = ()

    def covers(self, other: Known) -> bool:
        """Whether it holds everything that `other` does, each within its tolerance."""
        places = [(x, y) for x, y, _ in self.specks]
        return all(any(_near((x, y), place) for place in places) for x, y, _ in other.specks) and all(
            any(_same(zone, own) for own in self.zones) for zone in other.zones
        )

    def to_json(self) -> dict[str, Any]:
        return {"specks": self.specks, "zones": self.zones}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """What `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        seen = Seen.from_json({"size": (0, 0), "specks": data["specks"], "stamps": data["zones"]})
        return cls(seen.specks, seen.stamps)


@dataclass
class Album:
    """What the scans that were seen so far have in common."""

    seen: dict[str, Seen] = field(default_factory=dict)
    _known: dict[Size, Known] = field(default_factory=dict)

    def add(self, name: str, seen: Seen) -> None:
        """Remember the scan `name`."""
        self.seen[name] = seen
        self._known.clear()

    def known(self, size: Size) -> Known:
        """What is known of scans of `size` (width and height)."""
        if size not in self._known:
            alike = [seen for seen in self.seen.values() if seen.size == size]
            wide = [seen for seen in self.seen.values() if (seen.size[0] >= seen.size[1]) == (size[0] >= size[1])]
            self._known[size] = Known(_fixed(alike), _zones(wide))
        return self._known[size]

    def sizes(self) -> set[Size]:
        """The sizes of the scans that were seen."""
        return {seen.size for seen in self.seen.values()}


def _fixed(scans: list[Seen]) -> tuple[tuple[int, int, int], ...]:
    """The specks that lie at one place in most scans; their side is the median."""
    needed = max(_FEWEST, ceil(_OFTEN * len(scans)))
    if len(scans) < needed:
        return ()
    rows = [(x, y, side, number) for number, seen in enumerate(scans) for x, y, side in seen.specks]
    if not rows:
        return ()
    table = np.array(rows, np.int64)
    cells: dict[tuple[int, int], list[int]] = defaultdict(list)
    for index, cell in enumerate(map(tuple, (table[:, :2] // _NEAR).tolist())):
        cells[cell].append(index)
    found: list[tuple[int, int, int]] = []
    # places with many marks first: what lies beside them belongs to them
    for (cx, cy), own in sorted(cells.items(), key=lambda item: -len(item[1])):
        if len(own) * 9 < needed:
            break
        around = [i for dx in (-1, 0, 1) for dy in (-1, 0, 1) for i in cells.get((cx + dx, cy + dy), ())]
        if len(around) < needed:
            continue
        middle = np.median(table[own, :2], axis=0)
        near = table[around][np.abs(table[around, :2] - middle).max(1) <= _NEAR]
        if len(np.unique(near[:, 3])) < needed:
            continue
        x, y, side = (int(value) for value in np.median(near[:, :3], axis=0))
        if not any(_near((x, y), (other[0], other[1])) for other in found):
            found.append((x, y, side))
    return tuple(sorted(found, key=lambda speck: (speck[1], speck[0])))


def _zones(photos: list[Seen]) -> tuple[Zone, ...]:
    """The corners in which several photos have text at the same place."""
    needed = max(_FEWEST, ceil(_STAMPED * len(photos)))
    owners = np.array([number for number, seen in enumerate(photos) for _ in seen.stamps], np.int64)
    sides = np.array([zone for seen in photos for zone in seen.stamps], np.float64).reshape(-1, 4)
    found: list[Zone] = []
    while len(owners):
        middles = (sides[:, :2] + sides[:, 2:]) / 2
        near = np.abs(middles[:, None] - middles[None]).max(2) <= _SAME_PLACE
        best = near[int(near.sum(1).argmax())]
        if len(np.unique(owners[best])) < needed:
            break
        left, top = sides[best, :2].min(0).tolist()
        right, bottom = sides[best, 2:].max(0).tolist()
        found.append((left, top, right, bottom))
        owners, sides = owners[~best], sides[~best]
    return tuple(found)


def zone_rect(zone: Zone, extent: Rect) -> Rect:
    """The zone in pixels of a photo, with as much around it as a stamp may be moved or be longer."""
    sides = (extent.width, extent.height, extent.width, extent.height)
    left, top, right, bottom = (share * side for share, side in zip(zone, sides, strict=True))
    across, down = 0.35 * (right - left) + 8, 0.8 * (bottom - top) + 8
    whole = Rect(int(left - across), int(top - down), ceil(right + across), ceil(bottom + down))
    return whole.clipped(extent)


def is_at(part: Part, speck: tuple[int, int, int]) -> bool:
    """Whether a part is the speck that is known at a place."""
    small = max(part.rect.width, part.rect.height) <= max(2 * speck[2] + 2, 8)
    return part.defect is Defect.DUST and small and _near(_middle(part.rect), (speck[0], speck[1]))


def visible(gray: NDArray[np.float32], side: int) -> NDArray[np.bool_] | None:
    """The pixels of a speck in the middle of a small picture H×W (0..1) of its place; None where nothing is seen there.

    side: the speck's, in pixels. What departs from a plane through the ring around it by more than its noise is the speck.
    """
    height, width = gray.shape
    yy, xx = np.mgrid[:height, :width]
    away = np.hypot(yy - (height - 1) / 2, xx - (width - 1) / 2)
    inside, ring = away <= side / 2 + 1.5, away > side / 2 + 3
    if not inside.any() or ring.sum() < 8:
        return None
    slope = np.stack([np.ones(gray.shape), yy - height / 2, xx - width / 2], 2)
    plane, *_ = np.linalg.lstsq(slope[ring], gray[ring], rcond=None)
    rest = gray - slope @ plane
    rest -= np.median(rest[ring])
    noise = 1.4826 * float(np.median(np.abs(rest[ring])))
    departs = np.abs(rest) > max(0.02, 4 * noise)
    mask = departs & inside
    if mask.sum() < 2 or departs[ring].mean() > 0.1:
        return None
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0, np.bool_)


def _rows(letters: list[Rect]) -> list[Rect]:
    """Letters joined to the lines of text that they stand in."""
    lines: list[Rect] = []
    for rect in sorted(letters, key=lambda one: one.left):
        reach = max(4, round(1.5 * rect.height))
        for place, line in enumerate(lines):
            if not line.grown(reach).clipped(rect).empty and min(line.bottom, rect.bottom) > max(line.top, rect.top):
                lines[place] = Rect(
                    min(line.left, rect.left), min(line.top, rect.top), max(line.right, rect.right),
                    max(line.bottom, rect.bottom),
                )  # fmt: skip
                break
        else:
            lines.append(rect)
    return lines


def _zone(rect: Rect, extent: Rect) -> Zone:
    width, height = max(1, extent.width), max(1, extent.height)
    return (
        round(rect.left / width, 4), round(rect.top / height, 4), round(rect.right / width, 4), round(rect.bottom / height, 4)
    )  # fmt: skip


def _in_a_corner(zone: Zone) -> bool:
    x, y = (zone[0] + zone[2]) / 2, (zone[1] + zone[3]) / 2
    return min(x, 1 - x) <= _CORNER and min(y, 1 - y) <= _CORNER


def _same(one: Zone, other: Zone) -> bool:
    middles = [np.array([(z[0] + z[2]) / 2, (z[1] + z[3]) / 2]) for z in (one, other)]
    return bool(np.abs(middles[0] - middles[1]).max() <= _SAME_PLACE)


def _middle(rect: Rect) -> tuple[int, int]:
    return (rect.left + rect.right) // 2, (rect.top + rect.bottom) // 2


def _near(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return max(abs(one[0] - other[0]), abs(one[1] - other[1])) <= _NEAR
