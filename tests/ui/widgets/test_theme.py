"""Contrast that can be computed, and icons that are there."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon
from pytestqt.qtbot import QtBot

from inpaint_studio.resources import resource
from inpaint_studio.ui.icons import icon
from inpaint_studio.ui.theme import DARK, TEXT_PAIRS, contrast

ICONS = sorted(path.stem for path in resource("icons/disabled").glob("*.svg"))


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_texts_can_be_read(text: str, ground: str) -> None:
    assert contrast(getattr(DARK, text), getattr(DARK, ground)) >= 4.5


def test_nothing_around_a_photo_has_a_colour() -> None:
    for name in ("window", "base", "raised", "button", "selected", "line", "edge", "text", "primary"):
        colour = QColor(getattr(DARK, name))
        assert colour.red() == colour.green() == colour.blue()


@pytest.mark.parametrize("name", ICONS)
@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_icons_are_drawn_at_the_size_of_the_screen(qtbot: QtBot, name: str, scale: float) -> None:
    pixmap = icon(name).pixmap(QSize(20, 20), scale)
    assert pixmap.width() == 20 * scale
    shown = pixmap.toImage()
    alphas = {shown.pixelColor(x, y).alpha() for x in range(shown.width()) for y in range(shown.height())}
    assert 0 in alphas
    assert max(alphas) > 150


@pytest.mark.parametrize("name", ICONS)
def test_a_disabled_icon_is_the_same_drawing_in_a_darker_grey(name: str) -> None:
    normal = resource(f"icons/{name}.svg").read_text("utf-8")
    disabled = resource(f"icons/disabled/{name}.svg").read_text("utf-8")
    assert re.sub("#d8d8d8", "#707070", normal) == disabled


def test_disabled_looks_disabled(qtbot: QtBot) -> None:
    images = [
        icon("undo").pixmap(QSize(20, 20), 1.0, mode).toImage() for mode in (QIcon.Mode.Normal, QIcon.Mode.Disabled)
    ]
    assert images[0] != images[1]


def test_an_icon_that_does_not_ship_is_a_mistake() -> None:
    with pytest.raises(FileNotFoundError):
        icon("nothing")
