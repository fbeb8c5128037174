"""Dust from a scanner's infrared picture: dyes let infrared through, dust does not.

The picture is registered to the photo by phase correlation (Kuglin and Hines, 1975) of their gradients, its large shades are
divided out, and what is darker than its noise allows is dust. Silver grain and Kodachrome dyes stop infrared too: then the
picture shows the scene, which is noticed, and nothing is taken from it.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.restore.looking import Rgb

#: Side of the copies that are laid on each other.
REGISTERED_SIDE = 1500
#: Dust takes at least this share of the infrared light.
_DARKER = 0.06
#: How often the noise a pixel must be darker.
_NOISE = 5.0
#: An infrared picture with more dust than this shows the scene.
_MOST = 0.12
#: From this correlation of their fine detail on, the infrared picture shows the scene.
_ALIKE = 0.5
#: Scanners move by a few pixels between the two passes; more than this share of the photo's side is a mistake.
_FARTHEST = 0.01


def dust_of(plane: NDArray[np.generic], photo: Rgb) -> NDArray[np.uint8] | None:
    """Dust, uint8 H×W of `plane`, 255 where it is certain; None where the plane shows no dust that could be told.

    plane: H×W, dust dark. photo: RGB of the same picture, of any size.
    """
    light = plane.astype(np.float32)
    top = float(np.percentile(light[::4, ::4], 99))
    if top <= 0 or not np.isfinite(top):
        return None
    light = np.clip(light / top, 0, 1.5)
    darker = 1 - light / np.maximum(_shades(light), 1e-3)
    sample = darker[::3, ::3]
    noise = 1.4826 * float(np.median(np.abs(sample - np.median(sample))))
    level = max(_DARKER, _NOISE * noise)
    shift = _shift(light, photo)
    if float((sample > level).mean()) > _MOST or _likeness(_moved(darker, shift), photo) > _ALIKE:
        return None
    score = np.clip((darker / level - 0.6) / 0.8, 0, 1)
    return np.asarray(_moved(np.rint(score * 255).astype(np.uint8), shift), np.uint8)


def _likeness(darker: NDArray[np.float32], photo: Rgb) -> float:
    """How much the fine detail of the infrared picture is the photo's, -1..1; what is rare, as dust is, hardly counts."""
    gray = np.asarray(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), np.float32)
    small = cv2.resize(darker, gray.shape[::-1], interpolation=cv2.INTER_AREA)
    details = [small, 1 - gray / np.maximum(_shades(gray), 1e-3)]
    held = [np.clip(d, *np.percentile(d[::3, ::3], [5, 95])).ravel() for d in details]
    if min(float(d.std()) for d in held) < 1e-6:
        return 0.0
    return float(np.corrcoef(held[0], held[1])[0, 1])


def _shades(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """The large shades of the picture: a median of a reduced copy, which dust is too small to move."""
    factor = max(1, max(light.shape) // 1000)
    small = cv2.resize(light, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
    eight = np.clip(np.rint(small * 170), 0, 255).astype(np.uint8)
    smooth = cv2.GaussianBlur(cv2.medianBlur(eight, 31).astype(np.float32) / 170, (0, 0), 5)
    return np.asarray(cv2.resize(smooth, light.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _shift(light: NDArray[np.float32], photo: Rgb) -> tuple[float, float]:
    """By how much the plane has to move, in its own pixels, to lie on the photo; (0, 0) where they don't agree on it."""
    gray = np.asarray(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), np.float32)
    small = np.asarray(cv2.resize(light, gray.shape[::-1], interpolation=cv2.INTER_AREA), np.float32)
    window = cv2.createHanningWindow(gray.shape[::-1], cv2.CV_32F)
    # specks are dark in the infrared and of either sign in the photo: only where something is counts, not which way
    (dx, dy), response = cv2.phaseCorrelate(_edges(small), _edges(gray), window)
    scale = light.shape[1] / gray.shape[1]
    near = max(abs(dx), abs(dy)) <= max(2.0, _FARTHEST * max(gray.shape))
    return (dx * scale, dy * scale) if near and response > 0.02 else (0.0, 0.0)


def _edges(gray: NDArray[np.float32]) -> NDArray[np.float32]:
    across, down = cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1)
    return np.asarray(np.sqrt(cv2.magnitude(across, down)), np.float32)


def _moved(plane: NDArray[Any], by: tuple[float, float]) -> NDArray[Any]:
    if max(map(abs, by)) < 0.25:
        return plane
    shift = np.array([[1, 0, by[0]], [0, 1, by[1]]], np.float32)
    return np.asarray(cv2.warpAffine(plane, shift, plane.shape[::-1]))
