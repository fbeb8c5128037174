"""A line that clings to edges: the cheapest way between two places (Mortensen and Barrett, "Intelligent Scissors",
SIGGRAPH 1995), searched in a window round its beginning, as finely as the screen shows it."""

from __future__ import annotations

import math

import cv2
import numpy as np

from inpaint_studio.pixels.proxy import ReadRgb
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.shapes import Point

#: Half the window's side, in cells; the search takes some 20 ms.
_REACH = 140
#: Weights of edge or none, direction, and strength; above so much gradient an edge is as strong as can be.
_WEIGHTS, _STRONGEST = (0.43, 0.43, 0.14), 200.0
_CANNY = 32.0, 100.0
#: A staircase of cells is smoothed over so many of them.
_SMOOTHED = 5


class LiveWire:
    """All ways from one place; `path` is quick then."""

    def __init__(self, read: ReadRgb, extent: Rect, start: Point, pixel: float) -> None:
        """start: photo coordinates within `extent`; pixel: the width of a pixel of the screen in the photo."""
        self._start = start
        # a cell is a whole number of photo pixels
        self._cell = max(1, round(pixel))
        reach = _REACH * self._cell
        middle = Rect(math.floor(start[0]), math.floor(start[1]), math.floor(start[0]) + 1, math.floor(start[1]) + 1)
        self._window = middle.grown(reach).clipped(extent)
        image = read(self._window)
        height, width = (max(1, side // self._cell) for side in image.shape[:2])
        if self._cell > 1:
            image = np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        self._size = width, height
        # of a window too small for gradients there is nothing to cling to
        self._scissors = None
        if min(width, height) >= 3:
            self._scissors = cv2.segmentation.IntelligentScissorsMB()
            self._scissors.setWeights(*_WEIGHTS)
            self._scissors.setGradientMagnitudeMaxLimit(_STRONGEST)
            self._scissors.setEdgeFeatureCannyParameters(*_CANNY)
            self._scissors.applyImage(np.ascontiguousarray(image))
            self._scissors.buildMap(self._inside(start))

    def reaches(self, to: Point) -> bool:
        """Whether `to` lies in the window."""
        return self._window.left <= to[0] <= self._window.right and self._window.top <= to[1] <= self._window.bottom

    def path(self, to: Point) -> list[Point]:
        """Places from the start, without it, to `to`; straight on from where it leaves the window."""
        if self._scissors is None:
            return [to]
        cells = np.asarray(self._scissors.getContour(self._inside(to)), np.float64).reshape(-1, 2)
        x_step = self._window.width / self._size[0]
        y_step = self._window.height / self._size[1]
        places = (cells + 0.5) * (x_step, y_step) + (self._window.left, self._window.top)
        places = np.vstack([self._start, places[1:-1], to])
        half = _SMOOTHED // 2
        if len(places) > _SMOOTHED:
            padded = np.pad(places, ((half, half), (0, 0)), mode="edge")
            smooth = np.mean([padded[step : step + len(places)] for step in range(_SMOOTHED)], axis=0)
            places = np.vstack([places[:1], smooth[1:-1], places[-1:]])
        return [(float(x), float(y)) for x, y in places[1:]]

    def _inside(self, place: Point) -> tuple[int, int]:
        """The cell nearest to a place."""
        x = math.floor((place[0] - self._window.left) * self._size[0] / self._window.width)
        y = math.floor((place[1] - self._window.top) * self._size[1] / self._window.height)
        return min(max(x, 0), self._size[0] - 1), min(max(y, 0), self._size[1] - 1)
