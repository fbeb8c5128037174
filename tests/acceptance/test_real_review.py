"""The review in the real program on a real screen: damage found, a part dropped, one painted, mended, undone."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from inpaint_studio.storage.project import journals_folder
from tests.acceptance.screen import FolderWatch, missing, program, screen
from tests.acceptance.test_real_window import kinds
from tests.acceptance.test_review import SCAN, eight

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "all there")


def rings(image: np.ndarray) -> int:
    """Pixels in the colours of the outlines, of which the dock shows only a few."""
    colours = ((0x56, 0xB4, 0xE9), (0xE6, 0x9F, 0x00), (0xFF, 0x6A, 0x3C), (0xE0, 0x8C, 0xC0))
    across = image.shape[1]
    return int(sum((image[:, across // 3 :] == colour).all(2).sum() for colour in colours))


@pytest.mark.parametrize("scale", [1, 2])
def test_the_review(tmp_path: Path, scale: int) -> None:
    path = tmp_path / "scan.png"
    cv2.imwrite(str(path), eight(SCAN.image)[..., ::-1])
    journals_folder().mkdir(parents=True)
    journals = FolderWatch(journals_folder())
    with (
        screen("1440x960x24" if scale == 1 else "2880x1800x24") as on,
        program(on, path, temporary=tmp_path / "temporary", scale=scale) as process,
    ):
        window = on.window("scan.png – Inpaint Studio")
        photo = np.s_[300 * scale : 600 * scale, : 900 * scale]
        on.look_until(lambda image: (image[photo] > 240).all(2).sum() > 200, tmp_path / "opened.png")
        on.press("ctrl+shift+d")
        on.until_title(window, "scan.png*")
        found = on.look_until(lambda image: rings(image) > 300, tmp_path / "found.png")
        # the next part is brought to the middle, and goes
        on.press("Tab")
        near = on.look_until(lambda image: rings(image) != rings(found), tmp_path / "part.png")
        on.press("Delete")
        on.look_until(lambda image: not np.array_equal(image, near), tmp_path / "dropped.png")
        on.press("ctrl+0", "b")
        on.paint((700 * scale, 450 * scale), (720 * scale, 450 * scale))
        on.look_until(lambda image: rings(image) > 200, tmp_path / "painted.png")
        on.press("ctrl+Return")
        journals.until(lambda: kinds()[-1:] == ["fill"])
        on.look_until(lambda image: rings(image) == 0, tmp_path / "mended.png")
        on.press("ctrl+z")
        on.look_until(lambda image: rings(image) > 200, tmp_path / "undone.png")
        journals.until(lambda: kinds() == ["proposal"])
        on.press(*["ctrl+z"] * 3, "ctrl+q")
        assert process.wait(30) == 0
    journals.close()
