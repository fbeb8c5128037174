from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inpaint_studio.document.document import Document
from inpaint_studio.document.layers import MaskLayer
from inpaint_studio.pixels.rect import Rect
from tests.document.generators import documents

RECT = Rect(1, 2, 3, 4)


def mask(layer_id: str, document: Document) -> MaskLayer:
    return MaskLayer.empty(layer_id, layer_id, document.canvas)


@given(documents(), st.lists(st.sampled_from(["new", "L7", "L12", "L", "Lx", "L²", "other"]), unique=False, max_size=8))
def test_no_id_is_given_twice(document: Document, given_ids: list[str]) -> None:
    had = set[str]()
    for name in given_ids:
        new = document.new_id()
        assert new not in had
        had |= {new, name}
        document.insert(mask(new if name == "new" else name, document), 0)
        document.take_out(0)
    assert document.new_id() not in had


@given(documents())
def test_layers_are_found_by_id(document: Document) -> None:
    for layer_id in ("bottom", "top"):
        document.insert(mask(layer_id, document), len(document.layers))
    document.insert(mask("middle", document), 1)
    assert [layer.id for layer in document.layers] == ["bottom", "middle", "top"]
    assert document.index("top") == 2
    assert document.layer("middle") is document.layers[1]
    assert document.take_out(1).id == "middle"
    with pytest.raises(KeyError, match="middle"):
        document.layer("middle")
    with pytest.raises(KeyError, match="middle"):
        document.composite(below="middle")


@given(documents())
def test_listeners_hear_every_change_until_they_leave(document: Document) -> None:
    heard: list[tuple[str, Rect, int]] = []
    leave_one = document.subscribe(lambda rect: heard.append(("one", rect, document.revision)))
    leave_self = document.subscribe(lambda rect: (heard.append(("two", rect, document.revision)), leave_self()))
    document.changed(RECT)
    document.changed(RECT)
    leave_one()
    document.changed(RECT)
    assert heard == [("one", RECT, 1), ("two", RECT, 1), ("one", RECT, 2)]
    assert document.revision == 3


@given(documents())
def test_one_that_fails_keeps_nothing_from_the_others(document: Document) -> None:
    heard: list[Rect] = []
    document.subscribe(lambda _: 1 // 0)
    document.subscribe(heard.append)
    reported: list[BaseException] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "excepthook", lambda _kind, error, _trace: reported.append(error))
        document.changed(RECT)
    assert heard == [RECT]
    assert [str(error) for error in reported] == ["integer division or modulo by zero"]
