"""Forests give what their trees say, whatever the row, and travel in the notes of a model."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inpaint_studio.restore.forest import LEAF, Forest

TALL = {  # first column up to 0: 1; else second column up to 5: 2, above: 4
    "features": [0, LEAF, 1, LEAF, LEAF], "limits": [0.0, 0, 5.0, 0, 0], "left": [1, 0, 3, 0, 0], "right": [2, 0, 4, 0, 0],
    "values": [0.0, 1.0, 0.0, 2.0, 4.0],
}  # fmt: skip
LOW = {
    "features": [1, LEAF, LEAF],
    "limits": [1.5, 0, 0],
    "left": [1, 0, 0],
    "right": [2, 0, 0],
    "values": [0.0, 10.0, 20.0],
}


def told(first: float, second: float) -> float:
    return (1.0 if first <= 0 else 2.0 if second <= 5 else 4.0) + (10.0 if second <= 1.5 else 20.0)


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), max_size=40))
def test_a_row_goes_down_every_tree(rows: list[tuple[float, float]]) -> None:
    forest = Forest.of([TALL, LOW])
    given_rows = np.array(rows, np.float64).reshape(-1, 2)
    assert forest.sums(given_rows).tolist() == [told(*row) for row in rows]


def test_many_rows_are_walked_in_pieces() -> None:
    rows = np.random.default_rng(3).uniform(-9, 9, (10_000, 2))
    assert Forest.of([LOW, TALL]).sums(rows).tolist() == [told(*row) for row in rows.tolist()]


def test_a_limit_belongs_to_the_left() -> None:
    assert Forest.of([TALL]).sums(np.array([[0.0, 9.0], [1.0, 5.0]])).tolist() == [1, 2]


def test_without_trees_nothing_is_said() -> None:
    assert Forest.of([]).sums(np.ones((3, 2))).tolist() == [0, 0, 0]


def test_the_notes_of_a_model_hold_it() -> None:
    forest = Forest.of([TALL, LOW])
    again = Forest.from_json(json.loads(json.dumps(forest.to_json())))
    rows = np.array([[-1.0, 0.0], [1.0, 3.0], [1.0, 8.0]])
    assert again.sums(rows).tolist() == forest.sums(rows).tolist() == [11, 22, 24]
    with pytest.raises(KeyError):
        Forest.from_json({"roots": []})
