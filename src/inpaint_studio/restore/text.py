"""Text and date stamps: boxes by the PP-OCR detector, strokes segmented inside them.

Boxes as in Liao et al., Real-time Scene Text Detection with Differentiable Binarization (AAAI 2020): the shrunk map is
thresholded, each part's smallest rectangle scored and expanded again.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.engines.contract import Payload, Progress
from inpaint_studio.engines.runtime import onnx
from inpaint_studio.restore.looking import Rgb

MODEL = "PP-OCRv6_det_small.onnx"
_THREADS = 2
_MULTIPLE = 32
#: The longer side at which the photo is searched; stamps are small, so no less than this where the photo has it.
LARGEST = 1600
_MEAN, _DEVIATION = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
_PIXEL, _BOX, _EXPAND = 0.3, 0.7, 1.6
_FAINT, _FAINT_BOX = 0.2, 0.35
#: Stamps and overlays are lower than this share of the photo's shorter side; what is larger belongs to the scene.
_TALLEST = 0.2
#: Boxes lower than this many pixels at the searched size hold nothing that can be read.
_LOWEST = 5.0

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TextBox:
    """corners: float32 4×2 in pixels of the searched picture, in order round the box. score: 0..1."""

    corners: NDArray[np.float32]
    score: float


def available() -> bool:
    """Whether text can be looked for here (onnxruntime is installed)."""
    return onnx.session(MODEL, _THREADS) is not None


def find_boxes(rgb: Rgb, *, closely: bool = False) -> list[TextBox]:
    """The text boxes of a picture (float32 H×W×3 in 0..1), the surest first.

    closely: of a small piece in which text is expected; fainter and, beside it, larger letters count too.
    """
    height, width = rgb.shape[:2]
    shrink = min(1.0, LARGEST / max(height, width))
    size = [max(_MULTIPLE, round(side * shrink / _MULTIPLE) * _MULTIPLE) for side in (width, height)]
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if shrink < 1 else cv2.INTER_LINEAR)
    session = onnx.session(MODEL, _THREADS)
    if session is None:
        raise RuntimeError("asked without `available`")
    blob = ((small[..., ::-1] - _MEAN) / _DEVIATION).transpose(2, 0, 1)[None].astype(np.float32)
    score_map = np.asarray(session.run(None, {session.get_inputs()[0].name: np.ascontiguousarray(blob)})[0])[0, 0]
    scale = np.array([width / size[0], height / size[1]], np.float32)
    boxes = [TextBox(box.corners * scale, box.score) for box in _boxes(score_map, closely=closely)]
    return sorted(boxes, key=lambda box: -box.score)


def _boxes(score_map: NDArray[np.float32], *, closely: bool) -> list[TextBox]:
    pixel, least, tallest = (_FAINT, _FAINT_BOX, 1.0) if closely else (_PIXEL, _BOX, _TALLEST)
    outlines, _ = cv2.findContours((score_map > pixel).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    boxes = []
    for outline in outlines:
        centre, (width, height), angle = cv2.minAreaRect(outline)
        if not _LOWEST / _EXPAND <= min(width, height) <= tallest * min(score_map.shape):
            continue
        inside = np.zeros(score_map.shape, np.uint8)
        cv2.drawContours(inside, [outline], -1, 1, -1)
        score = float(score_map[inside > 0].mean())
        if score < least:
            continue
        grown = width * height * _EXPAND / (2 * (width + height)) * 2
        corners = cv2.boxPoints((centre, (width + grown, height + grown), angle))
        boxes.append(TextBox(np.asarray(corners, np.float32), score))
    return boxes


def strokes(rgb: Rgb, box: NDArray[np.float32]) -> tuple[tuple[int, int, int, int], Mask]:
    """The pixels of the letters in `box` (corners 4×2 in pixels of `rgb`): left, top, right, bottom, and a mask H×W.

    Letters are what departs most from the box's own surroundings, in one direction of colour: the split is Otsu's, and
    soft rims and glow are taken along.
    """
    height, width = rgb.shape[:2]
    tall = min(np.linalg.norm(box[0] - box[1]), np.linalg.norm(box[1] - box[2]))
    margin = max(3, round(float(tall) * 0.35))
    left, top = np.maximum(np.floor(box.min(0)).astype(int) - margin, 0)
    right, bottom = np.minimum(np.ceil(box.max(0)).astype(int) + margin, [width, height])
    crop = rgb[top:bottom, left:right]
    place = (int(left), int(top), int(right), int(bottom))
    if crop.shape[0] < 3 or crop.shape[1] < 3:
        return place, np.zeros(crop.shape[:2], np.bool_)
    inside: NDArray[np.uint8] = np.zeros(crop.shape[:2], np.uint8)
    cv2.fillConvexPoly(inside, np.rint(box - [left, top]).astype(np.int32), 1)
    inside = np.asarray(cv2.dilate(inside, np.ones((2 * (margin // 2) + 1,) * 2, np.uint8)), np.uint8)
    ground = (
        cv2.medianBlur(np.rint(crop * 255).astype(np.uint8), _odd(min(float(tall) * 1.2, 101))).astype(np.float32) / 255
    )
    away = np.asarray(crop - ground, np.float32)
    signed = away @ _main_direction(away[inside > 0])
    mask = np.zeros(crop.shape[:2], np.bool_)
    best = 0.0
    for sign in (1, -1):
        plane = np.asarray(np.clip(sign * signed, 0, 1), np.float32)
        level, between = _otsu(plane[inside > 0])
        weight = between * float((plane[inside > 0] > level).mean())
        if weight > best:
            best, mask = weight, (plane > max(level * 0.7, 0.03)) & (inside > 0)
    grown = cv2.dilate(mask.view(np.uint8), np.ones((3, 3), np.uint8), iterations=max(1, round(float(tall) / 24)))
    return place, np.asarray(grown > 0, np.bool_)


def _odd(size: float) -> int:
    return max(3, int(size) | 1)


def _main_direction(colours: NDArray[np.float32]) -> NDArray[np.float32]:
    """The colour direction in which a box varies most: orange on blue needs another one than white on black."""
    weight = np.linalg.norm(colours, axis=1)
    strong = colours[weight >= np.quantile(weight, 0.8)]
    _, _, axes = np.linalg.svd(strong[:4000], full_matrices=False)
    return np.asarray(axes[0], np.float32)


def _otsu(values: NDArray[np.float32]) -> tuple[float, float]:
    """Otsu's threshold of values in 0..1, and the distance between the two means."""
    level, _ = cv2.threshold(np.rint(values * 255).astype(np.uint8)[None], 0, 255, cv2.THRESH_OTSU)
    above = values > level / 255
    if not above.any() or above.all():
        return 1.0, 0.0
    return level / 255, float(values[above].mean() - values[~above].mean())


def text_task(payload: Payload, progress: Progress) -> Payload:
    """The worker task "detect_text": array "image" (float32 H×W×3 in 0..1) becomes "boxes" (float32 N×4×2), and "scores".

    "closely" as in `find_boxes`.
    """
    progress.step(None, "Looking for text")
    boxes = find_boxes(payload.arrays["image"], closely=bool(payload.data.get("closely")))
    corners = np.stack([box.corners for box in boxes]) if boxes else np.zeros((0, 4, 2), np.float32)
    return Payload({"scores": [box.score for box in boxes]}, {"boxes": corners.astype(np.float32)})
