"""A tablet that jumps, presses harder than hard, and comes and goes: a stroke is drawn, and it ends."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF
from PySide6.QtGui import QPointingDevice

from inpaint_studio.tools.base import BrushSettings
from tests.ui.canvas.desk import RGB, Desk

_PEN = QPointingDevice.PointerType.Pen
_ERASER = QPointingDevice.PointerType.Eraser


def test_places_far_away_and_back(desk: Desk) -> None:
    brush = BrushSettings(size=20, hardness=1, smoothing=0.5, pressure_gamma=2.0)
    desk.open(np.zeros((300, 400, 3), np.uint8), RGB, brush)
    desk.tablet(QEvent.Type.TabletPress, desk.at(50, 50), 0.5, _PEN)
    for x, y, pressure in ((60, 50, 0.6), (1e6, -1e6, 1.7), (-1e6, 3e5, -0.2), (300, 200, 0.9), (310, 200, 0.0)):
        desk.tablet(QEvent.Type.TabletMove, QPointF(x, y), pressure, _PEN)
    desk.tablet(QEvent.Type.TabletRelease, desk.at(320, 200), 0.0, _PEN)
    desk.settle()
    assert len(desk.edits) == 1
    assert not desk.canvas.stroke_running
    desk.edits[0].revert(desk.document)
    assert not desk.coverage().any()


def test_the_pen_is_turned_round_in_mid_stroke(desk: Desk) -> None:
    desk.open(np.zeros((300, 400, 3), np.uint8), RGB)
    desk.tablet(QEvent.Type.TabletPress, desk.at(50, 50), 1.0, _PEN)
    desk.tablet(QEvent.Type.TabletMove, desk.at(80, 50), 1.0, _ERASER)
    desk.tablet(QEvent.Type.TabletPress, desk.at(90, 50), 1.0, _ERASER)
    desk.tablet(QEvent.Type.TabletRelease, desk.at(100, 50), 0.0, _ERASER)
    desk.tablet(QEvent.Type.TabletRelease, desk.at(100, 50), 0.0, _PEN)
    desk.settle()
    assert len(desk.edits) == 1, "the stroke stays what it was when it began"
    assert desk.coverage()[50, 80] == 255


def test_smoothing_takes_the_tremor_out(desk: Desk) -> None:
    desk.open(np.zeros((300, 400, 3), np.uint8), RGB)
    rng = np.random.default_rng(2)
    ys = 150 + rng.normal(0, 4, 100)
    heights = []
    for smoothing in (0.0, 0.7):
        desk.tool.brush = BrushSettings(size=4, hardness=1, smoothing=smoothing)
        desk.tablet(QEvent.Type.TabletPress, desk.at(50, 150), 1.0, _PEN)
        for step, y in enumerate(ys):
            desk.tablet(QEvent.Type.TabletMove, desk.at(50 + 3 * step, float(y)), 1.0, _PEN)
        desk.tablet(QEvent.Type.TabletRelease, desk.at(350, 150), 0.0, _PEN)
        desk.settle()
        drawn = desk.coverage()[:, 100:300] > 127
        heights.append(float(np.std(np.argmax(drawn, axis=0))))
        assert desk.coverage()[150, 347:].any(), "it ends where the pen left"
        desk.edits.pop().revert(desk.document)
    assert heights[1] < 0.5 * heights[0]


def test_the_pressure_curve_asks_for_a_firmer_hand(desk: Desk) -> None:
    desk.open(np.zeros((300, 400, 3), np.uint8), RGB)
    areas = []
    for gamma in (0.5, 1.0, 2.0):
        desk.tool.brush = BrushSettings(size=80, hardness=1, pressure_gamma=gamma)
        desk.tablet(QEvent.Type.TabletPress, desk.at(200, 150), 0.5, _PEN)
        desk.tablet(QEvent.Type.TabletRelease, desk.at(200, 150), 0.0, _PEN)
        desk.settle()
        areas.append(desk.coverage().sum() / 255)
        desk.edits.pop().revert(desk.document)
    expected = [np.pi * (40 * 0.5**gamma) ** 2 for gamma in (0.5, 1.0, 2.0)]
    assert np.allclose(areas, expected, rtol=0.03)
