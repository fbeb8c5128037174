"""Every main tool once in the real program on a real screen: what it does is seen in the picture and kept as a step."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from inpaint_studio.storage.project import journals_folder
from tests.acceptance.screen import FolderWatch, Screen, missing, program, screen
from tests.acceptance.test_real_window import kinds, see

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "all there")

Place = tuple[int, int]
#: How much the colours of a pixel differ when a mask lies over it, at least.
_SEEN = 20


def steps() -> list[str]:
    """The labels of the steps in the journal of the one open document."""
    try:
        (journal,) = journals_folder().glob("*.sqlite")
        with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as connection:
            return [row[0] for row in connection.execute("SELECT label FROM history ORDER BY number")]
    except (ValueError, sqlite3.OperationalError):  # not there yet
        return []


class Bench:
    """The photo on the screen, worked on in its own pixels."""

    def __init__(self, on: Screen, folder: Path, journals: FolderWatch) -> None:
        self._on, self._folder, self._journals = on, folder, journals
        block = see(on, folder)
        # away from the canvas: the pointer's own picture is no part of the photo
        self._left, self._top = block.left - 250, block.top - 150
        self._rest()
        self._opened = on.look(folder / "opened.png")

    def _rest(self) -> None:
        self._on.tool("mousemove", 4, self._top + 500)

    def _at(self, place: Place) -> Place:
        return self._left + place[0], self._top + place[1]

    def drag(self, *places: Place) -> None:
        self._on.paint(*map(self._at, places))

    def click(self, *places: Place, held: str = "") -> None:
        for place in places:
            keys = ("keydown", held), ("keyup", held)
            before, after = keys if held else ((), ())
            self._on.tool("mousemove", *self._at(place), *before, "click", 1, *after)

    def done(self, label: str, name: str, *, changed: list[Place], same: list[Place]) -> None:
        """Wait for the step, then until the picture differs from the opened photo at `changed` and not at `same`."""
        self._journals.until(lambda: steps()[-1:] == [label])
        self._rest()

        def right(image: np.ndarray) -> bool:
            off = np.abs(image.astype(int) - self._opened).sum(2)
            here = [off[self._at(place)[1], self._at(place)[0]] for place in (*changed, *same)]
            return all(here[number] >= _SEEN for number in range(len(changed))) and not any(here[len(changed) :])

        self._on.look_until(right, self._folder / f"{name}.png")

    def clear(self) -> None:
        self._on.press("ctrl+d")
        self._journals.until(lambda: steps()[-1:] == ["Clear mask"])


@pytest.fixture
def bench(picture: Path, tmp_path: Path) -> Iterator[tuple[Screen, Bench]]:
    """The program with a photo; afterwards every step is taken back, and it ends by itself."""
    journals_folder().mkdir(parents=True)
    journals = FolderWatch(journals_folder())
    with screen() as on, program(on, picture, temporary=tmp_path / "temporary") as process:
        on.window("garden.png – Inpaint Studio")
        yield on, Bench(on, tmp_path, journals)
        on.press(*["ctrl+z"] * 30, "ctrl+q")
        assert process.wait(30) == 0
    journals.close()


#: Corners of the photo, which no tool comes near to.
FAR: list[Place] = [(20, 380), (580, 380)]


def test_tools_that_paint_and_draw_a_mask(bench: tuple[Screen, Bench]) -> None:
    on, photo = bench
    photo.drag((60, 100), (200, 100))
    photo.done("Brush stroke", "brush", changed=[(60, 100), (130, 100), (130, 80)], same=[(130, 160), *FAR])
    on.press("e")
    photo.drag((130, 60), (130, 140))
    photo.done("Erase", "eraser", changed=[(60, 100), (200, 100)], same=[(130, 100), (290, 100), *FAR])
    on.press("u")
    photo.drag((60, 72), (80, 72))
    photo.done("Soften edge", "soft edge", changed=[(60, 100), (200, 100)], same=FAR)
    photo.clear()
    on.press("m")
    photo.drag((60, 60), (160, 120))
    photo.done("Rectangle", "rectangle", changed=[(62, 62), (157, 117)], same=[(57, 90), (163, 90), *FAR])
    on.press("shift+m")
    photo.drag((200, 30), (300, 90))
    photo.done("Ellipse", "ellipse", changed=[(250, 60), (250, 33), (62, 62)], same=[(204, 34), (296, 86), *FAR])
    on.press("l")
    photo.drag((400, 60), (460, 60), (520, 60), (520, 100), (520, 140), (460, 100))
    photo.done("Lasso", "lasso", changed=[(500, 80), (62, 62)], same=[(420, 130), *FAR])
    on.press("shift+l")
    photo.click((60, 250), (160, 250), (160, 350))
    on.press("Return")
    photo.done("Polygon", "polygon", changed=[(150, 270), (500, 80)], same=[(70, 340), *FAR])


def test_tools_that_look_at_the_photo(bench: tuple[Screen, Bench]) -> None:
    on, photo = bench
    on.press("n")
    photo.click((251, 151), (329, 151), (329, 229), (251, 229))
    on.press("Return")
    photo.done("Magnetic lasso", "magnetic", changed=[(256, 156), (324, 224)], same=[(340, 190), (290, 240), *FAR])
    photo.clear()
    on.press("w")
    photo.click((290, 190))
    photo.done("Magic wand", "wand", changed=[(252, 152), (327, 227)], same=[(245, 190), (335, 190), *FAR])
    photo.clear()
    on.press("a")
    photo.drag((230, 130), (300, 200), (350, 250))
    photo.done("Smart select", "smart select", changed=[(255, 155), (324, 224)], same=[(238, 190), (342, 190), *FAR])


def test_tools_that_retouch(bench: tuple[Screen, Bench]) -> None:
    on, photo = bench
    on.press("j")
    photo.drag((265, 165), (315, 165), (315, 190), (265, 190), (265, 215), (315, 215))
    photo.done("Heal", "heal", changed=[(254, 160), (290, 190), (324, 224)], same=[(215, 190), (365, 190), *FAR])
    on.press("ctrl+z")
    on.press("s")
    photo.click((480, 300), held="Alt_L")
    photo.drag((318, 218), (318, 210))
    photo.done("Clone stamp", "clone", changed=[(318, 214)], same=[(290, 270), *FAR])
    on.press("shift+j")
    photo.drag((235, 135), (345, 135), (345, 245), (235, 245), (235, 140))
    photo.drag((300, 170), (130, 290))
    photo.done("Patch", "patch", changed=[(300, 170), (290, 190)], same=[(130, 290), *FAR])
    assert kinds() == ["clone"]
