from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import EDIT_KINDS, AddLayer, Group, MoveLayer, Paint, RemoveLayer, SetLayer
from inpaint_studio.document.layers import MaskLayer
from inpaint_studio.pixels.rect import Rect
from tests.document.generators import (
    EDITS,
    Fingerprint,
    copy_of,
    documents,
    edits_of,
    edits_of_kind,
    fingerprint,
    texts,
    through_bytes,
)

kinds = pytest.mark.parametrize("kind", sorted(EDIT_KINDS))


def test_every_kind_of_edit_has_a_generator() -> None:
    assert EDITS.keys() == EDIT_KINDS.keys()


def test_every_kind_is_found_under_its_name() -> None:
    for kind, edit in EDIT_KINDS.items():
        assert edit.kind == kind
        assert edit.version >= 1


@kinds
@settings(max_examples=25)
@given(data=st.data(), document=documents())
def test_an_edit_is_done_and_undone_and_done_again(kind: str, data: st.DataObject, document: Document) -> None:
    edit = data.draw(edits_of_kind(kind, document))
    before = fingerprint(document)
    edit.apply(document)
    after = fingerprint(document)
    edit.revert(document)
    assert fingerprint(document) == before
    edit.apply(document)
    assert fingerprint(document) == after


@kinds
@settings(max_examples=25)
@given(data=st.data(), document=documents())
def test_an_edit_that_was_stored_does_and_undoes_the_same(kind: str, data: st.DataObject, document: Document) -> None:
    edit = data.draw(edits_of_kind(kind, document))
    stored = through_bytes(edit)
    twin = copy_of(document)
    assert type(stored) is type(edit)
    assert (stored.label, stored.nbytes) == (edit.label, edit.nbytes)
    assert stored.encode().to_bytes() == edit.encode().to_bytes()
    before = fingerprint(document)
    edit.apply(document)
    stored.apply(twin)
    assert fingerprint(twin) == fingerprint(document)
    stored.revert(twin)
    assert fingerprint(twin) == before


@kinds
@settings(max_examples=25)
@given(data=st.data(), document=documents())
def test_what_looks_different_was_announced(kind: str, data: st.DataObject, document: Document) -> None:
    edit = data.draw(edits_of_kind(kind, document))
    for step in (edit.apply, edit.revert):
        rects: list[Rect] = []
        before, revision = document.composite().read(document.canvas), document.revision
        unsubscribe = document.subscribe(rects.append)
        step(document)
        unsubscribe()
        differs = (document.composite().read(document.canvas) != before).any(2)
        for rect in rects:
            differs[rect.clipped(document.canvas).slices] = False
        assert not differs.any()
        assert document.revision == revision + len(rects)


@given(documents(), st.permutations([0, 1, 2]))
def test_a_layer_that_moves_announces_where_it_is(document: Document, order: list[int]) -> None:
    heard: list[Rect] = []
    for index in range(3):
        layer = MaskLayer.empty(f"L{index}", "", document.canvas)
        layer.coverage.write(Rect(0, 0, 9, 9), np.full((9, 9, 1), 255, np.uint8))
        document.insert(layer, index)
    document.subscribe(heard.append)
    move = MoveLayer(*order[:2])
    move.apply(document)
    assert document.layers[move.target].id == f"L{move.source}"
    move.revert(document)
    assert len(heard) == 2
    assert all(rect.contains(Rect(0, 0, 9, 9)) for rect in heard)


@settings(max_examples=25)
@given(data=st.data(), document=documents())
def test_a_group_that_fails_leaves_the_document_as_it_was(data: st.DataObject, document: Document) -> None:
    edit = data.draw(edits_of_kind("group", document))
    before = fingerprint(document)
    with pytest.raises(KeyError):
        Group("", (edit, SetLayer("no such layer", {}, {"name": ""}))).apply(document)
    assert fingerprint(document) == before


def with_mask(document: Document) -> MaskLayer:
    layer = MaskLayer.empty(document.new_id(), "Mask", document.canvas)
    AddLayer(layer.state(), 0).apply(document)
    added = document.layer(layer.id)
    assert isinstance(added, MaskLayer)
    return added


def unchanged(document: Document, before: Fingerprint) -> bool:
    return fingerprint(document) == before


@given(documents())
def test_an_edit_of_what_does_not_exist_changes_nothing(document: Document) -> None:
    layer = with_mask(document)
    before = fingerprint(document)
    with pytest.raises(KeyError):
        SetLayer.of(document, layer.id, {"name": "new", "no such property": 1})
    with pytest.raises(KeyError):
        SetLayer(layer.id, {}, {"name": "new", "no such property": 1}).apply(document)
    with pytest.raises(KeyError):
        RemoveLayer.of(document, "no such layer")
    with pytest.raises(KeyError):
        Paint.of(document, layer.id, "no such plane", {}, "")
    with pytest.raises(IndexError):
        MoveLayer(7, 0).apply(document)
    assert unchanged(document, before)


@given(documents(), texts)
def test_a_later_edit_does_not_reach_into_an_earlier_one(document: Document, name: str) -> None:
    layer = with_mask(document)
    remove = RemoveLayer.of(document, layer.id)
    before = fingerprint(document)
    layer.name = name + "!"
    layer.coverage.write(document.canvas, np.full((document.canvas.height, document.canvas.width, 1), 255, np.uint8))
    remove.apply(document)
    remove.revert(document)
    assert fingerprint(document) == before


@settings(max_examples=25)
@given(data=st.data(), document=documents())
def test_an_edit_weighs_the_pixels_it_holds(data: st.DataObject, document: Document) -> None:
    edit = data.draw(edits_of(document))
    assert edit.nbytes >= 0
    assert (edit.nbytes > 0) == bool(edit.encode().nbytes)
