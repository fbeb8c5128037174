"""What a clean photo looks like when scanned: ageing, grain, screens, and things that look like damage and are none."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.float32]
Rng = np.random.Generator

_FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX)
_LETTERS = np.array(list("ABCDEFGHIJKLMNOPRSTUVWabcdefghiklmnoprstuvwy0123456789'. "))


def noise(rng: Rng, side: int, period: float) -> Picture:
    """Smooth unit noise with features of about `period` pixels, side²."""
    cells = max(2, int(side / period) + 2)
    return cv2.resize(rng.standard_normal((cells, cells), np.float32), (side, side), interpolation=cv2.INTER_CUBIC)


def age(x: Picture, rng: Rng) -> tuple[Picture, float]:
    """Toning, fading, softness and grain on an RGB picture 0..1; returns it with the standard deviation of its grain."""
    kind = rng.random()
    if kind < 0.5:
        gray = x @ np.array([0.299, 0.587, 0.114], np.float32)
        x = np.repeat(gray[..., None], 3, 2)
        if rng.random() < 0.5:
            tint = rng.random() * np.array([0, rng.uniform(0.03, 0.12), rng.uniform(0.1, 0.32)], np.float32)
            x = x * (1 - tint)
    elif kind < 0.7:
        x = x * (1 - rng.uniform(0, 0.25, 3).astype(np.float32)) + rng.uniform(0, 0.12, 3).astype(np.float32)
    if rng.random() < 0.6:
        cv2.pow(np.maximum(x, 0), rng.uniform(0.7, 1.4), x)
    if rng.random() < 0.5:
        low, high = rng.uniform(0, 0.18), rng.uniform(0.8, 1)
        x = np.float32(low) + x * np.float32(high - low)
    if rng.random() < 0.5:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.4, 1.6))
    grain = 0.0
    if rng.random() < 0.6:
        grain = float(np.exp(rng.uniform(np.log(0.004), np.log(0.07))))
        x = x + grain_field(rng, x.shape[0])[..., None] * np.float32(grain)
    return x, grain


def grain_field(rng: Rng, side: int) -> Picture:
    """Film grain with a standard deviation of 1: fine or in soft clumps."""
    field = rng.standard_normal((side, side), np.float32)
    softness = rng.uniform(0, 1.4)
    if softness > 0.35:
        field = cv2.GaussianBlur(field, (0, 0), softness)
        field /= field.std() + 1e-6
    return field


def dress(x: Picture, rng: Rng) -> Picture:
    """Perhaps add something that is part of the photo and looks like damage; never labelled."""
    for chance, add in _LOOKALIKES:
        if rng.random() < chance:
            x = np.ascontiguousarray(add(x, rng), np.float32)
    return x


def _border(x: Picture, rng: Rng) -> Picture:
    side = x.shape[0]
    width = int(rng.uniform(0.03, 0.3) * side)
    light = rng.random() < 0.75
    colour = rng.uniform(0.75, 1) * np.array([1, 0.97, rng.uniform(0.82, 1)]) if light else rng.uniform(0, 0.15, 3)
    edge = width + (
        noise(rng, side, rng.uniform(4, 20))[0] * rng.uniform(0.5, 3) if rng.random() < 0.3 else np.zeros(side)
    )
    mask = np.clip(edge[:, None] - np.arange(side)[None], 0, 1).astype(np.float32)[..., None]
    band = colour.astype(np.float32) + rng.standard_normal((side, side, 1), np.float32) * np.float32(
        rng.uniform(0, 0.012)
    )
    x = np.ascontiguousarray(x * (1 - mask) + band * mask)
    if rng.random() < 0.3:  # a printed keyline
        at = max(1, width + int(rng.uniform(-8, 8)))
        cv2.line(x, (at, 0), (at, side), (rng.uniform(0, 0.4),) * 3, 1, cv2.LINE_AA)
    return np.rot90(x, int(rng.integers(4)))


def _wires(x: Picture, rng: Rng) -> Picture:
    """Wires, ropes and masts: smooth, even, dark, from edge to edge."""
    side = x.shape[0]
    tone = rng.uniform(0, 0.3)
    shade = np.zeros((side, side), np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        t = np.linspace(-0.1, 1.1, 24)
        sag, y0, y1 = rng.uniform(0, 0.15), *rng.uniform(0, 1, 2)
        y = y0 + (y1 - y0) * t + sag * (4 * t * (1 - t))
        points = np.round(np.stack([t, y], 1) * side * 16).astype(np.int32)
        width = int(rng.choice([1, 1, 2, 3, 5]))
        cv2.polylines(shade, [points], isClosed=False, color=255, thickness=width, lineType=cv2.LINE_AA, shift=4)
    if rng.random() < 0.5:
        shade = np.ascontiguousarray(shade.T)
    a = shade[..., None].astype(np.float32) * np.float32(rng.uniform(0.6, 1) / 255)
    return x + (np.float32(tone) - x) * a


def _glasses(x: Picture, rng: Rng) -> Picture:
    side = x.shape[0]
    size, tone = rng.uniform(6, 40), float(rng.choice([rng.uniform(0, 0.25), rng.uniform(0.6, 1)]))
    centre, angle = rng.uniform(0, side, 2), rng.normal(0, 25)
    along = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))]) * size * 1.25
    thick = int(rng.choice([1, 1, 2, 3]))
    for sign in (-1, 1):
        c = np.round((centre + sign * along) * 16).astype(int)
        axes = np.round(np.array([size, size * rng.uniform(0.6, 1)]) * 16).astype(int)
        cv2.ellipse(x, tuple(map(int, c)), tuple(map(int, axes)), angle, 0, 360, (tone,) * 3, thick, cv2.LINE_AA, 4)
    return x


def _text(x: Picture, rng: Rng) -> Picture:
    """Lettering, printed or stamped: a detector of its own looks for it."""
    side = x.shape[0]
    lines = int(rng.choice([1, 1, 2, 6]))
    size = rng.uniform(0.3, 1.6) if lines < 6 else rng.uniform(0.25, 0.6)
    colour = (
        (1.0, 0.55, 0.1) if rng.random() < 0.2 else (float(rng.choice([rng.uniform(0, 0.2), rng.uniform(0.8, 1)])),) * 3
    )
    y, font = rng.uniform(10, side), _FONTS[int(rng.integers(4))]
    ink = np.zeros((side, side), np.uint8)
    for _ in range(lines):
        words = "".join(_LETTERS[rng.integers(0, len(_LETTERS), int(rng.integers(3, 22)))])
        cv2.putText(
            ink,
            words,
            (int(rng.uniform(-20, side * 0.5)), int(y)),
            font,
            size,
            255,
            int(rng.choice([1, 1, 2])),
            cv2.LINE_AA,
        )
        y += 34 * size
    a = ink[..., None].astype(np.float32) * np.float32(rng.uniform(0.7, 1) / 255)
    return x + (np.array(colour, np.float32) - x) * a


def _stars(x: Picture, rng: Rng) -> Picture:
    """A night sky, or lights at night: soft round points on darkness."""
    side = x.shape[0]
    x = x * np.float32(rng.uniform(0.05, 0.35))
    points = np.zeros((side, side), np.float32)
    count = int(np.exp(rng.uniform(np.log(8), np.log(250))))
    at = rng.integers(0, side, (count, 2))
    points[at[:, 0], at[:, 1]] = rng.power(0.35, count) * rng.uniform(2, 10)
    points = cv2.GaussianBlur(points, (0, 0), rng.uniform(0.6, 1.3))
    return np.minimum(x + points[..., None] * rng.uniform(0.8, 1, 3).astype(np.float32), 1)


def _white_cloth(x: Picture, rng: Rng) -> Picture:
    """White clothing: bright, but with the light, folds and texture of the scene still in it."""
    side = x.shape[0]
    yy, xx = np.mgrid[0:side, 0:side].astype(np.float32)
    centre, radius = rng.uniform(0, side, 2), rng.uniform(12, 90)
    distance = (
        np.hypot(xx - centre[0], (yy - centre[1]) * rng.uniform(0.5, 1.5)) + noise(rng, side, radius) * radius * 0.3
    )
    a = np.clip((radius - distance) / rng.uniform(1, 4) + 0.5, 0, 1)[..., None] * np.float32(rng.uniform(0.6, 0.9))
    shade = np.float32(rng.uniform(0.86, 1.0)) + noise(rng, side, rng.uniform(12, 60))[..., None] * np.float32(
        rng.uniform(0.02, 0.07)
    )
    return x * (1 - a) + shade * a


def _screen(x: Picture, rng: Rng) -> Picture:
    """A halftone print: dots on a turned grid whose size follows the tone."""
    side = x.shape[0]
    period, angle = rng.uniform(2.6, 7), rng.uniform(0, np.pi / 2)
    yy, xx = np.mgrid[0:side, 0:side].astype(np.float32) * np.float32(2 * np.pi / period)
    u, v = xx * np.cos(angle) + yy * np.sin(angle), yy * np.cos(angle) - xx * np.sin(angle)
    threshold = (np.cos(u) + np.cos(v)) * np.float32(0.25) + np.float32(0.5)
    printed = np.clip((x.mean(2) - threshold) * 4 + 0.5, 0, 1)[..., None]
    a = np.float32(rng.uniform(0.4, 1))
    return (x * (1 - a) + printed * a).astype(np.float32)


def _glints(x: Picture, rng: Rng) -> Picture:
    """Catch-lights in eyes, on metal and water: small, soft, at bright spots of the photo itself."""
    bright = cv2.GaussianBlur(x.mean(2), (0, 0), 2)
    at = np.argwhere(bright >= np.quantile(bright[::4, ::4], 0.97))
    points = np.zeros(bright.shape, np.float32)
    chosen = at[rng.integers(0, len(at), int(rng.integers(1, 12)))]
    points[chosen[:, 0], chosen[:, 1]] = rng.uniform(3, 14)
    return np.minimum(x + cv2.GaussianBlur(points, (0, 0), rng.uniform(0.8, 1.6))[..., None], 1)


def _twigs(x: Picture, rng: Rng) -> Picture:
    """Branches: dark or in light, thinner from fork to fork, lit from one side."""
    side = x.shape[0]
    shade, lit = np.zeros((side, side), np.uint8), np.zeros((side, side), np.uint8)
    tone, turn = rng.uniform(0, 0.4), rng.choice([-1, 1])
    todo = [(rng.uniform(0, side, 2), rng.uniform(0, 2 * np.pi), rng.uniform(1.5, 7), rng.uniform(40, 160))]
    for _ in range(int(rng.integers(6, 24))):
        if not todo:
            break
        start, angle, width, length = todo.pop(0)
        count = max(3, int(length / 6))
        angles = angle + np.cumsum(rng.normal(0, 0.12, count))
        points = start + np.concatenate(
            [np.zeros((1, 2)), np.cumsum(np.stack([np.cos(angles), np.sin(angles)], 1) * 6, 0)]
        )
        widths = np.linspace(width, width * 0.55, count)
        for first, last, own in zip(np.round(points[:-1] * 16), np.round(points[1:] * 16), widths, strict=True):
            a, b = tuple(map(int, first)), tuple(map(int, last))
            cv2.line(shade, a, b, 255, max(1, round(own)), cv2.LINE_AA, 4)
            if own > 2.5:
                off = round(turn * own * 4)
                cv2.line(
                    lit, (a[0] + off, a[1] - off), (b[0] + off, b[1] - off), 255, max(1, round(own / 3)), cv2.LINE_AA, 4
                )
        if width > 0.9:
            for at in rng.integers(1, count, int(rng.integers(1, 4))):
                fork = angles[at - 1] + rng.choice([-1, 1]) * rng.uniform(0.3, 1)
                todo.append(
                    (points[at], fork, float(widths[at - 1]) * rng.uniform(0.5, 0.8), length * rng.uniform(0.4, 0.8))
                )
    a = shade[..., None].astype(np.float32) * np.float32(rng.uniform(0.7, 1) / 255)
    bark = np.float32(tone) + noise(rng, side, 2.5)[..., None] * np.float32(rng.uniform(0, 0.05))
    light = np.minimum(lit, shade)[..., None].astype(np.float32) * np.float32(rng.uniform(0, 0.35) / 255)
    x = x + (bark + light - x) * a
    blur = rng.uniform(0, 1.2)
    return cv2.GaussianBlur(x, (0, 0), blur) if blur > 0.4 else x


def _eyes(x: Picture, rng: Rng) -> Picture:
    """Eyes: a dark disc in a lighter lens with a catch-light, a lid's line above, lashes."""
    size = rng.uniform(3, 22)
    centre = rng.uniform(0, x.shape[0], 2)
    apart, angle = rng.uniform(4, 6) * size, rng.normal(0, 0.25)
    step = np.array([np.cos(angle), np.sin(angle)]) * apart
    white, iris = rng.uniform(0.5, 0.95), rng.uniform(0, 0.35)
    at = rng.uniform(-0.4, 0.4, 2) * size * 0.6

    def fixed(point: np.ndarray) -> tuple[int, int]:
        return round(float(point[0]) * 16), round(float(point[1]) * 16)

    def disc(middle: np.ndarray, wide: float, high: float, tone: float) -> None:
        axes = max(8, round(wide * 16)), max(8, round(high * 16))
        cv2.ellipse(x, fixed(middle), axes, np.degrees(angle), 0, 360, (tone,) * 3, -1, cv2.LINE_AA, 4)

    x = np.ascontiguousarray(x)
    for middle in (centre, centre + step):
        disc(middle, 1.3 * size, 0.6 * size, white)
        disc(middle, 0.58 * size, 0.58 * size, iris)
        disc(middle + at, max(0.6, 0.14 * size), max(0.6, 0.14 * size), 1.0)
        axes = round(1.35 * size * 16), round(0.75 * size * 16)
        thick = max(1, round(size / 8))
        cv2.ellipse(x, fixed(middle), axes, np.degrees(angle), 190, 350, (iris * 0.5,) * 3, thick, cv2.LINE_AA, 4)
        for turn in rng.uniform(-2.8, -0.3, int(rng.integers(0, 9))):
            out = np.array([np.cos(turn), np.sin(turn)])
            root = middle + out * np.array([1.3, 0.7]) * size
            cv2.line(x, fixed(root), fixed(root + out * size * 0.5), (iris * 0.5,) * 3, 1, cv2.LINE_AA, 4)
    return cv2.GaussianBlur(x, (0, 0), rng.uniform(0.5, 1.2))


_LOOKALIKES = (
    (0.10, _white_cloth), (0.06, _wires), (0.05, _glasses), (0.05, _stars),
    (0.05, _glints), (0.05, _text), (0.10, _border), (0.03, _screen),
    (0.04, _twigs), (0.03, _eyes),
)  # fmt: skip
