"""A large JPEG and a project are seen before they are open."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QColorSpace

from inpaint_studio.settings import Settings
from inpaint_studio.storage.project import leftovers
from inpaint_studio.studio.session import open_any
from inpaint_studio.ui.early_look import early_picture
from tests.acceptance.conftest import Run
from tests.acceptance.test_recovery import die
from tests.acceptance.user import User
from tests.profiles import matrix

SRGB = QColorSpace(QColorSpace.NamedColorSpace.SRgb)


def _jpeg(path: Path, width: int, height: int, orientation: int = 1) -> Path:
    image = Image.fromarray(np.full((height, width, 3), (200, 60, 40), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(path, quality=90, exif=exif)
    return path


def test_only_large_jpegs_upright(tmp_path: Path) -> None:
    large = early_picture(_jpeg(tmp_path / "large.jpg", 3000, 2000), SRGB)
    assert large is not None
    assert (large[0].width(), large[0].height(), large[1].width(), large[1].height()) == (1500, 1000, 3000, 2000)
    turned = early_picture(_jpeg(tmp_path / "turned.jpg", 3000, 2000, 6), SRGB)
    assert turned is not None
    assert (turned[0].width(), turned[0].height(), turned[1].width(), turned[1].height()) == (1000, 1500, 2000, 3000)
    assert early_picture(_jpeg(tmp_path / "small.jpg", 640, 480), SRGB) is None
    Image.new("RGB", (3000, 2000)).save(tmp_path / "large.png")
    assert early_picture(tmp_path / "large.png", SRGB) is None
    (tmp_path / "broken.jpg").write_bytes((tmp_path / "large.jpg").read_bytes()[:300])
    assert early_picture(tmp_path / "broken.jpg", SRGB) is None
    assert early_picture(tmp_path / "absent.jpg", SRGB) is None


def test_it_is_on_the_screen_before_the_document(at_the_window: Run, tmp_path: Path) -> None:
    path = _jpeg(tmp_path / "large.jpg", 6000, 4000)

    async def scenario(user: User) -> None:
        seen: list[int] = []
        user.window.early.painted.connect(lambda: seen.append(len(user.window.all_tabs)))
        user.drop(path)
        await user.opened(1)
        assert seen, "nothing was seen while it was opened"
        assert set(seen) == {0}
        assert not user.is_there("early_look")
        await user.window.settle()

    at_the_window(scenario)


def test_what_can_not_be_opened_leaves_no_picture(at_the_window: Run, tmp_path: Path) -> None:
    path = _jpeg(tmp_path / "large.jpg", 6000, 4000)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])

    async def scenario(user: User) -> None:
        user.drop(path)
        await user.until_there("messages")
        await user.window.settle()
        assert not user.is_there("early_look")
        assert user.is_there("welcome")

    at_the_window(scenario)


def test_a_project_is_seen_with_its_fills_before_it_is_open(at_the_window: Run, picture: Path, tmp_path: Path) -> None:
    target = tmp_path / "garden.inpaint"

    async def scenario(user: User) -> None:
        user.scribble(245, 145, 335, 235, 20)
        user.key(Qt.Key.Key_Return)
        await user.filled()
        filled = user.shown()
        user.ctrl(Qt.Key.Key_S)
        await user.until_there("save.dialog")
        user.save_as(target)
        await user.until(lambda: not user.tab.session.unsaved, user.tab.changed)
        await user.back()
        user.ctrl(Qt.Key.Key_W)
        await user.until_there("welcome")
        await user.window.settle()

        seen: list[tuple[int, bool]] = []
        early = user.window.early
        early.painted.connect(
            lambda: seen.append((len(user.window.all_tabs), user.window.actions_by_name["action.fill"].isEnabled()))
        )
        looked = early_picture(target, SRGB)
        assert looked is not None
        image, whole = looked
        assert (whole.width(), whole.height()) == (600, 400)
        colour = image.pixelColor(290, 190)
        assert np.abs(np.array(colour.getRgb()[:3]) - filled[190, 290]).max() < 30, "the loud block is still seen"
        user.drop(target)
        await user.opened(1)
        assert seen, "nothing was seen while it was opened"
        assert set(seen) == {(0, False)}, "what is only looked at can not be worked on"
        assert not user.is_there("early_look")
        await user.window.settle()

    at_the_window(scenario, picture)


def test_what_was_left_is_seen_before_it_is_recovered(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.paint((100, 100), (150, 100))
        await die(user)
        await user.window.file_commands.look_for_leftovers()
        (left,) = leftovers()
        assert early_picture(left.path, SRGB) is not None
        seen: list[int] = []
        user.window.early.painted.connect(lambda: seen.append(len(user.window.all_tabs)))
        user.click("welcome.recover")
        await user.opened(1)
        assert set(seen) <= {0}
        assert not user.is_there("early_look")
        await user.window.settle()

    at_the_window(scenario, picture)


def test_it_has_the_colours_of_the_screen(tmp_path: Path) -> None:
    path = tmp_path / "wide.png"
    Image.new("RGB", (900, 600), (60, 200, 60)).save(path, icc_profile=matrix("AdobeRGB"))
    session = open_any(path, Settings())
    session.save(tmp_path / "wide.inpaint", session.pictures()())
    session.close(discard=True)
    looks = []
    for space in (QColorSpace.NamedColorSpace.SRgb, QColorSpace.NamedColorSpace.AdobeRgb):
        looked = early_picture(tmp_path / "wide.inpaint", QColorSpace(space))
        assert looked is not None
        looks.append(looked[0].pixelColor(450, 300).getRgb()[:3])
    assert np.abs(np.subtract(looks[1], (60, 200, 60))).max() <= 3
    assert looks[0][0] < 30, "sRGB shows that green with less red"
