"""Someone finds the damage in a scan, corrects what was found, and mends it: by mouse and keys only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QObject, QPoint, Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel, QSlider, QTableView

from inpaint_studio.document.layers import FillLayer, MaskLayer, ProposalLayer
from inpaint_studio.restore import text
from inpaint_studio.restore.defects import Defect
from inpaint_studio.restore.proposal import Proposal, Verdict
from tests.acceptance.conftest import Run
from tests.acceptance.user import User
from tests.restore.conftest import scene, scratched

HEIGHT, WIDTH = 400, 600
SCAN = scratched(HEIGHT, WIDTH)
_LEFT, _NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
#: The colours of the classes' outlines and of the part that is looked at.
_RINGS = ((0x56, 0xB4, 0xE9), (0xE6, 0x9F, 0x00), (0xFF, 0x6A, 0x3C), (0xE0, 0x8C, 0xC0))


def eight(image: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """A 600×400 photo with white specks and scratches; `scene` is what it was."""
    path = tmp_path / "scan.png"
    cv2.imwrite(str(path), eight(SCAN.image)[..., ::-1])
    return path


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A photo in which nothing is damaged."""
    path = tmp_path / "whole.png"
    cv2.imwrite(str(path), eight(cv2.GaussianBlur(scene(300, 400), (0, 0), 12))[..., ::-1])
    return path


def error(user: User) -> float:
    """How far what is seen is from the photo before the damage."""
    return float(np.mean((user.shown().astype(np.float64) - scene(HEIGHT, WIDTH) * 255.0) ** 2))


def proposal(user: User) -> Proposal:
    layer = next(layer for layer in user.layers if isinstance(layer, ProposalLayer))
    return Proposal(layer)


def outlined(user: User) -> int:
    """Pixels of the canvas in a colour of the outlines."""
    image = (
        user.tab.canvas.viewport()
        .grab()
        .toImage()
        .convertToFormat(user.tab.canvas.viewport().grab().toImage().Format.Format_RGB888)
    )
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    rgb = pixels[:, : image.width() * 3].reshape(image.height(), image.width(), 3)
    return int(sum((rgb == ring).all(2).sum() for ring in _RINGS))


async def find(user: User, action: Qt.Key = Qt.Key.Key_D) -> None:
    """Ask for the damage, and wait until it is under review."""
    before = len(user.layers)
    user.ctrl(action, shift=True)
    await user.until(lambda: len(user.layers) > before, user.tab.changed)
    await user.until_there("dock.review")
    await user.window.settle()


def summary(user: User) -> str:
    label = user.widget("review.summary")
    assert isinstance(label, QLabel)
    return label.text()


def slide(user: User, name: str, share: float) -> None:
    """Drag the handle of a slider to a share of its way."""
    slider = user.widget(name)
    assert isinstance(slider, QSlider)
    width, middle = slider.width(), slider.height() // 2
    span = slider.maximum() - slider.minimum()
    start = QPoint(round(8 + (width - 16) * (slider.value() - slider.minimum()) / span), middle)
    QTest.mousePress(slider, _LEFT, _NONE, start)
    assert slider.isSliderDown()
    for part in (0.3, 0.6, 1.0):
        x = start.x() + (8 + (width - 16) * share - start.x()) * part
        user.move(QPoint(round(x), middle), held=_LEFT, on=slider)
    QTest.mouseRelease(slider, _LEFT, _NONE, QPoint(round(8 + (width - 16) * share), middle))


def test_find_correct_mend_compare_undo(at_the_window: Run, scan: Path) -> None:
    async def scenario(user: User) -> None:
        damaged = error(user)
        await find(user)
        assert user.steps == ("Find damage",)
        assert outlined(user) > 50
        found = len(proposal(user).listed())
        assert found > 10

        # the sensitivity hides and shows without another search; a drag is one step
        slide(user, "review.sensitivity", 0.0)
        assert user.steps == ("Find damage", "Change sensitivity")
        assert proposal(user).sliders.sensitivity < 0.1
        assert len(proposal(user).listed()) < found
        user.tab.canvas.setFocus()
        user.ctrl(Qt.Key.Key_Z)
        assert len(proposal(user).listed()) == found

        # keys go through the parts, the largest first, and bring each to the middle
        user.key(Qt.Key.Key_Tab)
        order = proposal(user).listed()
        table = user.widget("review.parts")
        assert isinstance(table, QTableView)
        assert table.currentIndex().row() == 0
        user.key(Qt.Key.Key_Tab)
        assert table.currentIndex().row() == 1
        part = proposal(user).parts[order[1]].rect
        view = user.tab.canvas.view
        x, y = view.to_photo(view.width / 2, view.height / 2)
        assert abs(x - (part.left + part.right) / 2) < 2
        assert abs(y - (part.top + part.bottom) / 2) < 2
        user.key(Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
        assert table.currentIndex().row() == 0

        # one is accepted, one is dropped
        user.key(Qt.Key.Key_A)
        user.key(Qt.Key.Key_Delete)
        assert proposal(user).verdict(order[0]) is Verdict.ACCEPTED
        dropped = order[1]
        assert proposal(user).verdict(dropped) is Verdict.DROPPED
        assert "1 accepted, 1 dropped" in summary(user)
        assert user.steps == ("Find damage", "Accept parts", "Drop parts")

        # what was missed is painted, what is too much is erased
        user.ctrl(Qt.Key.Key_0)
        user.key(Qt.Key.Key_B)
        user.paint((300, 200), (330, 200))
        layer = proposal(user).layer
        assert layer.planes["added"].read(layer.planes["added"].extent)[200, 315, 0] == 255
        user.key(Qt.Key.Key_E)
        user.paint((300, 200), (302, 200))
        assert layer.planes["removed"].read(layer.planes["removed"].extent)[200, 301, 0] == 255
        assert layer.planes["added"].read(layer.planes["added"].extent)[200, 301, 0] == 0
        user.ctrl(Qt.Key.Key_Z)
        assert not layer.planes["removed"].tiles
        assert layer.planes["added"].read(layer.planes["added"].extent)[200, 301, 0] == 255
        user.key(Qt.Key.Key_B)
        await user.window.settle()

        # mended as one step, through the same way as every fill
        user.click("review.mend")
        await user.filled()
        await user.window.settle()
        assert user.steps[-1] == "Fill"
        assert isinstance(user.layers[-1], FillLayer)
        assert not user.layers[0].visible
        assert not user.is_there("dock.review")
        assert error(user) < 0.5 * damaged
        rect, own = proposal(user).pixels(dropped)
        others = proposal(user).mask().read(rect)[..., 0] > 0
        core = own & (cv2.dilate(others.astype(np.uint8), np.ones((9, 9))) == 0)
        assert np.array_equal(user.shown()[rect.slices][core], eight(SCAN.image)[rect.slices][core])

        # and back, to the photo as it was opened
        user.tab.canvas.setFocus()
        user.ctrl(Qt.Key.Key_Z)
        assert user.is_there("dock.review")
        while user.steps:
            user.ctrl(Qt.Key.Key_Z)
        assert not user.layers
        assert not user.is_there("dock.review")
        assert np.array_equal(user.shown(), eight(SCAN.image))

    at_the_window(scenario, scan)


def test_classes_sizes_and_all_at_once(at_the_window: Run, scan: Path) -> None:
    async def scenario(user: User) -> None:
        await find(user)
        found = len(proposal(user).listed())
        switches = [box for box in user.window.findChildren(QCheckBox) if "review.class." in box.objectName()]
        there = [box for box in switches if box.isVisible() and box.isChecked()]
        assert there
        assert "text" not in there[-1].objectName()
        box = there[0]
        QTest.mouseClick(box, _LEFT, _NONE, QPoint(8, box.height() // 2))
        assert not box.isChecked()
        assert len(proposal(user).listed()) < found
        QTest.mouseClick(box, _LEFT, _NONE, QPoint(8, box.height() // 2))
        slide(user, "review.smallest", 0.35)
        sizes = [proposal(user).parts[i].pixels for i in proposal(user).listed()]
        smallest = proposal(user).sliders.smallest
        assert smallest > 5
        assert not sizes or min(sizes) >= smallest
        slide(user, "review.smallest", 0.0)
        assert len(proposal(user).listed()) == found
        user.click("review.accept_all")
        assert f"{found} accepted" in summary(user)
        user.click("review.drop_all")
        assert f"0 accepted, {found} dropped" in summary(user)
        user.click("review.mend")
        await user.told("Nothing is outlined")
        assert outlined(user) == 0

    at_the_window(scenario, scan)


def test_a_click_with_ctrl_chooses_a_part(at_the_window: Run, scan: Path) -> None:
    async def scenario(user: User) -> None:
        await find(user)
        index = proposal(user).listed()[3]
        rect, own = proposal(user).pixels(index)
        y, x = np.argwhere(own)[len(np.argwhere(own)) // 2]
        steps = user.steps
        user.paint((rect.left + x + 0.5, rect.top + y + 0.5), modifiers=Qt.KeyboardModifier.ControlModifier)
        assert user.steps == steps
        user.tab.canvas.setFocus()
        user.key(Qt.Key.Key_Delete)
        assert user.steps[-1] == "Drop parts"

    at_the_window(scenario, scan)


def test_a_proposal_becomes_a_mask(at_the_window: Run, scan: Path) -> None:
    async def scenario(user: User) -> None:
        await find(user)
        wanted = proposal(user).mask()
        user.click("review.mask")
        await user.window.settle()
        mask = user.layers[-1]
        assert isinstance(mask, MaskLayer)
        assert mask.coverage.same_pixels(wanted)
        assert user.tab.active == mask.id
        assert user.steps == ("Find damage", "Make a mask")
        user.tab.canvas.setFocus()
        user.ctrl(Qt.Key.Key_Z)
        assert len(user.layers) == 1
        assert user.is_there("dock.review")

    at_the_window(scenario, scan)


def test_the_layer_can_be_hidden_and_deleted(at_the_window: Run, scan: Path) -> None:
    async def scenario(user: User) -> None:
        await find(user)
        seen = outlined(user)
        user.choose(user.layers[0].id)
        user.key(Qt.Key.Key_Space)
        assert not user.layers[0].visible
        assert not user.is_there("dock.review")
        assert outlined(user) == 0
        user.key(Qt.Key.Key_Space)
        await user.window.settle()
        assert user.is_there("dock.review")
        assert outlined(user) == seen > 0
        user.key(Qt.Key.Key_Delete)
        assert not user.layers
        assert not user.is_there("dock.review")

    at_the_window(scenario, scan)


def test_a_search_can_be_cancelled(at_the_window: Run, tmp_path: Path) -> None:
    large = scratched(2200, 2600)
    path = tmp_path / "large.png"
    cv2.imwrite(str(path), eight(large.image)[..., ::-1])

    async def scenario(user: User) -> None:
        user.ctrl(Qt.Key.Key_D, shift=True)
        await user.until_there("progress.cancel")
        user.key(Qt.Key.Key_Escape)
        await user.until_gone("progress.cancel")
        await user.window.settle()
        assert not user.layers
        assert not user.steps
        assert outlined(user) == 0

    at_the_window(scenario, path)


def test_nothing_found_says_so(at_the_window: Run, whole: Path) -> None:
    async def scenario(user: User) -> None:
        user.ctrl(Qt.Key.Key_D, shift=True)
        await user.told("Nothing was found")
        await user.window.settle()
        assert not any(proposal(user).listed() for _ in user.layers)

    at_the_window(scenario, whole)


class Opened(QObject):
    """Takes what the program would have a browser open."""

    came = Signal(QUrl)

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[QUrl] = []

    @Slot(QUrl)
    def take(self, url: QUrl) -> None:
        self.urls.append(url)
        self.came.emit(url)


@pytest.fixture
def opened() -> Iterator[Opened]:
    taker = Opened()
    QDesktopServices.setUrlHandler("file", taker, "take")
    yield taker
    QDesktopServices.unsetUrlHandler("file")


async def ask_for_folder(user: User, source: Path, target: Path) -> None:
    await user.command("action.restore_folder")
    await user.until_there("dialog.folder")
    user.write("folder.source", str(source))
    user.write("folder.target", str(target))
    user.click("folder.start")


def test_a_folder_is_restored_and_shown(at_the_window: Run, scan: Path, tmp_path: Path, opened: Opened) -> None:
    source, target = tmp_path / "scans", tmp_path / "mended"
    source.mkdir()
    scan.rename(source / "one.png")
    (source / "broken.png").write_bytes(b"no picture")

    async def scenario(user: User) -> None:
        await ask_for_folder(user, source, target)
        await user.until(lambda: opened.urls, opened.came)
        await user.told("1 restored, 0 were done before, 1 failed")
        assert Path(opened.urls[0].toLocalFile()) == target / "restored.html"
        mended = cv2.imread(str(target / "one.png"))[..., ::-1].astype(np.float64)
        clean = scene(HEIGHT, WIDTH) * 255.0
        assert np.mean((mended - clean) ** 2) < 0.5 * np.mean((eight(SCAN.image) - clean) ** 2)
        assert (target / "restored.html").read_text("utf-8").count("<figure>") == 2

    at_the_window(scenario)


def test_a_folder_can_be_stopped_and_taken_up(at_the_window: Run, scan: Path, tmp_path: Path, opened: Opened) -> None:
    source, target = tmp_path / "scans", tmp_path / "mended"
    source.mkdir()
    for name in ("one.png", "two.png"):
        (source / name).write_bytes(scan.read_bytes())

    async def scenario(user: User) -> None:
        await ask_for_folder(user, source, target)
        await user.until_there("progress.cancel")
        user.click("progress.cancel")
        await user.told("Stopped")
        await user.quiet()
        await user.back()
        await ask_for_folder(user, source, target)
        await user.until(lambda: opened.urls, opened.came)
        assert (target / "one.png").exists()
        assert (target / "two.png").exists()

    at_the_window(scenario)


@pytest.fixture
def stamped(tmp_path: Path) -> Path:
    """A photo with an orange date in its lower right corner."""
    picture = eight(scene(480, 640))[..., ::-1].copy()
    cv2.putText(picture, "12 25 '87", (430, 440), cv2.FONT_HERSHEY_DUPLEX, 1.0, (60, 140, 255), 2, cv2.LINE_AA)
    path = tmp_path / "stamped.png"
    cv2.imwrite(str(path), picture)
    return path


@pytest.mark.skipif(not text.available(), reason="onnxruntime is not installed")
def test_a_date_stamp_is_found_by_its_own_command_and_mended(at_the_window: Run, stamped: Path) -> None:
    inside = np.s_[410:450, 425:620]

    async def scenario(user: User) -> None:
        await user.command("action.find_text")
        await user.until_there("dock.review")
        await user.window.settle()
        assert user.layers[0].name == "Text and stamps"
        boxes = [proposal(user).parts[index] for index in proposal(user).listed()]
        assert boxes
        assert all(box.defect is Defect.TEXT and box.rect.top > 400 and box.rect.left > 400 for box in boxes)
        switches = [box for box in user.window.findChildren(QCheckBox) if "review.class." in box.objectName()]
        assert [box.objectName() for box in switches if box.isVisible()] == ["review.class.text"]
        await user.back()
        user.tab.canvas.setFocus()
        user.ctrl(Qt.Key.Key_Return)
        await user.filled()
        await user.window.settle()
        clean = eight(scene(480, 640)).astype(np.float64)
        before = cv2.imread(str(stamped))[..., ::-1].astype(np.float64)
        errors = [
            np.mean((picture[inside] - clean[inside]) ** 2) for picture in (before, user.shown().astype(np.float64))
        ]
        assert errors[1] < 0.2 * errors[0]
        user.ctrl(Qt.Key.Key_Z)
        user.ctrl(Qt.Key.Key_Z)
        assert not user.layers

    at_the_window(scenario, stamped)


@pytest.mark.skipif(not text.available(), reason="onnxruntime is not installed")
def test_damage_is_found_without_text_and_text_without_damage(at_the_window: Run, stamped: Path, whole: Path) -> None:
    picture = cv2.imread(str(stamped))
    assert picture is not None
    for number in range(12):
        cv2.circle(picture, (60 + 40 * number, 100 + 15 * number), 2, (250, 250, 250), -1, cv2.LINE_AA)
    cv2.imwrite(str(stamped), picture)

    async def scenario(user: User) -> None:
        await find(user)
        parts = proposal(user).parts
        assert any(part.rect.top < 300 for part in parts)
        assert all(part.defect is not Defect.TEXT for part in parts)

    async def nothing(user: User) -> None:
        await user.command("action.find_text")
        await user.told("Nothing was found")
        assert not user.layers

    at_the_window(scenario, stamped)
    at_the_window(nothing, whole)


def test_a_folder_tells_what_its_scans_have_in_common(at_the_window: Run, tmp_path: Path, opened: Opened) -> None:
    """Three scans with a speck at the same place; what is doubtful is mended too, as the switch says."""
    source, target = tmp_path / "scans", tmp_path / "mended"
    source.mkdir()
    for number in range(3):
        picture = eight(scene(200, 280) + 0.03 * number)
        cv2.circle(picture, (90, 70), 2, (250, 250, 250), -1, cv2.LINE_AA)
        cv2.imwrite(str(source / f"{number}.png"), picture[..., ::-1])

    async def scenario(user: User) -> None:
        await user.command("action.restore_folder")
        await user.until_there("dialog.folder")
        user.write("folder.source", str(source))
        user.write("folder.target", str(source))
        warning = user.widget("folder.warning")
        assert isinstance(warning, QLabel)
        assert "overwritten" in warning.text()
        assert not user.widget("folder.start").isEnabled()
        user.write("folder.target", str(target))
        assert user.widget("folder.start").isEnabled()
        for name, on in (("folder.album", True), ("folder.anyway", False)):
            box = user.widget(name)
            assert isinstance(box, QCheckBox)
            assert box.isChecked() is on
        box = user.widget("folder.anyway")
        QTest.mouseClick(box, _LEFT, _NONE, QPoint(8, box.height() // 2))
        user.click("folder.start")
        await user.until(lambda: opened.urls, opened.came)
        page = (target / "restored.html").read_text("utf-8")
        assert "1 speck lies at the same place in most scans of 280×200 pixels" in page

    at_the_window(scenario)


@pytest.mark.parametrize("kind", ["no folder", "no scans", "a file to write to"])
def test_a_folder_that_cannot_be_restored_is_told(at_the_window: Run, tmp_path: Path, kind: str) -> None:
    source, target = tmp_path / "scans", tmp_path / "mended"
    if kind != "no folder":
        source.mkdir()
    if kind == "a file to write to":
        (source / "a.png").write_bytes(b"")
        target.write_text("mine")

    async def scenario(user: User) -> None:
        await ask_for_folder(user, source, target)
        await user.told({"no folder": "cannot be read", "no scans": "nothing to restore"}.get(kind, "can be written"))
        assert kind != "a file to write to" or target.read_text() == "mine"

    at_the_window(scenario)
