"""Integer rectangles in photo coordinates: x to the right, y down, the photo's top-left pixel at (0, 0)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Rect:
    """The pixels with left <= x < right and top <= y < bottom; empty when it has no width or no height."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def of_size(cls, width: int, height: int) -> Rect:
        """The rectangle of a raster whose first pixel is (0, 0)."""
        return cls(0, 0, width, height)

    @classmethod
    def around(cls, mask: NDArray[np.bool_]) -> Rect:
        """The smallest rectangle that holds every True pixel of `mask` (H×W); empty when there is none."""
        rows = np.flatnonzero(mask.any(1))
        if rows.size == 0:
            return cls(0, 0, 0, 0)
        columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(0))
        return cls(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)

    @classmethod
    def union_of(cls, rects: Iterable[Rect]) -> Rect:
        """The smallest rectangle that holds all of `rects`; empty for none."""
        filled = [rect for rect in rects if not rect.empty]
        if not filled:
            return cls(0, 0, 0, 0)
        return cls(
            min(rect.left for rect in filled),
            min(rect.top for rect in filled),
            max(rect.right for rect in filled),
            max(rect.bottom for rect in filled),
        )

    @property
    def width(self) -> int:
        return max(0, self.right - self.left)

    @property
    def height(self) -> int:
        return max(0, self.bottom - self.top)

    @property
    def area(self) -> int:
        return self.width * self.height

    @property
    def empty(self) -> bool:
        return self.right <= self.left or self.bottom <= self.top

    @property
    def slices(self) -> tuple[slice, slice]:
        """Row and column slices into an array whose first pixel is (0, 0)."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def moved(self, dx: int, dy: int) -> Rect:
        return Rect(self.left + dx, self.top + dy, self.right + dx, self.bottom + dy)

    def within(self, outer: Rect) -> Rect:
        """This rectangle in coordinates whose origin is `outer`'s top-left pixel."""
        return self.moved(-outer.left, -outer.top)

    def grown(self, margin: int) -> Rect:
        return Rect(self.left - margin, self.top - margin, self.right + margin, self.bottom + margin)

    def clipped(self, bounds: Rect) -> Rect:
        """The part inside `bounds`; empty when they do not meet."""
        return Rect(
            max(self.left, bounds.left),
            max(self.top, bounds.top),
            min(self.right, bounds.right),
            min(self.bottom, bounds.bottom),
        )

    def united(self, other: Rect) -> Rect:
        """The smallest rectangle that holds both; `union_of` in less time."""
        if self.empty or other.empty:
            return other if self.empty else self
        return Rect(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def without(self, hole: Rect) -> list[Rect]:
        """What `hole` leaves of it, in up to four pieces."""
        inner = hole.clipped(self)
        if inner.empty:
            return [] if self.empty else [self]
        pieces = (
            Rect(self.left, self.top, self.right, inner.top),
            Rect(self.left, inner.bottom, self.right, self.bottom),
            Rect(self.left, inner.top, inner.left, inner.bottom),
            Rect(inner.right, inner.top, self.right, inner.bottom),
        )
        return [piece for piece in pieces if not piece.empty]

    def contains(self, other: Rect) -> bool:
        return other.empty or (
            self.left <= other.left
            and self.top <= other.top
            and other.right <= self.right
            and other.bottom <= self.bottom
        )
