"""The smooth path of a stroke through its input points."""

from __future__ import annotations

import math
from typing import NamedTuple

#: How far, in pixels, a chord may lie from the curve that it stands for.
_TOLERANCE = 0.25
_MOST_CHORDS = 64


class Nib(NamedTuple):
    """The brush at one place: centre in photo coordinates (pixel centres at .5), radius in pixels, amount 0..1."""

    x: float
    y: float
    radius: float
    amount: float


def curve(previous: Nib | None, start: Nib, end: Nib) -> list[Nib]:
    """Points after `start` up to and with `end`, near enough to each other to be joined by straight chords.

    The curve leaves `start` along the tangent of a centripetal Catmull-Rom spline and is free at its end: a parabola.
    So it passes through every input point, and no point has to wait for its successor before it can be painted.
    Radius and amount change evenly.
    """
    way_x, way_y = end.x - start.x, end.y - start.y
    tangent_x, tangent_y = _tangent(previous, start, end)
    bend_x, bend_y = way_x - tangent_x, way_y - tangent_y
    # a parabola's chord over 1/n of the parameter is off by |bend| / (4 n²)
    chords = math.ceil(math.sqrt(math.hypot(bend_x, bend_y) / (4 * _TOLERANCE)))
    chords = min(max(chords, 1), _MOST_CHORDS)
    points = []
    for step in range(1, chords):
        u = step / chords
        points.append(
            Nib(
                start.x + tangent_x * u + bend_x * u * u,
                start.y + tangent_y * u + bend_y * u * u,
                start.radius + (end.radius - start.radius) * u,
                start.amount + (end.amount - start.amount) * u,
            )
        )
    points.append(end)
    return points


def _tangent(previous: Nib | None, start: Nib, end: Nib) -> tuple[float, float]:
    """The spline's derivative at `start`, for a parameter that goes from 0 at `start` to 1 at `end`."""
    way_x, way_y = end.x - start.x, end.y - start.y
    if previous is None:
        return way_x, way_y
    back_x, back_y = start.x - previous.x, start.y - previous.y
    before = math.sqrt(math.hypot(back_x, back_y))
    after = math.sqrt(math.hypot(way_x, way_y))
    if before < 1e-3 or after < 1e-3:
        return way_x, way_y
    whole = before + after
    return (
        way_x + after * (back_x / before - (back_x + way_x) / whole),
        way_y + after * (back_y / before - (back_y + way_y) / whole),
    )
