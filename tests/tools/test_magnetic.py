"""The magnetic lasso: between its corners it clings to edges."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import AddLayer, Paint
from inpaint_studio.document.layers import MaskLayer
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.tools.base import Modifier, PointerEvent
from inpaint_studio.tools.bound import BoundTool
from inpaint_studio.tools.magnetic import MagneticTool

_CANVAS = Rect.of_size(500, 400)


def _document() -> tuple[Document, np.ndarray]:
    """A disc with a soft edge on a noisy ground, and which pixels are its."""
    rng = np.random.default_rng(1)
    photo = np.clip(rng.normal(90, 5, (400, 500, 3)), 0, 255).astype(np.uint8)
    cv2.circle(photo, (250, 200), 120, (210, 150, 60), -1, cv2.LINE_AA)
    y, x = np.mgrid[0:400, 0:500]
    document = Document(TiledImage.from_array(photo, PixelFormat(Colour.RGB)))
    AddLayer(MaskLayer.empty(document.new_id(), "Mask", _CANVAS).state(), 0).apply(document)
    return document, np.hypot(x - 250, y - 200) <= 120


def _click(bound: BoundTool, x: float, y: float, held: Modifier = Modifier.NONE, time: float = 0) -> Paint | None:
    bound.press(PointerEvent(x, y, modifiers=held, time=time))
    edit = bound.release(PointerEvent(x, y, modifiers=held, time=time))
    assert edit is None or isinstance(edit, Paint)
    return edit


def _rough(count: int) -> list[tuple[float, float]]:
    turns = np.arange(count) / count * 2 * np.pi
    return [(float(250 + 120 * np.cos(turn)), float(200 + 120 * np.sin(turn))) for turn in turns]


def test_eight_clicks_round_a_disc_follow_its_edge() -> None:
    document, disc = _document()
    bound = BoundTool(document, MagneticTool(), "L1")
    corners = _rough(8)
    for corner in corners:
        bound.hover(PointerEvent(*corner))
        assert _click(bound, *corner) is None
    bound.hover(PointerEvent(*corners[0]))
    edit = bound.finish()
    assert edit is not None
    assert edit.label == "Magnetic lasso"
    found = document.layer("L1").planes["coverage"].read(_CANVAS)[..., 0] > 127
    octagon = np.zeros(disc.shape, np.uint8)
    cv2.fillPoly(octagon, [np.rint(corners).astype(np.int32)], 1)
    # the last side is closed straight: the rest is the disc's own edge
    assert (found ^ disc).sum() < 0.35 * (octagon.astype(bool) ^ disc).sum()


def test_a_click_on_the_first_corner_closes_and_alt_subtracts() -> None:
    document, _ = _document()
    bound = BoundTool(document, MagneticTool(), "L1")
    for time, held in enumerate((Modifier.NONE, Modifier.ALT)):
        for corner in _rough(6):
            _click(bound, *corner, held, time)
        edit = _click(bound, *_rough(6)[0], Modifier.NONE, time)
        assert edit is not None
        assert not bound.active
    assert not document.layer("L1").planes["coverage"].tiles


def test_backspace_takes_corners_back_one_by_one() -> None:
    document, _ = _document()
    bound = BoundTool(document, MagneticTool(), "L1")
    for corner in _rough(6)[:3]:
        _click(bound, *corner)
    assert bound.outline is not None
    lengths = [len(bound.outline.points)]
    for _ in range(2):
        bound.take_back()
        assert bound.outline is not None
        lengths.append(len(bound.outline.points))
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[-1] == 1
    bound.take_back()
    assert not bound.active


@pytest.mark.parametrize("size", [(1, 60_000), (1, 1), (2, 3), (700, 900)])
def test_any_photo_and_any_place(size: tuple[int, int]) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    document = Document(TiledImage.from_array(photo, PixelFormat(Colour.RGB)))
    AddLayer(MaskLayer.empty(document.new_id(), "Mask", document.canvas).state(), 0).apply(document)
    bound = BoundTool(document, MagneticTool(), "L1")
    for x, y in ((-300.0, -300.0), (30_000.0, 0.5), (0.0, 900.0), (450.5, 350.5)):
        bound.hover(PointerEvent(x, y, pixel=3.7))
        _click(bound, x, y)
    bound.finish()
    assert not bound.active
    box = Rect.around(document.layer("L1").planes["coverage"].read(document.canvas)[..., 0] > 0)
    assert document.canvas.contains(box)
