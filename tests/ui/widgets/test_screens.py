"""Where windows go that a display took with it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRect

from inpaint_studio.ui.screens import in_sight

_LEFT, _RIGHT = QRect(0, 0, 1920, 1080), QRect(1920, 0, 1280, 1024)


@pytest.mark.parametrize(
    "frame",
    [QRect(100, 100, 800, 600), QRect(1500, 50, 1000, 700), QRect(-500, 0, 800, 600), QRect(1800, 900, 900, 900)],
)
def test_what_can_be_taken_hold_of_stays(frame: QRect) -> None:
    assert in_sight(frame, [_LEFT, _RIGHT]) == frame


@pytest.mark.parametrize(
    ("frame", "place"),
    [
        (QRect(2000, 100, 800, 600), QRect(1120, 100, 800, 600)),
        (QRect(100, -300, 800, 600), QRect(100, 0, 800, 600)),
        (QRect(5000, 5000, 4000, 3000), QRect(0, 0, 1920, 1080)),
        (QRect(1910, 300, 300, 200), QRect(1620, 300, 300, 200)),
    ],
)
def test_what_lies_outside_comes_in(frame: QRect, place: QRect) -> None:
    assert in_sight(frame, [_LEFT]) == place


def test_the_nearest_display_is_taken_and_without_one_nothing_moves() -> None:
    assert _RIGHT.contains(in_sight(QRect(4000, 100, 500, 400), [_LEFT, _RIGHT]))
    assert _LEFT.contains(in_sight(QRect(-4000, 100, 500, 400), [_LEFT, _RIGHT]))
    assert in_sight(QRect(10, 10, 10, 10), []) == QRect(10, 10, 10, 10)
