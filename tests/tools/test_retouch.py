"""The clone stamp and the heal brush: what they lay on a layer of their own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import AddLayer, Edit, RemoveLayer, SetLayer, decode_edit
from inpaint_studio.document.layers import CloneLayer, MaskLayer
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.tools.base import BrushSettings, Modifier, PointerEvent, Tool
from inpaint_studio.tools.bound import BoundTool
from inpaint_studio.tools.clone import CloneSettings, CloneTool
from inpaint_studio.tools.heal import HealTool
from inpaint_studio.tools.patch import PatchTool

_HARD = BrushSettings(size=40, hardness=1)
_ALT = Modifier.ALT
Place = tuple[float, float]
Array = NDArray[np.generic]


def _photo(dtype: str = "uint8", *, gray: bool = False) -> Document:
    rng = np.random.default_rng(3)
    top = {"uint8": 255, "uint16": 65535, "float32": 1}[dtype]
    values = rng.random((300, 400, 1 if gray else 3)) * top
    return Document(
        TiledImage.from_array(values.astype(dtype), PixelFormat(Colour.GRAY if gray else Colour.RGB, dtype))
    )


def _seen(document: Document) -> Array:
    return document.composite().read(document.canvas)


def _stroke(
    tool: Tool, document: Document, *places: Place, held: Modifier = Modifier.NONE, on: str = ""
) -> Edit | None:
    bound = BoundTool(document, tool, on)
    bound.press(PointerEvent(*places[0], modifiers=held))
    bound.move([PointerEvent(*place, modifiers=held) for place in places[1:]])
    return bound.release(PointerEvent(*places[-1], modifiers=held))


def _clone(document: Document, source: Place, *places: Place, tool: CloneTool | None = None) -> Edit:
    tool = tool or CloneTool(_HARD)
    assert _stroke(tool, document, source, held=_ALT) is None
    edit = _stroke(tool, document, *places)
    assert edit is not None
    return edit


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("gray", [False, True])
def test_the_stamp_copies_samples_exactly_at_the_photos_depth(dtype: str, gray: bool) -> None:
    document = _photo(dtype, gray=gray)
    before = _seen(document)
    edit = _clone(document, (100.5, 100.5), (250.5, 180.5))
    after = _seen(document)
    assert np.array_equal(after[170:191, 240:261], before[90:111, 90:111])
    changed = (after != before).any(axis=2)
    ys, xs = np.nonzero(changed)
    assert np.hypot(xs + 0.5 - 250.5, ys + 0.5 - 180.5).max() <= 21
    edit.revert(document)
    assert document.layers == ()
    edit.apply(document)
    assert np.array_equal(_seen(document), after)
    again = decode_edit(edit.encode())
    again.revert(document)
    again.apply(document)
    assert np.array_equal(_seen(document), after)


def test_the_photo_itself_stays_as_it_is() -> None:
    document = _photo()
    before = document.photo.read(document.canvas).copy()
    _clone(document, (100.5, 100.5), (250.5, 180.5), (300.5, 200.5))
    assert np.array_equal(document.photo.read(document.canvas), before)


def test_aligned_strokes_keep_their_distance_and_others_begin_anew() -> None:
    for aligned, wanted in ((True, (slice(90, 111), slice(190, 211))), (False, (slice(90, 111), slice(90, 111)))):
        document = _photo()
        before = _seen(document)
        tool = CloneTool(_HARD, CloneSettings(aligned=aligned))
        _clone(document, (100.5, 100.5), (200.5, 200.5), tool=tool)
        assert _stroke(tool, document, (300.5, 200.5)) is not None
        assert np.array_equal(_seen(document)[190:211, 290:311], before[wanted])


def test_strokes_share_one_layer_and_what_is_copied_can_be_copied_on() -> None:
    document = _photo()
    before = _seen(document)
    tool = CloneTool(_HARD, CloneSettings(aligned=False))
    _clone(document, (100.5, 100.5), (200.5, 200.5), tool=tool)
    _clone(document, (200.5, 200.5), (300.5, 100.5), tool=tool)
    assert [layer.kind for layer in document.layers] == ["clone"]
    assert np.array_equal(_seen(document)[90:111, 290:311], before[90:111, 90:111])


def test_a_stroke_over_itself_copies_what_was_there_when_it_began() -> None:
    document = _photo()
    before = _seen(document)
    _clone(document, (100.5, 150.5), (110.5, 150.5), (200.5, 150.5))
    assert np.array_equal(_seen(document)[145:156, 110:200], before[145:156, 100:190])


def test_beyond_the_photo_there_is_nothing_to_copy() -> None:
    document = _photo()
    before = _seen(document)
    _clone(document, (5.5, 100.5), (200.5, 100.5))
    after = _seen(document)
    assert np.array_equal(after[100, 180:195], before[100, 180:195])
    assert np.array_equal(after[100, 196:210], before[100, 1:15])


@pytest.mark.parametrize(
    ("chosen", "turned"),
    [
        (CloneSettings(mirrored=True), lambda patch: patch[:, ::-1]),
        (CloneSettings(angle=180), lambda patch: patch[::-1, ::-1]),
        (CloneSettings(angle=90), lambda patch: np.rot90(patch, -1)),
    ],
)
def test_a_copy_can_be_mirrored_and_turned(chosen: CloneSettings, turned: object) -> None:
    document = _photo("uint16")
    before = _seen(document)
    _clone(document, (100.5, 100.5), (250.5, 180.5), tool=CloneTool(_HARD, chosen))
    wanted = turned(before[90:111, 90:111])  # type: ignore[operator]
    assert np.abs(_seen(document)[170:191, 240:261].astype(int) - wanted).max() <= 1


def test_a_copy_can_be_larger() -> None:
    document = _photo()
    ramp = np.broadcast_to(np.arange(400, dtype=np.uint8)[None, :, None] % 250, (300, 400, 3))
    document.photo.write(document.canvas, np.ascontiguousarray(ramp))
    _clone(document, (100, 100), (300, 200), tool=CloneTool(_HARD, CloneSettings(scale=2)))
    row = _seen(document)[200, 285:316, 0].astype(int)
    assert abs(int(row[-1]) - int(row[0]) - 15) <= 1


def test_without_a_source_or_on_escape_nothing_happens() -> None:
    document = _photo()
    assert _stroke(CloneTool(_HARD), document, (100, 100), (200, 100)) is None
    assert document.layers == ()
    tool = CloneTool(_HARD)
    _stroke(tool, document, (50, 50), held=_ALT)
    bound = BoundTool(document, tool, "")
    bound.press(PointerEvent(100, 100))
    bound.move([PointerEvent(200, 100)])
    assert bound.outline is not None
    bound.cancel()
    assert document.layers == ()
    assert bound.outline is None


def test_a_layer_that_goes_in_mid_stroke_ends_it() -> None:
    document = _photo()
    tool = CloneTool(_HARD)
    _stroke(tool, document, (50, 50), held=_ALT)
    tool.press(document, "", PointerEvent(100, 100))
    RemoveLayer.of(document, document.layers[-1].id).apply(document)
    tool.move([PointerEvent(200, 100)])
    assert tool.release(PointerEvent(200, 100)) is None
    assert document.layers == ()


def test_a_locked_or_covered_layer_is_left_alone() -> None:
    document = _photo()
    tool = CloneTool(_HARD)
    _clone(document, (50, 50), (100, 100), tool=tool)
    SetLayer.of(document, document.layers[0].id, {"locked": True}).apply(document)
    kept = document.layers[0].planes["pixels"].snapshot()
    assert _stroke(tool, document, (200, 100), on=document.layers[0].id) is not None
    assert [layer.kind for layer in document.layers] == ["clone", "clone"]
    assert document.layers[0].planes["pixels"].tiles.keys() == kept.tiles.keys()


def test_what_was_brought_back_can_be_painted_anew() -> None:
    document = _photo()
    tool = CloneTool(_HARD)
    _clone(document, (50.5, 50.5), (200.5, 100.5), tool=tool)
    copied = _seen(document)
    layer = document.layers[0]
    layer.hidden.write(document.canvas, np.full((300, 400, 1), 255, np.uint8))
    assert not np.array_equal(_seen(document), copied)
    assert _stroke(tool, document, (200.5, 100.5)) is not None
    assert np.array_equal(_seen(document)[95:106, 195:206], copied[95:106, 195:206])


@given(
    places=st.lists(st.tuples(st.floats(-30, 430), st.floats(-30, 330)), min_size=1, max_size=6),
    size=st.floats(1, 120),
    hardness=st.floats(0, 1),
    opacity=st.floats(0.1, 1),
)
@settings(max_examples=30, deadline=None)
def test_any_stroke_is_undone_exactly(places: list[Place], size: float, hardness: float, opacity: float) -> None:
    document = _photo("uint16")
    tool = CloneTool(BrushSettings(size=size, hardness=hardness, opacity=opacity))
    _clone(document, (60, 60), (80, 80), tool=CloneTool(_HARD))
    before = _seen(document)
    _stroke(tool, document, (60.5, 60.5), held=_ALT)
    edit = _stroke(tool, document, *places)
    after = _seen(document)
    if edit is None:
        assert np.array_equal(after, before)
        return
    edit.revert(document)
    assert np.array_equal(_seen(document), before)
    edit.apply(document)
    assert np.array_equal(_seen(document), after)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_a_healed_spot_is_gone_and_the_rest_untouched(dtype: str) -> None:
    top = np.iinfo(dtype).max
    rng = np.random.default_rng(0)
    values = (top * (0.5 + 0.02 * rng.standard_normal((200, 240, 3)))).astype(dtype)
    values[95:106, 115:126] = top
    document = Document(TiledImage.from_array(values, PixelFormat(Colour.RGB, dtype)))
    edit = _stroke(HealTool(BrushSettings(size=30, hardness=1)), document, (120.5, 100.5), (121.5, 100.5))
    assert edit is not None
    assert edit.label == "Heal"
    after = _seen(document)
    assert abs(after[95:106, 115:126].mean() / top - 0.5) < 0.03
    ys, xs = np.nonzero((after != values).any(axis=2))
    assert np.hypot(xs - 120.5, ys - 100.5).max() < 21
    edit.revert(document)
    assert document.layers == ()


def test_what_is_marked_is_seen_and_gone_when_it_is_taken_back() -> None:
    document = _photo()
    AddLayer(MaskLayer.empty(document.new_id(), "Mask", document.canvas).state(), 0).apply(document)
    before = _seen(document)
    bound = BoundTool(document, HealTool(_HARD), "L1")
    bound.press(PointerEvent(100, 100))
    assert isinstance(document.layers[-1], CloneLayer)
    assert _seen(document)[100, 100, 0] >= 127
    bound.cancel()
    assert np.array_equal(_seen(document), before)
    assert len(document.layers) == 1


def _patch(document: Document, corners: list[Place], way: Place) -> Edit | None:
    bound = BoundTool(document, PatchTool(), "")
    bound.press(PointerEvent(*corners[0]))
    bound.move([PointerEvent(*corner) for corner in corners[1:]])
    assert bound.release(PointerEvent(*corners[-1])) is None
    assert bound.active
    middle = sum(x for x, _ in corners) / len(corners), sum(y for _, y in corners) / len(corners)
    bound.press(PointerEvent(*middle))
    bound.move([PointerEvent(middle[0] + way[0] / 2, middle[1] + way[1] / 2)])
    return bound.release(PointerEvent(middle[0] + way[0], middle[1] + way[1]))


_CORNERS: list[Place] = [(150, 110), (190, 110), (190, 150), (150, 150)]


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_a_patch_takes_the_texture_from_elsewhere_and_the_light_from_here(dtype: str) -> None:
    top = np.iinfo(dtype).max
    rng = np.random.default_rng(0)
    light = np.linspace(0.3, 0.6, 400)[None, :, None]
    clean = np.rint(top * (light + 0.01 * rng.standard_normal((300, 400, 3))))
    values = clean.astype(dtype)
    values[120:140, 160:180] = top
    document = Document(TiledImage.from_array(values, PixelFormat(Colour.RGB, dtype)))
    edit = _patch(document, _CORNERS, (100, 60))
    assert edit is not None
    assert edit.label == "Patch"
    after = _seen(document)
    inside = (slice(112, 148), slice(152, 188))
    wanted = top * np.broadcast_to(light, clean.shape)[inside]
    # the light is that of the place, a third of the range away from the source's
    assert np.abs(after[inside].mean((0, 2)) - wanted.mean((0, 2))).max() < 0.012 * top
    grain = (after[inside] - wanted).std()
    assert 0.8 < grain / (0.01 * top) < 1.2
    outside = np.ones(values.shape[:2], np.bool_)
    outside[109:152, 149:192] = False
    assert np.array_equal(after[outside], values[outside])
    edit.revert(document)
    assert document.layers == ()


def test_a_click_into_the_region_and_escape_leave_the_photo_alone() -> None:
    document = _photo()
    before = _seen(document)
    bound = BoundTool(document, PatchTool(), "")
    bound.press(PointerEvent(*_CORNERS[0]))
    bound.move([PointerEvent(*corner) for corner in _CORNERS[1:]])
    bound.release(PointerEvent(*_CORNERS[-1]))
    bound.press(PointerEvent(170, 130))
    assert bound.release(PointerEvent(171, 130)) is None
    assert bound.active
    bound.press(PointerEvent(170, 130))
    bound.move([PointerEvent(230, 130)])
    assert not np.array_equal(_seen(document), before)
    bound.cancel()
    assert np.array_equal(_seen(document), before)
    assert document.layers == ()


def test_a_press_outside_begins_another_region() -> None:
    document = _photo()
    bound = BoundTool(document, PatchTool(), "")
    bound.press(PointerEvent(*_CORNERS[0]))
    bound.move([PointerEvent(*corner) for corner in _CORNERS[1:]])
    bound.release(PointerEvent(*_CORNERS[-1]))
    bound.press(PointerEvent(300, 200))
    assert bound.outline is not None
    assert bound.outline.points == ((300, 200),)


def test_a_patch_dragged_beyond_the_photo_takes_what_lies_at_its_edge() -> None:
    """Half a source would leave a streak where the photo ends."""
    far, edge = _photo(), _photo()
    for document, way in ((far, (430, -400)), (edge, (400 - 190, -110))):
        edit = _patch(document, _CORNERS, way)
        assert edit is not None
    before = _seen(_photo())
    assert (_seen(far) != before)[112:148, 152:188].any(2).all()
    assert np.array_equal(_seen(far), _seen(edge))


def test_ctrl_sets_the_source_where_the_desktop_keeps_alt() -> None:
    document, tool = _photo(), CloneTool(_HARD)
    assert _stroke(tool, document, (60.5, 60.5), held=Modifier.CONTROL) is None
    assert tool.source_in(document) == (60.5, 60.5)
    assert _stroke(tool, document, (200.5, 100.5)) is not None
    assert np.array_equal(_seen(document)[100, 200], _seen(_photo())[60, 60])
