"""What is kept of the picture from frame to frame: it shows what painting all anew would show."""

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from inpaint_studio.document.edits import AddLayer
from inpaint_studio.document.layers import FillLayer
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.pixels.format import ALPHA16, COVERAGE
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.tools.base import BrushSettings
from inpaint_studio.ui.canvas import area, frames
from tests.ui.canvas.desk import RGB, Desk

_MOVE = QEvent.Type.MouseMove
_ACTS = ("drag", "wheel", "paint", "undo", "hover")


def _array(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., 2::-1].copy()


def _on_screen(desk: Desk) -> np.ndarray:
    """What was painted so far, frame by frame."""
    window = desk.canvas.window()
    grabbed = _array(window.screen().grabWindow(window.winId()).toImage())
    origin, size = desk.viewport.mapTo(window, desk.viewport.rect().topLeft()), desk.viewport.size()
    return grabbed[origin.y() : origin.y() + size.height(), origin.x() : origin.x() + size.width()]


def _anew(desk: Desk) -> np.ndarray:
    desk.canvas._screen.clear()
    return _array(desk.viewport.grab().toImage())


def _open(desk: Desk, rng: np.random.Generator) -> None:
    noise = rng.integers(0, 256, (1700, 2300, 3), np.uint8)
    desk.open(cv2.GaussianBlur(noise, (0, 0), 1.5), RGB, BrushSettings(size=180, hardness=0.4))


def _act(desk: Desk, rng: np.random.Generator, act: str) -> None:
    width, height = desk.viewport.width(), desk.viewport.height()
    places = [QPointF(*rng.uniform((0, 0), (width, height))) for _ in range(4)]
    if act == "drag":
        desk.drag(*places, button=Qt.MouseButton.MiddleButton)
    elif act == "wheel":
        desk.wheel(places[0], int(rng.integers(-300, 300)))
    elif act == "paint":
        desk.drag(*places)
    elif act == "undo" and desk.edits:
        desk.edits.pop().revert(desk.document)
    else:
        for place in places:
            desk.mouse(_MOVE, place, Qt.MouseButton.NoButton)
            desk.settle()


@pytest.mark.parametrize("zoom", [0.21, 0.5, 0.6, 1.0, 1.37, 4.0])
def test_frame_by_frame_is_as_all_anew(desk: Desk, zoom: float) -> None:
    rng = np.random.default_rng(round(zoom * 100))
    _open(desk, rng)
    desk.canvas.zoom_to(zoom)
    desk.canvas.set_brush_size(180)
    for act in rng.choice(_ACTS, 14):
        _act(desk, rng, str(act))
        desk.mouse(_MOVE, QPointF(-900, -900), Qt.MouseButton.NoButton)
        desk.settle()
        assert np.array_equal(_on_screen(desk), _anew(desk)), act


def test_several_moves_and_a_stroke_in_one_frame(desk: Desk) -> None:
    rng = np.random.default_rng(3)
    _open(desk, rng)
    desk.canvas.zoom_to(0.6)
    desk.settle()
    desk.canvas.pan(13, -7)
    desk.canvas._mark(Rect(300, 300, 700, 600))
    desk.canvas.pan(-40, 25)
    desk.drag(QPointF(200, 200), QPointF(420, 300))
    desk.canvas.pan(5, 5)
    desk.settle()
    assert np.array_equal(_on_screen(desk), _anew(desk))


def test_a_view_that_is_painted_before_its_frame_is_not_moved_again(desk: Desk) -> None:
    _open(desk, np.random.default_rng(4))
    desk.canvas.zoom_to(0.6)
    desk.settle()
    desk.canvas.pan(60, 40)
    desk.viewport.repaint(100, 100, 200, 150)
    desk.settle()
    assert np.array_equal(_on_screen(desk), _anew(desk))


def test_what_lies_over_the_canvas_stays_when_the_view_moves(desk: Desk) -> None:
    _open(desk, np.random.default_rng(5))
    desk.canvas.zoom_to(0.6)
    label = QLabel("a word", desk.canvas)
    label.setAutoFillBackground(True)
    label.setGeometry(200, 150, 120, 60)
    label.show()
    desk.settle()
    before = _on_screen(desk)[155:205, 205:315]
    for way in ((30, 0), (0, -25), (-17, 9)):
        desk.canvas.pan(*way)
        desk.settle()
        assert np.array_equal(_on_screen(desk)[155:205, 205:315], before)
    label.hide()
    desk.settle()
    assert np.array_equal(_on_screen(desk), _anew(desk))


def test_the_circle_follows_the_view_that_moves_under_it(desk: Desk) -> None:
    _open(desk, np.random.default_rng(6))
    desk.canvas.zoom_to(0.6)
    desk.canvas.set_brush_size(200)
    desk.mouse(_MOVE, QPointF(300, 250), Qt.MouseButton.NoButton)
    desk.settle()
    for delta in (-120, -240, 120):
        desk.wheel(QPointF(300, 250), delta)
        assert np.array_equal(_on_screen(desk), _anew(desk))


def test_a_small_move_draws_the_strips_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    _open(desk, np.random.default_rng(7))
    desk.canvas.zoom_to(0.6)
    desk.settle()
    # the first move at a new zoom may draw all of it
    desk.canvas.pan(3, 3)
    desk.settle()
    drawn: list[int] = []
    draw = area.draw_scene

    def counted(frame: object, *rest: object) -> object:
        drawn.append(sum(dirty.area for dirty in frame.dirty))  # type: ignore[attr-defined]
        return draw(frame, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(area, "draw_scene", counted)
    desk.canvas.pan(8, 5)
    desk.settle()
    view = desk.canvas.view
    assert 0 < sum(drawn) <= 8 * (view.height + 1) + 5 * (view.width + 1)


def _fill(desk: Desk) -> AddLayer:
    """Lay a gray fill over a place that is seen at any zoom."""
    document, place = desk.document, Rect(1100, 800, 1200, 900)
    pixels, alpha, mask = (TiledImage(kind, document.canvas) for kind in (document.format, ALPHA16, COVERAGE))
    pixels.write(place, np.full((100, 100, 3), 128, np.uint8))
    alpha.write(place, np.full((100, 100, 1), 65535, np.uint16))
    layer = FillLayer.made(document.new_id(), "Fill", pixels, alpha, mask, Recipe())
    edit = AddLayer(layer.state(), len(document.layers))
    edit.apply(document)
    return edit


@pytest.mark.parametrize("zoom", [0.6, 1.0])
def test_what_there_is_no_time_for_stays_as_it_was(desk: Desk, zoom: float) -> None:
    """A fill that is taken over must not blink: no hole is shown until its tiles are made."""
    _open(desk, np.random.default_rng(8))
    desk.canvas.zoom_to(zoom)
    desk.settle()
    desk.canvas.pan(3, 3)
    desk.mouse(_MOVE, QPointF(-900, -900), Qt.MouseButton.NoButton)
    desk.settle()
    before = _on_screen(desk)
    painted: list[np.ndarray] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frames, "BUDGET", -1.0)
        desk.canvas.painted.connect(lambda: painted.append(_on_screen(desk)))
        fill = _fill(desk)
        while not painted:
            QTest.qWait(1)
    assert np.array_equal(painted[0], before)
    desk.settle()
    assert np.array_equal(_on_screen(desk), _anew(desk))
    assert not np.array_equal(_on_screen(desk), before)
    fill.revert(desk.document)
    desk.settle()
    assert np.array_equal(_on_screen(desk), before)
