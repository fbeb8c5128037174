"""The sizes at which a network sees a crop: first at its native size, then again, in tiles, at the crop's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from inpaint_studio.engines.contract import Float
from inpaint_studio.pixels.rect import Rect

#: Up to this much from its native size a network draws as well as at it, and one picture, not several.
_SLACK = 1.1


def native_size(height: int, width: int, native: int, multiple: int) -> tuple[int, int]:
    """The size (height, width) for a first look at a crop: of about `native`² pixels and the crop's shape.

    A crop within a tenth of it keeps its own size; a smaller one is enlarged. Sides are multiples of `multiple`, so that
    the shape may change by less than one of them.
    """
    scale = native / float(np.sqrt(height * width))
    if 1 / _SLACK <= scale <= _SLACK and height % multiple == width % multiple == 0:
        return height, width
    sides = (max(multiple, round(side * scale / multiple) * multiple) for side in (height, width))
    return next(sides), next(sides)


def scaled(image: Float, size: tuple[int, int]) -> Float:
    """`image` (float32 H×W×C in 0..1) at `size` (height, width), smooth when enlarged, averaged when reduced."""
    if image.shape[:2] == size:
        return image
    reduced = size[0] * size[1] < image.shape[0] * image.shape[1]
    made = cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA if reduced else cv2.INTER_CUBIC)
    return np.asarray(np.clip(made.reshape(*size, image.shape[2]), 0, 1), np.float32)


def scaled_mask(mask: Float, size: tuple[int, int]) -> Float:
    """`mask` (float32 H×W in 0..1) at `size`; every pixel that touches the mask is in it, with the mean of what it touches."""
    if mask.shape == size:
        return mask
    reduced = size[0] * size[1] < mask.shape[0] * mask.shape[1]
    how = cv2.INTER_AREA if reduced else cv2.INTER_LINEAR
    share = np.asarray(cv2.resize((mask > 0).astype(np.float32), size[::-1], interpolation=how), np.float32)
    amount = np.asarray(cv2.resize(mask, size[::-1], interpolation=how), np.float32)
    return np.asarray(np.where(share > 0, np.clip(amount / np.maximum(share, 1e-6), 1 / 255, 1), 0), np.float32)


def padded(image: Float, mask: Float, multiple: int, least: int = 0) -> tuple[Float, Float]:
    """Both with rows and columns mirrored at the end until their sides are multiples of `multiple` and at least `least`.

    The mask is 0 there.
    """
    more = [max(least - side, -side % multiple) for side in mask.shape]
    if not any(more):
        return image, mask
    room = (0, more[0]), (0, more[1])
    return np.pad(image, (*room, (0, 0)), mode="symmetric"), np.pad(mask, room)


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of a crop. weight: float32 H×W of `rect`, how much it counts where tiles overlap, above 0 everywhere."""

    rect: Rect
    weight: Float


def tiles(height: int, width: int, side: int, overlap: int, multiple: int) -> tuple[Tile, ...]:
    """Tiles of at most `side` pixels that cover a crop and overlap by at least `overlap`; their weights fall to the rim.

    Sides are multiples of `multiple` when `height`, `width` and `side` are.
    """
    return tuple(
        Tile(Rect(left, top, left + wide, top + high), _weight(high, wide, overlap))
        for top, high in _spans(height, side, overlap, multiple)
        for left, wide in _spans(width, side, overlap, multiple)
    )


def _spans(length: int, side: int, overlap: int, multiple: int) -> Iterator[tuple[int, int]]:
    """Start and length of evenly spread pieces of `length`."""
    if length <= side:
        yield 0, length
        return
    count = -(-(length - overlap) // (side - overlap))
    for index in range(count):
        yield round(index * (length - side) / (count - 1) / multiple) * multiple, side


def _weight(height: int, width: int, overlap: int) -> Float:
    def ramp(length: int) -> Float:
        distance = np.minimum(np.arange(length), np.arange(length)[::-1]).astype(np.float32)
        return np.minimum(1, (distance + 1) / max(1, overlap))

    return np.asarray(np.minimum.outer(ramp(height), ramp(width)), np.float32)
