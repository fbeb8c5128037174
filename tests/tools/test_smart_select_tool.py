"""Smart select as a tool: which lines belong to one object, and what undo, other steps and other photos make of that."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from numpy.typing import NDArray

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import AddLayer, Paint
from inpaint_studio.document.history import History
from inpaint_studio.document.layers import MaskLayer
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.tools.base import Modifier, PointerEvent
from inpaint_studio.tools.bound import BoundTool
from inpaint_studio.tools.selection import LateSelection
from inpaint_studio.tools.smart_select import Pointing, SmartSelectSettings, SmartSelectTool

_CANVAS = Rect.of_size(400, 300)
_RED, _BLUE, _OTHER = Rect(60, 80, 180, 220), Rect(180, 80, 240, 220), Rect(300, 40, 370, 110)
_ALT = Modifier.ALT


class Desk:
    """A photo with a red box, a blue one that touches it, and another red one; the tool, a mask and its history."""

    def __init__(self, by: Pointing = Pointing.SCRIBBLE) -> None:
        photo = np.full((300, 400, 3), (80, 120, 70), np.uint8)
        for rect, colour in ((_RED, (200, 50, 50)), (_BLUE, (50, 60, 200)), (_OTHER, (200, 50, 50))):
            photo[rect.slices] = colour
        noise = np.random.default_rng(2).normal(0, 5, photo.shape)
        photo = np.clip(photo + noise, 0, 255).astype(np.uint8)
        self.document = Document(TiledImage.from_array(photo, PixelFormat(Colour.RGB)))
        self.history = History(self.document, 1 << 30)
        self.history.apply(AddLayer(MaskLayer.empty(self.document.new_id(), "Mask", _CANVAS).state(), 0))
        self.tool = SmartSelectTool(SmartSelectSettings(by))
        self.bound = BoundTool(self.document, self.tool, "L1")

    def line(self, *places: tuple[float, float], held: Modifier = Modifier.NONE) -> str | None:
        """Draw; the label of the step that came of it."""
        self.bound.press(PointerEvent(*places[0], modifiers=held))
        self.bound.move([PointerEvent(*place, modifiers=held) for place in places[1:]])
        edit = self.bound.release(PointerEvent(*places[-1], modifiers=held))
        if edit is None:
            return None
        self.history.record(edit)
        return edit.label

    def plane(self) -> NDArray[np.uint8]:
        return self.document.layer("L1").planes["coverage"].read(_CANVAS)[..., 0]

    def has(self, rect: Rect) -> bool:
        """Whether nearly all of it is selected; it must be all or nothing."""
        share = float((self.plane()[rect.grown(-4).slices] > 127).mean())
        assert share > 0.95 or share < 0.05, share
        return share > 0.5

    def all_of_it(self) -> None:
        """Two lines: the red and the blue box."""
        assert self.line((90, 150), (150, 150)) == "Smart select"
        assert self.line((200, 100), (220, 200)) == "Smart select"
        assert (self.has(_RED), self.has(_BLUE), self.has(_OTHER)) == (True, True, False)


def test_a_line_with_alt_takes_a_part_out_and_undo_brings_it_back() -> None:
    desk = Desk(Pointing.BOX)
    desk.line((50, 70), (250, 230))
    assert (desk.has(_RED), desk.has(_BLUE)) == (True, True)
    before = desk.plane()
    assert desk.line((210, 120), (212, 180), held=_ALT) == "Smart select: leave out"
    assert (desk.has(_RED), desk.has(_BLUE)) == (True, False)
    desk.history.undo()
    assert np.array_equal(desk.plane(), before)
    # and it goes on from there
    assert desk.line((212, 120), (210, 180), held=_ALT) == "Smart select: leave out"
    assert (desk.has(_RED), desk.has(_BLUE)) == (True, False)


def test_what_was_in_the_mask_before_stays() -> None:
    desk = Desk(Pointing.BOX)
    plane = desk.document.layer("L1").planes["coverage"]
    plane.write(Rect(205, 100, 215, 110), np.full((10, 10, 1), 200, np.uint8))
    desk.line((50, 70), (250, 230))
    desk.line((210, 120), (212, 180), held=_ALT)
    assert not desk.plane()[130:200, 190:230].any()
    assert (desk.plane()[100:110, 205:215] >= 200).all()


def test_a_line_on_the_object_brings_back_what_a_line_left_out() -> None:
    desk = Desk(Pointing.BOX)
    desk.line((50, 70), (250, 230))
    desk.line((210, 120), (212, 130), held=_ALT)
    assert not desk.has(_BLUE)
    desk.tool.settings = SmartSelectSettings(Pointing.SCRIBBLE)
    assert desk.line((200, 150), (220, 200)) == "Smart select"
    assert (desk.plane()[170:210, 190:235] > 127).mean() > 0.9


def test_the_choice_to_leave_out_needs_no_key() -> None:
    desk = Desk(Pointing.BOX)
    desk.line((50, 70), (250, 230))
    desk.tool.settings = SmartSelectSettings(Pointing.LEAVE_OUT)
    assert desk.line((210, 120), (212, 180)) == "Smart select: leave out"
    assert (desk.has(_RED), desk.has(_BLUE)) == (True, False)


@pytest.mark.parametrize("change", ["stroke", "undo", "another mask"])
def test_of_an_object_that_was_changed_since_alt_takes_away_what_is_under_it(change: str) -> None:
    desk = Desk()
    desk.all_of_it()
    if change == "undo":
        desk.history.undo()
        desk.history.undo()
    elif change == "stroke":
        tiles = {(0, 1): np.full((256, 256, 1), 255, np.uint8)}
        desk.history.apply(Paint.of(desk.document, "L1", "coverage", tiles, "Brush"))
    else:
        mask = MaskLayer.empty(desk.document.new_id(), "Other", _CANVAS)
        desk.history.apply(AddLayer(mask.state(), 1))
        desk.bound.layer_id = mask.id
    label = desk.line((320, 60), (350, 90), held=_ALT)
    assert label == ("Smart select: subtract" if change == "stroke" else None)
    assert not desk.has(_OTHER)


def test_another_object_is_one_of_its_own() -> None:
    desk = Desk()
    desk.all_of_it()
    assert desk.line((320, 60), (350, 90)) == "Smart select"
    assert (desk.has(_RED), desk.has(_BLUE), desk.has(_OTHER)) == (True, True, True)
    # what is left out now is left out of that one
    desk.line((330, 70), (345, 75), held=_ALT)
    assert (desk.has(_RED), desk.has(_BLUE)) == (True, True)


def test_lines_drawn_faster_than_objects_are_found_belong_together() -> None:
    desk = Desk(Pointing.BOX)
    late: list[LateSelection] = []

    class Slow(BoundTool):
        def late(self, found: LateSelection) -> None:  # type: ignore[override]
            late.append(found)

    desk.bound = Slow(desk.document, desk.tool, "L1")
    assert desk.line((50, 70), (250, 230)) is None
    assert desk.line((210, 120), (212, 180), held=_ALT) is None
    quick = BoundTool(desk.document, desk.tool, "L1")
    for one in late:
        assert quick.late(one) is not None
    assert (desk.has(_RED), desk.has(_BLUE)) == (True, False)


def test_what_was_cancelled_is_no_object_to_leave_out_of() -> None:
    desk = Desk(Pointing.BOX)
    late: list[LateSelection] = []

    class Cancelling(BoundTool):
        def late(self, found: LateSelection) -> None:  # type: ignore[override]
            late.append(found)
            found.over()

    desk.bound = Cancelling(desk.document, desk.tool, "L1")
    desk.line((50, 70), (250, 230))
    desk.line((210, 120), (210, 180), held=_ALT)
    assert [one.title for one in late] == ["Smart select", "Smart select"]
    assert not late[1].prompt.background


def test_a_closed_photo_is_forgotten() -> None:
    desk = Desk(Pointing.BOX)
    desk.line((50, 70), (250, 230))
    tool, photo = desk.tool, weakref.ref(desk.document)
    del desk
    gc.collect()
    assert photo() is None
    assert not tool.active


def test_settings_from_a_file() -> None:
    assert SmartSelectSettings("leave out") == SmartSelectSettings(Pointing.LEAVE_OUT)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="nonsense"):
        SmartSelectSettings("nonsense")  # type: ignore[arg-type]
