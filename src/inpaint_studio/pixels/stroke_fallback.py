"""The functions of the compiled kernels in numpy: slower, but here at once. See there for what each does."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Pixels = NDArray[np.uint32]
Box = tuple[int, int, int, int]
Reals = NDArray[np.float32]

Seen = NDArray[np.uint64]

#: Below this radius a hard edge is sampled 16×16 within a pixel: the distance alone is too coarse for so strong a curve.
FINE_RADIUS = 6.0


def capsule(
    tile: Bytes, seen: Seen, left: int, top: int,
    x0: float, y0: float, x1: float, y1: float, r0: float, r1: float, a0: float, a1: float, hardness: float,
    joined: bool,  # noqa: FBT001  called as the compiled one is, which saves work by it
) -> Box:  # fmt: skip
    """Max-blend the way of a disc into `tile`; the box that may have changed."""
    height, width = tile.shape
    widest = max(r0, r1)
    hard = (1 - hardness) * widest <= 1
    if hard and math.hypot(x1 - x0, y1 - y0) <= abs(r1 - r0):
        if r1 > r0:
            x0, y0, r0, a0 = x1, y1, r1, a1
        x1, y1, r1, a1 = x0, y0, r0, a0
    reach = max(widest, 1.0) + 1
    begin = max(0, math.floor(min(x0, x1) - reach) - left)
    end = min(width, math.ceil(max(x0, x1) + reach) + 1 - left)
    first = max(0, math.floor(min(y0, y1) - reach) - top)
    last = min(height, math.ceil(max(y0, y1) + reach) + 1 - top)
    if end <= begin or last <= first:
        return width, height, 0, 0
    px = (np.arange(begin, end) + (left + 0.5 - x0)).astype(np.float32)[None, :]
    py = (np.arange(first, last) + (top + 0.5 - y0)).astype(np.float32)[:, None]
    way = _Way(x1 - x0, y1 - y0, r0, r1 - r0)
    part = tile[first:last, begin:end]
    inside, t = way.hard(px, py) if hard else way.soft(px, py, hardness)
    amount = np.float32(255) * (np.float32(a0) + t * np.float32(a1 - a0))
    covered = inside * amount
    if hard and widest < FINE_RADIUS:
        covered = _united(part, seen[first:last, begin:end], way.samples(px, py), amount)
    values = (covered + np.float32(0.5)).astype(np.uint8)
    rows = np.flatnonzero((values > part).any(1))
    if rows.size == 0:
        return width, height, 0, 0
    np.maximum(part, values, out=part)
    return begin, first + int(rows[0]), end, first + int(rows[-1]) + 1


def _united(part: Bytes, seen: Seen, hits: Seen, amount: Reals) -> Reals:
    """Coverage (0..255) once the samples `hits` have joined those that the stroke has `seen`, which takes them in."""
    fresh = _share(hits & ~seen)
    seen |= hits
    return np.asarray(
        np.maximum(_share(hits) * amount, np.minimum(_share(seen) * amount, part + fresh * amount)), np.float32
    )


def _share(bits: Seen) -> Reals:
    return np.asarray(np.bitwise_count(bits).sum(-1, dtype=np.float32) / np.float32(256), np.float32)


class _Way:
    """The way of a disc: by (dx, dy), its radius from r0 by dr; points are given from its start."""

    def __init__(self, dx: float, dy: float, r0: float, dr: float) -> None:
        self.dx, self.dy, self.r0, self.dr = (np.float32(value) for value in (dx, dy, r0, dr))
        self.length2 = dx * dx + dy * dy
        self.per_length2 = np.float32(1 / self.length2 if self.length2 > 0 else 0)

    def hard(self, px: Reals, py: Reals) -> tuple[Reals, Reals]:
        """Coverage 0..1 with an edge one pixel wide, and where on the way (0..1) the covering disc is."""
        depth, t = self._depth(px, py)
        return np.clip(depth + np.float32(0.5), 0, 1), t

    def samples(self, px: Reals, py: Reals) -> Seen:
        """Which of the 16×16 samples in each pixel are covered, a bit each in four words a pixel."""
        depth, _ = self._depth(px, py)
        bits = np.zeros((*depth.shape, 4), np.uint64)
        bits[depth >= np.float32(0.75)] = ~np.uint64(0)
        rows, columns = np.nonzero(np.abs(depth) < np.float32(0.75))
        edge = np.zeros((rows.size, 4), np.uint64)
        for number in range(256):
            sx, sy = ((np.float32(part) - np.float32(7.5)) / 16 for part in (number % 16, number // 16))
            hit = self._depth(px[0, columns] + sx, py[rows, 0] + sy)[0] >= 0
            edge[:, number // 64] |= hit.astype(np.uint64) << np.uint64(number % 64)
        bits[rows, columns] = edge
        return bits

    def _depth(self, px: Reals, py: Reals) -> tuple[Reals, Reals]:
        tilt = np.float32(0)
        if self.dr:
            tilt = np.float32(self.dr / (self.length2 * math.sqrt(self.length2 - float(self.dr) ** 2)))
        foot = (px * self.dx + py * self.dy) * self.per_length2
        t = np.asarray(np.clip(foot + np.abs(px * self.dy - py * self.dx) * tilt, 0, 1), np.float32)
        return np.asarray(self.r0 + t * self.dr - self._distance(px, py, t), np.float32), t

    def soft(self, px: Reals, py: Reals, hardness: float) -> tuple[Reals, Reals]:
        """Coverage 0..1 that falls off from the core to the rim, and where on the way the covering disc is."""
        across = px * self.dy - py * self.dx
        foot = (px * self.dx + py * self.dy) * self.per_length2
        lean = self.dr * across * across * self.per_length2 * self.per_length2
        t = np.clip(foot + lean / np.maximum(self.r0 + foot * self.dr, np.float32(1e-3)), 0, 1)
        radius = np.maximum(self.r0 + t * self.dr, np.float32(1))
        u = np.clip((1 - self._distance(px, py, t) / radius) * np.float32(1 / (1 - hardness)), 0, 1)
        return np.asarray(u * u * (3 - 2 * u), np.float32), t

    def _distance(self, px: Reals, py: Reals, t: Reals) -> Reals:
        return np.asarray(np.hypot(px - t * self.dx, py - t * self.dy), np.float32)


def over(before: Bytes, stroke: Bytes, out: Bytes, opacity: int, left: int, top: int, right: int, bottom: int) -> None:
    """out = before with the stroke laid over; opacity 0..255."""
    part = np.s_[top:bottom, left:right]
    old = before[part].astype(np.uint32)
    out[part] = old + _scaled(255 - old, _scaled(stroke[part].astype(np.uint32), opacity))


def erase(before: Bytes, stroke: Bytes, out: Bytes, opacity: int, left: int, top: int, right: int, bottom: int) -> None:
    """out = before with the stroke taken away; opacity 0..255."""
    part = np.s_[top:bottom, left:right]
    out[part] = _scaled(before[part].astype(np.uint32), 255 - _scaled(stroke[part].astype(np.uint32), opacity))


def _scaled(a: NDArray[np.uint32], b: NDArray[np.uint32] | int) -> NDArray[np.uint32]:
    product = a * b + 128
    return np.asarray((product + (product >> 8)) >> 8, np.uint32)


def tint(
    below: Pixels,
    coverage: Bytes,
    out: Pixels,
    colour: int,
    strength: int,
    left: int,
    top: int,
    right: int,
    bottom: int,
) -> None:
    """out = below (0xffRRGGBB) with `colour` laid over where `coverage` says; strength 0..255 at full coverage."""
    part = np.s_[top:bottom, left:right]
    old = below[part]
    amount = _scaled(coverage[part].astype(np.uint32), strength)
    amount += amount >> 7
    rest = 256 - amount
    mixed = (((old & 0xFF00FF) * rest + (colour & 0xFF00FF) * amount) >> 8) & 0xFF00FF
    green = (((old >> 8) & 0xFF) * rest + ((colour >> 8) & 0xFF) * amount) >> 8
    out[part] = np.uint32(0xFF000000) | mixed | (green << 8)
