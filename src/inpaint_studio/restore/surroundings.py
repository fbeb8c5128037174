"""How a mark stands out from what lies around it: on plain ground a speck is dust, among leaves it may be anything."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.pixels.masks import Hole
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.restore.unseen import Mark

#: The ring around a mark that is looked at: beyond its soft rim, and near enough to be what it lies on. Pixels.
_RIM, REACH = 3, 10
#: So many pixels of a ring are enough to leave out what else is marked there.
_ENOUGH = 20
#: A large mark is judged by what lies within so many pixels of its first one.
_WIDEST = 512
#: The share of the tones around a mark that may be darker, or lighter, than those it has to stand out from.
_ODD = 0.02
_SMALLEST = 0.08  # variance (pixels²) within a single pixel: a speck is as long as it is wide

Plane = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class View:
    """A piece of a photo, H×W. gray: 0..1. hue: H×W×2, both axes of Lab's colours, -1..1. edges: how much tones change around.

    found: uint8 H×W×4, what the network saw; 0 where no class reaches its lowest threshold.
    """

    gray: Plane
    hue: Plane
    edges: Plane
    found: NDArray[np.uint8]

    @classmethod
    def of(cls, rgb: Plane, found: NDArray[np.uint8]) -> View:
        """rgb: float32 H×W×3 in 0..1."""
        gray = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.float32)
        hue = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)[..., 1:] / np.float32(128), np.float32)
        return cls(gray, hue, np.asarray(cv2.morphologyEx(gray, cv2.MORPH_GRADIENT, _square(1)), np.float32), found)

    def part(self, slices: tuple[slice, slice]) -> View:
        """The same of a piece of it."""
        return View(self.gray[slices], self.hue[slices], self.edges[slices], self.found[slices])


def mark_of(view: View, own: Hole, channel: int, rect: Rect, pixels: int, extent: Rect) -> Mark:
    """What is known of a mark. own: H×W, which pixels of `view` are its own; it may be a piece of a large one.

    channel: its class in `NETWORK`; rect, pixels: of all of it; extent: of the photo.
    """
    values = view.found[own].astype(np.float32) / 255
    others = np.delete(values.mean(0), channel)
    values = values[:, channel]
    ring = _ring(own, np.asarray(view.found.any(2), np.bool_))
    tones, tone, edge = view.gray[ring], view.gray[own], view.edges[_outline(own)]
    if not tones.size:
        tones = tone
    mean = float(tone.mean())
    low, high = (float(value) for value in np.quantile(tones, [_ODD, 1 - _ODD]))
    hue = np.abs(view.hue[own].mean(0) - view.hue[ring].mean(0)).sum() if ring.any() else 0.0
    return Mark(
        channel=channel, y=((rect.top + rect.bottom) / 2 - extent.top) / extent.height,
        x=((rect.left + rect.right) / 2 - extent.left) / extent.width, pixels=pixels, wide=rect.width, high=rect.height,
        certainty=float(values.mean()), surest=float(values.max()), least=float(np.quantile(values, 0.25)),
        other=float(others.max()), elongation=_elongation(own), contrast=mean - float(tones.mean()),
        texture=float(tones.std()), beyond=max(mean - high, low - mean), spread=float(tone.std()), colour=float(hue),
        edge=float(edge.mean()) if edge.size else 0.0,
    )  # fmt: skip


def around(rect: Rect, seed: tuple[int, int], extent: Rect) -> Rect:
    """What has to be read of the photo to know the surroundings of a mark in `rect`, whose first pixel is `seed` (x, y)."""
    x, y = seed
    near = Rect(x - _WIDEST, y - _WIDEST, x + _WIDEST + 1, y + _WIDEST + 1)
    return rect.grown(REACH).clipped(near).clipped(extent)


def _ring(own: Hole, marked: Hole) -> Hole:
    """What lies around a mark; without what else is marked there, where enough is left."""
    mask = own.view(np.uint8)
    ring = cv2.dilate(mask, _disc(REACH)) > cv2.dilate(mask, _disc(_RIM))
    free = ring & (cv2.dilate(marked.view(np.uint8), _disc(1)) == 0)
    return np.asarray(free if np.count_nonzero(free) >= _ENOUGH else ring, np.bool_)


def _outline(own: Hole) -> Hole:
    mask = own.view(np.uint8)
    return np.asarray(cv2.dilate(mask, _disc(1)) > cv2.erode(mask, _disc(1)), np.bool_)


def _elongation(own: Hole) -> float:
    """The ratio of the variances of where its pixels are, along and across; from 1 on."""
    ys, xs = np.nonzero(own)
    if len(ys) < 3:
        return 1.0
    across, along = np.linalg.eigvalsh(np.cov(np.stack([ys, xs])) + np.eye(2) * _SMALLEST)
    return float(along / across)


def _disc(radius: int) -> NDArray[np.uint8]:
    side = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _square(radius: int) -> NDArray[np.uint8]:
    return np.ones((2 * radius + 1,) * 2, np.uint8)
