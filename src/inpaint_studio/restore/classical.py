"""Damage without a network: specks by top-hats, scratches by oriented ridges. The fall-back where onnxruntime is missing.

Top-hats as in Serra, Image Analysis and Mathematical Morphology (1982); ridges as the difference between a line's mean
and the larger of the means on both sides. It finds about half of what the network finds, and marks more that is whole.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.restore.defects import NETWORK, Defect, Threshold
from inpaint_studio.restore.looking import Rgb

Plane = NDArray[np.float32]
Numbers = NDArray[np.int32]

_LENGTH, _ANGLES = 17, 12
_SPECK, _SPECK_NOISE = 0.055, 3.2
_RIDGE, _RIDGE_NOISE = 0.03, 2.6
_WIDEST_SPECK, _SHORTEST_LINE, _THICKEST_LINE = 9, 14, 7
#: Beyond this share of candidates in the neighbourhood it is texture, not dust.
_CROWDED = 0.06

THRESHOLDS = {defect: Threshold(0.3, 0.5) for defect in NETWORK}


def probabilities(rgb: Rgb, scale: float) -> NDArray[np.float32]:
    """Scores H×W×4 in 0..1 in the order of `NETWORK`, not calibrated; cracks and stains are never found."""
    size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
    gray = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.float32)
    if size != gray.shape[::-1]:
        gray = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.float32)
    gray = np.asarray(cv2.GaussianBlur(gray, (0, 0), 0.6), np.float32)
    result = np.zeros((*rgb.shape[:2], len(NETWORK)), np.float32)
    for channel, plane in ((NETWORK.index(Defect.DUST), _specks(gray)), (NETWORK.index(Defect.LINES), _lines(gray))):
        result[..., channel] = cv2.resize(plane, rgb.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return result


def _specks(gray: Plane) -> Plane:
    found = np.zeros_like(gray)
    for tones in (gray, 1 - gray):
        hat = np.maximum.reduce([cv2.morphologyEx(tones, cv2.MORPH_TOPHAT, _disc(radius)) for radius in (3, 6)])
        score = hat / (_SPECK_NOISE * cv2.blur(hat, (41, 41)) + _SPECK)
        small = _parts_that(
            score, lambda width, height, area: (np.maximum(width, height) <= _WIDEST_SPECK) & (area > 1)
        )
        lonely = cv2.blur((score > 0.5).astype(np.float32), (51, 51)) < _CROWDED
        np.maximum(found, small * lonely, out=found)
    return found


def _lines(gray: Plane) -> Plane:
    halved = cv2.resize(gray, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) if min(gray.shape) > 1 else gray
    half = np.asarray(halved, np.float32)
    found = np.zeros_like(gray)
    for plane, reach in ((gray, 2.5), (half, 3.0)):
        for ridge in _ridges(plane, reach):
            full = cv2.resize(ridge, gray.shape[::-1], interpolation=cv2.INTER_LINEAR)
            score = full / (_RIDGE_NOISE * cv2.blur(full, (61, 61)) + _RIDGE)
            np.maximum(found, _parts_that(score, _long_and_thin), out=found)
    return found


def _long_and_thin(width: Numbers, height: Numbers, area: Numbers) -> NDArray[np.bool_]:
    length = np.hypot(width, height)
    return np.asarray((length >= _SHORTEST_LINE) & (area / np.maximum(length, 1) <= _THICKEST_LINE), np.bool_)


def _parts_that(score: Plane, keep: Callable[[Numbers, Numbers, Numbers], NDArray[np.bool_]]) -> Plane:
    """A probability for the parts of `score` > ½ that reach 1 and whose width, height and area `keep` likes."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((score > 0.5).view(np.uint8), connectivity=8)
    reached = np.zeros(count, np.bool_)
    reached[labels[score > 1]] = True
    columns = (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_AREA)
    width, height, area = (np.asarray(stats[:, column], np.int32) for column in columns)
    good = reached & keep(width, height, area)
    good[0] = False
    return np.asarray(np.where(good[labels], np.clip(0.3 * score, 0.35, 0.95), 0), np.float32)


def _ridges(gray: Plane, reach: float) -> tuple[Plane, Plane]:
    """Light and dark ridges: over all directions the largest step from a line to both of its sides."""
    light, dark = np.zeros_like(gray), np.zeros_like(gray)
    for index in range(_ANGLES):
        angle = np.pi * index / _ANGLES
        mean = np.asarray(cv2.filter2D(gray, -1, _line(angle), borderType=cv2.BORDER_REFLECT), np.float32)
        across = reach * np.array([-np.sin(angle), np.cos(angle)])
        one, other = (_moved(mean, side * across) for side in (1, -1))
        np.maximum(light, mean - np.maximum(one, other), out=light)
        np.maximum(dark, np.minimum(one, other) - mean, out=dark)
    return light, dark


def _line(angle: float) -> Plane:
    fine = np.zeros((_LENGTH * 8, _LENGTH * 8), np.uint8)
    middle = np.array([_LENGTH * 4.0, _LENGTH * 4.0])
    along = np.array([np.cos(angle), np.sin(angle)]) * (_LENGTH - 1) * 4
    ends = [tuple(int(v) for v in np.rint(middle + sign * along)) for sign in (-1, 1)]
    for start, end in pairwise(ends):
        cv2.line(fine, start, end, 255, 8)
    kernel = cv2.resize(fine, (_LENGTH, _LENGTH), interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.asarray(kernel / kernel.sum(), np.float32)


def _moved(plane: Plane, by: NDArray[np.float64]) -> Plane:
    shift = np.array([[1, 0, by[0]], [0, 1, by[1]]], np.float32)
    return np.asarray(cv2.warpAffine(plane, shift, plane.shape[::-1], borderMode=cv2.BORDER_REPLICATE), np.float32)


def _disc(radius: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8)
