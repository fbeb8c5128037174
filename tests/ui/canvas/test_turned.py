"""A turned view: what is seen and what is done are where they should be, at any angle and zoom."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtTest import QTest

from inpaint_studio.document.document import Document
from inpaint_studio.pixels.format import COVERAGE
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.tools.base import BrushSettings, Contour
from inpaint_studio.tools.bound import BoundTool
from inpaint_studio.tools.clone import CloneTool
from inpaint_studio.tools.shapes import rectangle_tool
from inpaint_studio.ui.canvas import Canvas
from inpaint_studio.ui.canvas.contour import device_bounds
from inpaint_studio.ui.canvas.outline import Outline
from inpaint_studio.ui.canvas.view import View
from tests.ui.canvas.desk import RGB, Desk

_PRESS, _MOVE, _RELEASE = QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove, QEvent.Type.MouseButtonRelease
_ANGLES = (30.0, 90.0, -45.0, 180.0, -117.3)

_VIEWS = st.builds(
    View,
    zoom=st.floats(0.01, 64),
    left=st.integers(-2000, 20_000),
    top=st.integers(-2000, 20_000),
    width=st.integers(1, 4000),
    height=st.integers(1, 3000),
    angle=st.one_of(st.sampled_from((0.0, 90.0, 180.0, -90.0)), st.floats(-180, 180)),
)
_PLACE = st.floats(-3000, 6000)


@given(view=_VIEWS, x=_PLACE, y=_PLACE)
def test_there_and_back(view: View, x: float, y: float) -> None:
    back = view.to_viewport(*view.to_photo(x, y))
    assert math.dist(back, (x, y)) < 1e-6 * max(1, view.left, view.top)


@given(view=_VIEWS, x=_PLACE, y=_PLACE, angle=st.floats(-1000, 1000), zoom=st.floats(0.01, 64))
def test_turning_keeps_the_middle_and_zooming_the_place(
    view: View, x: float, y: float, angle: float, zoom: float
) -> None:
    turned = view.turned(angle)
    assert -180 < turned.angle <= 180
    middle = view.middle
    assert math.dist(turned.to_photo(*middle), view.to_photo(*middle)) < 1e-6
    zoomed = turned.zoomed(zoom, x, y)
    assert math.dist(zoomed.to_viewport(*turned.to_photo(x, y)), (x, y)) < 0.72


@given(view=_VIEWS, rect=st.builds(lambda x, y, w, h: Rect(x, y, x + w, y + h), *[st.integers(0, 9000)] * 4))
def test_what_is_shown_holds_every_corner_and_what_is_visible_too(view: View, rect: Rect) -> None:
    shown, seen = view.shown(rect).grown(1), view.visible(Rect.of_size(view.width, view.height)).grown(1)
    for x in (rect.left, rect.right):
        for y in (rect.top, rect.bottom):
            left, top = view.to_viewport(x, y)
            assert shown.left <= left <= shown.right
            assert shown.top <= top <= shown.bottom
    for x in (0, view.width):
        for y in (0, view.height):
            left, top = view.to_photo(x, y)
            assert seen.left <= left <= seen.right
            assert seen.top <= top <= seen.bottom


@given(
    view=_VIEWS,
    ways=st.lists(st.tuples(st.integers(-9000, 9000), st.integers(-9000, 9000)), max_size=5),
    size=st.tuples(st.integers(1, 9000), st.integers(1, 9000)),
)
def test_however_it_is_moved_some_of_the_photo_stays_in_sight(
    view: View, ways: list[tuple[int, int]], size: tuple[int, int]
) -> None:
    photo = Rect.of_size(*size)
    for way in ways:
        view = view.moved(*way, photo)
        shown = view.shown(photo).grown(2)
        assert not shown.clipped(Rect.of_size(view.width, view.height)).empty


@given(view=_VIEWS, size=st.tuples(st.integers(1, 9000), st.integers(1, 9000)))
def test_all_of_the_photo_fits(view: View, size: tuple[int, int]) -> None:
    photo = Rect.of_size(*size)
    view = view.fitted(photo)
    shown = view.shown(photo)
    if view.zoom > 0.01:
        assert Rect.of_size(view.width, view.height).grown(2).contains(shown)


def _spots(desk: Desk) -> None:
    """A photo of 900×700 in which every place has its own colour."""
    y, x = np.mgrid[0:700, 0:900]
    desk.open(np.stack([x * 255 // 899, y * 255 // 699, np.full_like(x, 40)], -1).astype(np.uint8), RGB)


@pytest.mark.parametrize("angle", _ANGLES)
def test_every_colour_is_where_its_place_is(desk: Desk, angle: float) -> None:
    _spots(desk)
    rng = np.random.default_rng(4)
    desk.canvas.turn_to(angle)
    for zoom in (0.3, 0.7, 1.0, 1.6, 5.0):
        desk.canvas.zoom_to(zoom)
        desk.settle()
        image = desk.viewport.grab().toImage()
        view, checked = desk.canvas.view, 0
        for left, top in rng.integers((4, 4), (view.width - 4, view.height - 4), (150, 2)):
            x, y = view.to_photo(left + 0.5, top + 0.5)
            if 8 < x < 892 and 8 < y < 692:
                colour = image.pixelColor(int(left), int(top))
                assert abs(colour.red() - x * 255 / 899) < 3, (zoom, left, top)
                assert abs(colour.green() - y * 255 / 699) < 3, (zoom, left, top)
                checked += 1
        assert checked > 10


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_quarter_turns_show_the_very_same_pixels(desk: Desk, quarters: int) -> None:
    rng = np.random.default_rng(2)
    desk.open(rng.integers(0, 256, (200, 200, 3), np.uint8), RGB)
    desk.canvas.zoom_100()
    desk.settle()

    def photo() -> np.ndarray:
        image = desk.viewport.grab().toImage().convertToFormat(desk.viewport.grab().toImage().Format.Format_RGB32)
        pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.width())
        place = desk.canvas.view.shown(Rect.of_size(200, 200))
        return pixels[place.slices].copy()

    before = photo()
    desk.canvas.turn_to(90 * quarters)
    desk.settle()
    assert np.array_equal(photo(), np.rot90(before, -quarters))


@pytest.mark.parametrize("angle", _ANGLES)
def test_a_stroke_is_where_the_pointer_was(desk: Desk, angle: float) -> None:
    desk.open(np.full((700, 900, 3), 128, np.uint8), RGB, BrushSettings(size=6, hardness=1))
    for zoom in (0.5, 1.0, 3.0):
        desk.canvas.zoom_to(zoom)
        desk.canvas.turn_to(angle)
        desk.settle()
        first, last = QPointF(370, 250), QPointF(430.5, 330.25)
        ends = [desk.canvas.view.to_photo(place.x(), place.y()) for place in (first, last)]
        desk.drag(first, (first + last) / 2, last)
        rows, columns = np.nonzero(desk.coverage() > 127)
        painted = np.stack([columns, rows], 1) + 0.5
        for end in ends:
            assert np.hypot(*(painted - end).T).min() < 1, "it reaches both ends"
        way = np.subtract(ends[1], ends[0])
        off = painted - ends[0]
        across = np.abs(way[0] * off[:, 1] - way[1] * off[:, 0]) / np.hypot(*way)
        assert across.max() < 3.8, "it is the line between them"
        assert desk.colour(*np.mean(ends, 0))[0] > desk.colour(*np.mean(ends, 0))[1] + 50
        desk.edits.pop().revert(desk.document)


def test_partly_repainted_looks_like_wholly_repainted(desk: Desk) -> None:
    rng = np.random.default_rng(7)
    photo = cv2.GaussianBlur(rng.integers(0, 256, (1500, 2000, 3), np.uint8), (0, 0), 2)
    desk.open(photo, RGB, BrushSettings(size=150, hardness=0.3))
    for zoom, angle in ((0.3, 20.0), (0.77, -70.0), (1.0, 135.0), (3.3, 8.0)):
        desk.canvas.zoom_to(zoom)
        desk.canvas.turn_to(angle)
        desk.settle()
        view = desk.canvas.view
        desk.drag(*[QPointF(*rng.uniform((50, 50), (view.width - 50, view.height - 50))) for _ in range(5)])
        partly = _pixels(desk)
        desk.canvas._mark_all()
        desk.settle()
        assert np.abs(_pixels(desk).astype(int) - partly).max() <= 1


def _pixels(desk: Desk) -> np.ndarray:
    image = desk.viewport.grab().toImage()
    image = image.convertToFormat(image.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., :3].copy()


def test_the_brush_circle_leaves_no_trace(desk: Desk) -> None:
    _spots(desk)
    desk.canvas.set_brush_size(100)
    desk.canvas.turn_to(40)
    desk.settle()
    desk.settle()  # scroll bars that appear take room
    before = _pixels(desk)
    for place in (QPointF(300, 250), QPointF(420, 300), QPointF(333, 410)):
        desk.mouse(_MOVE, place, Qt.MouseButton.NoButton)
        desk.settle()
        assert (_pixels(desk) != before).any()
    desk.mouse(_MOVE, QPointF(-500, -500), Qt.MouseButton.NoButton)
    desk.settle()
    assert np.abs(_pixels(desk).astype(int) - before).max() <= 1


@pytest.mark.parametrize("angle", _ANGLES)
def test_a_pan_keeps_the_grabbed_place_under_the_pointer(desk: Desk, angle: float) -> None:
    desk.open(np.full((3000, 4000, 3), 90, np.uint8), RGB)
    desk.canvas.turn_to(angle)
    desk.canvas.zoom_to(0.8)
    desk.settle()
    grabbed = desk.canvas.view.to_photo(400, 300)
    places = [QPointF(400 + 0.7 * step, 300 - 0.45 * step) for step in range(60)]
    desk.drag(*places, button=Qt.MouseButton.MiddleButton)
    now = desk.canvas.view.to_photo(places[-1].x(), places[-1].y())
    assert math.dist(now, grabbed) * 0.8 < 1.5
    before = desk.canvas.view
    desk.wheel(QPointF(300, 300), -120)
    assert math.dist(desk.canvas.view.to_viewport(0, 0), np.subtract(before.to_viewport(0, 0), (0, 96))) < 1.5


def test_scroll_bars_move_a_turned_photo_on_the_screen(desk: Desk) -> None:
    desk.open(np.full((3000, 4000, 3), 90, np.uint8), RGB)
    desk.canvas.turn_to(30)
    desk.canvas.zoom_100()
    desk.settle()
    for bar, axis in ((desk.canvas.horizontalScrollBar(), 0), (desk.canvas.verticalScrollBar(), 1)):
        assert bar.maximum() - bar.minimum() > 3000
        before = desk.canvas.view.to_viewport(0, 0)
        bar.setValue(bar.value() + 200)
        after = desk.canvas.view.to_viewport(0, 0)
        assert abs(before[axis] - after[axis] - 200) < 1
        assert abs(before[1 - axis] - after[1 - axis]) < 1
        desk.settle()


def test_an_outline_goes_round_what_it_outlines(desk: Desk) -> None:
    desk.open(np.full((700, 900, 3), 128, np.uint8), RGB)
    inside = TiledImage(COVERAGE, Rect.of_size(900, 700))
    inside.write(Rect(300, 250, 500, 400), np.full((150, 200, 1), 255, np.uint8))
    desk.canvas.set_outline(Outline(inside))
    desk.canvas.turn_to(35)
    desk.canvas.zoom_100()
    desk.settle()
    pixels = _pixels(desk).astype(int)
    differs = np.abs(pixels - 128).max(2) > 60
    differs[~_within(desk, Rect.of_size(900, 700).grown(-5))] = False
    rows, columns = np.nonzero(differs)
    places = np.array([desk.canvas.view.to_photo(x + 0.5, y + 0.5) for x, y in zip(columns, rows, strict=True)])
    edges = np.stack([places[:, 0] - 300, 500 - places[:, 0], places[:, 1] - 250, 400 - places[:, 1]])
    assert np.abs(edges).min(0).max() < 3, "nothing elsewhere"
    for edge in edges:
        assert (np.abs(edge) < 2).sum() > 120, "and all of it"


def _within(desk: Desk, rect: Rect) -> np.ndarray:
    view = desk.canvas.view
    y, x = np.mgrid[0 : view.height, 0 : view.width]
    dx, dy = x + 0.5 - view.middle[0], y + 0.5 - view.middle[1]
    cosine, sine = math.cos(math.radians(view.angle)), math.sin(math.radians(view.angle))
    left = (view.middle[0] + dx * cosine + dy * sine + view.left) / view.zoom
    top = (view.middle[1] + dy * cosine - dx * sine + view.top) / view.zoom
    return (left > rect.left) & (left < rect.right) & (top > rect.top) & (top < rect.bottom)


def test_what_a_selecting_tool_shows_is_repainted_wherever_it_goes(desk: Desk) -> None:
    desk.open(np.full((700, 900, 3), 128, np.uint8), RGB)
    desk.canvas.pointer = BoundTool(desk.document, rectangle_tool(), "L1")
    desk.canvas.turn_to(50)
    desk.canvas.zoom_100()
    desk.settle()
    desk.settle()  # scroll bars that appear take room
    before = _pixels(desk)
    desk.mouse(_PRESS, QPointF(300, 200))
    desk.mouse(_MOVE, QPointF(480, 330))
    desk.settle()
    shown = np.argwhere((_pixels(desk) != before).any(2))
    outline = desk.canvas.pointer.outline
    assert isinstance(outline, Contour)
    corners = np.array([desk.canvas.view.to_viewport(*point) for point in outline.points])
    assert np.abs(shown.min(0)[::-1] - corners.min(0)).max() < 4
    assert np.abs(shown.max(0)[::-1] - corners.max(0)).max() < 4
    bounds = device_bounds(outline, desk.canvas.view, 1.0)
    assert bounds.left <= corners.min(0)[0] <= corners.max(0)[0] <= bounds.right
    QTest.keyClick(desk.canvas, Qt.Key.Key_Escape)
    desk.settle()
    assert np.array_equal(_pixels(desk), before)
    assert desk.canvas.view.angle == 50, "it was the tool that was meant"


def test_what_the_stamp_would_lay_is_shown_turned(desk: Desk) -> None:
    _spots(desk)
    tool = CloneTool()
    tool.brush = BrushSettings(size=80, hardness=1)
    desk.canvas.pointer = BoundTool(desk.document, tool, "L1")
    desk.canvas.turn_to(60)
    desk.settle()
    desk.mouse(_PRESS, desk.at(200, 200), modifiers=Qt.KeyboardModifier.AltModifier)
    desk.mouse(_RELEASE, desk.at(200, 200), modifiers=Qt.KeyboardModifier.AltModifier)
    desk.mouse(_MOVE, desk.at(600, 450), Qt.MouseButton.NoButton)
    desk.settle()
    for dx, dy in ((0, 0), (20, 0), (0, 20), (-15, -15)):
        red, green, _ = desk.colour(600 + dx, 450 + dy)
        assert abs(red - (200 + dx) * 255 / 899) < 5, (dx, dy)
        assert abs(green - (200 + dy) * 255 / 699) < 5, (dx, dy)


def test_r_held_turns_with_the_pointer_and_shift_keeps_to_steps(desk: Desk) -> None:
    _spots(desk)
    told: list[bool] = []
    desk.canvas.turningChanged.connect(told.append)
    x, y = desk.canvas.view.middle
    QTest.keyPress(desk.canvas, Qt.Key.Key_R)
    desk.mouse(_PRESS, QPointF(x + 100, y))
    desk.mouse(_MOVE, QPointF(x + 80, y + 80))
    assert desk.canvas.view.angle == pytest.approx(45)
    desk.mouse(_MOVE, QPointF(x + 80, y + 70), modifiers=Qt.KeyboardModifier.ShiftModifier)
    assert desk.canvas.view.angle == 45
    desk.mouse(_MOVE, QPointF(x - 80, y - 5))
    assert desk.canvas.view.angle == pytest.approx(-176.4, abs=0.1)
    desk.mouse(_RELEASE, QPointF(x - 80, y - 5))
    QTest.keyRelease(desk.canvas, Qt.Key.Key_R)
    assert told == [True, False]
    assert not desk.coverage().any()
    desk.drag(QPointF(x, y), QPointF(x + 30, y))
    assert desk.coverage().any(), "R is no longer held"
    QTest.keyClick(desk.canvas, Qt.Key.Key_Escape)
    assert desk.canvas.view.angle == 0


def test_r_tapped_stays_until_it_is_tapped_again(desk: Desk) -> None:
    _spots(desk)
    QTest.keyClick(desk.canvas, Qt.Key.Key_R)
    for _ in range(2):
        x, y = desk.canvas.view.middle  # scroll bars that appear move it
        desk.drag(QPointF(x + 100, y), QPointF(x + 100, y + 58))
    assert desk.canvas.view.angle == pytest.approx(60.2, abs=0.2)
    QTest.keyClick(desk.canvas, Qt.Key.Key_R)
    desk.drag(QPointF(x, y), QPointF(x + 30, y))
    assert desk.coverage().any()
    assert desk.canvas.view.angle == pytest.approx(60.2, abs=0.2)


def test_a_canvas_beside_it_turns_along(desk: Desk) -> None:
    _spots(desk)
    other = Canvas()
    other.resize(811, 590)
    other.set_document(desk.document)
    other.show()
    QTest.qWaitForWindowExposed(other)
    desk.canvas.viewChanged.connect(other.follow)
    other.viewChanged.connect(desk.canvas.follow)
    for angle in _ANGLES:
        desk.canvas.turn_to(angle)
        desk.canvas.pan(13, 7)
        other.pan(-5, 11)
        for place in ((0, 0), (200, 300)):
            mine, its = desk.canvas.view.to_photo(*place), other.view.to_photo(*place)
            assert math.dist(mine, its) * other.view.zoom < 1.5
    other.set_document(None)
    other.close()
    other.deleteLater()


@settings(max_examples=20)
@given(angle=st.floats(-180, 180), width=st.integers(1, 3000), height=st.integers(1, 3000))
def test_another_size_keeps_the_corner(angle: float, width: int, height: int) -> None:
    view = View(0.7, 130, 220, 800, 600, angle)
    other = view.resized(width, height)
    assert math.dist(other.to_photo(0, 0), view.to_photo(0, 0)) * 0.7 < 0.72


def test_a_document_can_be_shown_turned_from_the_start(desk: Desk) -> None:
    desk.canvas.turn_to(25)
    desk.settle()
    _spots(desk)
    assert desk.canvas.view.angle == 25
    desk.canvas.set_document(Document(TiledImage.from_array(np.zeros((5, 5, 3), np.uint8), RGB)))
    desk.settle()
    assert desk.canvas.view.zoom == 1


def test_a_stroke_goes_on_under_the_pointer_when_the_view_changes(desk: Desk) -> None:
    desk.open(np.full((700, 900, 3), 128, np.uint8), RGB, BrushSettings(size=8, hardness=1))
    desk.mouse(_PRESS, QPointF(300, 200))
    desk.mouse(_MOVE, QPointF(340, 220))
    desk.settle()
    desk.canvas.turn_to(70)
    desk.wheel(QPointF(340, 220), 240, Qt.KeyboardModifier.ControlModifier)
    desk.mouse(_MOVE, QPointF(420, 260))
    desk.mouse(_MOVE, QPointF(430, 300))
    QTest.keyClick(desk.canvas, Qt.Key.Key_R)
    end = desk.canvas.view.to_photo(430, 300)
    desk.mouse(_RELEASE, QPointF(430, 300))
    desk.settle()
    assert len(desk.edits) == 1
    assert desk.coverage()[int(end[1]), int(end[0])] == 255
    assert not desk.canvas.stroke_running


@pytest.mark.parametrize("size", [(60_000, 1), (1, 60_000)])
def test_a_panorama_of_one_row_is_shown_at_every_zoom_and_angle(desk: Desk, size: tuple[int, int]) -> None:
    photo = np.full((size[1], size[0], 3), 200, np.uint8)
    desk.open(photo, RGB, BrushSettings(size=4, hardness=1))
    desk.canvas.set_grid_shown(False)
    place = size[0] // 2 + 0.5, size[1] // 2 + 0.5
    for angle in (0.0, 33.0, 90.0):
        desk.canvas.turn_to(angle)
        for zoom in (None, 0.01, 0.3, 1.0, 20.0, 64.0):
            if zoom is None:
                desk.canvas.zoom_fit()
            else:
                left, top = int(place[0]), int(place[1])
                desk.canvas.look_at(Rect(left, top, left + 1, top + 1))
                desk.canvas.zoom_to(zoom)
            desk.settle()
            if zoom is not None and zoom >= 20:
                assert desk.colour(*place) == (200, 200, 200), (angle, zoom)
        desk.drag(desk.at(*place), desk.at(place[0] + 0.3, place[1] + 0.3))
        assert desk.coverage().any()
        desk.edits.pop().revert(desk.document)
