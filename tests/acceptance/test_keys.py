"""Keys, wheel and pen on the canvas."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QInputDevice, QPointingDevice, QTabletEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.acceptance.conftest import Run
from tests.acceptance.test_main_path import red
from tests.acceptance.user import User

_CTRL, _SHIFT, _ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


def looks(user: User) -> np.ndarray:
    """What the canvas shows: RGB."""
    image = user.tab.canvas.viewport().grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def circle_width(user: User) -> int:
    """How wide the cursor's circle is, in pixels of the screen: what differs when the pointer leaves that place."""
    user.point_at(300, 300)
    there = looks(user)
    user.point_away()
    columns = np.flatnonzero((looks(user) != there).any((0, 2)))
    user.point_at(300, 300)
    return int(columns[-1] - columns[0] + 1) if columns.size else 0


@contextmanager
def held(user: User, key: Qt.Key) -> Iterator[None]:
    QTest.keyPress(user.tab.canvas, key)
    yield
    QTest.keyRelease(user.tab.canvas, key)


def wheel(user: User, x: float, y: float, angle: int, modifiers: Qt.KeyboardModifier) -> None:
    port = user.tab.canvas.viewport()
    place = QPointF(user.on_screen(x, y))
    event = QWheelEvent(
        place,
        QPointF(port.mapToGlobal(place)),
        QPoint(),
        QPoint(0, angle),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(port, event)


def test_tools_by_letter(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_B)
        user.paint((100, 100), (200, 100))
        assert user.covered(150, 100) == 255
        user.key(Qt.Key.Key_E)
        assert user.window.actions_by_name["tool.eraser"].isChecked()
        user.paint((150, 100), (150, 101))
        assert user.covered(150, 100) == 0
        assert user.covered(100, 100) == 255
        user.key(Qt.Key.Key_U)
        user.paint((100, 70), (100, 71))
        assert 0 < user.covered(100, 70) < 255
        assert user.steps == ("Add mask", "Brush stroke", "Erase", "Soften edge")

    at_the_window(scenario, picture)


@pytest.mark.parametrize(
    ("smaller", "larger"), [(Qt.Key.Key_BracketLeft, Qt.Key.Key_BracketRight), (Qt.Key.Key_Comma, Qt.Key.Key_Period)]
)
def test_the_brush_grows_and_shrinks_with_its_circle(
    at_the_window: Run, picture: Path, smaller: Qt.Key, larger: Qt.Key
) -> None:
    async def scenario(user: User) -> None:
        usual = circle_width(user)
        size = user.window.toolbox.brush.size
        assert abs(usual - size * user.tab.canvas.view.zoom) <= 6
        for _ in range(3):
            user.key(larger)
        large, larger_size = circle_width(user), user.window.toolbox.brush.size
        assert larger_size > 1.4 * size
        assert abs(large - larger_size) <= 6
        for _ in range(6):
            user.key(smaller)
        assert user.window.toolbox.brush.size < 0.8 * size
        assert circle_width(user) < usual
        assert user.widget("brush.size").value() == user.window.toolbox.brush.size
        user.key(Qt.Key.Key_E)
        assert user.window.toolbox.brush.size == size  # each tool keeps its own

    at_the_window(scenario, picture)


@pytest.mark.parametrize(
    ("softer", "harder"),
    [
        # what the shifted keys of US and German keyboards type; test_real_window presses the keys themselves
        (Qt.Key.Key_BraceLeft, Qt.Key.Key_BraceRight),
        (Qt.Key.Key_Less, Qt.Key.Key_Greater),
        (Qt.Key.Key_Semicolon, Qt.Key.Key_Colon),
    ],
)
def test_shift_and_the_same_keys_change_the_hardness(
    at_the_window: Run, picture: Path, softer: Qt.Key, harder: Qt.Key
) -> None:
    async def scenario(user: User) -> None:
        assert user.window.toolbox.brush.hardness == 0.8
        user.key(softer)
        user.key(softer)
        assert user.window.toolbox.brush.hardness == 0.6
        user.key(harder)
        assert user.window.toolbox.brush.hardness == 0.7
        assert user.widget("brush.hardness").value() == 70
        for _ in range(5):
            user.key(harder)
        assert user.window.toolbox.brush.hardness == 1.0

    at_the_window(scenario, picture)


def test_the_overlay_and_the_view_of_before(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.point_away()
        original = looks(user)
        user.scribble(245, 145, 335, 235, 20)
        user.point_away()
        covered = looks(user)
        assert not np.array_equal(covered, original)
        user.key(Qt.Key.Key_O)
        assert red(looks(user)) == red(original)
        user.key(Qt.Key.Key_O)
        assert np.array_equal(looks(user), covered)
        user.key(Qt.Key.Key_Return)
        await user.filled()
        filled = looks(user)
        assert red(filled) == 0
        with held(user, Qt.Key.Key_Backslash):
            assert np.array_equal(looks(user), original)
        assert np.array_equal(looks(user), filled)

    at_the_window(scenario, picture)


def test_zoom_by_keys(at_the_window: Run, long_picture: Path) -> None:
    async def scenario(user: User) -> None:
        canvas = user.tab.canvas
        fit = canvas.view.zoom
        assert fit < 1
        user.ctrl(Qt.Key.Key_1)
        assert canvas.view.zoom == 1
        assert user.text("status.zoom") == "100 %"
        user.ctrl(Qt.Key.Key_Plus)
        assert canvas.view.zoom == 1.5
        user.ctrl(Qt.Key.Key_Minus)
        user.ctrl(Qt.Key.Key_Minus)
        assert canvas.view.zoom == pytest.approx(2 / 3)
        user.ctrl(Qt.Key.Key_0)
        assert canvas.view.zoom == fit
        with held(user, Qt.Key.Key_Z):
            QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=user.on_screen(1000, 1000))
        assert canvas.view.zoom > fit
        assert user.steps == ()

    at_the_window(scenario, long_picture)


def test_ctrl_and_wheel_zoom_at_the_pointer(at_the_window: Run, long_picture: Path) -> None:
    async def scenario(user: User) -> None:
        before = user.on_screen(700, 900)
        zoom = user.tab.canvas.view.zoom
        wheel(user, 700, 900, 480, _CTRL)
        assert user.tab.canvas.view.zoom == pytest.approx(2 * zoom)
        moved = user.on_screen(700, 900) - before
        assert moved.manhattanLength() <= 2
        assert (user.on_screen(0, 0) - before).manhattanLength() > 700
        view = user.tab.canvas.view
        wheel(user, 700, 900, -120, Qt.KeyboardModifier.NoModifier)
        assert user.tab.canvas.view.zoom == view.zoom
        assert user.tab.canvas.view.top - view.top == 96

    at_the_window(scenario, long_picture)


@pytest.mark.parametrize("by", ["space", "middle button"])
def test_the_photo_is_dragged(at_the_window: Run, long_picture: Path, by: str) -> None:
    async def scenario(user: User) -> None:
        user.ctrl(Qt.Key.Key_1)
        canvas, port = user.tab.canvas, user.tab.canvas.viewport()
        left, top = canvas.view.left, canvas.view.top

        def drag(button: Qt.MouseButton) -> None:
            QTest.mousePress(port, button, pos=QPoint(400, 300))
            user.move(QPoint(370, 310), held=button)
            user.move(QPoint(340, 320), held=button)
            QTest.mouseRelease(port, button, pos=QPoint(340, 320))

        if by == "space":
            with held(user, Qt.Key.Key_Space):
                drag(Qt.MouseButton.LeftButton)
        else:
            drag(Qt.MouseButton.MiddleButton)
        assert (canvas.view.left - left, canvas.view.top - top) == (60, -20)
        assert user.steps == ()
        user.paint((1000, 1000), (1050, 1000))
        assert user.covered(1020, 1000) == 255

    at_the_window(scenario, long_picture)


def test_masks_are_added_and_cleared(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.ctrl(Qt.Key.Key_N, shift=True)
        user.paint((100, 100), (150, 100))
        user.ctrl(Qt.Key.Key_N, shift=True)
        assert [layer.name for layer in user.layers] == ["Mask 1", "Mask 2"]
        user.paint((100, 200), (150, 200))
        first, second = user.layers
        assert user.tab.active == second.id
        user.ctrl(Qt.Key.Key_D)
        assert not second.coverage.tiles
        assert first.coverage.tiles
        user.ctrl(Qt.Key.Key_Z)
        assert user.covered(120, 200) == 255

    at_the_window(scenario, picture)


def test_shift_draws_a_straight_line_and_alt_subtracts(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.paint((100, 100), (101, 100))
        user.paint((400, 300), modifiers=_SHIFT)
        assert user.covered(250, 200) == 255
        assert user.covered(400, 300) == 255
        assert user.covered(400, 100) == 0
        user.paint((250, 200), modifiers=_ALT)
        assert user.covered(250, 200) == 0
        assert user.steps == ("Add mask", "Brush stroke", "Brush stroke", "Erase")
        assert user.window.toolbox.tool_id == "brush"

    at_the_window(scenario, picture)


def test_esc_takes_a_running_stroke_back(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.paint((100, 100), (150, 100))
        port = user.tab.canvas.viewport()
        QTest.mousePress(port, Qt.MouseButton.LeftButton, pos=user.on_screen(100, 300))
        user.move(user.on_screen(200, 300), held=Qt.MouseButton.LeftButton)
        user.key(Qt.Key.Key_Escape)
        QTest.mouseRelease(port, Qt.MouseButton.LeftButton, pos=user.on_screen(200, 300))
        assert user.covered(100, 300) == 0
        assert user.covered(120, 100) == 255
        assert user.steps == ("Add mask", "Brush stroke")

    at_the_window(scenario, picture)


def test_the_pressure_of_a_pen_changes_the_width(at_the_window: Run, picture: Path) -> None:
    pen = QPointingDevice(
        "pen",
        1,
        QInputDevice.DeviceType.Stylus,
        QPointingDevice.PointerType.Pen,
        QInputDevice.Capability.Position | QInputDevice.Capability.Pressure,
        1,
        1,
    )

    async def scenario(user: User) -> None:
        port = user.tab.canvas.viewport()

        def send(kind: QTabletEvent.Type, x: float, y: float, pressure: float, buttons: Qt.MouseButton) -> None:
            place = QPointF(user.on_screen(x, y))
            button = Qt.MouseButton.NoButton if kind == QTabletEvent.Type.TabletMove else Qt.MouseButton.LeftButton
            everywhere = QPointF(port.mapToGlobal(place))
            none = Qt.KeyboardModifier.NoModifier
            QApplication.sendEvent(
                port, QTabletEvent(kind, pen, place, everywhere, pressure, 0, 0, 0, 0, 0, none, button, buttons)
            )

        def line(y: float, pressure: float) -> None:
            send(QTabletEvent.Type.TabletPress, 100, y, pressure, Qt.MouseButton.LeftButton)
            for x in range(110, 310, 20):
                send(QTabletEvent.Type.TabletMove, x, y, pressure, Qt.MouseButton.LeftButton)
            send(QTabletEvent.Type.TabletRelease, 300, y, 0, Qt.MouseButton.NoButton)

        line(100, 1.0)
        line(300, 0.3)
        coverage = user.tab.document.layer(user.tab.active).coverage.read(user.tab.document.canvas)[..., 0]
        firm, light = (coverage[:200, 200] > 0).sum(), (coverage[200:, 200] > 0).sum()
        assert abs(firm - user.window.toolbox.brush.size) <= 4
        assert abs(light - 0.3 * user.window.toolbox.brush.size) <= 4
        assert user.steps == ("Add mask", "Brush stroke", "Brush stroke")

    at_the_window(scenario, picture)
