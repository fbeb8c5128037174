import numpy as np
import pytest
from numpy.typing import NDArray

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import AddLayer, Edit, Group, Paint, RemoveLayer, decode_edit
from inpaint_studio.document.layers import FillLayer, MaskLayer, ProposalLayer, new_fill_planes
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.pixels.format import COVERAGE, Colour, PixelFormat
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.stroke import Ink
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.tools.base import BrushSettings, Modifier, PointerEvent
from inpaint_studio.tools.bound import BoundTool
from inpaint_studio.tools.registry import TOOLS
from inpaint_studio.tools.stroke import StrokeTool

_CANVAS = Rect.of_size(600, 500)
_HARD = BrushSettings(size=40, hardness=1)


@pytest.fixture
def document() -> Document:
    result = Document(TiledImage(PixelFormat(Colour.RGB), _CANVAS))
    AddLayer(MaskLayer.empty(result.new_id(), "Mask", _CANVAS).state(), 0).apply(result)
    pixels, alpha = new_fill_planes(result.format, _CANVAS)
    mask = TiledImage(COVERAGE, _CANVAS)
    AddLayer(FillLayer.made(result.new_id(), "Fill", pixels, alpha, mask, Recipe()).state(), 1).apply(result)
    return result


def _plane(document: Document, layer_id: str = "L1", plane: str = "coverage") -> NDArray[np.uint8]:
    return document.layer(layer_id).planes[plane].read(_CANVAS)[..., 0]


def _stroke(
    tool: StrokeTool, document: Document, points: list[tuple[float, float]], layer: str = "L1", **event: object
) -> Paint | None:
    events = [PointerEvent(x, y, **event) for x, y in points]  # type: ignore[arg-type]
    tool.press(document, layer, events[0])
    for one in events[1:]:
        tool.move([one])
    edit = tool.release(events[-1])
    assert edit is None or isinstance(edit, Paint)
    return edit


def test_a_click_is_a_dot_and_one_edit_already_applied(document: Document) -> None:
    edit = _stroke(StrokeTool(Ink.OVER, _HARD), document, [(100.5, 200.5)])
    painted = _plane(document)
    assert edit is not None
    assert edit.label == "Brush stroke"
    assert painted[200, 100] == 255
    assert abs(painted.sum() / 255 - np.pi * 20**2) < 5
    edit.revert(document)
    assert not _plane(document).any()


def test_the_stroke_passes_through_every_point_however_they_are_gathered(document: Document) -> None:
    points = [(50 + 37 * i, 250 + 150 * (-1) ** i) for i in range(12)]
    _stroke(StrokeTool(Ink.OVER, BrushSettings(size=5, hardness=1)), document, points)
    one_by_one = _plane(document)
    assert all(one_by_one[int(y), int(x)] == 255 for x, y in points)
    tool = StrokeTool(Ink.OVER, BrushSettings(size=5, hardness=1))
    RemoveLayer.of(document, "L1").apply(document)
    AddLayer(MaskLayer.empty("L1", "Mask", _CANVAS).state(), 0).apply(document)
    tool.press(document, "L1", PointerEvent(*points[0]))
    tool.move([PointerEvent(x, y) for x, y in points[1:]])
    tool.release(PointerEvent(*points[-1]))
    assert np.array_equal(_plane(document), one_by_one)


def test_undo_and_redo_through_bytes_are_exact(document: Document) -> None:
    rng = np.random.default_rng(5)
    for ink in (Ink.OVER, Ink.SOFTEN, Ink.ERASE, Ink.OVER):
        before = _plane(document)
        tool = StrokeTool(ink, BrushSettings(size=120, hardness=0.4, opacity=0.8, flow=0.9))
        edit = _stroke(tool, document, [(float(x), float(y)) for x, y in rng.uniform(-50, 550, (8, 2))])
        after = _plane(document)
        assert edit is not None
        again = Paint.decode(edit.encode())
        again.revert(document)
        assert np.array_equal(_plane(document), before)
        again.apply(document)
        assert np.array_equal(_plane(document), after)
        assert all(tile is None or tile.any() for tile in edit.after.values())


def test_listeners_hear_just_what_changed(document: Document) -> None:
    heard: list[Rect] = []
    document.subscribe(heard.append)
    before = _plane(document)
    tool = StrokeTool(Ink.OVER, _HARD)
    tool.press(document, "L1", PointerEvent(300, 250))
    tool.move([PointerEvent(330, 260)])
    changed = Rect.around(_plane(document) != before)
    assert Rect.union_of(heard).contains(changed)
    assert changed.grown(3).contains(Rect.union_of(heard))
    count = len(heard)
    tool.move([PointerEvent(330, 260)])
    assert len(heard) == count


def test_cancel_puts_the_very_tiles_back_and_tells(document: Document) -> None:
    tool = StrokeTool(Ink.OVER, _HARD)
    _stroke(tool, document, [(100, 100), (300, 120)])
    tiles = dict(document.layer("L1").planes["coverage"].tiles)
    heard: list[Rect] = []
    document.subscribe(heard.append)
    tool.press(document, "L1", PointerEvent(50, 50))
    tool.move([PointerEvent(400, 400)])
    tool.cancel()
    assert not tool.active
    now = document.layer("L1").planes["coverage"].tiles
    assert now.keys() == tiles.keys()
    assert all(now[key] is tile for key, tile in tiles.items())
    assert heard[-1].contains(Rect(50, 50, 400, 400))
    assert tool.release(PointerEvent(1, 1)) is None


def test_shift_draws_a_straight_line_from_the_last_stroke(document: Document) -> None:
    tool = StrokeTool(Ink.OVER, BrushSettings(size=9, hardness=1))
    _stroke(tool, document, [(20, 20), (100, 100)])
    _stroke(tool, document, [(500, 300)], modifiers=Modifier.SHIFT)
    painted = _plane(document)
    assert painted[200, 300] == 255
    other = Document(TiledImage(PixelFormat(Colour.RGB), _CANVAS))
    AddLayer(MaskLayer.empty("L1", "Mask", _CANVAS).state(), 0).apply(other)
    _stroke(tool, other, [(20, 450)], modifiers=Modifier.SHIFT)
    assert _plane(other)[380, 250] == 0, "a line does not come from another document"


@pytest.mark.parametrize("modifier", [Modifier.ALT, Modifier.ERASER])
def test_alt_and_the_pens_other_end_turn_the_brush_round(document: Document, modifier: Modifier) -> None:
    tool = StrokeTool(Ink.OVER, _HARD)
    _stroke(tool, document, [(100, 100), (300, 100)])
    edit = _stroke(tool, document, [(200, 100)], modifiers=modifier)
    assert edit is not None
    assert edit.label == "Erase"
    assert _plane(document)[100, 200] == 0
    assert _plane(document)[100, 110] == 255


def test_pressure_scales_size_and_opacity(document: Document) -> None:
    brush = BrushSettings(size=80, hardness=1, pressure_size=True, pressure_opacity=True)
    _stroke(StrokeTool(Ink.OVER, brush), document, [(200, 200)], pressure=0.5)
    painted = _plane(document)
    assert abs(int(painted.max()) - 128) <= 1
    assert abs((painted > 60).sum() - np.pi * 20**2) < 40


def test_on_a_fill_the_eraser_brings_the_original_back(document: Document) -> None:
    erased = _stroke(StrokeTool(Ink.ERASE, _HARD), document, [(200, 200)], "L2")
    assert erased is not None
    assert (erased.plane, erased.label) == ("hidden", "Bring original back")
    assert _plane(document, "L2", "hidden")[200, 200] == 255
    _stroke(StrokeTool(Ink.OVER, _HARD), document, [(200, 200)], "L2")
    assert _plane(document, "L2", "hidden")[200, 200] == 0


def test_a_stroke_that_changes_nothing_is_no_edit(document: Document) -> None:
    assert _stroke(StrokeTool(Ink.ERASE, _HARD), document, [(100, 100), (200, 200)]) is None
    assert _stroke(StrokeTool(Ink.OVER, _HARD), document, [(-900, -900), (-800, -800)]) is None
    assert _stroke(StrokeTool(Ink.OVER, _HARD), document, [(100, 100)], "L99") is None


def test_a_layer_deleted_under_a_stroke_ends_it(document: Document) -> None:
    tool = StrokeTool(Ink.OVER, _HARD)
    tool.press(document, "L1", PointerEvent(100, 100))
    RemoveLayer.of(document, "L1").apply(document)
    tool.move([PointerEvent(200, 200)])
    assert not tool.active
    assert tool.release(PointerEvent(200, 200)) is None


def test_a_tool_switched_in_mid_stroke_ends_its_own_stroke(document: Document) -> None:
    bound = BoundTool(document, StrokeTool(Ink.OVER, _HARD), "L1")
    bound.press(PointerEvent(100, 100))
    bound.tool, bound.layer_id = StrokeTool(Ink.ERASE, _HARD), "L2"
    bound.move([PointerEvent(200, 100)])
    edit = bound.release(PointerEvent(200, 100))
    assert isinstance(edit, Paint)
    assert (edit.layer_id, edit.label) == ("L1", "Brush stroke")
    assert bound.release(PointerEvent(0, 0)) is None


def test_every_tool_of_the_registry_works(document: Document) -> None:
    assert len({entry.id for entry in TOOLS}) == len({entry.key for entry in TOOLS}) == len(TOOLS)
    _stroke(StrokeTool(Ink.OVER, BrushSettings(size=200, hardness=1)), document, [(200, 200)])
    for entry in TOOLS:
        tool = entry.make()
        if entry.id == "clone":
            tool.press(document, "L1", PointerEvent(100, 200, modifiers=Modifier.ALT))
        tool.press(document, "L1", PointerEvent(300, 200))
        assert tool.active
        tool.move([PointerEvent(305, 220)])
        made = tool.release(PointerEvent(305, 220))
        if tool.active:
            tool.press(document, "L1", PointerEvent(340, 150))
            assert tool.release(PointerEvent(340, 150)) is None
            tool.press(document, "L1", PointerEvent(340, 350))
            tool.release(PointerEvent(340, 350))
            made = tool.finish()
        if entry.id == "patch":
            tool.press(document, "L1", PointerEvent(300, 200))
            tool.move([PointerEvent(360, 200), PointerEvent(360, 260)])
            assert tool.release(PointerEvent(300, 200)) is None
            tool.press(document, "L1", PointerEvent(340, 215))
            made = tool.release(PointerEvent(390, 240))
        # the hand moves the view, no pixel
        assert (made is None) == (entry.id == "hand")
        assert not tool.active


@pytest.mark.parametrize("wrong", [{"size": 0.5}, {"size": 3001}, {"hardness": 1.1}, {"flow": -0.1}])
def test_brush_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"brush|not in"):
        BrushSettings(**wrong)  # type: ignore[arg-type]


def test_on_a_proposal_brush_and_eraser_take_back_what_the_other_did() -> None:
    document = Document(TiledImage.from_array(np.zeros((300, 300, 3), np.uint8), PixelFormat(Colour.RGB)))
    layer = ProposalLayer.empty(document.new_id(), "Damage", document.canvas)
    document.insert(layer, 0)
    brush, eraser = (StrokeTool(ink, BrushSettings(size=40, hardness=1)) for ink in (Ink.OVER, Ink.ERASE))
    spot = PointerEvent(100.5, 100.5)

    def dab(tool: StrokeTool) -> Edit | None:
        tool.press(document, layer.id, spot)
        return tool.release(spot)

    def at(plane: str) -> int:
        return int(layer.planes[plane].read(document.canvas)[100, 100, 0])

    added = dab(brush)
    assert isinstance(added, Paint)
    assert (at("added"), at("removed")) == (255, 0)
    erased = dab(eraser)
    assert isinstance(erased, Group)
    assert decode_edit(erased.encode()).encode() == erased.encode()
    assert (at("added"), at("removed")) == (0, 255)
    erased.revert(document)
    assert (at("added"), at("removed")) == (255, 0)
    erased.apply(document)
    dab(brush)
    assert (at("added"), at("removed")) == (255, 0)
