from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from inpaint_studio.document.codec import Encoded
from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import AddLayer, SetLayer
from inpaint_studio.document.history import History
from inpaint_studio.document.layers import MaskLayer
from tests.document.generators import Fingerprint, copy_of, documents, edits_of, fingerprint, texts, through_bytes

UNLIMITED = 2**60


class Boom(Exception):  # noqa: N818  what a test throws
    """Something goes wrong in the middle of a transaction."""


class FakeStore:
    """Keeps edits as the bytes that a journal would write."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    def put(self, edit: Encoded) -> int:
        self.kept.append(edit.to_bytes())
        return len(self.kept) - 1

    def get(self, number: int) -> Encoded:
        return Encoded.from_bytes(self.kept[number])


class HistoryMachine(RuleBasedStateMachine):
    """A history with endless memory and one that stores all but its newest step, against a list of documents."""

    @initialize(document=documents())
    def begin(self, document: Document) -> None:
        self.document, self.twin = document, copy_of(document)
        self.store = FakeStore()
        self.histories = [History(self.document, UNLIMITED), History(self.twin, 0, self.store, pytest.fail)]
        self.states: list[tuple[Fingerprint, str]] = [(fingerprint(document), "")]
        self.position = 0
        self.clean_at: int | None = 0

    def pushed(self, label: str) -> None:
        del self.states[self.position + 1 :]
        if self.clean_at is not None and self.clean_at > self.position:
            self.clean_at = None
        self.states.append((fingerprint(self.document), label))
        self.position += 1

    @rule(data=st.data())
    def apply(self, data: st.DataObject) -> None:
        edit = data.draw(edits_of(self.document))
        for history in self.histories:
            history.apply(through_bytes(edit))
        self.pushed(edit.label)

    @precondition(lambda self: self.position > 0)
    @rule()
    def undo(self) -> None:
        assert [history.undo() for history in self.histories] == [self.states[self.position][1]] * 2
        self.position -= 1

    @precondition(lambda self: self.position < len(self.states) - 1)
    @rule()
    def redo(self) -> None:
        self.position += 1
        assert [history.redo() for history in self.histories] == [self.states[self.position][1]] * 2

    @precondition(lambda self: self.position == 0)
    @rule()
    def undo_nothing(self) -> None:
        assert [history.undo() for history in self.histories] == [None, None]

    @precondition(lambda self: self.position == len(self.states) - 1)
    @rule()
    def redo_nothing(self) -> None:
        assert [history.redo() for history in self.histories] == [None, None]

    @rule(position=st.integers(-2, 12))
    def go_to(self, position: int) -> None:
        for history in self.histories:
            history.go_to(position)
        self.position = min(max(position, 0), len(self.states) - 1)

    @rule(data=st.data(), label=texts, count=st.integers(0, 3))
    def transaction(self, data: st.DataObject, label: str, count: int) -> None:
        one, other = self.histories
        with one.transaction(label), other.transaction(label):
            self.apply_several(data, count)
        if count:
            self.pushed(label)

    @rule(data=st.data(), counts=st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 2)))
    def transaction_in_a_transaction(self, data: st.DataObject, counts: tuple[int, int, int]) -> None:
        one, other = self.histories
        with one.transaction("outer"), other.transaction("outer"):
            self.apply_several(data, counts[0])
            with one.transaction("inner"), other.transaction("inner"):
                self.apply_several(data, counts[1])
            self.apply_several(data, counts[2])
        if any(counts):
            self.pushed("outer")

    @rule(data=st.data(), count=st.integers(0, 3))
    def failing_transaction(self, data: st.DataObject, count: int) -> None:
        with pytest.raises(Boom):
            self.fail_after_several(data, count)

    @rule(data=st.data(), counts=st.tuples(st.integers(0, 2), st.integers(0, 2)))
    def failing_transaction_in_a_transaction(self, data: st.DataObject, counts: tuple[int, int]) -> None:
        one, other = self.histories
        with one.transaction("outer"), other.transaction("outer"):
            self.apply_several(data, counts[0])
            with pytest.raises(Boom):
                self.fail_after_several(data, counts[1])
        if counts[0]:
            self.pushed("outer")

    @rule()
    def edit_that_fails(self) -> None:
        for history in self.histories:
            with pytest.raises(KeyError):
                history.apply(SetLayer("no such layer", {}, {"name": ""}))

    @rule()
    def save(self) -> None:
        for history in self.histories:
            history.mark_clean()
        self.clean_at = self.position

    def apply_several(self, data: st.DataObject, count: int) -> None:
        for _ in range(count):
            edit = data.draw(edits_of(self.document))
            for history in self.histories:
                history.apply(through_bytes(edit))

    def fail_after_several(self, data: st.DataObject, count: int) -> None:
        one, other = self.histories
        with one.transaction("fails"), other.transaction("fails"):
            self.apply_several(data, count)
            raise Boom

    @invariant()
    def documents_are_as_they_were_at_this_position(self) -> None:
        assert fingerprint(self.document) == self.states[self.position][0]
        assert fingerprint(self.twin) == self.states[self.position][0]

    @invariant()
    def histories_tell_the_same(self) -> None:
        for history in self.histories:
            assert history.position == self.position
            assert history.labels == tuple(label for _, label in self.states[1:])
            assert history.clean == (self.clean_at == self.position)

    @invariant()
    def memory_is_bounded(self) -> None:
        endless, tiny = self.histories
        newest = [step.nbytes for step in endless._steps[-1:]]
        assert tiny.nbytes <= sum(newest)


TestHistory = HistoryMachine.TestCase
TestHistory.settings = settings(max_examples=40, stateful_step_count=20)


def edited(
    data: st.DataObject, document: Document, count: int, limit: int, dropped: list[int]
) -> tuple[History, list[Fingerprint]]:
    """A history without a store after `count` edits, and the documents on the way."""
    history = History(document, limit, dropped=dropped.append)
    states = [fingerprint(document)]
    for _ in range(count):
        history.apply(data.draw(edits_of(document)))
        states.append(fingerprint(document))
    return history, states


@settings(max_examples=30)
@given(data=st.data(), document=documents(), count=st.integers(1, 6), limit=st.integers(0, 2_000_000))
def test_without_a_store_old_steps_are_dropped_and_the_rest_undoes(
    data: st.DataObject, document: Document, count: int, limit: int
) -> None:
    told: list[int] = []
    history, states = edited(data, document, count, limit, told)
    dropped = sum(told)
    assert all(told)
    assert history.position == len(history.labels) == count - dropped >= 1
    assert history.nbytes <= limit or history.position == 1
    assert history.clean == (count == 0)
    for state in states[-2 : dropped - 1 if dropped else None : -1]:
        assert history.undo() is not None
        assert fingerprint(document) == state
    assert history.undo() is None
    assert history.clean == (dropped == 0)
    for state in states[dropped + 1 :]:
        assert history.redo() is not None
        assert fingerprint(document) == state


@settings(max_examples=20)
@given(data=st.data(), document=documents(), count=st.integers(1, 5), saved=st.integers(0, 5))
def test_what_was_saved_stays_clean_only_while_it_can_be_reached(
    data: st.DataObject, document: Document, count: int, saved: int
) -> None:
    told: list[int] = []
    saved = min(saved, count)
    history = History(document, 0, dropped=told.append)
    for step in range(count + 1):
        if step == saved:
            history.mark_clean()
        if step < count:
            history.apply(data.draw(edits_of(document)))
    assert history.clean == (saved == count)
    dropped = sum(told)
    while history.undo() is not None:
        assert history.clean == (history.position + dropped == saved)


@settings(max_examples=10)
@given(data=st.data(), document=documents())
def test_another_way_to_the_saved_position_is_not_clean(data: st.DataObject, document: Document) -> None:
    history, _ = edited(data, document, 2, UNLIMITED, [])
    history.mark_clean()
    history.undo()
    history.apply(data.draw(edits_of(document)))
    assert history.position == 2
    assert not history.clean
    history.go_to(0)
    assert not history.clean


@settings(max_examples=10)
@given(data=st.data(), document=documents(), undone=st.integers(0, 3), saved=st.integers(0, 3))
def test_a_save_that_took_its_time_is_clean_only_if_its_steps_are_still_there(
    data: st.DataObject, document: Document, undone: int, saved: int
) -> None:
    history, _ = edited(data, document, 3, UNLIMITED, [])
    since = history.moment()
    for _ in range(undone):
        history.undo()
    history.apply(data.draw(edits_of(document)))
    saved = min(saved, history.position)
    history.go_to(saved)
    history.mark_clean(saved, since)
    assert history.clean == (undone == 0 or saved < 4 - undone)
    history.mark_clean(saved, history.moment())
    assert history.clean


@given(documents())
def test_a_step_is_remembered_although_a_listener_fails(document: Document) -> None:
    history = History(document, UNLIMITED)
    layer = MaskLayer.empty(document.new_id(), "Mask", document.canvas)
    leave = document.subscribe(lambda _: 1 // 0)
    reported: list[type[BaseException]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "excepthook", lambda kind, *_: reported.append(kind))
        history.apply(AddLayer(layer.state(), len(document.layers)))
    leave()
    assert reported == [ZeroDivisionError]
    assert history.labels == ("Add layer",)
    assert document.layers[-1].id == layer.id
    history.undo()
    assert layer.id not in {other.id for other in document.layers}


@settings(max_examples=20)
@given(data=st.data(), document=documents())
def test_a_limit_that_is_never_reached_drops_nothing(data: st.DataObject, document: Document) -> None:
    told: list[int] = []
    history, _ = edited(data, document, 4, UNLIMITED, told)
    assert told == []
    assert len(history.labels) == 4


@given(documents())
def test_the_way_back_is_closed_inside_a_transaction(document: Document) -> None:
    history = History(document, UNLIMITED)
    with history.transaction(""):
        for step in (history.undo, history.redo):
            with pytest.raises(RuntimeError, match="transaction"):
                step()
    assert history.undo() is None


@settings(max_examples=20)
@given(data=st.data(), document=documents())
def test_a_step_that_the_store_refuses_stays_in_memory(data: st.DataObject, document: Document) -> None:
    class FullStore(FakeStore):
        def put(self, edit: Encoded) -> int:
            raise Boom

    before = fingerprint(document)
    history = History(document, -1, FullStore())
    history.apply(data.draw(edits_of(document)))
    edit = data.draw(edits_of(document))
    with pytest.raises(Boom):
        history.apply(edit)
    assert len(history.labels) == 2
    history.go_to(0)
    assert fingerprint(document) == before
