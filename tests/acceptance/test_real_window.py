"""The real program in a real window: started as a process, driven through X, seen as pixels."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest
from PySide6.QtCore import Qt

from inpaint_studio.storage.project import is_project, journals_folder, leftovers
from tests.acceptance.conftest import Run
from tests.acceptance.screen import FolderWatch, Screen, missing, program, screen
from tests.acceptance.test_main_path import red
from tests.acceptance.test_recovery import start_page
from tests.acceptance.user import User

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "all there")


@pytest.fixture
def journals() -> Iterator[FolderWatch]:
    journals_folder().mkdir(parents=True)
    watch = FolderWatch(journals_folder())
    yield watch
    watch.close()


@pytest.fixture
def exports(tmp_path: Path) -> Iterator[FolderWatch]:
    watch = FolderWatch(tmp_path)
    yield watch
    watch.close()


def only_the_block_differs(exported: Path, original: Path) -> bool:
    """Whether the loud block is gone, and nothing differs beyond the mask that was painted over it."""
    new, old = (cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB) for path in (exported, original))
    changed = (new != old).any(2)
    changed[100:280, 200:380] = False
    return red(old) == 80 * 80 and red(new) == 0 and not changed.any()


def kinds() -> list[str]:
    """Of the layers of the one document that is open, as its journal has them, bottom first."""
    try:
        (journal,) = journals_folder().glob("*.sqlite")
        with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as connection:
            return [row[0] for row in connection.execute("SELECT kind FROM layers ORDER BY position")]
    except (ValueError, sqlite3.OperationalError):  # not there yet
        return []


class Photo:
    """Where on the screen the loud block of the photo is, as the first picture shows it."""

    def __init__(self, opened: np.ndarray) -> None:
        loud = (opened[..., 0] > 180) & (opened[..., 1] < 80) & (opened[..., 2] < 80)
        rows, columns = np.flatnonzero(loud.sum(1) > 60), np.flatnonzero(loud.sum(0) > 60)
        self.left, self.top = int(columns[0]), int(rows[0])
        self.width, self.height = int(columns[-1]) - self.left + 1, int(rows[-1]) - self.top + 1
        self._opened = opened

    def cover(self, on: Screen) -> None:
        """Paint over the block, and a little more."""
        points: list[tuple[float, float]] = []
        for y in np.linspace(self.top, self.top + self.height, 6):
            points += [(self.left - 3, y), (self.left + self.width + 3, y)]
        on.paint(*points)

    def around(self, image: np.ndarray, border: int = 40) -> np.ndarray:
        """The block in a later picture, and what is around it."""
        rows = slice(self.top - border, self.top + self.height + border)
        return image[rows, self.left - border : self.left + self.width + border]

    def above(self, image: np.ndarray) -> np.ndarray:
        """A part of the photo that is not painted on."""
        return image[self.top - 120 : self.top - 60, self.left : self.left + self.width]

    def is_masked(self, image: np.ndarray) -> bool:
        """Whether the block is there, with the red of a mask around it."""
        ring = self.around(image, 3)[0].astype(int) - self.around(self._opened, 3)[0]
        return bool((ring[:, 0] > 20).all()) and red(self.around(image, 0)) > 0.9 * self.width * self.height

    def is_gone(self, image: np.ndarray) -> bool:
        return red(self.around(image)) == 0


def see(on: Screen, folder: Path) -> Photo:
    """Wait until the photo is on the screen."""
    return Photo(on.look_until(lambda image: red(image) > 5000, folder / "opened.png"))


@pytest.mark.parametrize("scale", [1, 2])
def test_the_main_path(picture: Path, tmp_path: Path, journals: FolderWatch, exports: FolderWatch, scale: int) -> None:
    temporary = tmp_path / "temporary"
    with (
        screen("1440x960x24" if scale == 1 else "2880x1800x24") as on,
        program(on, picture, temporary=temporary, scale=scale) as process,
    ):
        window = on.window("garden.png – Inpaint Studio")
        photo = see(on, tmp_path)
        # a pixel of the photo is a pixel of the screen, whatever the scale of the window
        assert (photo.width, photo.height) == (80, 80)
        photo.cover(on)
        on.until_title(window, "garden.png*")
        painted = on.look_until(photo.is_masked, tmp_path / "painted.png")
        on.press("Return")
        journals.until(lambda: "fill" in kinds())
        filled = on.look_until(photo.is_gone, tmp_path / "filled.png")
        assert np.array_equal(photo.above(filled), photo.above(painted))
        on.press("ctrl+z")
        on.look_until(photo.is_masked, tmp_path / "undone.png")
        on.press("ctrl+shift+z")
        on.look_until(photo.is_gone, tmp_path / "redone.png")

        on.press("ctrl+s")
        on.window("Save As")
        on.look_until(
            lambda image: not np.array_equal(photo.around(image), photo.around(filled)), tmp_path / "save.png"
        )
        on.press("Return")
        on.until_title(window, "garden – Inpaint Studio")
        assert is_project(tmp_path / "garden.inpaint")

        on.tool("windowfocus", "--sync", window)
        on.press("ctrl+w")
        on.until_title(window, "Inpaint Studio")
        on.press("ctrl+o")
        on.window("^Open$")
        on.write(str(tmp_path / "garden.inpaint"))
        on.press("Return")
        on.until_title(window, "garden – Inpaint Studio")
        on.tool("windowfocus", "--sync", window)
        on.look_until(
            lambda image: np.array_equal(photo.above(image), photo.above(filled)) and photo.is_gone(image),
            tmp_path / "reopened.png",
        )
        on.press("ctrl+z")
        on.look_until(photo.is_masked, tmp_path / "undone again.png")
        on.press("ctrl+y")
        on.look_until(photo.is_gone, tmp_path / "redone again.png")
        on.press("ctrl+shift+e")
        on.window("Export a photo")
        on.press("ctrl+a")
        on.write("mended.png")
        on.press("Return")
        exports.until(lambda: (tmp_path / "mended.png").exists())
        assert only_the_block_differs(tmp_path / "mended.png", picture)
        on.tool("windowfocus", "--sync", window)
        on.press("ctrl+q")
        assert process.wait(30) == 0
    assert not list(journals_folder().glob("*.sqlite"))
    assert not list(temporary.iterdir())


def test_keys_as_an_x_server_sends_them(picture: Path, tmp_path: Path, journals: FolderWatch) -> None:
    """A shifted key has two names there; each press has to change what the row of options shows."""
    with screen() as on, program(on, picture, temporary=tmp_path / "temporary") as process:
        on.window("garden.png – Inpaint Studio")
        see(on, tmp_path)

        def options(image: np.ndarray) -> np.ndarray:
            return image[25:50, :860]

        shown = options(on.look(tmp_path / "keys.png"))
        for key in ("shift+bracketleft", "shift+bracketright", "shift+comma", "shift+period", "bracketright", "comma"):
            on.press(key)
            image = on.look_until(
                lambda image, shown=shown: not np.array_equal(options(image), shown), tmp_path / f"{key}.png"
            )
            shown = options(image)
        on.press("ctrl+q")
        assert process.wait(30) == 0


def mask_of_noise(on: Screen) -> None:
    """A mask on `long_picture` that takes many seconds, painted with a large brush."""
    on.press(*["bracketright"] * 14)
    on.paint((450, 400), (700, 500), (450, 600))


def is_filling(temporary: Path) -> bool:
    """Whether a request has gone to the worker, with its pixels."""
    return any(path.is_file() and path.stat().st_size > 1 << 20 for path in temporary.rglob("*"))


def tells_an_error(image: np.ndarray) -> bool:
    """Whether the bar with the edge that errors have is there."""
    edge = np.array([0xC4, 0x78, 0x6C])
    return bool((image[-200:] == edge).all(2).sum() > 50)


def test_a_worker_that_is_killed_is_told_and_the_next_fill_works(
    long_picture: Path, tmp_path: Path, journals: FolderWatch
) -> None:
    temporary = tmp_path / "temporary"
    with screen() as on, program(on, long_picture, temporary=temporary) as process:
        window = on.window("noise.png – Inpaint Studio")
        on.look_until(lambda image: image[300:600, 300:800].std() > 12, tmp_path / "opened.png")
        mask_of_noise(on)
        on.until_title(window, "noise.png*")
        on.press("Return")
        on.look_until(lambda _: is_filling(temporary), tmp_path / "filling.png")
        workers = [child for child in psutil.Process(process.pid).children() if "--worker" in child.cmdline()]
        assert len(workers) == 1
        workers[0].kill()
        on.look_until(tells_an_error, tmp_path / "told.png")
        assert "fill" not in kinds()
        # a mask that is filled sooner
        on.press("ctrl+d", *["bracketleft"] * 16)
        on.paint((400, 300), (430, 300))
        on.press("Return")
        journals.until(lambda: "fill" in kinds())
        on.press(*["ctrl+z"] * 5, "ctrl+q")
        assert process.wait(30) == 0


def test_the_window_is_closed_in_mid_fill(long_picture: Path, tmp_path: Path, journals: FolderWatch) -> None:
    temporary = tmp_path / "temporary"
    with screen() as on, program(on, long_picture, temporary=temporary) as process:
        window = on.window("noise.png – Inpaint Studio")
        on.look_until(lambda image: image[300:600, 300:800].std() > 12, tmp_path / "opened.png")
        mask_of_noise(on)
        on.until_title(window, "noise.png*")
        on.press("Return")
        on.look_until(lambda _: is_filling(temporary), tmp_path / "filling.png")
        children = psutil.Process(process.pid).children(recursive=True)
        on.press("ctrl+q")
        stop = on.window("^Inpaint Studio$")
        # "Stop and Close" is the button that Enter presses; then it asks about the mask that was painted
        on.press("Return")
        on.next_window("^Inpaint Studio$", stop)
        on.press("Tab", "space")
        assert process.wait(30) == 0
    assert not any(child.is_running() for child in children)
    assert not list(journals_folder().glob("*.sqlite"))
    assert not list(temporary.iterdir())


def test_a_killed_program_loses_nothing(
    at_the_window: Run, picture: Path, tmp_path: Path, journals: FolderWatch
) -> None:
    with screen() as on, program(on, picture, temporary=tmp_path / "temporary") as process:
        window = on.window("garden.png – Inpaint Studio")
        photo = see(on, tmp_path)
        photo.cover(on)
        on.until_title(window, "garden.png*")
        on.look_until(photo.is_masked, tmp_path / "painted.png")
        on.press("Return")
        journals.until(lambda: "fill" in kinds())
        process.kill()
        process.wait(30)
    (left,) = leftovers()
    assert left.steps == 3

    async def scenario(user: User) -> None:
        assert len(await start_page(user)) == 1
        user.click("welcome.recover")
        await user.opened(1)
        await user.window.settle()
        assert user.steps == ("Add mask", "Brush stroke", "Fill")
        assert red(user.shown()) == 0
        user.ctrl(Qt.Key.Key_Z)
        assert red(user.shown()) == 80 * 80
        assert [layer.name for layer in user.layers] == ["Mask 1"]

    at_the_window(scenario)
