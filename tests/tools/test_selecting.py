"""Rectangle, ellipse, lasso, polygon and wand as tools: what they do to a mask."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import AddLayer, Paint
from inpaint_studio.document.layers import FillLayer, MaskLayer, new_fill_planes
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.pixels.format import COVERAGE, Colour, PixelFormat
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TILE, TiledImage
from inpaint_studio.tools.base import Modifier, PointerEvent, Tool
from inpaint_studio.tools.bound import BoundTool
from inpaint_studio.tools.polygon import PolygonTool
from inpaint_studio.tools.registry import TOOLS
from inpaint_studio.tools.shapes import ellipse_tool, lasso_tool, rectangle_tool
from inpaint_studio.tools.wand import WandSettings, WandTool

_CANVAS = Rect.of_size(600, 500)
_SHIFT, _ALT = Modifier.SHIFT, Modifier.ALT
_DRAGGED = [rectangle_tool, ellipse_tool, lasso_tool]
Place = tuple[float, float]


def _document() -> Document:
    photo = np.full((500, 600, 3), 60, np.uint8)
    photo[100:200, 100:300] = 160
    result = Document(TiledImage.from_array(photo, PixelFormat(Colour.RGB)))
    AddLayer(MaskLayer.empty(result.new_id(), "Mask", _CANVAS).state(), 0).apply(result)
    return result


def _plane(document: Document) -> NDArray[np.uint8]:
    return document.layer("L1").planes["coverage"].read(_CANVAS)[..., 0]


def _drag(
    tool: Tool, document: Document, places: list[Place], held: Modifier = Modifier.NONE, then: Modifier | None = None
) -> Paint | None:
    """Press with `held`, then move and let go with `then`."""
    then = held if then is None else then
    bound = BoundTool(document, tool, "L1")
    bound.press(PointerEvent(*places[0], modifiers=held))
    bound.move([PointerEvent(*place, modifiers=then) for place in places[1:]])
    edit = bound.release(PointerEvent(*places[-1], modifiers=then))
    assert edit is None or isinstance(edit, Paint)
    assert not bound.active
    assert bound.outline is None
    return edit


def _click(bound: BoundTool, x: float, y: float, time: float = 0, held: Modifier = Modifier.NONE) -> Paint | None:
    bound.press(PointerEvent(x, y, time=time, modifiers=held))
    edit = bound.release(PointerEvent(x, y, time=time, modifiers=held))
    assert edit is None or isinstance(edit, Paint)
    return edit


def test_a_drag_selects_what_is_inside_as_one_edit() -> None:
    document = _document()
    edit = _drag(rectangle_tool(), document, [(50.5, 60), (100, 80), (150, 160.25)])
    assert edit is not None
    assert (edit.label, edit.layer_id, edit.plane) == ("Rectangle", "L1", "coverage")
    plane = _plane(document)
    assert (plane[60:160, 51:150] == 255).all()
    assert (plane[60:160, 50] == 128).all()
    assert (plane[160, 51:150] == 64).all()
    assert plane.sum() == plane[60:161, 50:150].sum()


def test_an_ellipse_is_round() -> None:
    document = _document()
    _drag(ellipse_tool(), document, [(100, 100), (300, 200)])
    assert abs(_plane(document).sum() / 255 - np.pi * 100 * 50) < 5
    assert Rect.around(_plane(document) > 0) == Rect(100, 100, 300, 200)


def test_a_lasso_closes_itself() -> None:
    document = _document()
    _drag(lasso_tool(), document, [(100, 100), (300, 100), (300, 300)])
    plane = _plane(document)
    assert plane[110, 290] == 255
    assert plane[290, 110] == 0
    assert abs(plane.sum() / 255 - 20_000) < 5


@pytest.mark.parametrize("alt", [_ALT, Modifier.CONTROL])
def test_alt_subtracts_and_leaves_no_rim(alt: Modifier) -> None:
    for make in _DRAGGED:
        document = _document()
        places = [(100.3, 100.7), (220.1, 130.2), (180.6, 240.4)]
        _drag(make(), document, places)
        assert _plane(document).any()
        edit = _drag(make(), document, places, alt)
        assert edit is not None
        assert edit.label.endswith(": subtract")
        assert not _plane(document).any()
        assert not document.layer("L1").planes["coverage"].tiles, "blank tiles are gone"


@pytest.mark.parametrize("alt", [_ALT, Modifier.CONTROL])
def test_shift_and_alt_intersect(alt: Modifier) -> None:
    document = _document()
    _drag(rectangle_tool(), document, [(10, 10), (400, 300)])
    edit = _drag(rectangle_tool(), document, [(300, 200), (550, 450)], _SHIFT | alt, alt)
    assert edit is not None
    assert edit.label == "Rectangle: intersect"
    assert Rect.around(_plane(document) > 0) == Rect(300, 200, 400, 300)
    assert set(document.layer("L1").planes["coverage"].tiles) == {(0, 1), (1, 1)}


def test_the_pens_eraser_subtracts() -> None:
    document = _document()
    _drag(rectangle_tool(), document, [(10, 10), (100, 100)])
    _drag(rectangle_tool(), document, [(10, 10), (100, 50)], Modifier.ERASER)
    assert Rect.around(_plane(document) > 0) == Rect(10, 50, 100, 100)


@pytest.mark.parametrize("make", [rectangle_tool, ellipse_tool])
@pytest.mark.parametrize(
    ("to", "box"),
    [((180, 130), (100, 100, 180, 180)), ((60, 90), (60, 60, 100, 100)), ((90, 140), (60, 100, 100, 140))],
)
def test_shift_makes_a_square(make: type[Tool], to: Place, box: tuple[int, int, int, int]) -> None:
    document = _document()
    _drag(make(), document, [(100, 100), to], _SHIFT)
    assert Rect.around(_plane(document) > 0) == Rect(*box)


def test_shift_held_to_intersect_makes_a_square_only_when_pressed_again() -> None:
    document = _document()
    tool = rectangle_tool()
    tool.press(document, "", PointerEvent(100, 100, modifiers=_SHIFT | _ALT))
    tool.move([PointerEvent(200, 130, modifiers=_SHIFT | _ALT)])
    assert tool.outline is not None
    assert tool.outline.points[2] == (200, 130)
    tool.move([PointerEvent(200, 130, modifiers=_ALT), PointerEvent(200, 130, modifiers=_ALT | _SHIFT)])
    assert tool.outline.points[2] == (200, 200)


def test_what_has_no_area_is_no_edit() -> None:
    for make, held in itertools.product(_DRAGGED, (Modifier.NONE, _ALT, _SHIFT | _ALT)):
        document = _document()
        _drag(rectangle_tool(), document, [(10, 10), (100, 100)])
        revision, before = document.revision, _plane(document)
        assert _drag(make(), document, [(50, 50)], held) is None
        assert _drag(make(), document, [(50, 50), (90, 50)], held, held & ~_SHIFT) is None
        assert _drag(make(), document, [(-50, -50), (-9, -30), (-90, -10)], held) is None
        assert document.revision == revision
        assert np.array_equal(_plane(document), before)


def test_selecting_the_same_again_is_no_edit() -> None:
    for make in _DRAGGED:
        document = _document()
        places = [(100.3, 100.7), (320.1, 130.2), (180.6, 340.4)]
        _drag(make(), document, places)
        assert _drag(make(), document, places) is None


def test_only_tiles_that_change_are_in_the_edit() -> None:
    document = _document()
    _drag(rectangle_tool(), document, [(0, 0), (300, 250)])
    edit = _drag(rectangle_tool(), document, [(0, 0), (600, 250)])
    assert edit is not None
    assert set(edit.after) == {(0, 1), (0, 2)}
    edit = _drag(rectangle_tool(), document, [(0, 0), (TILE, TILE)], _ALT)
    assert edit is not None
    assert edit.after == {(0, 0): None}


def test_escape_leaves_everything_as_it_was() -> None:
    for entry in TOOLS:
        document = _document()
        _drag(rectangle_tool(), document, [(10, 10), (100, 100)])
        before = dict(document.layer("L1").planes["coverage"].tiles)
        bound = BoundTool(document, entry.make(), "L1")
        if entry.id == "clone":
            # it needs a source first
            bound.press(PointerEvent(150, 200, modifiers=_ALT))
            bound.release(PointerEvent(150, 200, modifiers=_ALT))
        bound.press(PointerEvent(200, 200))
        bound.move([PointerEvent(250, 220), PointerEvent(220, 260)])
        assert bound.active
        bound.cancel()
        assert not bound.active
        assert bound.outline is None
        assert bound.release(PointerEvent(250, 220)) is None
        now = document.layer("L1").planes["coverage"].tiles
        assert now.keys() == before.keys()
        assert all(now[key] is tile for key, tile in before.items())


def test_a_fill_layer_is_no_mask() -> None:
    document = _document()
    pixels, alpha = new_fill_planes(document.format, _CANVAS)
    fill = FillLayer.made(document.new_id(), "Fill", pixels, alpha, TiledImage(COVERAGE, _CANVAS), Recipe())
    AddLayer(fill.state(), 1).apply(document)
    for layer_id in ("L2", "L99", None):
        bound = BoundTool(document, rectangle_tool(), layer_id)
        bound.press(PointerEvent(1, 1))
        assert bound.release(PointerEvent(90, 90)) is None


_places = st.lists(
    st.tuples(st.floats(-60, 660), st.floats(-60, 560)).map(lambda place: (round(place[0], 2), round(place[1], 2))),
    min_size=2,
    max_size=6,
)
_held = st.sampled_from([Modifier.NONE, Modifier.NONE, _ALT, _SHIFT | _ALT, _SHIFT])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["rectangle", "ellipse", "lasso", "wand"]), _places, _held), max_size=5))
def test_undo_and_redo_through_bytes_are_exact(steps: list[tuple[str, list[Place], Modifier]]) -> None:
    document, entries = _document(), {entry.id: entry for entry in TOOLS}
    for name, places, held in steps:
        before = _plane(document)
        edit = _drag(entries[name].make(), document, places, held)
        after = _plane(document)
        if edit is None:
            assert np.array_equal(before, after)
            continue
        assert all(tile is None or tile.any() for tile in edit.after.values())
        again = Paint.decode(edit.encode())
        again.revert(document)
        assert np.array_equal(_plane(document), before)
        again.apply(document)
        assert np.array_equal(_plane(document), after)


# ---- the polygon


def _polygon() -> tuple[Document, BoundTool]:
    document = _document()
    bound = BoundTool(document, PolygonTool(), "L1")
    for corner in ((100, 100), (300, 100), (300, 300)):
        assert _click(bound, *corner) is None
    return document, bound


def _is_triangle(document: Document) -> bool:
    plane = _plane(document)
    return abs(plane.sum() / 255 - 20_000) < 5 and plane[110, 290] == 255


def test_a_click_on_the_first_corner_closes() -> None:
    document, bound = _polygon()
    edit = _click(bound, 103, 98)
    assert edit is not None
    assert edit.label == "Polygon"
    assert _is_triangle(document)
    assert not bound.active


def test_how_near_is_told_by_the_screen() -> None:
    _, bound = _polygon()
    bound.press(PointerEvent(103, 98, pixel=0.1))
    assert bound.release(PointerEvent(103, 98, pixel=0.1)) is None
    bound.press(PointerEvent(130, 80, pixel=10))
    assert bound.release(PointerEvent(130, 80, pixel=10)) is not None


def test_enter_and_double_click_close() -> None:
    document, bound = _polygon()
    assert bound.finish() is not None
    assert _is_triangle(document)
    assert bound.finish() is None


def test_the_second_half_of_a_double_click_on_the_first_corner_begins_nothing() -> None:
    document, bound = _polygon()
    assert _click(bound, 100, 100, time=7.0) is not None
    _click(bound, 100, 100, time=7.2)
    assert not bound.active
    _click(bound, 100, 100, time=8.0)
    assert bound.active
    assert _is_triangle(document)


def test_corners_can_be_taken_back_and_moved_while_the_button_is_held() -> None:
    document, bound = _polygon()
    _click(bound, 150, 400)
    bound.take_back()
    bound.take_back()
    bound.press(PointerEvent(500, 400))
    bound.move([PointerEvent(400, 300), PointerEvent(310, 310)])
    bound.release(PointerEvent(300, 300))
    bound.finish()
    assert _is_triangle(document)


def test_taking_the_only_corner_back_ends_the_line() -> None:
    document, bound = _polygon()
    for _ in range(3):
        assert bound.active
        bound.take_back()
    assert not bound.active
    assert bound.outline is None
    assert not _plane(document).any()


def test_two_corners_select_nothing() -> None:
    document, bound = _polygon()
    bound.take_back()
    assert bound.finish() is None
    assert not bound.active
    assert not _plane(document).any()


def test_the_outline_follows_the_pointer_and_snaps_to_the_first_corner() -> None:
    _, bound = _polygon()
    bound.hover(PointerEvent(200, 350))
    assert bound.outline is not None
    assert bound.outline.points == ((100, 100), (300, 100), (300, 300), (200, 350))
    bound.hover(PointerEvent(104, 103))
    assert bound.outline.points[-1] == (100, 100)


def test_keys_of_the_first_press_count() -> None:
    document, bound = _polygon()
    bound.finish()
    _click(bound, 0, 0, held=_ALT)
    for corner in ((600, 0), (600, 150), (0, 150)):
        _click(bound, *corner)
    edit = bound.finish()
    assert edit is not None
    assert edit.label == "Polygon: subtract"
    assert Rect.around(_plane(document) > 0).top == 150


def test_another_document_or_tool_leaves_the_line() -> None:
    document, bound = _polygon()
    other = BoundTool(_document(), bound.tool, "L1")
    _click(other, 50, 50)
    assert other.outline is not None
    assert other.outline.points == ((50, 50),)
    bound.tool = rectangle_tool()
    _click(bound, 5, 5)
    assert not bound.active
    assert not other.active
    assert not _plane(document).any()


# ---- the wand


def test_the_wand_selects_what_looks_alike() -> None:
    document = _document()
    edit = _drag(WandTool(), document, [(150.9, 150.2), (400, 400)])
    assert edit is not None
    assert edit.label == "Magic wand"
    assert Rect.around(_plane(document) == 255) == Rect(100, 100, 300, 200)
    assert (_plane(document)[100:200, 100:300] == 255).all()


def test_the_wand_sees_fills() -> None:
    document = _document()
    pixels, alpha = new_fill_planes(document.format, _CANVAS)
    area = Rect(200, 90, 310, 210)
    pixels.write(area, np.full((area.height, area.width, 3), 60, np.uint8))
    alpha.write(area, np.full((area.height, area.width, 1), 65535, np.uint16))
    fill = FillLayer.made(document.new_id(), "Fill", pixels, alpha, TiledImage(COVERAGE, _CANVAS), Recipe())
    AddLayer(fill.state(), 1).apply(document)
    _drag(WandTool(), document, [(150, 150)])
    assert Rect.around(_plane(document) == 255) == Rect(100, 100, 200, 200)
    # and not when it is to look at the photo alone
    _drag(WandTool(WandSettings(all_layers=False)), document, [(250, 150)])
    assert Rect.around(_plane(document) == 255) == Rect(100, 100, 300, 200)


def test_the_wands_settings() -> None:
    document = _document()
    _drag(WandTool(WandSettings(tolerance=100)), document, [(150, 150)])
    assert (_plane(document) == 255).all()
    document = _document()
    assert _drag(WandTool(), document, [(-1, 150)]) is None
    assert _drag(WandTool(), document, [(150, 500)]) is None
    with pytest.raises(ValueError, match="tolerance"):
        WandSettings(tolerance=256)
