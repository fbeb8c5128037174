"""The untouched proof: a written file is read back and compared with the original, pixel by pixel at the file's depth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from inpaint_studio.errors import StudioError
from inpaint_studio.pixels.format import Samples
from inpaint_studio.pixels.masks import Hole
from inpaint_studio.pixels.rect import Rect

#: Rows compared at a time, so that a large photo needs little memory beside itself.
_BAND = 256

#: Reads a mask in a rectangle of the photo: H×W, True where it selects.
ReadMask = Callable[[Rect], Hole]


@dataclass(frozen=True, slots=True)
class Proof:
    """What differs between the original and the file that was written, in pixels.

    filled: pixels of the effective mask. changed_outside: pixels outside the effective mask that differ.
    changed_outside_mask: pixels outside the user's own mask that differ; growing and feathering may rightly change some.
    lossless: whether the file's family stores pixels exactly; only then must changed_outside be 0.
    """

    filled: int
    changed_outside: int
    changed_outside_mask: int
    lossless: bool

    @property
    def holds(self) -> bool:
        """Whether the file may be called done."""
        return self.changed_outside == 0 or not self.lossless


def prove(original: Samples, written: Samples, effective: ReadMask, user: ReadMask, *, lossless: bool) -> Proof:
    """Compare `original` with `written`, both H×W×C of one format as shown.

    Raises StudioError when they can't be compared, because the written file has another size or format.
    """
    if original.shape != written.shape or original.dtype != written.dtype:
        raise StudioError(
            f"The written file holds {written.shape} {written.dtype} instead of {original.shape} {original.dtype}.",
            "Nothing was kept; please report this.",
        )
    height, width = original.shape[:2]
    filled = outside = outside_user = 0
    for top in range(0, height, _BAND):
        rect = Rect(0, top, width, min(top + _BAND, height))
        differs = (original[rect.slices] != written[rect.slices]).any(2)
        inside = effective(rect)
        filled += int(inside.sum())
        outside += int((differs & ~inside).sum())
        outside_user += int((differs & ~user(rect)).sum())
    return Proof(filled, outside, outside_user, lossless)
