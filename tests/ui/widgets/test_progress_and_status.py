from __future__ import annotations

import time

import numpy as np
import pytest
from PIL import ImageCms
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMainWindow, QProgressBar, QPushButton
from pytestqt.qtbot import QtBot

from inpaint_studio.document.document import Document
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.studio.studio import Studio
from inpaint_studio.ui.progress import Progress, TimeLeft, duration
from inpaint_studio.ui.status import StatusBar, depth_text, profile_name, value_text


@pytest.fixture
def progress(qtbot: QtBot) -> Progress:
    widget = Progress()
    qtbot.addWidget(widget)
    return widget


@pytest.fixture
def status(qtbot: QtBot) -> StatusBar:
    bar = StatusBar()
    qtbot.addWidget(bar)
    bar.resize(1200, 40)
    bar.show()
    return bar


def shown(bar: StatusBar, name: str) -> str:
    label = bar.findChild(QLabel, f"status.{name}")
    return label.text() if label.isVisible() else ""


def test_an_unknown_fraction_only_says_that_something_goes_on(progress: Progress) -> None:
    work = progress.begin("Preparing", lambda: None)
    bar = progress.findChild(QProgressBar, "progress.bar")
    assert (bar.minimum(), bar.maximum()) == (0, 0)
    progress.update_work(work, 0.25, "Copying")
    assert (bar.value(), bar.maximum()) == (250, 1000)
    progress.resize(800, 30)
    assert progress.findChild(QLabel, "progress.stage").text() == "Copying"
    progress.end(work)
    assert not progress.isVisible()


def test_cancel_is_a_button(qtbot: QtBot, progress: Progress) -> None:
    asked: list[str] = []
    first = progress.begin("Filling", lambda: asked.append("fill"))
    second = progress.begin("Writing", lambda: asked.append("export"))
    cancel = progress.findChild(QPushButton, "progress.cancel")
    qtbot.mouseClick(cancel, Qt.MouseButton.LeftButton)
    assert asked == ["export"]
    progress.end(second)
    assert not progress.isHidden()
    progress.resize(800, 30)
    assert progress.findChild(QLabel, "progress.stage").text() == "Filling"
    qtbot.mouseClick(cancel, Qt.MouseButton.LeftButton)
    assert asked == ["export", "fill"]
    progress.end(first)
    assert progress.isHidden()


def test_what_there_is_can_be_kept_once_there_is_something(qtbot: QtBot, progress: Progress) -> None:
    asked: list[str] = []
    fill = progress.begin("Filling", lambda: None)
    keep = progress.findChild(QPushButton, "progress.finish")
    assert keep.isHidden()
    progress.offer_finish(fill, lambda: asked.append("keep"))
    assert not keep.isHidden()
    # what covers it has nothing to keep
    export = progress.begin("Writing", lambda: None)
    assert keep.isHidden()
    progress.end(export)
    qtbot.mouseClick(keep, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(keep, Qt.MouseButton.LeftButton)
    assert asked == ["keep"]
    progress.end(fill)


def test_what_ends_soon_is_never_shown(qtbot: QtBot, progress: Progress) -> None:
    soon = progress.begin("Opening a", lambda: None, after_ms=60_000)
    later = progress.begin("Opening b", lambda: None, after_ms=50)
    assert progress.isHidden()
    qtbot.waitUntil(lambda: not progress.isHidden())
    progress.resize(800, 30)
    assert progress.findChild(QLabel, "progress.stage").text() == "Opening b"
    progress.end(later)
    assert progress.isHidden()
    progress.end(soon)


def test_what_came_before_the_first_share_is_not_counted(progress: Progress, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that took two minutes to load does not make its steps take as long."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    work = progress.begin("Loading", lambda: None)
    now[0] += 120
    progress.update_work(work, None, "Loading")
    progress.update_work(work, 0.0, "Drawing")
    for fraction in (0.25, 0.5):
        now[0] += 10
        progress.update_work(work, fraction, "Drawing")
        progress._tick()
    assert progress.findChild(QLabel, "progress.time").text() == "2:20, 0:20 left"
    progress.end(work)


def test_time_left_waits_until_two_estimates_agree() -> None:
    left = TimeLeft()
    assert left.estimate(0.5, 1) is None
    assert left.estimate(0.1, 3) is None
    assert left.estimate(0.2, 6) == pytest.approx(24)
    assert left.estimate(0.9, 7) is None
    assert left.estimate(None, 8) is None


@pytest.mark.parametrize(("seconds", "text"), [(7.9, "0:07"), (750, "12:30"), (3723, "1:02:03")])
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_values_are_the_photos_own() -> None:
    deep = np.array([40000, 12, 7, 65535], np.uint16)
    assert value_text(deep, PixelFormat(Colour.RGB, "uint16", alpha=True)) == "R 40000  G 12  B 7  A 65535"
    real = np.array([0.5], np.float32)
    assert value_text(real, PixelFormat(Colour.GRAY, "float32")) == "K 0.5000"
    assert depth_text(PixelFormat(Colour.RGB, "uint16", alpha=True, bits=12)) == "RGB + alpha 12 bit"


def test_the_bar_shows_what_is_under_the_pointer(status: StatusBar, studio: Studio) -> None:
    status.set_document(studio.document)
    status.set_zoom(0.0667)
    status.set_pointer((10, 20))
    red, green, blue = studio.photo.pixels[20, 10]
    assert shown(status, "position") == "10, 20"
    assert shown(status, "value") == f"R {red}  G {green}  B {blue}"
    assert shown(status, "size") == "300 × 200"
    assert shown(status, "depth") == "RGB 8 bit"
    assert shown(status, "zoom") == "6.7 %"
    status.set_pointer((-5, 20))
    assert shown(status, "value") == ""
    status.set_document(None)
    assert shown(status, "size") == ""
    assert shown(status, "position") == ""


def test_progress_has_the_place_of_the_hint_while_it_runs(status: StatusBar) -> None:
    status.set_hint("Paint over what should go.")
    status.resize(900, 30)
    status.show()
    hint = status.findChild(QLabel, "status.hint")
    assert hint.isVisible()
    work = status.progress.begin("Filling", lambda: None)
    assert status.progress.isVisible()
    assert not hint.isVisible()
    status.progress.end(work)
    assert hint.isVisible()
    assert hint.text() == "Paint over what should go."


def test_a_narrow_window_keeps_its_width_and_what_matters_most_when_work_begins(
    qtbot: QtBot, status: StatusBar, studio: Studio
) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    window.setStatusBar(status)
    window.resize(640, 300)
    window.show()
    status.set_document(studio.document)
    status.set_zoom(0.5)
    status.set_engine("Auto")
    everything = ("zoom", "position", "value", "engine", "depth", "size", "profile")
    window.resize(2000, 300)
    qtbot.waitUntil(lambda: status.width() == 2000)
    status.set_pointer((10, 20))
    assert all(shown(status, name) for name in everything)
    window.resize(640, 300)
    qtbot.waitUntil(lambda: status.width() == 640)
    work = status.progress.begin("Filling", lambda: None)
    qtbot.waitUntil(lambda: status.progress.width() >= status.progress.minimumWidth())
    assert window.width() == 640
    assert status.progress.findChild(QPushButton, "progress.cancel").isVisible()
    assert shown(status, "zoom") == "50 %"
    assert shown(status, "profile") == ""
    left = [status.findChild(QLabel, f"status.{name}") for name in everything if shown(status, name)]
    assert all(label.geometry().right() <= status.width() for label in left)
    status.progress.end(work)
    window.resize(2000, 300)
    qtbot.waitUntil(lambda: all(shown(status, name) for name in everything))
    status.setParent(None)  # the fixture closes it


def test_profiles_of_both_versions_have_a_name(status: StatusBar) -> None:
    second = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert "sRGB" in profile_name(second)
    assert profile_name(None) == ""
    assert profile_name(b"\0" * 60) == ""
    assert profile_name(second[:140]) == ""
    photo = TiledImage.from_array(np.zeros((4, 4, 3), np.uint8), PixelFormat(Colour.RGB))
    status.set_document(Document(photo, second))
    assert "sRGB" in shown(status, "profile")


def test_a_version_two_profile_has_a_name() -> None:
    tag = b"desc\0\0\0\0" + (12).to_bytes(4, "big") + b"Scanner RGB\0"
    table = (1).to_bytes(4, "big") + b"desc" + (144).to_bytes(4, "big") + len(tag).to_bytes(4, "big")
    assert profile_name(b"\0" * 128 + table + tag) == "Scanner RGB"
