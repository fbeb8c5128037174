"""A display is unplugged under the real window."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.acceptance import displays, screen
from tests.acceptance.displays import Displays
from tests.acceptance.screen import PATIENCE_S, Screen
from tests.acceptance.test_real_window import see

_WIDTH, _HEIGHT = 1440, 960

pytestmark = pytest.mark.skipif(
    bool(screen.missing() or displays.missing()), reason=screen.missing() or displays.missing() or "all there"
)


def place(on: Screen, window: str) -> tuple[int, int, int, int]:
    """Left, top, right, bottom."""
    values = dict(line.split("=") for line in on.tool("getwindowgeometry", "--shell", window).splitlines())
    left, top, width, height = (int(values[name]) for name in ("X", "Y", "WIDTH", "HEIGHT"))
    return left, top, left + width, top + height


def until_in_sight(on: Screen, window: str) -> None:
    end = time.monotonic() + PATIENCE_S
    left = top = -1
    right = bottom = 1 << 20
    while not (left >= 0 and top >= 0 and right <= _WIDTH and bottom <= _HEIGHT):
        assert time.monotonic() < end, f"the window stays at {(left, top, right, bottom)}"
        left, top, right, bottom = place(on, window)


def in_two(plugs: Displays) -> None:
    """The screen as two displays side by side."""
    plugs.plug("left", 0, _WIDTH, _HEIGHT, first=True)
    plugs.plug("right", _WIDTH, _WIDTH, _HEIGHT)


def test_the_window_and_its_dialog_come_to_the_display_that_is_left(picture: Path, tmp_path: Path) -> None:
    with (
        screen.screen(f"{2 * _WIDTH}x{_HEIGHT}x24") as on,
        displays.displays(on.environment["DISPLAY"]) as plugs,
    ):
        in_two(plugs)
        with screen.program(on, picture, temporary=tmp_path / "temporary") as process:
            window = on.window("garden.png – Inpaint Studio")
            see(on, tmp_path)
            on.tool("windowmove", "--sync", window, _WIDTH + 40, 40)
            on.press("ctrl+shift+e")
            dialog = on.window("Export a photo")
            on.tool("windowmove", "--sync", dialog, _WIDTH + 200, 100)
            plugs.unplug("right")
            until_in_sight(on, window)
            until_in_sight(on, dialog)
            # and it is as usable as before
            on.press("Escape")
            on.tool("windowfocus", "--sync", window)
            photo = see(on, tmp_path)
            photo.cover(on)
            on.look_until(photo.is_masked, tmp_path / "painted.png")
            on.press("ctrl+z", "ctrl+z", "ctrl+q")
            assert process.wait(PATIENCE_S) == 0
