"""Damage, drawn: each kind gives coverages (how much of a pixel it takes) and how it changes the light there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from .outlines import TEXTURE_CLASS, Outlines
from .scenery import Picture, noise

Rng = np.random.Generator
KINDS = ("stains", "losses", "creases", "cracks", "bands", "scratches", "hairs", "textures", "dust")
"""Kinds of damage in the order in which they lie over one another."""
_FINE = 2  # canvases are twice as fine, then shrunk: thin lines keep their true coverage


@dataclass(frozen=True)
class Mark:
    """One group of defects: coverage 0..1 (side²), strength 0..1, colour RGB 0..1, channel, and a shading factor or None."""

    coverage: Picture
    strength: float | Picture
    colour: npt.NDArray[np.float32]
    channel: int
    shading: Picture | None = None


class Canvas:
    """A fine 8-bit canvas that shrinks to a coverage."""

    def __init__(self, side: int) -> None:
        self.side = side
        self.pixels = np.zeros((side * _FINE, side * _FINE), np.uint8)

    def polygon(self, points: npt.NDArray[np.float32], value: float) -> None:
        """Fill an outline (pixels of the crop) with coverage `value`."""
        fixed = np.round(points * (_FINE * 16)).astype(np.int32)
        cv2.fillPoly(self.pixels, [fixed], int(255 * value), cv2.LINE_AA, 4)

    def line(
        self, points: npt.NDArray[np.float64], width: float | npt.NDArray[np.float64], value: npt.NDArray[np.float64]
    ) -> None:
        """A line whose width and coverage change from segment to segment."""
        fixed = np.round(points * (_FINE * 16)).astype(np.int32).tolist()
        widths = np.maximum(1, np.round(np.broadcast_to(width, len(points)) * _FINE)).astype(int).tolist()
        values = (np.broadcast_to(value, len(points)) * 255).astype(int).tolist()
        previous = fixed[0]
        for point, thick, tone in zip(fixed[1:], widths, values, strict=False):
            if tone > 8:
                cv2.line(self.pixels, previous, point, tone, thick, cv2.LINE_AA, 4)
            previous = point

    def coverage(self) -> Picture:
        small = cv2.resize(self.pixels, (self.side, self.side), interpolation=cv2.INTER_AREA)
        return small.astype(np.float32) * np.float32(1 / 255)


def wander(
    rng: Rng, start: npt.NDArray[np.float64], angle: float, length: float, curl: float, wobble: float, step: float
) -> npt.NDArray[np.float64]:
    """A path from `start`: steady curl plus a random walk of its direction. N×2."""
    count = max(2, int(length / step))
    turns = rng.normal(0, wobble, count) * np.sqrt(step) + rng.normal(0, curl) * step / max(length, 1)
    angles = angle + np.cumsum(turns)
    moves = np.stack([np.cos(angles), np.sin(angles)], 1) * step
    return np.concatenate([start[None], start + np.cumsum(moves, 0)])


def _broken(rng: Rng, count: int, gaps: float) -> npt.NDArray[np.float64]:
    walk = np.convolve(rng.standard_normal(count + 12), np.ones(4) / 2, "same")[4 : 4 + count]
    return np.clip((walk + 1.2 - gaps) * 1.2, 0, 1)


def light(rng: Rng) -> npt.NDArray[np.float32]:
    """The colour of missing emulsion or of dust on a negative: near white, sometimes cream."""
    return np.clip(
        rng.uniform(0.78, 1) * np.array([1, rng.uniform(0.93, 1), rng.uniform(0.75, 1)]) + rng.normal(0, 0.02, 3), 0, 1
    ).astype(np.float32)


def dark(rng: Rng) -> npt.NDArray[np.float32]:
    """The colour of dust on a slide or a print."""
    return np.clip(rng.uniform(0, 0.25) + rng.normal(0, 0.02, 3), 0, 1).astype(np.float32)


def _either(rng: Rng, light_chance: float) -> npt.NDArray[np.float32]:
    return light(rng) if rng.random() < light_chance else dark(rng)


class Damage:
    """Draws the marks of one sample; `density` multiplies all counts."""

    def __init__(self, rng: Rng, outlines: Outlines, side: int, density: float = 1.0) -> None:
        self.rng, self.outlines, self.side = rng, outlines, side
        self.area = side * side / 65536 * density

    def marks(self, chances: dict[str, float]) -> Iterator[Mark]:
        """The marks of the kinds that `chances` names."""
        for kind in KINDS:
            if kind in chances and self.rng.random() < chances[kind]:
                yield from getattr(self, kind)()

    def _anywhere(self, margin: float = 0.05) -> npt.NDArray[np.float64]:
        return self.rng.uniform(-margin, 1 + margin, 2) * self.side

    def dust(self) -> Iterator[Mark]:
        """Specks with real outlines and the real mix: per million 4K pixels 59 dust, 20 dirt; or a few, or a storm."""
        rng = self.rng
        for share in (0.8, 0.45) if rng.random() < 0.5 else (0.45, 0.8):
            if rng.random() > share:
                continue
            canvas = Canvas(self.side)
            scale = np.exp(rng.uniform(np.log(0.22), np.log(1.1)))
            expected = min(90.0, 79e-6 * 65536 * self.area / scale**2) * np.exp(rng.normal(0, 0.8))
            for _ in range(min(140, 1 + rng.poisson(expected))):
                label = "Dust" if rng.random() < 0.72 else "Dirt"
                size = scale * np.exp(rng.normal(0, 0.25))
                canvas.polygon(
                    self.outlines.outline(rng, label, size) + self._anywhere().astype(np.float32), rng.uniform(0.55, 1)
                )
            colour = light(rng) if share == 0.8 else dark(rng)
            yield Mark(canvas.coverage(), rng.uniform(0.4, 1), colour, 0)

    def hairs(self) -> Iterator[Mark]:
        rng, canvas = self.rng, Canvas(self.side)
        scale = np.exp(rng.uniform(np.log(0.25), np.log(1.2)))
        for _ in range(1 + rng.poisson(min(4, 0.8 * self.area / scale))):
            if rng.random() < 0.6:
                label = "Short hair" if rng.random() < 0.7 else "Long hair"
                canvas.polygon(
                    self.outlines.outline(rng, label, scale) + self._anywhere().astype(np.float32), rng.uniform(0.7, 1)
                )
            else:
                length = np.exp(rng.uniform(np.log(10), np.log(140)))
                points = wander(
                    rng, self._anywhere(), rng.uniform(0, 2 * np.pi), length, 3.2, rng.choice([0.02, 0.07]), 4.0
                )
                canvas.line(points, rng.choice([0.5, 1, 1, 1.5, 2]), np.full(len(points), rng.uniform(0.6, 1)))
        yield Mark(canvas.coverage(), rng.uniform(0.45, 1), _either(rng, 0.5), 1)

    def scratches(self) -> Iterator[Mark]:
        rng = self.rng
        for light_ones in (True, False):
            if rng.random() > (0.8 if light_ones else 0.35):
                continue
            canvas = Canvas(self.side)
            parallel, main = rng.random() < 0.4, rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)])
            for _ in range(1 + rng.poisson(1.2 * self.area)):
                length = np.exp(rng.uniform(np.log(15), np.log(1.3 * self.side)))
                angle = main + rng.normal(0, 0.06) if parallel else rng.uniform(0, 2 * np.pi)
                points = wander(
                    rng,
                    self._anywhere(0.1),
                    angle,
                    length,
                    rng.choice([0.02, 0.3, 1.0]),
                    rng.choice([0.002, 0.02]),
                    7.0,
                )
                values = _broken(rng, len(points), rng.choice([-0.5, 0.2, 0.8])) * rng.uniform(0.6, 1)
                canvas.line(points, rng.choice([0.5, 0.5, 1, 1, 1.5, 2, 3]), values)
            if rng.random() < 0.3:
                canvas.polygon(
                    self.outlines.outline(rng, "Scratch", rng.uniform(0.25, 0.8)) + self._anywhere().astype(np.float32),
                    1.0,
                )
            yield Mark(canvas.coverage(), rng.uniform(0.35, 1), light(rng) if light_ones else dark(rng), 1)

    def bands(self) -> Iterator[Mark]:
        """Wide scratches with real outlines, or straight strips: what a thin line is, seen from close by."""
        rng, canvas = self.rng, Canvas(self.side)
        for _ in range(1 + rng.poisson(0.6 * self.area)):
            if rng.random() < 0.5:
                outline = self.outlines.outline(rng, "Scratch", np.exp(rng.uniform(np.log(0.4), np.log(1.6))))
                canvas.polygon(outline + self._anywhere().astype(np.float32), 1.0)
            else:
                length = np.exp(rng.uniform(np.log(30), np.log(1.6 * self.side)))
                points = wander(rng, self._anywhere(0.1), rng.uniform(0, 2 * np.pi), length, 0.1, 0.004, 7.0)
                values = _broken(rng, len(points), rng.choice([-1.2, -0.5, 0.4])) * rng.uniform(0.6, 1)
                canvas.line(points, rng.uniform(3, 10), values)
        yield Mark(canvas.coverage(), rng.uniform(0.35, 1), _either(rng, 0.6), 1)

    def creases(self) -> Iterator[Mark]:
        """A fold: a broken line, light and shade beside it, flakes fallen off along it; some are only faint wrinkles."""
        rng, side = self.rng, self.side
        for _ in range(1 + int(rng.random() < 0.35)):
            angle = rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)]) + rng.normal(0, 0.12)
            length = rng.uniform(0.5, 1.6) * side
            start = self._anywhere() - length / 2 * np.array([np.cos(angle), np.sin(angle)])
            points = wander(rng, start, angle, length, 0.3, 0.012, 8.0)
            canvas, ridge = Canvas(side), np.full((side, side), 255, np.uint8)
            width = rng.uniform(1, 5)
            canvas.line(
                points,
                width * np.exp(0.3 * rng.standard_normal(len(points))),
                _broken(rng, len(points), rng.uniform(-0.4, 0.6)),
            )
            cv2.polylines(ridge, [np.round(points).astype(np.int32)], isClosed=False, color=0, thickness=1)
            distance = cv2.distanceTransform(ridge, cv2.DIST_L2, 3)
            middle = points[len(points) // 2]
            yy, xx = np.mgrid[0:side, 0:side].astype(np.float32)
            across = np.tanh((-(xx - middle[0]) * np.sin(angle) + (yy - middle[1]) * np.cos(angle)) / 3).astype(
                np.float32
            )
            shading = 1 + (rng.uniform(-0.22, 0.22) * across + rng.uniform(-0.12, 0.12)) * np.exp(
                -distance / rng.uniform(4, 18)
            )
            coverage = canvas.coverage() * np.clip(
                0.8 + noise(rng, side, rng.uniform(1.5, 4)) * rng.uniform(0, 0.5), 0, 1
            )
            if rng.random() < 0.4:
                flakes = (noise(rng, side, rng.uniform(2, 6)) - distance / rng.uniform(2, 6)) > rng.uniform(0.5, 1.1)
                coverage = np.maximum(coverage, cv2.GaussianBlur(flakes.astype(np.float32), (0, 0), 0.6))
            faint = rng.random() < 0.3
            strength = rng.uniform(0.12, 0.4) if faint else rng.uniform(0.6, 1)
            yield Mark(coverage.astype(np.float32), strength, _either(rng, 0.75), 2, shading.astype(np.float32))

    def cracks(self) -> Iterator[Mark]:
        """Branching cracks with rough edges and relief; wide ones show cream paper."""
        rng, side, canvas = self.rng, self.side, Canvas(self.side)
        width, wobble = np.exp(rng.uniform(np.log(0.8), np.log(7))), rng.uniform(0.04, 0.16)
        todo = [
            (self._anywhere(), rng.uniform(0, 2 * np.pi), np.exp(rng.uniform(np.log(30), np.log(1.1 * side))), width, 0)
            for _ in range(1 + rng.poisson(0.7 * self.area))
        ]
        while todo:
            start, angle, length, wide, generation = todo.pop()
            points = wander(rng, start, angle, length, 0.5, wobble, 5.0)
            swell = np.convolve(rng.standard_normal(len(points) + 6), np.ones(3) / 1.7, "same")[3:-3]
            canvas.line(
                points,
                np.clip(wide * np.exp(0.45 * swell), 0.5, 12),
                _broken(rng, len(points), rng.choice([-0.8, -0.8, 0.1])),
            )
            if generation < 2:
                for _ in range(min(5, rng.poisson(length / 90))):
                    at = int(rng.integers(0, len(points) - 1))
                    move = points[at + 1] - points[at]
                    turn = np.arctan2(move[1], move[0]) + rng.choice([-1, 1]) * rng.uniform(0.4, 1.5)
                    todo.append(
                        (
                            points[at],
                            turn,
                            length * rng.uniform(0.15, 0.6),
                            wide * rng.uniform(0.4, 0.9),
                            generation + 1,
                        )
                    )
        soft = cv2.GaussianBlur(canvas.coverage(), (0, 0), 0.9)
        rough = np.clip(
            (soft + noise(rng, side, rng.uniform(1.5, 3)) * rng.uniform(0, 0.22) - 0.22) * 3, 0, 1
        ) * np.clip(soft * 4, 0, 1)
        turn, far = rng.uniform(0, 2 * np.pi), rng.uniform(1, 3)
        shift = np.array([[1, 0, far * np.cos(turn)], [0, 1, far * np.sin(turn)]], np.float32)
        relief = cv2.warpAffine(cv2.GaussianBlur(rough, (0, 0), rng.uniform(0.8, 3)), shift, (side, side))
        strength = rng.uniform(0.6, 1) if rng.random() < 0.85 else rng.uniform(0.2, 0.6)
        yield Mark(
            rough.astype(np.float32),
            strength,
            _either(rng, 0.85),
            2,
            (1 - rng.uniform(-0.1, 0.35) * relief).astype(np.float32),
        )

    def losses(self) -> Iterator[Mark]:
        """Emulsion gone: flat, light, hard and ragged edges; torn corners; wide cream patches."""
        rng, side = self.rng, self.side
        coverage = np.zeros((side, side), np.float32)
        yy, xx = np.mgrid[0:side, 0:side].astype(np.float32)
        for _ in range(1 + rng.poisson(0.5 * self.area)):
            radius = np.exp(rng.uniform(np.log(6), np.log(80)))
            centre = self._anywhere(0.2) if rng.random() < 0.7 else side * rng.integers(0, 2, 2) + rng.normal(0, 8, 2)
            turn, squeeze = rng.uniform(0, np.pi), rng.uniform(0.35, 1)
            u = (xx - centre[0]) * np.float32(np.cos(turn)) + (yy - centre[1]) * np.float32(np.sin(turn))
            v = (
                (yy - centre[1]) * np.float32(np.cos(turn)) - (xx - centre[0]) * np.float32(np.sin(turn))
            ) / np.float32(squeeze)
            distance = cv2.magnitude(u, v) * np.float32(1 / radius)
            distance += noise(rng, side, max(3, radius * rng.uniform(0.2, 0.6))) * np.float32(rng.uniform(0.08, 0.3))
            distance += noise(rng, side, 2.5) * np.float32(rng.uniform(0, 0.12))
            coverage = np.maximum(coverage, np.clip((1 - distance) * np.float32(radius / rng.uniform(0.8, 2)), 0, 1))
        tone = light(rng) if rng.random() < 0.85 else dark(rng)
        texture = np.float32(1) + noise(rng, side, rng.uniform(1.5, 8)) * np.float32(rng.uniform(0, 0.05))
        yield Mark(
            coverage.astype(np.float32), (rng.uniform(0.75, 1) * np.minimum(texture, 1)).astype(np.float32), tone, 3
        )

    def stains(self) -> Iterator[Mark]:
        """Tints with a darker rim, mould and ink."""
        rng, side = self.rng, self.side
        radius = np.exp(rng.uniform(np.log(8), np.log(70)))
        centre = self._anywhere()
        yy, xx = np.mgrid[0:side, 0:side].astype(np.float32)
        distance = np.hypot(xx - centre[0], (yy - centre[1]) / rng.uniform(0.5, 1)) / radius
        distance = distance + noise(rng, side, max(3, radius * rng.uniform(0.2, 0.6))) * rng.uniform(0.08, 0.3)
        core = np.clip((1 - distance) * radius / rng.uniform(1.5, 6), 0, 1)
        if rng.random() < 0.6:
            rim = np.exp(-(((distance - 0.95) / 0.12) ** 2)) * rng.uniform(0, 0.5)
            strength = np.clip(core * rng.uniform(0.25, 0.6) + rim, 0, 0.95)
            colour = np.array([rng.uniform(0.25, 0.6), rng.uniform(0.18, 0.45), rng.uniform(0.05, 0.3)], np.float32)
        else:
            strength, colour = np.full_like(core, rng.uniform(0.5, 1)), dark(rng)
        yield Mark(core.astype(np.float32), strength.astype(np.float32), colour, 3)

    def textures(self) -> Iterator[Mark]:
        """Drawn damage of the collection: lint, hairs, scratches, smut, sprinkles, stains."""
        rng = self.rng
        kinds = [kind for kind in TEXTURE_CLASS if kind != "dots"]
        for _ in range(int(rng.integers(1, 3))):
            kind = kinds[int(rng.integers(len(kinds)))]
            picture = self.outlines.texture(rng, kind, self.side, np.exp(rng.uniform(np.log(0.35), np.log(1.3))))
            yield Mark(
                picture.astype(np.float32) * np.float32(1 / 255),
                rng.uniform(0.45, 1),
                _either(rng, 0.6),
                TEXTURE_CLASS[kind],
            )
