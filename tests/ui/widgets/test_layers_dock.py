"""The dock asks for edits; a window that applies them is played by the fixture."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QModelIndex, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QColorSpace, QDropEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit, QListView, QMainWindow, QPushButton, QSlider, QToolButton
from pytestqt.qtbot import QtBot

from inpaint_studio.document.edits import Edit, Paint
from inpaint_studio.document.layers import MaskLayer
from inpaint_studio.engines import planner
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.settings import Settings
from inpaint_studio.storage.photo import Metadata, Photo
from inpaint_studio.studio.studio import Studio
from inpaint_studio.ui.colour import to_display
from inpaint_studio.ui.layers_dock import LayersDock
from inpaint_studio.ui.layers_dock.delegate import eye_rect
from inpaint_studio.ui.layers_dock.model import PICTURE, ROW
from inpaint_studio.ui.layers_dock.thumbnails import SIDE, thumbnail
from tests import profiles
from tests.ui.widgets.filling import add_fill

SRGB = QColorSpace(QColorSpace.NamedColorSpace.SRgb)


@pytest.fixture
def dock(qtbot: QtBot, studio: Studio) -> Iterator[LayersDock]:
    window = QMainWindow()
    qtbot.addWidget(window)
    dock = LayersDock(window)
    dock.edit.connect(studio.history.apply)
    dock.set_document(studio.document)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    window.resize(320, 500)
    window.show()
    qtbot.waitExposed(window)
    yield dock
    dock.set_document(None)
    window.close()


def view(dock: LayersDock) -> QListView:
    return dock.findChild(QListView, "layers.list")


def names(dock: LayersDock) -> list[str]:
    model = view(dock).model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def at(dock: LayersDock, name: str) -> QModelIndex:
    return view(dock).model().index(names(dock).index(name), 0)


def click(qtbot: QtBot, dock: LayersDock, name: str) -> None:
    qtbot.mouseClick(
        view(dock).viewport(), Qt.MouseButton.LeftButton, pos=view(dock).visualRect(at(dock, name)).center()
    )


def press(qtbot: QtBot, dock: LayersDock, name: str) -> None:
    qtbot.mouseClick(dock.findChild(QToolButton, name), Qt.MouseButton.LeftButton)


def test_the_top_layer_is_first_and_the_photo_last(dock: LayersDock, studio: Studio) -> None:
    add_fill(studio)
    assert names(dock) == ["Fill", "Twig", "Photo"]
    assert at(dock, "Fill").data(ROW).subtitle == "smooth, seed 7"
    dock.set_engines(planner.all_specs())
    assert at(dock, "Fill").data(ROW).subtitle == "Smooth, seed 7"
    studio.history.undo()
    assert names(dock) == ["Twig", "Photo"]
    dock.set_document(None)
    assert names(dock) == []


def test_the_eye_hides_with_mouse_and_keyboard(qtbot: QtBot, dock: LayersDock, studio: Studio) -> None:
    eye = eye_rect(view(dock).visualRect(at(dock, "Twig"))).center()
    qtbot.mouseClick(view(dock).viewport(), Qt.MouseButton.LeftButton, pos=eye)
    assert not studio.document.layers[0].visible
    assert studio.history.labels[-1] == "Hide layer"
    click(qtbot, dock, "Twig")
    qtbot.keyClick(view(dock), Qt.Key.Key_Space)
    assert studio.document.layers[0].visible


def test_the_eye_of_the_photo_does_nothing(qtbot: QtBot, dock: LayersDock) -> None:
    with qtbot.assertNotEmitted(dock.edit):
        click(qtbot, dock, "Photo")
        qtbot.keyClick(view(dock), Qt.Key.Key_Space)
        qtbot.keyClick(view(dock), Qt.Key.Key_Delete)


@pytest.mark.parametrize("way", ["key", "double click"])
def test_renaming(qtbot: QtBot, dock: LayersDock, studio: Studio, way: str) -> None:
    action = QAction(dock.window())
    action.setShortcut(QKeySequence("Return"))
    dock.window().addAction(action)
    click(qtbot, dock, "Twig")
    if way == "key":
        qtbot.keyClick(view(dock), Qt.Key.Key_F2)
    else:
        place = view(dock).visualRect(at(dock, "Twig")).center()
        qtbot.mouseDClick(view(dock).viewport(), Qt.MouseButton.LeftButton, pos=place)
    editor = view(dock).viewport().findChild(QLineEdit)
    editor.selectAll()
    qtbot.keyClicks(editor, "Branch")
    with qtbot.assertNotEmitted(action.triggered):
        qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: studio.document.layers[0].name == "Branch")
    assert names(dock) == ["Branch", "Photo"]


def test_escape_leaves_the_name_as_it_was(qtbot: QtBot, dock: LayersDock, studio: Studio) -> None:
    click(qtbot, dock, "Twig")
    qtbot.keyClick(view(dock), Qt.Key.Key_F2)
    editor = view(dock).viewport().findChild(QLineEdit)
    qtbot.keyClicks(editor, "Branch")
    with qtbot.assertNotEmitted(dock.edit):
        qtbot.keyClick(editor, Qt.Key.Key_Escape)
    assert studio.document.layers[0].name == "Twig"


def test_adding_a_mask_makes_it_active(qtbot: QtBot, dock: LayersDock, studio: Studio) -> None:
    with qtbot.waitSignal(dock.activeChanged) as active:
        press(qtbot, dock, "layers.add")
    assert names(dock) == ["Mask 2", "Twig", "Photo"]
    assert active.args == [studio.document.layers[-1].id]
    assert dock.active == studio.document.layers[-1].id
    assert at(dock, "Mask 2").data(ROW).active
    assert not at(dock, "Twig").data(ROW).active
    click(qtbot, dock, "Twig")
    assert dock.active == studio.document.layers[0].id


def test_deleting_the_active_mask_makes_another_active(qtbot: QtBot, dock: LayersDock, studio: Studio) -> None:
    press(qtbot, dock, "layers.add")
    press(qtbot, dock, "layers.delete")
    assert names(dock) == ["Twig", "Photo"]
    assert dock.active == studio.document.layers[0].id
    qtbot.keyClick(view(dock), Qt.Key.Key_Delete)
    assert names(dock) == ["Photo"]
    assert dock.active == ""


def test_deleting_several_is_one_step(qtbot: QtBot, dock: LayersDock, studio: Studio) -> None:
    press(qtbot, dock, "layers.add")
    press(qtbot, dock, "layers.add")
    steps = studio.history.position
    click(qtbot, dock, "Mask 3")
    place = view(dock).visualRect(at(dock, "Twig")).center()
    qtbot.mouseClick(view(dock).viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, pos=place)
    assert dock.selected_masks == [studio.document.layers[0].id, studio.document.layers[2].id]
    qtbot.keyClick(view(dock), Qt.Key.Key_Delete)
    assert names(dock) == ["Mask 2", "Photo"]
    assert studio.history.position == steps + 1
    studio.history.undo()
    assert names(dock) == ["Mask 3", "Mask 2", "Twig", "Photo"]


def test_moving_with_buttons_and_keys(qtbot: QtBot, dock: LayersDock) -> None:
    press(qtbot, dock, "layers.add")
    assert not dock.findChild(QToolButton, "layers.up").isEnabled()
    press(qtbot, dock, "layers.down")
    assert names(dock) == ["Twig", "Mask 2", "Photo"]
    assert not dock.findChild(QToolButton, "layers.down").isEnabled()
    qtbot.keyClick(view(dock), Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert names(dock) == ["Mask 2", "Twig", "Photo"]


class Drop(QDropEvent):
    """A drop whose source Qt would have set."""

    def __init__(self, place: QPoint, data: QMimeData, source: object) -> None:
        super().__init__(
            QPointF(place),
            Qt.DropAction.MoveAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        self._source = source

    def source(self) -> object:
        return self._source


@pytest.mark.parametrize(
    ("dragged", "onto", "lower", "expected"),
    [
        ("Mask 3", "Twig", True, ["Mask 2", "Twig", "Mask 3", "Photo"]),
        ("Mask 3", "Photo", True, ["Mask 2", "Twig", "Mask 3", "Photo"]),
        ("Mask 3", "Mask 2", True, ["Mask 2", "Mask 3", "Twig", "Photo"]),
        ("Twig", "Mask 3", False, ["Twig", "Mask 3", "Mask 2", "Photo"]),
        ("Mask 2", "Mask 2", True, ["Mask 3", "Mask 2", "Twig", "Photo"]),
        ("Photo", "Mask 3", False, ["Mask 3", "Mask 2", "Twig", "Photo"]),
    ],
)
def test_dropping(qtbot: QtBot, dock: LayersDock, dragged: str, onto: str, lower: bool, expected: list[str]) -> None:
    press(qtbot, dock, "layers.add")
    press(qtbot, dock, "layers.add")
    click(qtbot, dock, dragged)
    area = view(dock).visualRect(at(dock, onto))
    place = QPoint(area.center().x(), area.bottom() - 3 if lower else area.top() + 3)
    view(dock).dropEvent(Drop(place, QMimeData(), view(dock)))
    assert names(dock) == expected


def test_a_drag_of_the_opacity_is_one_step(qtbot: QtBot, dock: LayersDock, studio: Studio) -> None:
    click(qtbot, dock, "Twig")
    slider = dock.findChild(QSlider, "layers.opacity")
    steps = studio.history.position
    middle = slider.rect().center().y()
    handle = QPoint(slider.width() - 8, middle)
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=handle)
    for x in range(slider.width() - 10, slider.width() // 2, -5):
        qtbot.mouseMove(slider, QPoint(x, middle))
    assert studio.history.position == steps
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, middle))
    assert studio.history.position == steps + 1
    assert 0.3 < studio.document.layers[0].opacity < 0.7
    qtbot.keyClick(slider, Qt.Key.Key_Home)
    assert studio.document.layers[0].opacity == 0


def test_run_again_is_offered_for_fills(qtbot: QtBot, dock: LayersDock, studio: Studio) -> None:
    fill = add_fill(studio)
    button = dock.findChild(QPushButton, "layers.run_again")
    click(qtbot, dock, "Twig")
    assert not button.isVisible()
    click(qtbot, dock, "Fill")
    with qtbot.waitSignal(dock.runAgain) as again:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert again.args == [fill.id]
    assert dock.active == fill.id


def test_a_stroke_renews_the_picture_once_it_is_quiet(qtbot: QtBot, dock: LayersDock, studio: Studio) -> None:
    mask = studio.document.layers[0]
    before = at(dock, "Twig").data(PICTURE)
    tile = np.full((256, 256, 1), 255, np.uint8)
    edit: Edit = Paint.of(studio.document, mask.id, "coverage", {(0, 0): tile}, "Paint")
    studio.history.apply(edit)
    assert at(dock, "Twig").data(PICTURE) == before
    qtbot.waitUntil(lambda: at(dock, "Twig").data(PICTURE) != before)


def test_a_mask_that_was_cleared_has_a_picture_of_nothing(qtbot: QtBot, dock: LayersDock, studio: Studio) -> None:
    mask = studio.document.layers[0]
    tile = np.full((256, 256, 1), 255, np.uint8)
    studio.history.apply(Paint.of(studio.document, mask.id, "coverage", {(0, 0): tile}, "Paint"))

    def brightest() -> int:
        picture = at(dock, "Twig").data(PICTURE)
        return max(
            picture.pixelColor(x, y).red() for x in range(0, picture.width(), 4) for y in range(0, picture.height(), 4)
        )

    qtbot.waitUntil(lambda: brightest() == 255)
    blank = dict.fromkeys(mask.planes["coverage"].tiles)
    studio.history.apply(Paint.of(studio.document, mask.id, "coverage", blank, "Clear"))
    qtbot.waitUntil(lambda: brightest() == 0)


def test_a_document_left_is_not_heard_any_more(dock: LayersDock, studio: Studio) -> None:
    dock.set_document(None)
    add_fill(studio)
    assert names(dock) == []


@pytest.mark.parametrize(
    "pixel_format",
    [
        PixelFormat(Colour.GRAY),
        PixelFormat(Colour.RGB, "uint16", alpha=True),
        PixelFormat(Colour.CMYK),
        PixelFormat(Colour.RGB, "float32"),
    ],
)
def test_every_kind_of_photo_has_a_picture(pixel_format: PixelFormat) -> None:
    pixels = np.ones((300, 1000, pixel_format.channels), pixel_format.numpy)
    studio = Studio.of(Photo(pixels, pixel_format), Settings())
    picture = thumbnail(studio.document, None, to_display(studio.document, SRGB))
    assert (picture.width(), picture.height()) == (SIDE, 24)


def test_pictures_are_in_the_colours_of_the_photo_s_profile(dock: LayersDock) -> None:
    pixels = np.full((40, 60, 3), (60, 200, 60), np.uint8)
    studio = Studio.of(Photo(pixels, PixelFormat(Colour.RGB), Metadata(icc=profiles.matrix("AdobeRGB"))), Settings())
    dock.set_document(studio.document)
    model = dock.findChild(QListView, "layers.list").model()
    picture = model.index(0, 0).data(PICTURE)
    assert picture.pixelColor(20, 20).red() < 30, "sRGB shows that green with less red"
    dock.set_document(None)


def test_a_thin_stroke_shows_in_the_picture() -> None:
    studio = Studio.of(Photo(np.zeros((2000, 2000, 3), np.uint8), PixelFormat(Colour.RGB)), Settings())
    layer = MaskLayer.empty("L1", "Line", Rect.of_size(2000, 2000))
    layer.coverage.write(Rect(0, 1001, 2000, 1002), np.full((1, 2000, 1), 255, np.uint8))
    picture = thumbnail(studio.document, layer, to_display(studio.document, SRGB))
    row = [picture.pixelColor(x, 40).red() for x in range(SIDE)]
    assert min(row) == 255
