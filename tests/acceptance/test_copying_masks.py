"""Masks copied from one open photo to another: soft values, name, colour and opacity come along; one step there."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QSlider

from inpaint_studio.document.layers import MaskLayer
from tests.acceptance.conftest import Run, garden
from tests.acceptance.user import User


def _mask(user: User) -> MaskLayer:
    layer = user.layers[-1]
    assert isinstance(layer, MaskLayer)
    return layer


def _values(user: User) -> np.ndarray:
    return _mask(user).coverage.read(user.tab.document.canvas)[..., 0]


async def _soft_mask(user: User) -> np.ndarray:
    """A soft mask with a name, a colour and an opacity of its own in the photo in front."""
    user.write("brush.hardness", "0")
    user.tab.canvas.setFocus()
    user.scribble(200, 100, 320, 220, 20)
    slider = user.widget("layers.opacity")
    assert isinstance(slider, QSlider)
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Home)
    user.choose(user.layers[0].id)
    user.key(Qt.Key.Key_F2)
    QTest.keyClicks(QApplication.focusWidget(), "Wren")
    user.key(Qt.Key.Key_Return)
    await user.command("action.mask_colour")
    dialog = await user.until_there("dialog.mask_colour")
    user.write("qt_colorname_lineedit", "#00ff80", dialog)
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    await user.window.settle()
    await user.back()
    mask = _values(user)
    assert ((mask > 0) & (mask < 255)).sum() > 1000
    return mask


def test_copied_by_keys_into_another_photo_of_the_size(at_the_window: Run, picture: Path, tmp_path: Path) -> None:
    other = garden(tmp_path / "other.png")

    async def scenario(user: User) -> None:
        user.go_to_tab(0)
        mask = await _soft_mask(user)
        steps = user.steps
        user.ctrl(Qt.Key.Key_C)
        assert "Wren" in await user.told("Copied")
        await user.quiet()
        assert user.steps == steps
        user.go_to_tab(1)
        user.tab.canvas.setFocus()
        user.ctrl(Qt.Key.Key_V)
        await user.window.settle()
        copy = _mask(user)
        assert user.steps == ("Paste mask",)
        assert np.array_equal(_values(user), mask)
        assert (copy.name, copy.colour, copy.opacity) == ("Wren", 0x00FF80, 0.0)
        assert user.tab.active == copy.id
        # what is painted on the copy is the copy's
        user.ctrl(Qt.Key.Key_D)
        assert not _values(user).any()
        user.ctrl(Qt.Key.Key_Z)
        user.ctrl(Qt.Key.Key_Z)
        assert user.layers == ()
        user.go_to_tab(0)
        assert np.array_equal(_values(user), mask)
        assert user.steps == steps

    at_the_window(scenario, picture, other)


def test_copied_by_the_menu_of_the_layers_into_a_photo_of_another_size(
    at_the_window: Run, picture: Path, tmp_path: Path
) -> None:
    small = tmp_path / "small.png"
    cv2.imwrite(str(small), cv2.resize(cv2.imread(str(picture)), (300, 200), interpolation=cv2.INTER_AREA))

    async def ask_for(user: User, answer: str) -> None:
        rows = user.choose(user.layers[-1].id)
        place = rows.visualRect(rows.currentIndex()).center()
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, rows.viewport().mapToGlobal(place))
        QApplication.sendEvent(rows.viewport(), event)
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        QTest.keyClick(menu, Qt.Key.Key_Up)
        QTest.keyClick(menu, Qt.Key.Key_Right)
        photos = QApplication.activePopupWidget()
        assert isinstance(photos, QMenu)
        assert [action.text() for action in photos.actions()] == ["small.png"]
        QTest.keyClick(photos, Qt.Key.Key_Return)
        question = await user.until_there("question")
        assert "600×400" in question.text()
        assert "300×200" in question.text()
        user.answer(answer)
        await user.window.settle()

    async def scenario(user: User) -> None:
        user.go_to_tab(0)
        mask = await _soft_mask(user)
        await ask_for(user, "Cancel")
        target = user.window.tab_at(1)
        assert target.document.layers == ()
        await ask_for(user, "Scale to Fit")
        await user.told("Wren is in small.png")
        assert user.window.tabs.currentIndex() == 0, "one stays where one works"
        await ask_for(user, "Centre")
        user.go_to_tab(1)
        fitted, centred = (layer.planes["coverage"].read(target.document.canvas)[..., 0] for layer in user.layers)
        assert np.array_equal(centred, mask[100:300, 150:450])
        means = mask.reshape(200, 2, 300, 2).mean((1, 3))
        assert np.abs(fitted - means).max() <= 1, "soft values stay what they are"
        assert user.steps == ("Copy mask", "Copy mask")
        assert [layer.name for layer in user.layers] == ["Wren", "Wren"]

    at_the_window(scenario, picture, small)


def test_several_masks_are_one_step(at_the_window: Run, picture: Path, tmp_path: Path) -> None:
    other = garden(tmp_path / "other.png")

    async def scenario(user: User) -> None:
        user.go_to_tab(0)
        user.key(Qt.Key.Key_M)
        user.paint((50, 50), (200, 200))
        user.ctrl(Qt.Key.Key_N, shift=True)
        user.paint((150, 150), (300, 300))
        rows = user.choose(user.layers[1].id)
        QTest.keyClick(rows, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
        user.ctrl(Qt.Key.Key_C)
        await user.told("Mask 1, Mask 2")
        user.go_to_tab(1)
        user.tab.canvas.setFocus()
        user.ctrl(Qt.Key.Key_V)
        await user.window.settle()
        assert [layer.name for layer in user.layers] == ["Mask 1", "Mask 2"]
        assert user.steps == ("Paste mask",)

    at_the_window(scenario, picture, other)


def test_nothing_to_copy_or_to_paste(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.ctrl(Qt.Key.Key_V)
        assert "Choose one" in await user.told("No mask has been copied")
        await user.quiet()
        user.ctrl(Qt.Key.Key_C)
        await user.told("no mask to copy")
        await user.quiet()
        user.paint((50, 50), (80, 50))
        # in a field the keys are the field's
        user.write("brush.size", "33")
        user.ctrl(Qt.Key.Key_C)
        assert not user.is_there("messages")
        menu = user.window.mask_transfer.menu
        menu.popup(QPoint(0, 0))
        assert [(action.text(), action.isEnabled()) for action in menu.actions()] == [("No other photo is open", False)]
        menu.close()

    at_the_window(scenario, picture)
