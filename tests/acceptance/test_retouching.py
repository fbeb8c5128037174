"""Heal brush and clone stamp in the window, by mouse and keys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt

from tests.acceptance.conftest import Run
from tests.acceptance.user import User

_ALT = Qt.KeyboardModifier.AltModifier


def test_a_painted_spot_is_mended_when_the_pen_is_up(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        before = user.shown()
        user.key(Qt.Key.Key_J)
        user.write("brush.size", "24")
        user.paint((200, 150), (206, 150))
        assert np.array_equal(user.shown(), before)
        await user.until(lambda: user.steps == ("Heal",), user.tab.changed)
        changed = (user.shown() != before).any(axis=2)
        ys, xs = np.nonzero(changed)
        assert 20 < len(xs) < 1200
        assert abs(xs.mean() - 203) < 8
        assert abs(ys.mean() - 150) < 8
        assert [layer.kind for layer in user.layers] == ["clone"]
        user.paint((300, 200), (304, 200))
        await user.until(lambda: user.steps == ("Heal", "Heal"), user.tab.changed)
        assert len(user.layers) == 1
        user.ctrl(Qt.Key.Key_Z)
        user.ctrl(Qt.Key.Key_Z)
        assert np.array_equal(user.shown(), before)
        assert user.layers == ()

    at_the_window(scenario, picture)


def test_the_stamp_wants_a_source_and_copies_from_it(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        before = user.shown()
        user.key(Qt.Key.Key_S)
        assert user.is_there("clone.aligned")
        user.paint((300, 200), (310, 200))
        await user.told("Alt+click")
        assert user.steps == ()
        user.write("brush.size", "30")
        user.write("brush.hardness", "100")
        user.paint((150, 100), modifiers=_ALT)
        assert user.steps == ()
        user.paint((300, 200), (320, 200))
        assert user.steps == ("Clone stamp",)
        x, y = 300, 200
        after = user.shown()
        changed = np.argwhere((after != before).any(axis=2))
        assert len(changed) > 100
        window = after[y - 5 : y + 6, x - 5 : x + 6].astype(int)
        ways = [
            (dx, dy)
            for dx in (-152, -151, -150, -149, -148)
            for dy in (-102, -101, -100, -99, -98)
            if np.array_equal(window, before[y - 5 + dy : y + 6 + dy, x - 5 + dx : x + 6 + dx])
        ]
        assert ways
        user.ctrl(Qt.Key.Key_Z)
        assert np.array_equal(user.shown(), before)

    at_the_window(scenario, picture)


def test_the_copy_is_seen_under_the_pointer_before_it_is_made(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_S)
        user.write("brush.size", "60")
        user.paint((290, 190), modifiers=_ALT)
        user.point_at(100, 100)
        await user.quiet()
        port = user.tab.canvas.viewport()
        place = user.on_screen(100, 100)
        seen = port.grab().toImage().pixelColor(place)
        assert seen.red() > 180
        assert seen.blue() < 90
        user.point_away()
        await user.quiet()
        seen = port.grab().toImage().pixelColor(place)
        assert seen.red() < 180

    at_the_window(scenario, picture)


def test_a_region_is_drawn_round_and_dragged_to_something_better(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        before = user.shown()
        user.key(Qt.Key.Key_J, Qt.KeyboardModifier.ShiftModifier)
        user.paint((240, 140), (340, 140), (340, 240), (240, 240), (240, 141))
        assert user.steps == ()
        user.paint((290, 190), (400, 190), (440, 190))
        await user.until(lambda: user.steps == ("Patch",), user.tab.changed)
        after = user.shown().astype(int)
        assert (after[160:220, 260:320, 0] - after[160:220, 260:320, 2]).max() < 100
        assert np.array_equal(after[:130], before[:130])
        user.ctrl(Qt.Key.Key_Z)
        assert np.array_equal(user.shown(), before)

    at_the_window(scenario, picture)
