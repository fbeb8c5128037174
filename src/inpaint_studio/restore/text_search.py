"""Text in a whole photo: the boxes are sought in a reduced copy by a worker, the letters in the photo's own pixels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.engines.contract import Payload, Progress
from inpaint_studio.pixels.format import COVERAGE
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.restore import text
from inpaint_studio.restore.defects import Threshold
from inpaint_studio.restore.looking import Look, Read, shrunk_whole
from inpaint_studio.restore.running import RunTask

#: The plane holds a box's score wherever its letters are.
TEXT_THRESHOLD = Threshold(0.5, 0.6)
#: A box with more pixels than this holds letters too large to be a stamp; it is left alone.
_LARGEST_BOX = 16_000_000
#: The longer side at which a place is looked at closely.
_CLOSE_SIDE = 736


def search_text(
    read: Read, extent: Rect, look: Look, run: RunTask, progress: Progress
) -> tuple[TiledImage, tuple[str, ...]]:
    """The letters of all text boxes as an 8-bit plane (their box's score), and notes for the user."""
    plane = TiledImage(COVERAGE, extent)
    if not text.available():
        return plane, ("Text can't be looked for: onnxruntime is not installed.",)
    progress.step(None, "Looking for text")
    small = shrunk_whole(read, extent, look, text.LARGEST)
    answer = run("detect_text", Payload({}, {"image": small}), progress)
    scale = np.array([extent.width / small.shape[1], extent.height / small.shape[0]], np.float32)
    for corners, score in zip(answer.arrays["boxes"], answer.data["scores"], strict=True):
        _draw(plane, corners * scale, score, read, look)
    return plane, ()


def search_closely(plane: TiledImage, area: Rect, read: Read, look: Look, run: RunTask, progress: Progress) -> bool:
    """Look for letters in `area`, where they are expected, and add them to `plane`; whether there are any."""
    if not text.available() or area.empty:
        return False
    rgb = look.rgb(read(area))
    scale = _CLOSE_SIDE / max(rgb.shape[:2])
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    close = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    answer = run("detect_text", Payload({"closely": True}, {"image": np.clip(close, 0, 1)}), progress)
    back = np.array([rgb.shape[1] / size[0], rgb.shape[0] / size[1]], np.float32)
    for corners, score in zip(answer.arrays["boxes"], answer.data["scores"], strict=True):
        own = corners * back + np.array([area.left, area.top], np.float32)
        _draw(plane, own, max(score, TEXT_THRESHOLD.part), read, look)
    return len(answer.data["scores"]) > 0


def _draw(plane: TiledImage, corners: NDArray[np.float32], score: float, read: Read, look: Look) -> None:
    low, high = corners.min(0), corners.max(0)
    margin = int((high - low).min() / 2) + 8
    area = Rect(int(low[0]) - margin, int(low[1]) - margin, int(high[0]) + margin, int(high[1]) + margin)
    area = area.clipped(plane.extent)
    if area.empty or area.area > _LARGEST_BOX:
        return
    place, mask = text.strokes(look.rgb(read(area)), corners - np.array([area.left, area.top], np.float32))
    target = Rect(*place).moved(area.left, area.top)
    value = np.uint8(round(255 * min(1.0, score)))
    before = plane.read(target)[..., 0]
    plane.write(target, np.maximum(before, mask * value)[..., None])
