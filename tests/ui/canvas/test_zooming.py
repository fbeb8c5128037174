"""While the zoom changes: what is seen is right at once, and as fine as it gets when the zoom rests."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from inpaint_studio.tools.base import BrushSettings
from inpaint_studio.ui.canvas import frames
from inpaint_studio.ui.canvas.drawing import SURROUND
from tests.ui.canvas.desk import RGB, Desk


def _slope(desk: Desk) -> None:
    """A photo of 3000×2000 whose colours rise slowly."""
    y, x = np.mgrid[0:2000, 0:3000]
    desk.open(
        np.stack([60 + x * 180 // 2999, 60 + y * 180 // 1999, np.full_like(x, 200)], -1).astype(np.uint8),
        RGB,
        BrushSettings(size=300, hardness=0.5),
    )


def _pixels(desk: Desk) -> np.ndarray:
    image = desk.viewport.grab().toImage()
    image = image.convertToFormat(image.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., 2::-1].copy()


def _wrong(desk: Desk, slack: float) -> int:
    """How many pixels are not what the photo has there."""
    view, seen = desk.canvas.view, _pixels(desk).astype(float)
    xs = (np.arange(seen.shape[1]) + 0.5 + view.left) / view.zoom
    ys = (np.arange(seen.shape[0]) + 0.5 + view.top) / view.zoom
    red, green = 60 + xs * 180 / 2999, 60 + ys * 180 / 1999
    inside = ((ys > 12) & (ys < 1988))[:, None] & ((xs > 12) & (xs < 2988))
    off = (np.abs(seen[..., 0] - red) > slack) | (np.abs(seen[..., 1] - green[:, None]) > slack)
    return int((off & inside).sum())


def _step(desk: Desk, delta: int) -> None:
    """A notch of the wheel and the frame that follows; the next one comes before it rests."""
    at = QPointF(300, 250)
    before = desk.canvas.view.zoom
    desk.wheel(at, delta, Qt.KeyboardModifier.ControlModifier)
    assert desk.canvas.view.zoom != before


def _rest(desk: Desk) -> None:
    """The wheel has been still for long enough."""
    desk.canvas._still.start(0)
    while desk.canvas._coarse:
        QTest.qWait(5)
    desk.settle()


def test_a_zoom_on_its_way_shows_no_seam_and_no_other_colour(desk: Desk) -> None:
    _slope(desk)
    # however slow the machine is
    desk.canvas._still.setInterval(60_000)
    coarse = 0
    for delta in [120] * 14 + [-120] * 20:
        _step(desk, delta)
        coarse += desk.canvas._coarse
        assert _wrong(desk, 6) == 0, desk.canvas.view.zoom
    assert coarse == 33, "all but the first"
    _rest(desk)
    assert _wrong(desk, 3) == 0


def test_once_it_rests_it_looks_as_if_it_had_always_been_there(desk: Desk) -> None:
    rng = np.random.default_rng(3)
    desk.open(rng.integers(0, 256, (1200, 1500, 3), np.uint8), RGB, BrushSettings(size=200, hardness=0.5))
    desk.drag(desk.at(300, 300), desk.at(900, 700))
    desk.canvas._still.setInterval(60_000)
    for delta in (120, 120, 120, -15, 240):
        _step(desk, delta)
    _rest(desk)
    rested, view = _pixels(desk), desk.canvas.view
    desk.canvas.set_document(desk.document)
    desk.canvas.set_active_layer("L1")
    desk.canvas._set_view(view)
    desk.settle()
    assert np.array_equal(_pixels(desk), rested)


def test_one_step_is_fine_at_once(desk: Desk) -> None:
    _slope(desk)
    _step(desk, 120)
    assert not desk.canvas._coarse
    desk.canvas.zoom_100()
    assert not desk.canvas._coarse


@pytest.mark.parametrize("zoom", [0.13, 0.6, 1.0, 3.0])
def test_what_there_was_no_time_for_is_shown_from_other_levels(
    desk: Desk, zoom: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    _slope(desk)
    before = desk.canvas.view.level
    with monkeypatch.context() as patch:
        patch.setattr(frames, "BUDGET", -1.0)
        desk.canvas.zoom_to(zoom)
        assert desk.canvas.view.level != before
        pixels = _pixels(desk)
        assert not (pixels[100:-100, 100:-100] == SURROUND.red()).all(2).any() or zoom < 0.2
        assert _wrong(desk, 8) == 0, "coarser, but the right colours"
    desk.canvas._mark_all()
    desk.settle()
    assert _wrong(desk, 3) == 0


def test_what_was_painted_since_is_not_shown_from_other_levels(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    _slope(desk)
    desk.canvas.zoom_100()
    desk.settle()
    desk.drag(QPointF(300, 300), QPointF(500, 300))
    x, y = desk.canvas.view.to_photo(400, 300)
    masked = desk.colour(x, y)
    with monkeypatch.context() as patch:
        patch.setattr(frames, "BUDGET", -1.0)
        desk.canvas.zoom_fit()
        assert desk.colour(x, y) != (60 + int(x) * 180 // 2999, 60 + int(y) * 180 // 1999, 200), "no mask, no photo"
    desk.canvas._mark_all()
    desk.settle()
    assert max(abs(a - b) for a, b in zip(desk.colour(x, y), masked, strict=True)) <= 4
