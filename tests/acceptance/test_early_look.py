"""A large JPEG is seen before it is open."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from inpaint_studio.ui.early_look import early_picture
from tests.acceptance.conftest import Run
from tests.acceptance.user import User


def _jpeg(path: Path, width: int, height: int, orientation: int = 1) -> Path:
    image = Image.fromarray(np.full((height, width, 3), (200, 60, 40), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(path, quality=90, exif=exif)
    return path


def test_only_large_jpegs_upright(tmp_path: Path) -> None:
    large = early_picture(_jpeg(tmp_path / "large.jpg", 3000, 2000))
    assert large is not None
    assert (large[0].width(), large[0].height(), large[1].width(), large[1].height()) == (1500, 1000, 3000, 2000)
    turned = early_picture(_jpeg(tmp_path / "turned.jpg", 3000, 2000, 6))
    assert turned is not None
    assert (turned[0].width(), turned[0].height(), turned[1].width(), turned[1].height()) == (1000, 1500, 2000, 3000)
    assert early_picture(_jpeg(tmp_path / "small.jpg", 640, 480)) is None
    Image.new("RGB", (3000, 2000)).save(tmp_path / "large.png")
    assert early_picture(tmp_path / "large.png") is None
    (tmp_path / "broken.jpg").write_bytes((tmp_path / "large.jpg").read_bytes()[:300])
    assert early_picture(tmp_path / "broken.jpg") is None
    assert early_picture(tmp_path / "absent.jpg") is None


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
